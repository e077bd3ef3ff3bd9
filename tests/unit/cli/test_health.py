"""Each check of ``responder health`` tells a well component from an ill one, on any answer."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from click.testing import CliRunner

from local_stack.loopback import Reply
from responder.adapters import telemetry
from responder_cli.aws import Stack
from responder_cli.health import checks
from responder_cli.health.metrics import Window
from responder_cli.health.verdict import Finding, Verdict
from responder_cli.main import cli
from serving import serving
from unit.cli.stacks import Client, refusal, stack

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
FIVE_MINUTES = Window(NOW, 5)


def verdicts(findings: Iterator[Finding]) -> dict[str, Verdict]:
    return {finding.component: finding.verdict for finding in findings}


def watch(**values: float) -> Client:
    """CloudWatch with one datapoint for each named metric, and none for the others."""

    def statistics(MetricName: str, Statistics: list[str], **_: object) -> dict[str, Any]:
        value = values.get(MetricName)
        return {"Datapoints": [] if value is None else [{Statistics[0]: value}]}

    return Client({"get_metric_statistics": statistics})


RUNNING = Client({"get_function_configuration": {"State": "Active"}})


@pytest.mark.parametrize(
    ("errors", "reception", "analysis"),
    [
        (None, Verdict.OK, Verdict.OK),
        (0.0, Verdict.OK, Verdict.OK),
        (5.0, Verdict.WARNING, Verdict.WARNING),
        (6.0, Verdict.WARNING, Verdict.FAILING),
        (11.0, Verdict.FAILING, Verdict.FAILING),
    ],
)
def test_errors_are_judged_by_the_runbooks_thresholds_also_without_a_datapoint(
    errors: float | None, reception: Verdict, analysis: Verdict
) -> None:
    metrics = watch() if errors is None else watch(Errors=errors)
    house = stack({}, {"cloudwatch": metrics, "lambda": RUNNING})
    found = verdicts(checks.functions(house, FIVE_MINUTES))
    assert found["AlertReceptionFunction"] is reception
    assert found["AnalysisFunction"] is analysis


def test_functions_are_asked_for_by_their_full_name_and_live_version() -> None:
    client = Client({"get_function_configuration": {"State": "Failed"}})
    found = verdicts(checks.functions(stack({}, {"lambda": client}), FIVE_MINUTES))
    assert set(found.values()) == {Verdict.FAILING}
    assert client.asked("get_function_configuration")[0] == {
        "FunctionName": "it-AlertReceptionFunction",
        "Qualifier": "live",
    }


def refused(**_: object) -> None:
    raise refusal("AccessDeniedException")


def depths(**counts: int) -> Client:
    return Client(
        {
            "get_queue_attributes": lambda QueueUrl, **_: {
                "Attributes": {"ApproximateNumberOfMessages": str(counts.get(QueueUrl, 0))}
            },
            "receive_message": refused,
        }
    )


def letters(**reasons: list[str]) -> Client:
    """Queues that hold letters of these reasons."""

    def received(QueueUrl: str, **_: object) -> dict[str, Any]:
        named = enumerate(reasons.get(QueueUrl, []))
        return {
            "Messages": [
                {
                    "MessageId": str(number),
                    "ReceiptHandle": str(number),
                    "Body": "{}",
                    "MessageAttributes": {"reason": {"StringValue": reason}},
                }
                for number, reason in named
            ]
        }

    counted = {
        "get_queue_attributes": lambda QueueUrl, **_: {
            "Attributes": {"ApproximateNumberOfMessages": str(len(reasons.get(QueueUrl, [])))}
        }
    }
    return Client(counted | {"receive_message": received, "change_message_visibility_batch": {}})


@pytest.mark.parametrize(
    ("age", "verdict"), [(None, Verdict.OK), (900.0, Verdict.OK), (901.0, Verdict.FAILING)]
)
def test_a_queue_is_judged_by_the_age_of_its_oldest_message(
    age: float | None, verdict: Verdict
) -> None:
    metrics = watch() if age is None else watch(ApproximateAgeOfOldestMessage=age)
    house = stack({"ProcessingQueueUrl": "q"}, {"sqs": depths(q=7), "cloudwatch": metrics})
    assert verdicts(checks.queues(house, FIVE_MINUTES)) == {"processing queue": verdict}


def test_one_dead_letter_is_too_many() -> None:
    outputs = {"DeadLetterQueueUrl": "a", "SnsFailureQueueUrl": "b"}
    found = list(checks.dead_letters(stack(outputs, {"sqs": letters(b=["gone", "old", "old"])})))
    assert verdicts(iter(found)) == {
        "processing dead letters": Verdict.OK,
        "sns dead letters": Verdict.FAILING,
    }
    assert found[-1].reason == "3 waiting, old: responder dlq show --queue sns"


def test_who_may_count_letters_only_is_told_how_many_there_are() -> None:
    found = list(checks.dead_letters(stack({"SnsFailureQueueUrl": "b"}, {"sqs": depths(b=2)})))
    assert found[-1].reason == "2 waiting: responder dlq show --queue sns"


def waits(metric: str = "Waits", /, **counts: float) -> Client:
    """CloudWatch with these counts, by "service reason", of one metric and namespace."""

    def statistics(
        Namespace: str, MetricName: str, Dimensions: list[dict[str, str]], **_: object
    ) -> dict[str, Any]:
        named = {one["Name"]: one["Value"] for one in Dimensions}
        key = f"{named.get('service')}_{named.get('reason')}"
        ours = Namespace == f"{telemetry.NAMESPACE}/it" and MetricName == metric
        return {"Datapoints": [{"Sum": counts[key]}] if ours and key in counts else []}

    return Client({"get_metric_statistics": statistics})


@pytest.mark.parametrize(
    ("counts", "verdict", "reason"),
    [
        ({}, Verdict.OK, ""),
        ({"distribution_unavailable": 12.0}, Verdict.WARNING, "12 tries in 5 min: unavailable"),
        ({"distribution_timeout": 1.0}, Verdict.WARNING, "1 try in 5 min: timeout"),
        ({"distribution_secret_missing": 3.0}, Verdict.FAILING, "3 tries in 5 min: secret_missing"),
        (
            {"distribution_misconfigured": 2.0, "distribution_rate_limited": 4.0},
            Verdict.FAILING,
            "2 tries in 5 min: misconfigured; 4 tries in 5 min: rate_limited",
        ),
        ({"distribution_paced": 50.0, "distribution_lease_held": 5.0}, Verdict.OK, ""),
        ({"distribution_intent_unsettled": 5.0, "analysis_unavailable": 9.0}, Verdict.OK, ""),
    ],
)
def test_waiting_for_slack_is_told_from_waiting_for_a_turn(
    counts: dict[str, float], verdict: Verdict, reason: str
) -> None:
    (found,) = checks.slack(stack({}, {"cloudwatch": waits(**counts)}), Window(NOW, 1440))
    assert (found.component, found.verdict) == ("slack", verdict)
    assert reason in found.reason


def test_slack_is_failing_while_it_refuses_cards_for_good() -> None:
    counted = waits("DeadLettered", distribution_not_in_channel=8, analysis_channel_closed=3)
    (found,) = checks.slack(stack({}, {"cloudwatch": counted}), Window(NOW, 1440))
    assert found.verdict is Verdict.FAILING
    assert found.reason == "8 refused in 5 min: not_in_channel"


@pytest.mark.parametrize("output", ["DistributionDeadLetterQueueUrl", "CriticalDeadLetterQueueUrl"])
def test_slack_is_not_well_while_cards_that_it_refused_wait(output: str) -> None:
    clients = {"cloudwatch": watch(), "sqs": letters(d=["too_old", "channel_archived"])}
    (found,) = checks.slack(stack({output: "d"}, clients), FIVE_MINUTES)
    assert found.verdict is Verdict.WARNING
    assert "channel_archived" in found.reason
    clients["sqs"] = letters(d=["too_old"])
    assert verdicts(checks.slack(stack({output: "d"}, clients), FIVE_MINUTES)) == {
        "slack": Verdict.OK
    }


@pytest.mark.parametrize("reason", ["unavailable", "rate_limited", "timeout", "breaker_open"])
def test_waiting_for_claude_is_a_warning(reason: str) -> None:
    house = stack({}, {"cloudwatch": waits(**{f"analysis_{reason}": 2.0})})
    (found,) = checks.claude(house, FIVE_MINUTES)
    assert (found.verdict, found.reason) == (Verdict.WARNING, f"2 tries in 5 min: {reason}")
    healthy = stack({}, {"cloudwatch": waits(analysis_lease_held=2, distribution_timeout=3)})
    assert verdicts(checks.claude(healthy, FIVE_MINUTES)) == {"claude": Verdict.OK}


@pytest.mark.parametrize(
    ("unshown", "verdict"), [(None, Verdict.OK), (0.0, Verdict.OK), (3.0, Verdict.FAILING)]
)
def test_an_alert_that_nobody_sees_is_failing(unshown: float | None, verdict: Verdict) -> None:
    metrics = watch() if unshown is None else watch(AlertsUnshown=unshown)
    (found,) = checks.cards(stack({}, {"cloudwatch": metrics}), Window(NOW, 1440))
    assert found.verdict is verdict
    assert verdict is Verdict.OK or found.reason == "3 alerts shown to nobody for 15 minutes"
    (asked,) = metrics.asked("get_metric_statistics")
    assert asked["Namespace"] == f"{telemetry.NAMESPACE}/it"
    assert asked["Dimensions"] == [{"Name": "service", "Value": "analysis"}]
    assert asked["StartTime"] == NOW - timedelta(minutes=5)


def vault(**values: str) -> Client:
    def value(SecretId: str) -> dict[str, str]:
        prefix, _, name = SecretId.partition("/")
        assert prefix == "mine"
        if name not in values:
            raise refusal("ResourceNotFoundException")
        return {"SecretString": values[name]}

    return Client({"get_secret_value": value})


@pytest.mark.parametrize(
    ("values", "slack", "claude"),
    [
        ({}, Verdict.FAILING, Verdict.WARNING),
        ({"slack-webhook": " "}, Verdict.FAILING, Verdict.WARNING),
        ({"slack-webhook": "https://hooks"}, Verdict.OK, Verdict.WARNING),
        ({"slack-bot-token": "xoxb", "anthropic-key": "sk"}, Verdict.OK, Verdict.OK),
    ],
)
def test_secrets_are_told_present_from_empty(
    values: dict[str, str], slack: Verdict, claude: Verdict
) -> None:
    house = stack({"SecretPrefix": "mine"}, {"secretsmanager": vault(**values)})
    found = list(checks.secrets(house))
    assert verdicts(iter(found)) == {"slack secret": slack, "claude secret": claude}
    assert not any(value.strip() and value in one.reason for value in values.values()
                   for one in found)  # fmt: skip


@pytest.mark.parametrize("way", ["aws", "bedrock"])
def test_a_role_needs_no_key_of_claudes(way: str) -> None:
    outputs = {"SecretPrefix": "mine", "ClaudeAccess": way}
    found = list(checks.secrets(stack(outputs, {"secretsmanager": vault()})))
    assert verdicts(iter(found))["claude secret"] is Verdict.OK
    assert way in found[-1].reason


@pytest.mark.parametrize(
    ("age", "verdict"),
    [(None, Verdict.FAILING), (60, Verdict.OK), (181, Verdict.FAILING)],
)
def test_the_tick_must_have_run_lately(age: int | None, verdict: Verdict) -> None:
    at = (NOW - timedelta(seconds=age or 0)).isoformat()
    item = {} if age is None else {"Item": {"at": {"S": at}}}
    house = stack({}, {"dynamodb": Client({"get_item": item})})
    assert verdicts(checks.tick(house, NOW)) == {"tick": verdict}


@pytest.mark.parametrize(
    ("created", "updated", "verdict"),
    [
        (40, None, Verdict.WARNING),
        (5000, 40, Verdict.WARNING),
        (200, None, Verdict.FAILING),
        (5000, 200, Verdict.FAILING),
    ],
)
def test_a_stack_of_a_minute_has_not_ticked_yet(
    created: int, updated: int | None, verdict: Verdict
) -> None:
    times = {"CreationTime": created, "LastUpdatedTime": updated}
    described = {
        name: NOW - timedelta(seconds=age) for name, age in times.items() if age is not None
    }
    clients = {
        "cloudformation": Client({"describe_stacks": {"Stacks": [described]}}),
        "dynamodb": Client({"get_item": {}}),
    }
    (found,) = checks.tick(Stack("it", clients.__getitem__), NOW)
    assert found.verdict is verdict
    assert verdict is Verdict.FAILING or found.reason == "not yet: the stack is 40 s old"


@pytest.mark.parametrize(
    ("status", "verdict"), [(403, Verdict.OK), (202, Verdict.FAILING), (500, Verdict.FAILING)]
)
def test_the_front_door_must_answer_and_ask_for_a_key(status: int, verdict: Verdict) -> None:
    with serving(lambda request: Reply(status)) as door:
        house = stack({"WebhookUrl": f"{door.url}/alerts"}, {})
        assert verdicts(checks.api(house)) == {"api": verdict}


def test_a_front_door_that_does_not_answer_is_failing() -> None:
    house = stack({"WebhookUrl": "http://127.0.0.1:1/alerts"}, {})
    assert verdicts(checks.api(house)) == {"api": Verdict.FAILING}


def test_what_aws_refuses_is_a_finding_not_the_end_and_the_topic_is_told() -> None:
    topic = Client({"publish": {}})
    names = ("lambda", "sqs", "dynamodb", "secretsmanager", "cloudwatch")
    calls = (
        "get_function_configuration", "get_queue_attributes", "describe_table", "get_item",
        "get_secret_value", "get_metric_statistics",
    )  # fmt: skip
    clients = {name: Client(dict.fromkeys(calls, refused)) for name in names}
    outputs = {
        "WebhookUrl": "http://127.0.0.1:1/", "DeadLetterQueueUrl": "d", "SecretPrefix": "mine",
        "ProcessingQueueUrl": "p",
    }  # fmt: skip
    house = stack(outputs, {**clients, "sns": topic})
    result = CliRunner().invoke(
        cli, ["health", "--json", "--topic", "arn:topic"], obj=lambda *_: house
    )
    assert result.exit_code == 1
    found = {one["component"]: one["verdict"] for one in json.loads(result.output)}
    assert found == dict.fromkeys(
        [
            "api",
            "functions",
            "queues",
            "claude",
            "slack",
            "cards",
            "dead letters",
            "tables",
            "secrets",
            "tick",
            "analysis",
        ],
        "failing",
    )
    (told,) = topic.asked("publish")
    assert told["TopicArn"] == "arn:topic"
    assert "AccessDenied" in told["Message"]
