"""``responder cost`` on moto's DynamoDB and CloudWatch, from ledgers as the lanes write them."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from examples import incident
from fakes import Telemetry
from integration.cli_house import House, house_of
from responder.analysis.budget import Limits
from responder.clock import utc_now
from responder.ports import Table
from responder.protocols.spending import Charge, Spending
from unit.cli.stacks import Client, stack

#: What one call costs, in dollars.
CENT = 0.01
HOSTILE = "chk|`x`\x1b[31m*_<!here>"


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    with house_of("cost", tmp_path, Table.STATE) as house:
        given = {"DailyBudgetUsd": "5", "MonthlyBudgetUsd": "50", "BudgetPerSource": "sentry=1"}
        parameters = [{"ParameterKey": k, "ParameterValue": v} for k, v in given.items()]
        described = {"Stacks": [{"Outputs": [], "Parameters": parameters}]}
        assert house.stack is not None
        clients = {name: house.stack.client(name) for name in ("dynamodb", "cloudwatch")}
        house.stack = stack(
            {}, {**clients, "cloudformation": Client({"describe_stacks": described})}
        )
        yield house


def called(
    house: House,
    usd: float = CENT,
    *,
    days_ago: int = 0,
    model: str = "haiku",
    answered: bool = True,
    **changes: Any,
) -> None:
    """One call, reserved and settled as the analysis lane does it."""
    limits = Limits(5, 50, {"sentry": 1})
    moment = utc_now() - timedelta(days=days_ago)
    spending = Spending(house.store(Table.STATE), Telemetry(), lambda: moment, limits)
    wanted = incident(**({"source": "sentry", "service": "checkout"} | changes))
    bill = spending.reserve(wanted, "small", 2 * usd, f"call {utc_now().timestamp()}")
    if answered:
        spending.pay(bill, Charge(usd, model, 1_800, 300))
    else:
        spending.doubt(bill)


def hit(house: House, alerts: int) -> None:
    assert house.stack is not None
    house.stack.client("cloudwatch").put_metric_data(
        Namespace="MCPResponder/it",
        MetricData=[
            {
                "MetricName": "CacheHits",
                "Dimensions": [{"Name": "service", "Value": "analysis"}],
                "Value": alerts,
                "Timestamp": utc_now() - timedelta(minutes=1),
            }
        ],
    )


def test_calls_are_told_by_day_source_service_and_model(house: House) -> None:
    called(house, days_ago=1)
    called(house, 2 * CENT, model="sonnet")
    called(house, source="grafana", service="")
    by = {
        kind: {
            one["name"]: (one["calls"], one["usd"])
            for one in house.json("--days", "2", "--by", kind)["lines"]
        }
        for kind in ("day", "source", "service", "model")
    }
    today, before = (str((utc_now() - timedelta(days=n)).date()) for n in (0, 1))
    assert by["day"] == {before: (1, 0.01), today: (2, 0.03)}
    assert by["source"] == {"sentry": (2, 0.03), "grafana": (1, 0.01)}
    assert by["service"] == {"checkout": (2, 0.03), "(none)": (1, 0.01)}
    assert by["model"] == {"haiku": (2, 0.02), "sonnet": (1, 0.02)}


def test_only_the_days_asked_for_count(house: House) -> None:
    called(house, days_ago=3)
    called(house)
    found = house.json("--days", "2")
    assert found["total"] == {
        "calls": 1,
        "unknown": 0,
        "input_tokens": 1_800,
        "output_tokens": 300,
        "usd": 0.01,
    }


def test_a_call_without_an_answer_is_told_with_the_most_it_can_have_cost(house: House) -> None:
    called(house, answered=False)
    found = house.json("--days", "1", "--by", "model")
    assert found["lines"][0] == {
        "name": "no answer (small)",
        "calls": 1,
        "unknown": 1,
        "input_tokens": 0,
        "output_tokens": 0,
        "usd": 0.02,
    }


def test_what_the_cache_saved_is_alerts_times_the_mean_call(house: House) -> None:
    called(house)
    called(house, 3 * CENT)
    called(house, answered=False)
    hit(house, 100)
    assert house.json("--days", "1")["cache"] == {"alerts": 100, "usd": 2.0}
    shown = house.run("--days", "1").output
    assert "100 alerts were served with a known analysis" in shown
    assert "would have cost 2.00 dollars" in shown


def test_a_stack_without_a_call_says_so(house: House) -> None:
    found = house.json()
    assert (found["lines"], found["forecast"]) == ([], None)
    assert found["cache"] == {"alerts": 0, "usd": None}
    shown = house.run().output
    assert "Claude was not asked in this time." in shown
    assert "too few complete days" in shown


def test_the_month_is_forecast_with_a_range(house: House) -> None:
    for days_ago in range(1, 6):
        called(house, CENT, days_ago=days_ago)
    coming = house.json()["forecast"]
    assert coming["month"] == f"{utc_now():%Y-%m}"
    assert 0 <= coming["low"] <= coming["usd"] <= coming["high"] <= 50
    assert f"Forecast for {coming['month']}: " in house.run().output


def test_each_budget_is_told_with_what_is_spent_of_it(house: House) -> None:
    called(house, 0.25)
    called(house, 0.1, source="grafana")
    found = {one["name"]: (one["spent"], one["limit"]) for one in house.json()["budgets"]}
    assert found == {
        "daily budget": (0.35, 5),
        "monthly budget": (0.35, 50),
        "daily budget of sentry": (0.25, 1),
    }
    assert "Daily budget of sentry: 0.25 of 1.00 dollars (25 %)." in house.run().output


def test_shares_that_cannot_be_read_are_told_in_a_line(house: House) -> None:
    assert house.stack is not None
    clients = {name: house.stack.client(name) for name in ("dynamodb", "cloudwatch")}
    house.stack = stack({}, clients, {"BudgetPerSource": "sentry"})
    done = house.run()
    (line,) = done.stderr.splitlines()
    assert (done.exit_code, done.stdout) == (1, "")
    assert line.startswith("responder: this release cannot read the parameter BudgetPerSource:")


def test_markdown_is_a_table_that_no_name_can_break(house: House) -> None:
    called(house, service=HOSTILE)
    done = house.run("--days", "1", "--by", "service", "--markdown")
    table = [line for line in done.output.splitlines() if line.startswith("|")]
    assert table[0] == "| service | calls | no answer | tokens in | tokens out | dollars |"
    assert "\x1b" not in done.output
    assert r"\|" in table[2]
    assert r"\<!here\>" in table[2]
    assert table[-1] == "| total | 1 | 0 | 1,800 | 300 | 0.0100 |"


def test_the_table_is_safe_in_a_terminal(house: House) -> None:
    called(house, service=HOSTILE)
    assert "\x1b" not in house.run("--days", "1", "--by", "service").output


@pytest.mark.parametrize(
    "words",
    [
        ("--month", "November"),
        ("--month", "2999-01"),
        ("--month", "9999-12"),
        ("--days", "0"),
        ("--days", "401"),
        ("--days", "1", "--month", "2026-01"),
        ("--by", "team"),
    ],
)
def test_wrong_spans_are_wrong_usage(house: House, words: tuple[str, ...]) -> None:
    assert house.run(*words).exit_code == 2


def test_a_past_month_is_told_whole(house: House) -> None:
    called(house)
    found = house.json("--month", "2026-01")
    assert (found["from"], found["to"], found["lines"]) == ("2026-01-01", "2026-01-31", [])
