"""``python -m bench.cost``: what alerts cost, as tables or JSON; ``make bench`` ends with it."""

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict

from bench.cost import cases, prices, replay
from bench.cost.cases import Case
from bench.cost.replay import Bill
from bench.tables import table

ALERTS = 10_000


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m bench.cost", description=__doc__)
    parser.add_argument("--json", action="store_true", help="print JSON instead of tables")
    parser.add_argument("--alerts", type=int, default=ALERTS, help="of each mix (default 10,000)")
    chosen = parser.parse_args()
    single, bills = cases.measure(), replay.measure(chosen.alerts)
    if chosen.json:
        found = {
            "prices": prices.AS_OF,
            "cases": [{**asdict(case), "small": case.small} for case in single],
            "mixes": [asdict(bill) for bill in bills],
        }
        json.dump(found, sys.stdout, indent=2)
        print()
        return
    print(_cases(single))
    for bill in bills:
        print(f"\n{_units(bill)}\n\n{_dollars(bill)}")


def _cases(found: Sequence[Case]) -> str:
    head = ("an alert", "SQS", "writes", "at 1 KB", "reads", "log", "Lambda's", "runs", "tick")
    rows = [
        (
            case.name,
            f"{case.sqs:g}",
            f"{case.writes:.1f}",
            f"{case.small:.1f}",
            f"{case.reads:.1f}",
            f"{case.log:,.0f}",
            f"{case.lambda_log:,.0f}",
            f"{case.invocations:g}",
            f"{case.tick:g}",
        )
        for case in found
    ]
    return f"Billed for an alert: requests, units, bytes of log\n{table(head, rows)}"


def _units(bill: Bill) -> str:
    shown = (
        "api requests",
        "sqs requests",
        "dynamodb write units",
        "dynamodb read units",
        "log bytes",
        "lambda log bytes",
        "claude calls",
    )
    rows = [
        (name, f"{bill.units.get(name, 0):,.0f}", f"{bill.units.get(name, 0) / bill.alerts:,.2f}")
        for name in shown
    ]
    rows += [
        (
            f"{function} GB-s",
            f"{prices.gb_seconds(bill.units, function):,.0f}",
            f"{prices.gb_seconds(bill.units, function) / bill.alerts:.4f}",
        )
        for function in prices.MEMORY
    ]
    title = (
        f"Mix {bill.name}: {bill.alerts:,} alerts, of which {bill.firing:,} fire with "
        f"{bill.texts:,} different texts and {bill.signatures:,} signatures; "
        f"Claude answered {bill.calls:,.0f} times"
    )
    return f"{title}\n{table(('unit', 'all', 'an alert'), rows)}"


def _dollars(bill: Bill) -> str:
    ways = {**{f"ours, {tier}": one for tier, one in bill.ours.items()},
            **{f"naive, {tier}": one for tier, one in bill.naive.items()}}  # fmt: skip
    services = list(next(iter(ways.values())))
    rows = [
        (service, *(f"{one[service] / bill.alerts * 1000:.4f}" for one in ways.values()))
        for service in services
    ]
    rows.append(("all", *(f"{bill.per_thousand(one):.4f}" for one in ways.values())))
    ratios = ", ".join(
        f"{bill.per_thousand(bill.naive[tier]) / bill.per_thousand(bill.ours[tier]):.1f} with the "
        f"{tier} model"
        for tier in bill.naive
    )
    title = f"Dollars of 1,000 alerts of {bill.name}, list prices of {prices.AS_OF}"
    return f"{title}\n{table(('service', *ways), rows)}\nnaive by ours: {ratios}"


if __name__ == "__main__":
    main()
