"""What a look of ``responder health`` costs on AWS is what its help and the runbook say."""

from typing import Any

import pytest
from click.testing import CliRunner

from responder_cli.health import checks
from responder_cli.health.commands import health
from responder_cli.main import cli
from template.deployed import ROOT, source
from unit.cli.health_house import FIVE_MINUTES, vault
from unit.cli.stacks import Client, stack

#: https://aws.amazon.com/cloudwatch/pricing/, of GetMetricStatistics.
USD_A_METRIC = 0.01 / 1000
DAY_SECONDS = 86_400
RUNBOOK = (ROOT / "docs/runbook.md").read_text()


class Counted:
    """A whole stack that is well, and what one look asks of it."""

    def __init__(self) -> None:
        depth = {"ApproximateNumberOfMessages": "0"}
        self.cloudwatch = Client({"get_metric_statistics": {"Datapoints": list[float]()}})
        self.secrets = vault(**{"slack-bot-token": "x", "slack-webhook": "", "anthropic-key": "x"})
        clients: dict[str, Any] = {
            "cloudwatch": self.cloudwatch,
            "secretsmanager": self.secrets,
            "lambda": Client(
                {
                    "get_function_configuration": {"Timeout": 60},
                    "list_event_source_mappings": {"EventSourceMappings": []},
                }
            ),
            "sqs": Client({"get_queue_attributes": {"Attributes": depth}}),
            "dynamodb": Client(
                {"describe_table": {"Table": {"TableStatus": "ACTIVE"}}, "get_item": {},
                 "batch_get_item": {"Responses": {}}}
            ),
        }  # fmt: skip
        nowhere = dict.fromkeys(source()["Outputs"], "http://127.0.0.1:1/")
        outputs = {**nowhere, "SecretPrefix": "mine", "ClaudeAccess": "api-key"}
        given = {"HeartbeatState": "ENABLED", "SlackApiUrl": "http://127.0.0.1:1/"}
        self.found = checks.every(stack(outputs, clients, given), FIVE_MINUTES)

    @property
    def metrics(self) -> int:
        return len(self.cloudwatch.asked("get_metric_statistics"))


@pytest.fixture(scope="module")
def look() -> Counted:
    return Counted()


def a_day(look: Counted, seconds: int) -> str:
    return f"${look.metrics * DAY_SECONDS / seconds * USD_A_METRIC:.2f}"


def test_a_look_asks_as_many_metrics_and_secrets_as_the_runbook_says(look: Counted) -> None:
    assert f"asks CloudWatch for {look.metrics} metrics" in RUNBOOK
    assert len(look.secrets.asked("get_secret_value")) == 4
    assert "reads four secret values" in RUNBOOK
    # Whatever could not be checked would be missing from the count.
    unchecked = [one for one in look.found if "could not be checked" in one.reason]
    assert not unchecked, unchecked


def test_its_price_is_told_where_a_watch_is_chosen(look: Counted) -> None:
    (every,) = (one for one in health.params if one.name == "every")
    said = " ".join(
        CliRunner().invoke(cli, ["health", "--help"], terminal_width=200).output.split()
    )
    assert every.default == 60
    assert f"asks {look.metrics} metrics: at 60 s {a_day(look, 60)} a day" in said
    assert f"at 5 s {a_day(look, 5)}." in said
    assert f"{a_day(look, 60)} a day for the metrics, and {a_day(look, 5)}" in RUNBOOK


def test_the_price_of_the_check_from_cron_is_told(look: Counted) -> None:
    assert f"That is {a_day(look, 300)} a day for the metrics." in RUNBOOK
