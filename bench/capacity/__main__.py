"""``python -m bench.capacity``: what the pipeline carries, simulated, and checked by a run."""

import argparse
import json
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from bench.capacity import check, limits, times, work
from bench.capacity.check import Checked
from bench.capacity.limits import Level, Limit
from bench.capacity.model import flow
from bench.capacity.times import Times
from bench.capacity.values import Mix, Run, Settings, percentile
from bench.capacity.work import Work
from bench.tables import table

#: So many alerts are enough for a steady picture, where they do not take longer than this.
ALERTS, LEAST_SECONDS = 4_000, 120.0
#: Points of the queues' story that are printed.
TOLD = 6
#: What docs/capacity.md says to raise for a million an hour.
RAISED = Settings(rate=1_000, burst=2_000, processing=20, analysis=20, distribution=6, channels=10)
RAISED_NAME = "the same, raised"


def main() -> None:
    """The command line."""
    chosen = _arguments().parse_args()
    counted = work.measure()
    if chosen.check:
        measured = json.loads(chosen.check.read_text())
        found = [
            check.check(counted, measured, processors)
            for processors in sorted({1, os.cpu_count() or 1})
        ]
        print(_checked_json(found) if chosen.json else "\n\n".join(map(_checked, found)))
        return
    settings = _settings(chosen.set)
    mix = Mix(chosen.new, chosen.fresh, chosen.critical, chosen.changing, chosen.per_request)
    took = times.aws(counted)
    rates = {f"{chosen.rate:g}/s": chosen.rate} if chosen.rate else limits.LEVELS
    runs = {
        name: flow(rate, _seconds(rate), took, settings, mix, seed=chosen.seed, storm=chosen.storm)
        for name, rate in rates.items()
    }
    levels = [] if chosen.rate else _levels(counted, took, settings, mix)
    if not chosen.rate:
        most = max(rates.values())
        runs[RAISED_NAME] = flow(most, _seconds(most), took, RAISED, mix, seed=chosen.seed)
    ceilings = limits.ceilings(counted, took, settings, mix, max(rates.values()))
    if chosen.json:
        json.dump(_found(counted, took, ceilings, levels, runs), sys.stdout, indent=2)
        print()
        return
    print("\n\n".join(_told(counted, took, ceilings, levels, runs, mix, story=bool(chosen.rate))))


def _arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench.capacity", description=__doc__)
    parser.add_argument("--json", action="store_true", help="print JSON instead of tables")
    parser.add_argument("--rate", type=float, help="simulate only so many alerts a second")
    parser.add_argument("--storm", type=int, default=0, help="and so many new incidents at once")
    parser.add_argument("--new", type=float, default=Mix.new, help="share that opens incidents")
    parser.add_argument("--fresh", type=float, default=Mix.fresh, help="share of those for Claude")
    parser.add_argument("--critical", type=float, default=Mix.critical, help="share of those")
    parser.add_argument("--changing", type=int, default=Mix.changing, help="incidents that repeat")
    parser.add_argument("--per-request", type=int, default=Mix.per_request, help="alerts in each")
    parser.add_argument(
        "--set", action="append", default=[], metavar="NAME=VALUE", help=", ".join(_NAMES)
    )
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--check", type=Path, metavar="RESULT", help="of bench.stack --json")
    return parser


#: The template's parameters with the fields that have their values.
_NAMES = {
    "ReceptionReserved": "reception",
    "ProcessingConcurrency": "processing",
    "AnalysisConcurrency": "analysis",
    "DistributionConcurrency": "distribution",
    "CriticalConcurrency": "critical",
    "RateLimit": "rate",
    "BurstLimit": "burst",
    "SlackPaceSeconds": "pace",
    "StormThreshold": "storm",
    "ThrottleThreshold": "throttle",
    "channels": "channels",
}


def _settings(given: Sequence[str]) -> Settings:
    changes: dict[str, Any] = {}
    for one in given:
        name, _, value = one.partition("=")
        if name not in _NAMES:
            raise SystemExit(f"--set knows {', '.join(_NAMES)}, and no {name}")
        changes[_NAMES[name]] = float(value) if name == "SlackPaceSeconds" else int(value)
    return replace(Settings(), **changes)


def _seconds(rate: float) -> float:
    return max(LEAST_SECONDS, ALERTS / rate)


def _levels(counted: Work, took: Times, settings: Settings, mix: Mix) -> list[Level]:
    return [limits.level(name, counted, took, settings, mix) for name in limits.LEVELS]


def _found(
    counted: Work,
    took: Times,
    ceilings: Sequence[Limit],
    levels: Sequence[Level],
    runs: Mapping[str, Run],
) -> dict[str, Any]:
    return {
        "work": asdict(counted),
        "times": asdict(took),
        "limits": [_limit(one) for one in ceilings],
        "levels": [{**asdict(one), "met": list(map(_limit, one.met))} for one in levels],
        "runs": {name: _run(run) for name, run in runs.items()},
    }


def _limit(one: Limit) -> dict[str, Any]:
    """JSON knows no infinity."""
    return {**asdict(one), "alerts": one.alerts if one.alerts < limits.INF else None}


def _run(run: Run) -> dict[str, Any]:
    return {
        "seconds": run.seconds,
        "accepted": run.accepted,
        "refused": run.refused,
        "held": run.held,
        "recorded": run.recorded,
        "cards": len(run.cards),
        "median": percentile(run.cards, 50),
        "p95": percentile(run.cards, 95),
        "p95_critical": percentile(run.critical, 95),
        "p95_analysed": percentile(run.analysed, 95),
        "used": run.used,
        "first": run.first,
        "queues": {
            name: {"depth": queue.depth, "age": queue.age, "peak": queue.peak}
            for name, queue in run.queues.items()
        },
    }


def _told(
    counted: Work,
    took: Times,
    ceilings: Sequence[Limit],
    levels: Sequence[Level],
    runs: Mapping[str, Run],
    mix: Mix,
    *,
    story: bool,
) -> list[str]:
    mixed = (
        f"{mix.new:.1%} of the alerts open incidents, {mix.fresh:.0%} of these are for Claude; the "
        f"others repeat {mix.changing} open ones; {mix.per_request} alert(s) a request"
    )
    parts = [mixed, _steps(counted, took), _limits(ceilings)]
    if levels:
        parts += [_needs(levels), _units(levels), _months(levels)]
    parts.append(_runs(runs))
    if story:
        parts += [_story(run) for run in runs.values()]
    return parts


def _steps(counted: Work, took: Times) -> str:
    rows = [
        (name, f"{stage.fixed:.1f}", f"{stage.each:.1f}", f"{stage.processor * 1e3:.1f}", shown)
        for name, stage, shown in (
            ("reception, a request", counted.reception, f"{took.reception * 1e3:.0f}"),
            ("recording a new incident", counted.new, f"{took.new * 1e3:.0f}"),
            ("recording a repeat", counted.repeat, f"{took.repeat * 1e3:.0f}"),
            ("analysis without Claude", counted.analysis, f"{took.analysis * 1e3:.0f}"),
            ("a card without Slack", counted.card, f"{took.card * 1e3:.0f}"),
            ("an edit without Slack", counted.edit, f"{took.edit * 1e3:.0f}"),
        )
    ]
    head = ("step", "AWS a batch", "and each", "cpu ms", "ms each, as assumed on AWS")
    title = (
        f"Requests counted, and seconds assumed (a batch {took.batch * 1e3:.0f} ms, Slack "
        f"{took.slack:g} s, Claude {took.claude:g} s)"
    )
    return f"{title}\n{table(head, rows)}"


def _limits(ceilings: Sequence[Limit]) -> str:
    rows = [
        (one.name, f"{one.alerts:,.2f}", f"{one.alerts * 3_600:,.0f}", one.remedy)
        for one in ceilings
    ]
    return f"Limits, the lowest first\n{table(('limit', 'alerts/s', 'an hour', 'raise'), rows)}"


def _needs(levels: Sequence[Level]) -> str:
    stages = list(levels[0].concurrency)
    rows = [
        (
            one.name,
            f"{one.rate:,.4g}",
            *(f"{one.concurrency[stage]:,.2g}" if one.concurrency[stage] < 10
              else f"{one.concurrency[stage]:,.0f}" for stage in stages),
        )
        for one in levels
    ]  # fmt: skip
    met = "\n".join(
        f"{one.name} meets, the lowest first: "
        f"{', '.join(limit.name for limit in one.met) or 'none'}"
        for one in levels
    )
    head = ("alerts", "a second", *stages)
    return f"Executions at once on average\n{table(head, rows)}\n{met}"


def _units(levels: Sequence[Level]) -> str:
    tables = list(levels[0].writes)
    rows = [
        (
            one.name,
            *(f"{one.writes[table]:,.2f}" for table in tables),
            f"{sum(one.writes.values()):,.2f}",
            f"{one.reads:,.2f}",
        )
        for one in levels
    ]
    head = ("alerts", *tables, "all writes", "all reads")
    return f"DynamoDB's units a second, written by table\n{table(head, rows)}"


def _months(levels: Sequence[Level]) -> str:
    rows = [
        (
            one.name,
            f"{one.fixed:,.2f}",
            f"{one.aws:,.2f}",
            f"{one.claude:,.2f}",
            f"{one.fixed + one.aws + one.claude:,.2f}",
        )
        for one in levels
    ]
    head = ("alerts", "without any", "AWS", "Claude, within the budget", "all")
    return f"Dollars of a month of 30 days\n{table(head, rows)}"


def _runs(runs: Mapping[str, Run]) -> str:
    rows = [
        (
            name,
            f"{run.accepted / run.seconds:,.4g}",
            f"{run.refused / max(1, run.refused + run.accepted):.0%}",
            f"{run.recorded / run.seconds:,.4g}",
            str(run.held),
            str(len(run.cards)),
            f"{percentile(run.cards, 50):.2f}",
            f"{percentile(run.cards, 95):.2f}",
            f"{percentile(run.critical, 95):.2f}",
            f"{percentile(run.analysed, 95):.2f}",
            f"{max(run.queues['processing'].depth):,}",
            f"{run.first} {run.used[run.first]:.0%}",
        )
        for name, run in runs.items()
    ]
    head = (
        *("alerts", "accepted/s", "refused", "recorded/s", "held", "cards", "median s", "p95 s"),
        *("CRITICAL p95", "analysed p95", "most waiting", "most used"),
    )
    return f"Simulated: from acceptance to the card\n{table(head, rows)}"


def _story(run: Run) -> str:
    samples = len(run.queues["processing"].depth)
    points = [round(number * (samples - 1) / (TOLD - 1)) for number in range(TOLD)]
    lanes = [name for name in run.queues if name != "reception"]
    rows = [
        (
            f"{point * run.seconds / samples:.0f}",
            *(
                f"{run.queues[name].depth[point]:,} ({run.queues[name].age[point]:.1f})"
                for name in lanes
            ),
        )
        for point in points
    ]
    shares = ", ".join(f"{name} {share:.0%}" for name, share in run.used.items())
    peaks = ", ".join(f"{name} {queue.peak}" for name, queue in run.queues.items())
    title = "Messages waiting or put off (seconds of the oldest that waits)"
    return f"{title}\n{table(('s', *lanes), rows)}\nused: {shares}\nat once at most: {peaks}"


def _checked_json(found: Sequence[Checked]) -> str:
    ratios = [{"ratio_median": one.ratio_median, "ratio_p95": one.ratio_p95} for one in found]
    rows = [{**asdict(one), **more} for one, more in zip(found, ratios, strict=True)]
    return json.dumps(rows, indent=2)


def _checked(found: Checked) -> str:
    rows = [
        ("alerts/s (fitted)", found.throughput, found.fitted, found.fitted / found.throughput),
        ("median s (predicted)", found.median, found.predicted_median, found.ratio_median),
        ("p95 s (predicted)", found.p95, found.predicted_p95, found.ratio_p95),
    ]
    title = (
        f"If the machine does {found.processors} at a time: a request takes "
        f"{found.request * 1e3:.2f} ms"
    )
    shown = [(name, *(f"{number:.2f}" for number in numbers)) for name, *numbers in rows]
    return f"{title}\n{table(('local stack', 'measured', 'model', 'ratio'), shown)}"


if __name__ == "__main__":
    main()
