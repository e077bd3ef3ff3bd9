"""Replaying events that never reached reception: the right event, deleted only after success."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from responder.clock import utc_now
from responder_cli.dlq.letters import Letter, Selection
from responder_cli.dlq.places import PLACES
from responder_cli.dlq.sending import Conduct, NotDelivered, Outcome, original_event, send_back
from unit.cli.stacks import Client, stack

RULE = next(place for place in PLACES if place.name == "rule")
EVENT = {"source": "aws.cloudwatch", "detail-type": "CloudWatch Alarm State Change"}


def test_lambdas_envelope_is_opened() -> None:
    envelope = {"requestContext": {"condition": "RetriesExhausted"}, "requestPayload": EVENT}
    assert original_event(envelope) == EVENT


def test_a_rules_dead_letter_is_the_event() -> None:
    assert original_event(EVENT) == EVENT


def test_a_subscriptions_dead_letter_becomes_the_record_that_lambda_would_have_had() -> None:
    note = {"Type": "Notification", "Message": "{}", "TopicArn": "t"}
    (record,) = original_event(note)["Records"]
    assert record["EventSource"] == "aws:sns"
    assert record["Sns"] == note


def test_a_letter_without_an_event_is_not_delivered() -> None:
    with pytest.raises(NotDelivered):
        original_event("text")


def replay(answer: dict[str, Any], body: str) -> tuple[Outcome, Client, Client]:
    message = {"MessageId": "m", "ReceiptHandle": "r", "Body": body}
    sqs = Client(
        {
            "receive_message": {"Messages": [message]},
            "delete_message": {},
            "change_message_visibility_batch": {},
        }
    )
    functions = Client({"invoke": answer})
    house = stack({"RuleFailureQueueUrl": "u"}, {"sqs": sqs, "lambda": functions})
    conduct = Conduct(50, lambda _: None, utc_now, lambda _: None)
    return send_back(house, RULE, Selection(), 1, conduct), sqs, functions


def test_a_replayed_event_reaches_the_live_reception_and_is_then_deleted() -> None:
    outcome, sqs, functions = replay({"StatusCode": 200}, json.dumps(EVENT))
    assert outcome.good
    assert outcome.sent == 1
    (call,) = functions.asked("invoke")
    assert call["FunctionName"] == "it-AlertReceptionFunction"
    assert call["Qualifier"] == "live"
    assert json.loads(call["Payload"]) == EVENT
    assert sqs.asked("delete_message") == [{"QueueUrl": "u", "ReceiptHandle": "r"}]


@pytest.mark.parametrize(
    ("answer", "body"),
    [({"StatusCode": 200, "FunctionError": "Unhandled"}, json.dumps(EVENT)), ({}, "no event")],
    ids=["reception fails", "no event inside"],
)
def test_what_reception_does_not_take_stays_visible_where_it_is(
    answer: dict[str, Any], body: str
) -> None:
    outcome, sqs, _ = replay(answer, body)
    assert not outcome.good
    assert sqs.asked("delete_message") == []
    (back,) = sqs.asked("change_message_visibility_batch")
    assert back["Entries"][0]["VisibilityTimeout"] == 0


def letter(body: str, system: dict[str, str] | None = None, **attributes: str) -> Letter:
    return Letter.read(
        {
            "MessageId": "m",
            "ReceiptHandle": "r",
            "Body": body,
            "Attributes": system or {},
            "MessageAttributes": {
                name: {"StringValue": value, "DataType": "String"}
                for name, value in attributes.items()
            },
        }
    )


@pytest.mark.parametrize(
    ("dead", "reason"),
    [
        (letter("x", reason="too_old"), "too_old"),
        (letter("x", {"DeadLetterQueueSourceArn": "q"}, reason="too_old"), "receives_exhausted"),
        (letter("x", ERROR_CODE="NO_PERMISSIONS"), "NO_PERMISSIONS"),
        (letter("x", ErrorCode="ClientError"), "ClientError"),
        (letter('{"requestContext": {"condition": "EventAgeExceeded"}}'), "EventAgeExceeded"),
        (letter("x"), "unknown"),
        (letter('["list"]'), "unknown"),
    ],
)
def test_the_reason_is_read_from_whoever_gave_up(dead: Letter, reason: str) -> None:
    assert dead.reason == reason


def test_the_time_of_sending_is_read_in_utc() -> None:
    sent = letter("x", {"SentTimestamp": "1763726400000"}).sent_at
    assert sent == datetime(2025, 11, 21, 12, tzinfo=UTC)
