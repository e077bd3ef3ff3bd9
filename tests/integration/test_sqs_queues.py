"""Sending on moto's SQS, and on a client that refuses parts of a batch as SQS does."""

from collections.abc import Iterator, Sequence
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError, ConnectTimeoutError

from moto_aws import moto_aws
from responder.adapters.sqs import BATCH_BYTES, SEND_TRIES, SqsQueues
from responder.errors import Reason, Retryable
from responder.ports import Outgoing, Queue


@pytest.fixture
def client(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    with moto_aws(monkeypatch):
        yield boto3.client("sqs")


@pytest.fixture
def urls(client: Any) -> dict[str, str]:
    return {name: client.create_queue(QueueName=name)["QueueUrl"] for name in ("q", "dlq")}


@pytest.fixture
def queues(client: Any, urls: dict[str, str]) -> SqsQueues:
    return SqsQueues(client, {Queue.ANALYSIS: urls["q"]}, {Queue.ANALYSIS: urls["dlq"]})


def received(client: Any, url: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    while True:
        answer = client.receive_message(
            QueueUrl=url, MaxNumberOfMessages=10, MessageAttributeNames=["All"]
        )
        if not answer.get("Messages"):
            return found
        found += answer["Messages"]


def test_more_than_one_batch_is_sent(queues: SqsQueues, client: Any, urls: dict[str, str]) -> None:
    queues.send(Queue.ANALYSIS, [Outgoing(f"m{number}") for number in range(23)])
    bodies = [message["Body"] for message in received(client, urls["q"])]
    assert sorted(bodies) == sorted(f"m{number}" for number in range(23))


def test_nothing_to_send_is_no_call(queues: SqsQueues, client: Any, urls: dict[str, str]) -> None:
    queues.send(Queue.ANALYSIS, [])
    assert received(client, urls["q"]) == []


def test_a_delayed_message_is_not_there_yet(
    queues: SqsQueues, client: Any, urls: dict[str, str]
) -> None:
    queues.send(Queue.ANALYSIS, [Outgoing("later", delay=900), Outgoing("now")])
    assert [message["Body"] for message in received(client, urls["q"])] == ["now"]


def test_a_dead_letter_carries_its_reason(
    queues: SqsQueues, client: Any, urls: dict[str, str]
) -> None:
    reason = {"reason": "too_old", "detail": "Slack not reached for 12 h — ümlaut", "trace": "none"}
    queues.dead_letter(Queue.ANALYSIS, Outgoing("body", attributes=reason))
    (message,) = received(client, urls["dlq"])
    found = {name: one["StringValue"] for name, one in message["MessageAttributes"].items()}
    assert (message["Body"], found) == ("body", reason)
    assert received(client, urls["q"]) == []


def test_a_failed_message_is_visible_again_when_asked_for(
    queues: SqsQueues, client: Any, urls: dict[str, str]
) -> None:
    queues.send(Queue.ANALYSIS, [Outgoing("m")])
    (message,) = received(client, urls["q"])
    assert received(client, urls["q"]) == []
    queues.retry_in(Queue.ANALYSIS, message["ReceiptHandle"], 0)
    assert [again["Body"] for again in received(client, urls["q"])] == ["m"]


def test_a_receipt_that_is_no_longer_valid_costs_only_time(queues: SqsQueues) -> None:
    queues.retry_in(Queue.ANALYSIS, "no such receipt", 5)


class Sqs:
    """Takes or refuses by body: ``refuses`` counts how often each body is still refused."""

    def __init__(self, refuses: dict[str, int] | None = None) -> None:
        self.refuses = refuses or {}
        self.batches: list[list[str]] = []
        self.delays: list[int] = []

    def send_message_batch(self, QueueUrl: str, Entries: Sequence[Any]) -> dict[str, Any]:
        self.batches.append([entry["MessageBody"] for entry in Entries])
        self.delays += [entry["DelaySeconds"] for entry in Entries]
        assert len({entry["Id"] for entry in Entries}) == len(Entries)
        failed = []
        for entry in Entries:
            left = self.refuses.get(entry["MessageBody"], 0)
            if left:
                self.refuses[entry["MessageBody"]] = left - 1
                failed.append({"Id": entry["Id"], "SenderFault": False, "Code": "InternalError"})
        return {"Failed": failed} if failed else {}


def on(client: Any) -> SqsQueues:
    return SqsQueues(client, {Queue.ANALYSIS: "u"}, {})


def send(client: Any, *bodies: str) -> None:
    on(client).send(Queue.ANALYSIS, [Outgoing(body) for body in bodies])


def test_only_what_was_refused_is_sent_again() -> None:
    sqs = Sqs({"b": 1, "c": 2})
    send(sqs, "a", "b", "c")
    assert sqs.batches == [["a", "b", "c"], ["b", "c"], ["c"]]


def test_what_is_refused_to_the_end_is_retryable() -> None:
    sqs = Sqs({"b": SEND_TRIES})
    with pytest.raises(Retryable, match="refused 1 messages") as caught:
        send(sqs, "a", "b")
    assert caught.value.reason is Reason.UNAVAILABLE
    assert len(sqs.batches) == SEND_TRIES


def test_batches_hold_ten_messages() -> None:
    sqs = Sqs()
    send(sqs, *[str(number) for number in range(21)])
    assert sorted(len(batch) for batch in sqs.batches) == [1, 10, 10]
    assert len({message for batch in sqs.batches for message in batch}) == 21


def test_batches_hold_no_more_bytes_than_sqs_takes() -> None:
    """Counted as UTF-8: an umlaut is two bytes."""
    half = "ü" * (BATCH_BYTES // 4)
    sqs = Sqs()
    send(sqs, half, half, "x", half)
    assert [len(batch) for batch in sqs.batches] == [2, 2]


def refused() -> ClientError:
    return ClientError({"Error": {"Code": "ServiceUnavailable", "Message": "no"}}, "Send")


class Broken:
    """Fails every call."""

    def __init__(self, error: Exception) -> None:
        self._error = error

    def __getattr__(self, name: str) -> Any:
        def fail(**arguments: Any) -> None:
            raise self._error

        return fail


@pytest.mark.parametrize("error", [refused(), ConnectTimeoutError(endpoint_url="local")])
def test_an_sqs_that_does_not_answer_is_retryable(error: Exception) -> None:
    with pytest.raises(Retryable) as caught:
        send(Broken(error), "a")
    assert caught.value.reason is Reason.UNAVAILABLE


@pytest.mark.parametrize("error", [refused(), ConnectTimeoutError(endpoint_url="local")])
def test_failing_to_shorten_the_wait_is_no_failure(error: Exception) -> None:
    on(Broken(error)).retry_in(Queue.ANALYSIS, "r", 5)
