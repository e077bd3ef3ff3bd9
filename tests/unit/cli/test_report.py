"""``report`` and ``backup``: true figures and real names."""

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from click.testing import CliRunner

from responder.adapters import telemetry
from responder_cli.aws import Stack
from responder_cli.main import cli
from unit.cli.stacks import Client, refusal, stack


class Pages:
    """A query's paginator: two pages for CRITICAL, an empty one for the rest."""

    def paginate(
        self,
        ExpressionAttributeValues: dict[str, dict[str, str]],
        **_: object,
    ) -> Iterator[dict[str, int]]:
        critical = ExpressionAttributeValues[":severity"] == {"S": "CRITICAL"}
        yield from ({"Count": 2}, {"Count": 1}) if critical else ({"Count": 0},)


def statistics(
    Namespace: str, MetricName: str, Dimensions: list[dict[str, str]], **_: object
) -> dict[str, Any]:
    small = {"Name": "tier", "Value": "small"} in Dimensions
    ours = f"{telemetry.NAMESPACE}/it"
    spent = Namespace == ours and MetricName == "ClaudeDollars" and small
    return {"Datapoints": [{"Sum": 0.25}, {"Sum": 0.5}] if spent else []}


def house(costs: Any, *, on_aws: bool = True) -> Stack:
    target = stack(
        {"WebhookUrl": "https://x"},
        {
            "dynamodb": Client(
                {"get_paginator": lambda **_: Pages(), "batch_get_item": {"Responses": {}}}
            ),
            "cloudwatch": Client({"get_metric_statistics": statistics}),
            "ce": Client({"get_cost_and_usage": costs}),
        },
    )
    target.on_aws = on_aws
    return target


def report(target: Stack) -> dict[tuple[str, str], float | str]:
    result = CliRunner().invoke(cli, ["report", "monthly", "--json"], obj=lambda *_: target)
    assert result.exit_code == 0, result.output
    return {(one["group"], one["name"]): one["value"] for one in json.loads(result.output)}


def group(service: str, cost: str) -> dict[str, Any]:
    return {"Keys": [service], "Metrics": {"UnblendedCost": {"Amount": cost}}}


def test_counts_money_and_costs_are_summed_over_pages_datapoints_and_months() -> None:
    months = [{"Groups": [group("AWS Lambda", "1.5")]}, {"Groups": [group("AWS Lambda", "2")]}]
    found = report(house({"ResultsByTime": months}))
    assert found["accepted", "CRITICAL"] == 3
    assert found["accepted", "LOW"] == 0
    assert found["responder", "Claude dollars"] == 0.75
    assert found["AWS dollars", "AWS Lambda"] == 3.5


def no_access(**_: object) -> None:
    raise refusal("AccessDeniedException")


@pytest.mark.parametrize(
    ("costs", "why"),
    [(no_access, "AccessDenied"), ({"ResultsByTime": []}, "aws:cloudformation:stack-name")],
)
def test_unknown_costs_are_called_unknown_with_the_reason(costs: object, why: str) -> None:
    assert why in str(report(house(costs))["AWS dollars", "unknown"])


def test_an_empty_refusal_leaves_no_colon_behind() -> None:
    def silent(**_: object) -> None:
        raise ClientError({"Error": {"Code": "400", "Message": ""}}, "GetCostAndUsage")

    assert str(report(house(silent))["AWS dollars", "unknown"]).endswith("operation")


def test_an_emulator_is_not_asked_what_aws_costs() -> None:
    told = report(house(no_access, on_aws=False))["AWS dollars", "unknown"]
    assert str(told).startswith("not available here")


def test_a_backup_goes_to_no_bucket_that_nobody_named() -> None:
    script = Path(__file__).parents[3] / "scripts" / "backup.sh"
    done = subprocess.run([script], env={"PATH": os.defpath}, capture_output=True, text=True)
    assert done.returncode == 2
    assert "BACKUP_BUCKET is not set" in done.stderr
    assert "BACKUP_BUCKET=" in done.stderr
