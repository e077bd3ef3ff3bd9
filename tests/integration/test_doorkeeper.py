"""The doorkeeper reads reception's log and counts what waits, on moto."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import boto3
import pytest

from moto_aws import moto_aws
from responder.adapters import environment
from responder.adapters.doorkeeper import LogDoorkeeper
from responder.alert import SYNTHETIC_SOURCE
from responder.clock import utc_now
from responder.errors import Retryable
from responder.ports import Acceptance

NOW = utc_now().replace(microsecond=0)
START, END = NOW - timedelta(minutes=20), NOW - timedelta(minutes=15)
GROUP = "/aws/lambda/it-AlertReceptionFunction"
SECOND = timedelta(seconds=1)


@dataclass
class Reception:
    logs: Any
    sqs: Any
    urls: list[str]

    @property
    def doorkeeper(self) -> LogDoorkeeper:
        return LogDoorkeeper(environment.logs(), GROUP, environment.sqs(), self.urls)

    def say(self, alert_id: str, at: datetime, source: str = "sentry") -> None:
        line = {"message": "Accepted", "alert_id": alert_id, "source": source}
        self.write(json.dumps(line), at)

    def write(self, line: str, at: datetime) -> None:
        event = {"timestamp": int(at.timestamp() * 1000), "message": line}
        self.logs.put_log_events(logGroupName=GROUP, logStreamName="s", logEvents=[event])


@pytest.fixture
def reception(monkeypatch: pytest.MonkeyPatch) -> Iterator[Reception]:
    environment._session.cache_clear()
    with moto_aws(monkeypatch):
        logs, sqs = boto3.client("logs"), boto3.client("sqs")
        logs.create_log_group(logGroupName=GROUP)
        logs.create_log_stream(logGroupName=GROUP, logStreamName="s")
        urls = [sqs.create_queue(QueueName=name)["QueueUrl"] for name in ("q", "dlq")]
        yield Reception(logs, sqs, urls)
    environment._session.cache_clear()


def test_it_tells_what_was_accepted_from_the_start_until_before_the_end(
    reception: Reception,
) -> None:
    for name, at in (("before", START - SECOND), ("first", START), ("last", END - SECOND),
                     ("after", END)):  # fmt: skip
        reception.say(name, at)

    assert reception.doorkeeper.accepted(START, END, 10) == [
        Acceptance("first", START),
        Acceptance("last", END - SECOND),
    ]
    assert len(reception.doorkeeper.accepted(START, END, 1)) == 1


@pytest.mark.parametrize(
    "line",
    ['{"message": "Alerts not Accepted", "alert_id": "no"}', "Accepted", "[1]", '{"_aws": {}}'],
)
def test_what_only_looks_like_an_acceptance_is_none(reception: Reception, line: str) -> None:
    reception.write(line, START)
    reception.say("yes", START)

    assert [one.alert_id for one in reception.doorkeeper.accepted(START, END, 10)] == ["yes"]


def test_checks_of_our_own_are_nobodys_alerts(reception: Reception) -> None:
    reception.say("ours", START, source=SYNTHETIC_SOURCE)

    assert reception.doorkeeper.accepted(START, END, 10) == []


def test_what_waits_is_visible_delayed_in_flight_or_dead(reception: Reception) -> None:
    queue, dead = reception.urls
    reception.sqs.send_message(QueueUrl=queue, MessageBody="in flight")
    reception.sqs.receive_message(QueueUrl=queue)
    reception.sqs.send_message(QueueUrl=queue, MessageBody="visible")
    reception.sqs.send_message(QueueUrl=queue, MessageBody="delayed", DelaySeconds=60)
    reception.sqs.send_message(QueueUrl=dead, MessageBody="dead")

    assert reception.doorkeeper.waiting() == 4


def test_a_log_or_queue_that_is_not_there_is_trouble_that_may_pass(reception: Reception) -> None:
    reception.logs.delete_log_group(logGroupName=GROUP)
    reception.sqs.delete_queue(QueueUrl=reception.urls[0])

    with pytest.raises(Retryable):
        reception.doorkeeper.accepted(START, END, 10)
    with pytest.raises(Retryable):
        reception.doorkeeper.waiting()
