"""``responder health`` tells a machine that is well from one that is ill, on any answer."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from local_stack.loopback import Reply
from responder_cli import mending
from responder_cli.aws import Stack, connect
from responder_cli.health import checks
from responder_cli.health.letters import Letters
from responder_cli.health.verdict import Finding, Verdict
from responder_cli.options import DEFAULT_STACK
from serving import serving
from template.deployed import referred, resources
from unit.cli.health_house import FIVE_MINUTES, depths, letters, verdicts, watch
from unit.cli.stacks import Client, refusal, stack

MAPPINGS = {
    "EventSourceMappings": [
        {"EventSourceArn": "arn:aws:sqs:r:1:other", "State": "Disabled", "UUID": "u-1"},
        {"EventSourceArn": "arn:aws:sqs:r:1:q", "State": "Enabled", "UUID": "u-2"},
    ]
}
RUNNING = Client(
    {
        "get_function_configuration": {"State": "Active", "Timeout": 60},
        "list_event_source_mappings": MAPPINGS,
    }
)


def functions(house: Stack) -> Iterator[Finding]:
    for short in checks.functions(house):
        yield from checks.function(house, short, FIVE_MINUTES)


def queues(house: Stack) -> Iterator[Finding]:
    for place in checks.queues(house):
        yield from checks.queue(house, place, FIVE_MINUTES)


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
    found = verdicts(functions(house))
    assert found["AlertReceptionFunction"] is reception
    assert found["AnalysisFunction"] is analysis


def test_functions_are_asked_for_by_their_full_name_and_live_version() -> None:
    client = Client({"get_function_configuration": {"State": "Failed"}})
    found = verdicts(functions(stack({}, {"lambda": client})))
    assert set(found.values()) == {Verdict.FAILING}
    assert client.asked("get_function_configuration")[0] == {
        "FunctionName": "it-AlertReceptionFunction",
        "Qualifier": "live",
    }


@pytest.mark.parametrize(
    ("milliseconds", "verdict"), [(53_999.0, Verdict.OK), (54_000.0, Verdict.WARNING)]
)
def test_a_function_that_nearly_times_out_is_worth_a_look(
    milliseconds: float, verdict: Verdict
) -> None:
    house = stack({}, {"cloudwatch": watch(Duration=milliseconds), "lambda": RUNNING})
    (found,) = checks.function(house, "AnalysisFunction", FIVE_MINUTES)
    assert found.verdict is verdict
    assert "the slowest 54.0 s" in found.reason


def test_a_stack_with_a_heartbeat_has_its_function_looked_at() -> None:
    clients = {"cloudwatch": watch(Errors=3.0), "lambda": RUNNING}
    assert "HeartbeatFunction" not in verdicts(functions(stack({}, clients)))
    house = stack({"HeartbeatFunctionName": "it-HeartbeatFunction"}, clients)
    found = verdicts(functions(house))
    assert found["HeartbeatFunction"] is Verdict.FAILING


@pytest.mark.parametrize(
    ("age", "verdict"), [(None, Verdict.OK), (120.0, Verdict.OK), (121.0, Verdict.FAILING)]
)
def test_a_queue_is_judged_by_the_age_of_its_oldest_message(
    age: float | None, verdict: Verdict
) -> None:
    metrics = watch() if age is None else watch(ApproximateAgeOfOldestMessage=age)
    clients = {"sqs": depths(q=7), "cloudwatch": metrics, "lambda": RUNNING}
    house = stack({"ProcessingQueueUrl": "q"}, clients)
    (found,) = queues(house)
    assert (found.component, found.verdict) == ("processing queue", verdict)
    assert bool(found.mend) is (verdict is Verdict.FAILING)


def test_ages_are_those_of_the_alarms() -> None:
    alarms = {
        referred(alarm["Dimensions"][0]["Value"]): alarm["Threshold"]
        for alarm in resources("AWS::CloudWatch::Alarm").values()
        if alarm.get("MetricName") == "ApproximateAgeOfOldestMessage"
    }
    assert alarms == {
        watched.output.removesuffix("Url"): watched.oldest for watched in checks.QUEUES
    }


def test_a_queue_that_nobody_takes_from_is_failing_at_once() -> None:
    stopped = Client({"list_event_source_mappings": MAPPINGS})
    clients = {"sqs": depths(other=3), "cloudwatch": watch(), "lambda": stopped}
    (found,) = queues(stack({"ProcessingQueueUrl": "other"}, clients))
    assert found.verdict is Verdict.FAILING
    assert found.reason.startswith("its mapping is Disabled: nobody takes from it; 3 waiting")
    assert found.mend == "aws lambda update-event-source-mapping --uuid u-1 --enabled"
    (asked,) = stopped.asked("list_event_source_mappings")
    assert asked == {"FunctionName": "it-AnalysisFunction:live"}


def test_one_dead_letter_is_too_many() -> None:
    outputs = {"DeadLetterQueueUrl": "a", "SnsFailureQueueUrl": "b"}
    house = stack(outputs, {"sqs": letters(b=["gone", "old", "old"])})
    found = list(checks.dead_letters(house, Letters(house)))
    assert verdicts(found) == {
        "processing dead letters": Verdict.OK,
        "sns dead letters": Verdict.FAILING,
    }
    assert found[-1].reason == "3 waiting, old"
    assert found[-1].mend == (
        "scripts/responder dlq show --queue sns --stack it; "
        "scripts/responder dlq reprocess --queue sns --stack it"
    )


@pytest.mark.parametrize(
    ("reasons", "mend"),
    [
        (["unreadable"], ["show --queue sns", "discard --queue sns --reason unreadable"]),
        (
            ["unreadable", "too_old"],
            [
                "show --queue sns",
                "discard --queue sns --reason unreadable",
                "reprocess --queue sns",
            ],
        ),
    ],
)
def test_what_nobody_can_read_is_not_sent_back(reasons: list[str], mend: list[str]) -> None:
    house = stack({"SnsFailureQueueUrl": "b"}, {"sqs": letters(b=reasons)})
    (found,) = checks.dead_letters(house, Letters(house))
    assert "newer release" in found.reason
    assert found.mend == "; ".join(f"scripts/responder dlq {one} --stack it" for one in mend)


def test_who_may_count_letters_only_is_told_how_many_there_are() -> None:
    house = stack({"SnsFailureQueueUrl": "b"}, {"sqs": depths(b=2)})
    found = list(checks.dead_letters(house, Letters(house)))
    assert found[-1].reason == "2 waiting"


def test_a_table_that_is_gone_is_told_with_the_way_back() -> None:
    def table(TableName: str) -> Any:
        if TableName in ("it-analysis-cache", "it-state"):
            raise refusal("ResourceNotFoundException")
        return {"Table": {"TableStatus": "CREATING" if TableName == "it-alerts" else "ACTIVE"}}

    found = {
        one.component: one
        for one in checks.tables(stack({}, {"dynamodb": Client({"describe_table": table})}))
    }
    assert {name: one.verdict for name, one in found.items()} == {
        "alerts table": Verdict.FAILING,
        "analysis-cache table": Verdict.FAILING,
        "incidents table": Verdict.OK,
        "state table": Verdict.FAILING,
    }
    assert found["state table"].reason == "it is gone"
    assert "restore-table-from-backup --target-table-name it-state" in found["state table"].mend
    key = resources("AWS::DynamoDB::Table")["AnalysisCacheTable"]["KeySchema"][0]["AttributeName"]
    assert f"AttributeName={key},KeyType=HASH" in found["analysis-cache table"].mend


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


@pytest.mark.parametrize(
    ("name", "region", "profile", "meant", "named"),
    [
        (DEFAULT_STACK, "", "", "", ""),
        (DEFAULT_STACK, "", "", DEFAULT_STACK, ""),
        (DEFAULT_STACK, "", "", "other", f" --stack {DEFAULT_STACK}"),
        ("it", "", "", "", " --stack it"),
        ("it", "", "", "it", " --stack it"),
        ("it", "eu-west-1", "", "", " --stack it --region eu-west-1"),
        (DEFAULT_STACK, "", "me", "", " --profile me"),
    ],
)
def test_a_command_that_mends_leads_to_the_stack_that_was_looked_at(
    monkeypatch: pytest.MonkeyPatch, name: str, region: str, profile: str, meant: str, named: str
) -> None:
    monkeypatch.setenv("STACK_NAME", meant)
    house = Stack(name, lambda _: None, region=region, profile=profile)
    assert mending.command(house, "dlq list") == f"scripts/responder dlq list{named}"


def test_an_aws_command_that_mends_leads_to_the_account_and_region_that_were_looked_at() -> None:
    usual = Stack("it", lambda _: None)
    assert mending.aws(usual, "s3 ls") == "aws s3 ls"
    given = Stack("it", lambda _: None, region="eu-west-1", profile="me")
    assert mending.aws(given, "s3 ls") == "aws s3 ls --region eu-west-1 --profile me"


def test_a_stack_knows_by_which_options_it_and_its_neighbour_are_reached(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "config").write_text("[profile me]\n")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    house = connect("it", "eu-west-1", "me").other("its-neighbour")
    assert (house.name, house.region, house.profile) == ("its-neighbour", "eu-west-1", "me")
