"""Replaying events that never reached reception: the right event, deleted only after success."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from responder.clock import utc_now
from responder_cli.dlq.letters import Letter, Selection
from responder_cli.dlq.looking import HOLD_SECONDS, batches
from responder_cli.dlq.places import PLACES, Way
from responder_cli.dlq.plan import Step
from responder_cli.dlq.sending import Conduct, NotDelivered, Outcome, original_event, send_back
from unit.cli.stacks import Client, stack

RULE = next(place for place in PLACES if place.name == "rule")
NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
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
    return send_back(house, Step(RULE, Way.REPLAY, 1, None), Selection(), conduct), sqs, functions


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


class Queue:
    """SQS with one queue, whose holds run out by the clock of the test."""

    def __init__(self, bodies: list[str]) -> None:
        self.moment = NOW
        self.visible_at = {str(number): self.moment for number in range(len(bodies))}
        self.bodies = {str(number): body for number, body in enumerate(bodies)}

    def now(self) -> datetime:
        return self.moment

    def wait(self, seconds: float) -> None:
        self.moment += timedelta(seconds=seconds)

    def receive_message(self, VisibilityTimeout: int, **_: object) -> dict[str, Any]:
        ready = [one for one, moment in self.visible_at.items() if moment <= self.moment][:10]
        if not ready:
            self.wait(1)
        self._hide(ready, VisibilityTimeout)
        return {
            "Messages": [
                {"MessageId": one, "ReceiptHandle": one, "Body": self.bodies[one]} for one in ready
            ]
        }

    def change_message_visibility_batch(self, Entries: list[dict[str, Any]], **_: object) -> None:
        for entry in Entries:
            self._hide([entry["ReceiptHandle"]], entry["VisibilityTimeout"])

    def delete_message(self, ReceiptHandle: str, **_: object) -> None:
        del self.visible_at[ReceiptHandle]

    def _hide(self, ids: list[str], seconds: int) -> None:
        until = self.moment + timedelta(seconds=seconds)
        self.visible_at |= {one: until for one in ids if one in self.visible_at}


def work_off(queue: Queue, step: Step, selection: Selection) -> Outcome:
    house = stack(
        {"RuleFailureQueueUrl": "u"},
        {"sqs": queue, "lambda": Client({"invoke": {"StatusCode": 200}})},
    )
    # So slow that the first letters' holds run out many times before the last is reached.
    conduct = Conduct(1, lambda seconds: queue.wait(10 * seconds), queue.now, lambda _: None)
    return send_back(house, step, selection, conduct)


def test_a_selection_reaches_the_letters_behind_those_that_are_left_alone() -> None:
    left, meant = {"source": "left"}, {"source": "meant"}
    bodies = [json.dumps(meant if n % 2 else left) for n in range(100)]
    queue = Queue(bodies)
    step = Step(RULE, Way.REPLAY, 100, 50)
    outcome = work_off(queue, step, Selection(sources=("meant",)))
    assert (outcome.sent, outcome.missing) == (50, 0)
    assert outcome.good
    assert set(queue.visible_at.values()) == {queue.moment}
    assert {queue.bodies[one] for one in queue.visible_at} == {json.dumps(left)}


def test_letters_that_come_back_meanwhile_do_not_end_the_work() -> None:
    queue = Queue([json.dumps(EVENT)] * 30)
    house = stack({"RuleFailureQueueUrl": "u"}, {"sqs": queue})
    met = []
    for batch in batches(house, "u", HOLD_SECONDS, 30):
        met += [one.message_id for one in batch]
        queue.wait(HOLD_SECONDS)
    assert sorted(met) == sorted(queue.bodies)


def test_fewer_letters_than_planned_are_a_failure() -> None:
    outcome = work_off(Queue([json.dumps(EVENT)]), Step(RULE, Way.REPLAY, 3, None), Selection())
    assert (outcome.sent, outcome.missing) == (1, 2)
    assert not outcome.good
