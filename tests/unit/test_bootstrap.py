"""The functions as they are put together, and an alert's way through all their lanes."""

import importlib.util
import json
import socket
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import ModuleType
from typing import Any

import boto3
import pytest
from moto import mock_aws

from fakes import Telemetry, alert
from local_stack.loopback import Reply, Request, Server
from responder import bootstrap, settings
from responder.adapters import environment
from responder.adapters.dynamodb import DynamoStore
from responder.alert import SYNTHETIC_SOURCE
from responder.clock import utc_now
from responder.contracts import AlertMessage, AnalysisRequest, ChangeMessage
from responder.errors import Permanent, Reason, Retryable
from responder.incident import Incident
from responder.intake.registry import read
from responder.ports import Table
from responder.protocols import items
from responder.protocols.changes import Changes, changes_item
from samples import EVENTS

FUNCTIONS = Path(__file__).parents[2] / "functions"
QUEUES = {
    "PROCESSING_QUEUE_URL": "it-processing",
    "PROCESSING_DLQ_URL": "it-processing-dlq",
    "ANALYSIS_QUEUE_URL": "it-analysis",
    "ANALYSIS_DLQ_URL": "it-analysis-dlq",
    "DISTRIBUTION_QUEUE_URL": "it-distribution",
    "DISTRIBUTION_DLQ_URL": "it-distribution-dlq",
    "CRITICAL_QUEUE_URL": "it-critical",
    "CRITICAL_DLQ_URL": "it-critical-dlq",
}
TABLES = {
    "ALERTS_TABLE": ("it-alerts", "alert_id"),
    "CACHE_TABLE": ("it-cache", "error_signature"),
    "INCIDENTS_TABLE": ("it-incidents", "id"),
    "STATE_TABLE": ("it-state", "id"),
}
SECRETS = {
    "ANTHROPIC_KEY_SECRET": "it/anthropic-key",
    "SLACK_WEBHOOK_SECRET": "it/slack-webhook",
    "SLACK_BOT_TOKEN_SECRET": "it/slack-bot-token",
    "SLACK_TEST_WEBHOOK_SECRET": "it/slack-test-webhook",
    "SOURCES_SECRET": "it/sources",
    "NOTICE_WEBHOOK_SECRET": "it/notice-webhook",
}
LISTENER = "it-listener"
RUNBOOKS = "it-runbooks"
INDEX: list[dict[str, Any]] = [
    {
        "IndexName": "due-index",
        "KeySchema": [
            {"AttributeName": "due_shard", "KeyType": "HASH"},
            {"AttributeName": "due_at", "KeyType": "RANGE"},
        ],
        "Projection": {"ProjectionType": "KEYS_ONLY"},
    }
]


class Webhook(BaseHTTPRequestHandler):
    """Takes every message, as Slack's incoming webhook does."""

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.taken.append(json.loads(body))  # type: ignore[attr-defined]
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"ok")

    def log_message(self, format: str, *args: Any) -> None:
        """Silent."""


@dataclass
class House:
    """AWS on moto, with everything that the functions' environment names."""

    sqs: Any
    secrets: Any
    urls: dict[str, str]

    def taken(self, name: str) -> list[str]:
        """The bodies that are visible in a queue; they are gone afterwards."""
        url = self.urls[name]
        found = self.sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", [])
        for message in found:
            self.sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        return [message["Body"] for message in found]

    def waiting(self, name: str) -> int:
        """How many messages of a queue are delayed."""
        told = self.sqs.get_queue_attributes(QueueUrl=self.urls[name], AttributeNames=["All"])
        return int(told["Attributes"]["ApproximateNumberOfMessagesDelayed"])

    def mails(self) -> list[dict[str, Any]]:
        """What a listener of the notices' topic got."""
        return [json.loads(body) for body in self.taken(LISTENER)]

    def set(self, variable: str, value: str) -> None:
        self.secrets.put_secret_value(SecretId=SECRETS[variable], SecretString=value)


@pytest.fixture
def house(monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    for name, value in {
        "STACK_NAME": "it",
        "SLACK_CHANNEL": "#alerts",
        "TEST_CHANNEL": "#test",
        "RUNBOOK_BUCKET": RUNBOOKS,
        "AWS_LAMBDA_FUNCTION_NAME": "it-Function",
        "AWS_LAMBDA_FUNCTION_VERSION": "7",
    }.items():
        monkeypatch.setenv(name, value)
    forget()
    with mock_aws():
        boto3.client("s3").create_bucket(Bucket=RUNBOOKS)
        sqs, dynamodb = boto3.client("sqs"), boto3.client("dynamodb")
        secrets = boto3.client("secretsmanager")
        urls = {}
        for variable, queue in QUEUES.items():
            urls[queue] = sqs.create_queue(QueueName=queue)["QueueUrl"]
            monkeypatch.setenv(variable, urls[queue])
        for variable, (table, key) in TABLES.items():
            indexed = [("due_shard", "S"), ("due_at", "N")] if table == "it-incidents" else []
            more: Any = {"GlobalSecondaryIndexes": INDEX} if indexed else {}
            dynamodb.create_table(
                TableName=table,
                AttributeDefinitions=[
                    {"AttributeName": name, "AttributeType": kind}  # type: ignore[typeddict-item]
                    for name, kind in [(key, "S"), *indexed]
                ],
                KeySchema=[{"AttributeName": key, "KeyType": "HASH"}],
                BillingMode="PAY_PER_REQUEST",
                **more,
            )
            monkeypatch.setenv(variable, table)
        for variable, secret in SECRETS.items():
            monkeypatch.setenv(variable, secrets.create_secret(Name=secret)["ARN"])
        monkeypatch.setenv("NOTICE_TOPIC_ARN", topic_with_a_listener(sqs, urls))
        yield House(sqs, secrets, urls)
    forget()


def topic_with_a_listener(sqs: Any, urls: dict[str, str]) -> str:
    """The topic of operator notices, and a queue in the place of a mailbox."""
    sns = boto3.client("sns")
    topic = sns.create_topic(Name="it-notices")["TopicArn"]
    urls[LISTENER] = sqs.create_queue(QueueName=LISTENER)["QueueUrl"]
    told = sqs.get_queue_attributes(QueueUrl=urls[LISTENER], AttributeNames=["QueueArn"])
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=told["Attributes"]["QueueArn"])
    return topic


def forget() -> None:
    """A new process builds its function, and its session, anew."""
    for built in (bootstrap.reception, bootstrap.analysis, bootstrap.distribution):
        built.cache_clear()
    environment._session.cache_clear()


@pytest.fixture
def slack() -> Iterator[tuple[str, list[Any]]]:
    """The address of a webhook, and what it has taken."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Webhook)
    server.taken = []  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/hook", server.taken  # type: ignore[attr-defined]
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def records(queue: str, *bodies: str) -> list[dict[str, Any]]:
    return [
        {
            "messageId": f"m{number}",
            "receiptHandle": "r",
            "body": body,
            "attributes": {"ApproximateReceiveCount": "1"},
            "eventSourceARN": f"arn:aws:sqs:us-east-1:123456789012:{queue}",
        }
        for number, body in enumerate(bodies)
    ]


def accepted(**changes: Any) -> str:
    now = utc_now()
    one = alert(event_at=now, received_at=now, **changes)
    return AlertMessage(alert=one, trace="t").model_dump_json()


NO_FAILURES: dict[str, list[dict[str, str]]] = {"batchItemFailures": []}


def test_an_alert_passes_through_every_lane_to_slack(
    house: House, slack: tuple[str, list[Any]]
) -> None:
    address, messages = slack
    house.set("SLACK_WEBHOOK_SECRET", address)
    analysis, distribution = bootstrap.analysis(), bootstrap.distribution()
    answer = analysis.consume(records("it-processing", accepted()))
    assert answer == NO_FAILURES
    requests = house.taken("it-analysis")
    assert analysis.consume(records("it-analysis", *requests)) == NO_FAILURES
    (first, *more) = house.taken("it-distribution")
    assert distribution.consume(records("it-distribution", first)) == NO_FAILURES
    (message,) = messages
    assert "disk full" in message["text"]
    assert distribution.consume(records("it-distribution", *more)) == NO_FAILURES
    assert len(messages) == 1


def test_only_what_is_a_test_goes_through_the_test_webhook_whatever_channels_are_called(
    house: House, slack: tuple[str, list[Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A webhook's channel is its own, so a name says nothing of who reads it."""
    address, messages = slack
    monkeypatch.setenv("TEST_CHANNEL", "#alerts")
    monkeypatch.setenv("SLACK_PACE_SECONDS", "0")
    house.set("SLACK_WEBHOOK_SECRET", address)
    analysis, distribution = bootstrap.analysis(), bootstrap.distribution()
    own = accepted(alert_id="a2", source=SYNTHETIC_SOURCE, title="our own check")
    analysis.consume(records("it-processing", accepted(), own))
    announced = house.taken("it-distribution")
    assert len(announced) == 2
    assert distribution.consume(records("it-distribution", *announced)) == NO_FAILURES
    assert ["disk full" in message["text"] for message in messages] == [True]


def test_a_batch_may_hold_alerts_and_changes(house: House) -> None:
    event = (EVENTS / "github" / "deployment.json").read_bytes()
    (change,) = read(event, {}).changes
    body = ChangeMessage(change=change).model_dump_json()
    batch = records("it-processing", body, accepted(), '{"change": {}}', body)
    assert bootstrap.analysis().consume(batch) == NO_FAILURES
    assert len(house.taken("it-analysis")) == 1
    assert house.taken("it-processing-dlq") == ['{"change": {}}']
    store = DynamoStore(environment.dynamodb(), {Table.STATE: "it-state"})
    for name in ("service#checkout", "environment#prod", "everywhere"):
        assert items.load(store, changes_item(name), Changes) == Changes(changes=(change,))


def test_without_a_claude_key_the_fallback_stands_at_once(house: House) -> None:
    analysis = bootstrap.analysis()
    analysis.consume(records("it-processing", accepted()))
    (request,) = house.taken("it-analysis")
    assert analysis.consume(records("it-analysis", request)) == NO_FAILURES
    assert house.waiting("it-analysis") == 0
    store = DynamoStore(environment.dynamodb(), {Table.INCIDENTS: "it-incidents"})
    incident_id = AnalysisRequest.model_validate_json(request).incident_id
    incident = items.load(store, items.incident_item(incident_id), Incident)
    assert incident is not None
    assert incident.analysis.fallback_reason == "no_key"


def test_a_critical_alert_takes_the_critical_lane(
    house: House, slack: tuple[str, list[Any]]
) -> None:
    address, messages = slack
    house.set("SLACK_WEBHOOK_SECRET", address)
    bootstrap.analysis().consume(records("it-processing", accepted(severity="CRITICAL")))
    (body,) = house.taken("it-critical")
    assert house.taken("it-distribution") == []
    assert bootstrap.distribution().consume(records("it-critical", body)) == NO_FAILURES
    assert len(messages) == 1


def test_without_a_slack_secret_the_card_waits_as_a_copy(house: House) -> None:
    bootstrap.analysis().consume(records("it-processing", accepted()))
    (body,) = house.taken("it-distribution")
    assert bootstrap.distribution().consume(records("it-distribution", body)) == NO_FAILURES
    assert house.waiting("it-distribution") == 1


def test_what_slack_does_not_show_is_mailed_and_its_dead_letter_keeps_the_card(
    house: House,
) -> None:
    bootstrap.analysis().consume(records("it-processing", accepted()))
    (body,) = house.taken("it-distribution")
    long_ago = {**json.loads(body), "first_sent": "2026-01-01T00:00:00Z"}
    distribution = bootstrap.distribution()
    old = records("it-distribution", json.dumps(long_ago))
    assert distribution.consume(old) == NO_FAILURES
    letters = house.sqs.receive_message(
        QueueUrl=house.urls["it-distribution-dlq"], MessageAttributeNames=["All"]
    )["Messages"]
    assert "disk full" in letters[0]["MessageAttributes"]["card"]["StringValue"]
    (report,) = house.taken("it-distribution")
    assert distribution.consume(records("it-distribution", report)) == NO_FAILURES
    (mail,) = house.mails()
    assert mail["Subject"].startswith("Not in Slack: HIGH disk full")
    assert "Slack was not reached for 12 hours" in mail["Message"]


@pytest.mark.parametrize(
    ("queue", "function"),
    [
        ("it-processing", bootstrap.analysis),
        ("it-analysis", bootstrap.analysis),
        ("it-distribution", bootstrap.distribution),
        ("it-critical", bootstrap.distribution),
    ],
)
def test_each_lane_has_its_own_dead_letter_queue(house: House, queue: str, function: Any) -> None:
    assert function().consume(records(queue, "{")) == NO_FAILURES
    assert house.taken(f"{queue}-dlq") == ["{"]


def test_a_dead_letter_names_the_function_and_its_version(house: House) -> None:
    bootstrap.analysis().consume(records("it-analysis", "{"))
    answer = house.sqs.receive_message(
        QueueUrl=house.urls["it-analysis-dlq"], MessageAttributeNames=["All"]
    )
    (message,) = answer["Messages"]
    told = {name: one["StringValue"] for name, one in message["MessageAttributes"].items()}
    assert (told["function"], told["version"]) == ("it-Function", "7")
    assert told["reason"] == "unreadable"


def test_a_batch_of_a_strangers_queue_is_refused(house: House) -> None:
    with pytest.raises(KeyError):
        bootstrap.analysis().consume(records("it-distribution", "{}"))


def test_the_analysis_function_checks_itself(house: House) -> None:
    analysis = bootstrap.analysis()
    readable = dict.fromkeys(("alerts", "analysis-cache", "incidents", "state"), "readable")
    said = analysis.self_check()
    assert {name: said[name] for name in readable} == readable
    assert said["claude"] == "the secret it/anthropic-key has no value"
    house.set("ANTHROPIC_KEY_SECRET", "key")
    bootstrap.analysis.cache_clear()
    assert bootstrap.analysis().self_check()["claude"] == "value present"


@pytest.mark.parametrize(
    ("way", "told"),
    [("aws", "by aws in eu-west-1"), ("bedrock", "by bedrock in eu-west-1")],
)
def test_a_check_misses_no_key_where_none_is_needed(
    house: House, monkeypatch: pytest.MonkeyPatch, way: str, told: str
) -> None:
    monkeypatch.setenv("CLAUDE_ACCESS", way)
    monkeypatch.setenv("CLAUDE_REGION", "eu-west-1")
    monkeypatch.setenv("CLAUDE_WORKSPACE", "wrkspc_1")
    assert bootstrap.analysis().self_check()["claude"] == f"{told}, signed as the role"


def test_a_check_warns_of_a_model_that_ends(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    assert bootstrap.analysis().self_check()["models"] == "no end is known"
    monkeypatch.setenv("MODEL_LARGE", "claude-sonnet-4-5")
    bootstrap.analysis.cache_clear()
    said = bootstrap.analysis().self_check()["models"]
    assert said.startswith("claude-sonnet-4-5 is deprecated")
    # Nobody reads what a check returns: the warning is found with the others.
    heard = Telemetry()
    bootstrap._lifecycle(frozenset({"claude-sonnet-4-5"}), heard)
    assert heard.lines == [("Model is ending", {"detail": said})]


def test_a_check_fails_with_a_model_that_nobody_can_price(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MODEL_LARGE", "claude-unheard-of")
    with pytest.raises(Permanent, match="claude-unheard-of"):
        bootstrap.analysis().self_check()


@pytest.mark.parametrize(
    ("way", "service", "path"),
    [
        ("aws", "aws-external-anthropic", "/v1/messages"),
        ("bedrock", "bedrock", "/model/global.anthropic.claude-haiku-5-5/invoke"),
    ],
)
def test_the_chosen_way_asks_as_the_role_and_reads_no_key(
    house: House, monkeypatch: pytest.MonkeyPatch, way: str, service: str, path: str
) -> None:
    seen: list[Request] = []

    def application(request: Request) -> Reply:
        seen.append(request)
        return Reply(403, b"{}", headers={"x-amzn-errortype": "AccessDeniedException"})

    server = Server(application, 0)
    who = boto3.Session().get_credentials()
    assert who is not None
    for name, value in {
        "CLAUDE_ACCESS": way,
        "CLAUDE_REGION": "eu-west-1",
        "CLAUDE_WORKSPACE": "wrkspc_1",
        "ANTHROPIC_BASE_URL": server.url,
        "AWS_SESSION_TOKEN": "session",
    }.items():
        monkeypatch.setenv(name, value)
    try:
        analysis = bootstrap.analysis()
        analysis.consume(records("it-processing", accepted()))
        (request,) = house.taken("it-analysis")
        assert analysis.consume(records("it-analysis", request)) == NO_FAILURES
    finally:
        server.stop()
    (asked,) = seen
    assert asked.path == path
    signed = asked.headers["authorization"]
    assert f"Credential={who.access_key}/" in signed
    assert f"/eu-west-1/{service}/aws4_request" in signed
    # What a person must put right comes back as an alert of ours, under our own name.
    (own,) = house.taken("it-processing")
    ours = AlertMessage.model_validate_json(own).alert
    assert (ours.source, ours.rule, ours.service) == ("responder", "claude:access", "it")


def test_the_check_reads_the_runbooks_and_says_how_they_are_searched(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    boto3.client("s3").put_object(Bucket=RUNBOOKS, Key="disk.md", Body=b"# Disk full\nClean up.")
    assert bootstrap.analysis().self_check()["runbooks"] == "1 passages"
    monkeypatch.setitem(sys.modules, "sqlite3", None)
    told = bootstrap.analysis().self_check()["runbooks"]
    assert told == "1 passages, searched without FTS5"


def test_a_tick_reads_the_runbooks_and_the_next_first_card_has_their_steps(house: House) -> None:
    boto3.client("s3").put_object(Bucket=RUNBOOKS, Key="disk.md", Body=b"# Disk full\nClean up.")
    analysis = bootstrap.analysis()
    assert analysis.ticker is not None
    analysis.ticker.tick()
    analysis.consume(records("it-processing", accepted()))
    (request,) = house.taken("it-analysis")
    store = DynamoStore(environment.dynamodb(), {Table.INCIDENTS: "it-incidents"})
    incident_id = AnalysisRequest.model_validate_json(request).incident_id
    incident = items.load(store, items.incident_item(incident_id), Incident)
    assert incident is not None
    assert [check.text for check in incident.analysis.checks[:2]] == [
        "Runbook: disk.md › Disk full",  # noqa: RUF001
        "Clean up.",
    ]


def test_a_check_records_announces_and_asks_for_nothing(house: House) -> None:
    analysis = bootstrap.analysis()
    analysis.consume(records("it-processing", accepted()))
    house.taken("it-distribution"), house.taken("it-analysis")
    analysis.self_check()
    assert house.taken("it-distribution") == house.taken("it-analysis") == []


def test_the_distribution_function_checks_itself_in_the_test_channel(
    house: House, slack: tuple[str, list[Any]]
) -> None:
    address, messages = slack
    distribution = bootstrap.distribution()
    said = distribution.self_check()
    assert (said["incidents"], said["state"]) == ("readable", "readable")
    assert said["operators"] == "the secret it/notice-webhook has no value"
    assert "it/slack-test-webhook has no value" in said["slack"]
    house.set("SLACK_TEST_WEBHOOK_SECRET", address)
    bootstrap.distribution.cache_clear()
    assert bootstrap.distribution().self_check()["slack"] == "posted to the test channel"
    assert len(messages) == 1


def test_a_check_that_does_not_reach_slack_fails(house: House) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
        house.set("SLACK_TEST_WEBHOOK_SECRET", f"http://127.0.0.1:{port}/hook")
        with pytest.raises(Retryable) as caught:
            bootstrap.distribution().self_check()
    assert caught.value.reason is not Reason.SECRET_MISSING


def test_reception_sends_to_the_processing_queue(house: House) -> None:
    reception, _ = bootstrap.reception()
    event = {
        "httpMethod": "POST",
        "path": "/alerts",
        "resource": "/alerts",
        "headers": {"Content-Type": "application/json"},
        "body": json.dumps({"source": "s", "title": "t"}),
        "isBase64Encoded": False,
        "requestContext": {"requestId": "r"},
    }
    assert reception.http(event, "trace")["statusCode"] == 202
    (body,) = house.taken("it-processing")
    assert AlertMessage.model_validate_json(body).alert.title == "t"


@pytest.mark.parametrize(
    ("build", "variable"),
    [
        (bootstrap.reception, "SOURCES_SECRET"),
        (bootstrap.analysis, "CACHE_TABLE"),
        (bootstrap.distribution, "SLACK_CHANNEL"),
    ],
)
def test_a_missing_variable_fails_the_start_by_name(
    house: House, monkeypatch: pytest.MonkeyPatch, build: Any, variable: str
) -> None:
    monkeypatch.delenv(variable)
    with pytest.raises(settings.SettingsError, match=variable):
        build()


def test_a_function_is_built_once_per_process(house: House) -> None:
    assert bootstrap.analysis() is bootstrap.analysis()


def test_outside_lambda_the_function_has_no_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_LAMBDA_FUNCTION_NAME", raising=False)
    monkeypatch.delenv("AWS_LAMBDA_FUNCTION_VERSION", raising=False)
    assert environment.function_version() == ("unknown", "unknown")


def app(name: str) -> ModuleType:
    """The handler's module as Lambda loads it."""
    spec = importlib.util.spec_from_file_location(f"{name}_app", FUNCTIONS / name / "app.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    ("name", "queue"), [("analysis", "it-analysis"), ("distribution", "it-critical")]
)
def test_a_handler_takes_batches_and_checks_and_refuses_the_rest(
    house: House, name: str, queue: str
) -> None:
    handler = app(name).handler
    assert handler({"Records": records(queue, "{")}, None) == NO_FAILURES
    assert "state" in handler({"synthetic": "pre-traffic"}, None)
    with pytest.raises(ValueError, match="neither"):
        handler({}, None)


def test_the_tick_is_an_event_of_the_analysis_function(house: House) -> None:
    assert app("analysis").handler({"tick": True}, None) == {}
