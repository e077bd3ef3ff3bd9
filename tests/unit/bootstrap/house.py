"""What the functions find where they start: AWS on moto, a webhook, and what they are sent."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import boto3
import pytest

from examples import alert
from local_stack.loopback import Reply, Request, text_reply
from moto_aws import moto_aws
from responder.adapters import environment
from responder.bootstrap import analysis, distribution, heartbeat, reception
from responder.clock import utc_now
from responder.contracts import AlertMessage
from serving import serving

QUEUES = {
    "PROCESSING_QUEUE_URL": "it-processing",
    "CRITICAL_PROCESSING_QUEUE_URL": "it-processing-critical",
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
NO_FAILURES: dict[str, list[dict[str, str]]] = {"batchItemFailures": []}


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


@contextmanager
def house_of(monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    """The house, while the environment names it."""
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
    with moto_aws(monkeypatch):
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
    for built in (
        reception.build,
        analysis.build,
        distribution.build,
        heartbeat.build,
    ):
        built.cache_clear()
    environment._session.cache_clear()


@contextmanager
def webhook() -> Iterator[tuple[str, list[Any]]]:
    """The address of a webhook that takes every message, as Slack's does, and what it has taken."""
    taken: list[Any] = []

    def application(request: Request) -> Reply:
        taken.append(json.loads(request.body))
        return text_reply("ok")

    with serving(application) as server:
        yield f"{server.url}/hook", taken


def accepted(**changes: Any) -> str:
    now = utc_now()
    one = alert(event_at=now, received_at=now, **changes)
    return AlertMessage(alert=one, trace="t").model_dump_json()
