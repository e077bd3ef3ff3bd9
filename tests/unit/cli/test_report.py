"""``report`` and ``backup``: true figures and real names."""

import json
import os
import subprocess
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from click.testing import CliRunner

from responder.adapters import telemetry
from responder.clock import utc_now
from responder_cli.aws import Stack
from responder_cli.main import cli
from unit.cli.stacks import Client, refusal, stack


class Pages:
    """A query's paginator: two pages for CRITICAL, an empty one for the rest."""

    def paginate(
        self, ExpressionAttributeValues: dict[str, dict[str, str]], **_: object
    ) -> Iterator[dict[str, Any]]:
        critical = ExpressionAttributeValues[":severity"] == {"S": "CRITICAL"}
        for number in range(3 if critical else 0):
            yield {"Items": [indexed(number)], "Count": 1}


def indexed(number: int) -> dict[str, Any]:
    """An alert as the index has it."""
    words = {"source": "sentry", "severity": "CRITICAL", "title": "disk full", "status": "firing"}
    return {
        "alert_id": {"S": f"a{number}"},
        "timestamp": {"N": str(int(utc_now().timestamp()) - number)},
        **{name: {"S": word} for name, word in words.items()},
    }


def metrics(MetricDataQueries: list[dict[str, Any]], **asked: Any) -> dict[str, Any]:
    """Dollars of the small tier, on two pages: within the month, and before it."""
    second = "NextToken" in asked
    results = []
    for query in MetricDataQueries:
        metric = query["MetricStat"]["Metric"]
        small = {"Name": "tier", "Value": "small"} in metric["Dimensions"]
        ours = metric["Namespace"] == f"{telemetry.NAMESPACE}/it"
        spent = ours and metric["MetricName"] == "ClaudeDollars" and small
        ago = timedelta(days=40 if second else 2)
        values = [0.25, 0.5] if spent else []
        at = [utc_now() - ago] * len(values)
        results.append({"Id": query["Id"], "Timestamps": at, "Values": values})
    more = {} if second else {"NextToken": "2"}
    return {"MetricDataResults": results, **more}


def house(costs: Any, *, on_aws: bool = True) -> Stack:
    nothing: dict[str, Any] = {"Responses": {}}
    target = stack(
        {"WebhookUrl": "https://x"},
        {
            "dynamodb": Client(
                {
                    "get_paginator": lambda **_: Pages(),
                    "batch_get_item": nothing,
                    "get_item": {},
                }
            ),
            "cloudwatch": Client({"get_metric_data": metrics}),
            "ce": Client({"get_cost_and_usage": costs}),
        },
    )
    target.on_aws = on_aws
    return target


def report(target: Stack) -> dict[str, Any]:
    result = CliRunner().invoke(cli, ["report", "monthly", "--json"], obj=lambda *_: target)
    assert result.exit_code == 0, result.output
    found: dict[str, Any] = json.loads(result.stdout)
    return found


def group(service: str, cost: str) -> dict[str, Any]:
    return {"Keys": [service], "Metrics": {"UnblendedCost": {"Amount": cost}}}


def test_counts_money_and_costs_are_summed_over_pages_datapoints_and_months() -> None:
    months = [{"Groups": [group("AWS Lambda", "1.5")]}, {"Groups": [group("AWS Lambda", "2")]}]
    found = report(house({"ResultsByTime": months}))
    assert found["accepted"] == {"CRITICAL": 3}
    (dollars,) = [one for one in found["figures"] if one["name"] == "Claude dollars"]
    assert (dollars["value"], dollars["before"]) == (0.75, 0.75)
    assert found["aws"]["services"] == {"AWS Lambda": 3.5}
    assert found["aws"]["month"] == 3.5


def test_many_metrics_are_asked_for_in_few_questions() -> None:
    target = house({"ResultsByTime": []})
    report(target)
    asked = target.client("cloudwatch").asked("get_metric_data")
    assert {len(one["MetricDataQueries"]) <= 500 for one in asked} == {True}
    assert len(asked) <= 4


def no_access(**_: object) -> None:
    raise refusal("AccessDeniedException")


@pytest.mark.parametrize(
    ("costs", "why"),
    [(no_access, "AccessDenied"), ({"ResultsByTime": []}, "aws:cloudformation:stack-name")],
)
def test_unknown_costs_are_called_unknown_with_the_reason(costs: object, why: str) -> None:
    assert why in report(house(costs))["aws"]["unknown"]


def test_an_empty_refusal_leaves_no_colon_behind() -> None:
    def silent(**_: object) -> None:
        raise ClientError({"Error": {"Code": "400", "Message": ""}}, "GetCostAndUsage")

    assert report(house(silent))["aws"]["unknown"].endswith("operation")


def test_an_emulator_is_not_asked_what_aws_costs() -> None:
    told = report(house(no_access, on_aws=False))["aws"]["unknown"]
    assert told.startswith("not available here")


def test_a_backup_goes_to_no_bucket_that_nobody_named() -> None:
    script = Path(__file__).parents[3] / "scripts" / "backup.sh"
    done = subprocess.run([script], env={"PATH": os.defpath}, capture_output=True, text=True)
    assert done.returncode == 2
    assert "BACKUP_BUCKET is not set" in done.stderr
    assert "BACKUP_BUCKET=" in done.stderr
