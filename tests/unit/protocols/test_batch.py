"""Every shape in which a lane can give a batch back to SQS."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pytest

from examples import alert
from fakes import Telemetry
from faults.world import START
from responder.contracts import AlertMessage, Announcement
from responder.errors import Permanent, Reason, Retryable
from responder.ports import Outgoing, Queue
from responder.protocols.batch import Failures, Lane, Origin


class Sqs:
    """Dead letters and visibility, as the lane sees them. ``broken``: no dead letter is taken."""

    def __init__(self) -> None:
        self.dead: list[Outgoing] = []
        self.retries: list[tuple[str, int]] = []
        self.broken = False

    def send(self, queue: Queue, messages: Sequence[Outgoing]) -> None:
        raise AssertionError("a lane sends only dead letters")

    def dead_letter(self, queue: Queue, message: Outgoing) -> None:
        if self.broken:
            raise Retryable(Reason.UNAVAILABLE, "SQS refused 1 messages")
        assert queue is Queue.DISTRIBUTION
        self.dead.append(message)

    def retry_in(self, queue: Queue, receipt: str, seconds: int) -> None:
        assert queue is Queue.DISTRIBUTION
        self.retries.append((receipt, seconds))


class House:
    def __init__(self) -> None:
        self.sqs = Sqs()
        self.telemetry = Telemetry()
        origin = Origin("mcp-DistributionFunction", "7")
        self.lane = Lane(Queue.DISTRIBUTION, self.sqs, self.sqs, self.telemetry, origin)
        self.handled: list[str] = []

    def run(
        self, *records: dict[str, Any], wrong: Mapping[str, Exception] | None = None
    ) -> Failures:
        def handle(message: Announcement) -> None:
            error = (wrong or {}).get(message.incident_id)
            if error is not None:
                raise error
            self.handled.append(message.incident_id)

        return self.lane.run(records, Announcement, handle)


@pytest.fixture
def house() -> House:
    return House()


def record(name: str, *, body: str | None = None, received: int = 1) -> dict[str, Any]:
    good = Announcement(incident_id=name, first_sent=START).model_dump_json()
    return {
        "messageId": f"id-{name}",
        "receiptHandle": f"receipt-{name}",
        "body": good if body is None else body,
        "attributes": {
            "ApproximateReceiveCount": str(received),
            "AWSTraceHeader": "Root=1-2-3",
        },
    }


def failed(*names: str) -> Failures:
    return {"batchItemFailures": [{"itemIdentifier": f"id-{name}"} for name in names]}


def test_an_empty_batch_has_no_failures(house: House) -> None:
    assert house.run() == failed()


def test_a_batch_that_succeeds_has_no_failures(house: House) -> None:
    assert house.run(record("a"), record("b")) == failed()
    assert house.handled == ["a", "b"]
    assert house.sqs.retries == []


def test_what_fails_fails_alone(house: House) -> None:
    answer = house.run(record("a"), record("b"), record("c"), wrong={"b": ValueError("odd")})
    assert answer == failed("b")
    assert house.handled == ["a", "c"]
    assert house.telemetry.counts == {"FailedItems": 1}
    assert house.telemetry.lines == [
        ("Item failed", {"error": "ValueError('odd')", "message_id": "id-b"})
    ]


def test_a_batch_that_fails_as_a_whole_names_every_item(house: House) -> None:
    wrong: Mapping[str, Exception] = {"a": ValueError(), "b": Retryable(Reason.UNAVAILABLE)}
    assert house.run(record("a"), record("b"), wrong=wrong) == failed("a", "b")
    assert house.telemetry.counts == {"FailedItems": 2}


@pytest.mark.parametrize(
    ("received", "seconds"), [(1, 5), (2, 20), (3, 60), (4, 180), (5, 180), (9, 180)]
)
def test_a_failed_message_comes_back_sooner_than_its_time_out(
    house: House, received: int, seconds: int
) -> None:
    house.run(record("a", received=received), wrong={"a": ValueError()})
    assert house.sqs.retries == [("receipt-a", seconds)]


@pytest.mark.parametrize(("received", "seconds"), [(1, 5), (2, 60), (3, 180), (4, 600), (9, 600)])
def test_what_failed_by_the_trouble_of_others_is_given_more_time(
    house: House, received: int, seconds: int
) -> None:
    trouble = Retryable(Reason.UNAVAILABLE, "DynamoDB")
    house.run(record("a", received=received), wrong={"a": trouble})
    assert house.sqs.retries == [("receipt-a", seconds)]


def test_a_record_without_attributes_counts_as_received_once(house: House) -> None:
    bare = record("a")
    del bare["attributes"]
    house.run(bare, wrong={"a": ValueError()})
    assert house.sqs.retries == [("receipt-a", 5)]


@pytest.mark.parametrize(
    ("body", "detail"),
    [
        ("{", "Invalid JSON"),
        ("", "Invalid JSON"),
        ("[]", "Input should be"),
        ('{"first_sent": "2026-11-21T03:00:00Z"}', "incident_id: Field required"),
        ('{"incident_id": "i", "first_sent": "2026-11-21T03:00:00"}', "first_sent: Input should"),
    ],
)
def test_an_unreadable_message_goes_to_the_dead_letters_with_its_reason(
    house: House, body: str, detail: str
) -> None:
    assert house.run(record("bad", body=body), record("good")) == failed()
    (dead,) = house.sqs.dead
    assert dead.body == body
    assert dead.attributes["detail"].startswith(detail)
    assert {name: dead.attributes[name] for name in ("reason", "function", "version", "trace")} == {
        "reason": "unreadable",
        "function": "mcp-DistributionFunction",
        "version": "7",
        "trace": "Root=1-2-3",
    }
    assert house.handled == ["good"]
    assert house.telemetry.counts == {"DeadLettered:unreadable": 1}
    assert house.telemetry.said("Dead-lettered") == 1


def test_a_permanent_failure_goes_to_the_dead_letters_and_is_a_success(house: House) -> None:
    wrong = {"a": Permanent(Reason.TOO_OLD, "x" * 300)}
    assert house.run(record("a"), wrong=wrong) == failed()
    (dead,) = house.sqs.dead
    assert (dead.attributes["reason"], dead.attributes["detail"]) == ("too_old", "x" * 200)
    assert house.sqs.retries == []


def test_a_dead_letter_keeps_the_cards_text_where_there_is_one(house: House) -> None:
    refused = Permanent(Reason.REFUSED_BY_SLACK, "is_archived")
    refused.card = "what the card would say"
    house.run(record("a"), record("b"), wrong={"a": refused, "b": Permanent(Reason.TOO_OLD)})
    assert [dead.attributes.get("card") for dead in house.sqs.dead] == [
        "what the card would say",
        None,
    ]


def test_what_is_given_up_is_recorded_once_its_letter_is_there(house: House) -> None:
    recorded: list[int] = []
    refused = Permanent(Reason.REFUSED_BY_SLACK)
    refused.lettered = lambda: recorded.append(len(house.sqs.dead))
    house.sqs.broken = True
    assert house.run(record("a"), wrong={"a": refused}) == failed("a")
    assert recorded == []
    house.sqs.broken = False
    assert house.run(record("a"), wrong={"a": refused}) == failed()
    assert recorded == [1]


def test_attributes_are_never_empty_as_sqs_refuses_that(house: House) -> None:
    untraced = record("a")
    del untraced["attributes"]["AWSTraceHeader"]
    house.run(untraced, wrong={"a": Permanent(Reason.TOO_OLD)})
    (dead,) = house.sqs.dead
    assert (dead.attributes["detail"], dead.attributes["trace"]) == ("too_old", "none")


def test_a_message_whose_dead_letter_is_refused_is_kept(house: House) -> None:
    house.sqs.broken = True
    answer = house.run(record("bad", body="{"), record("a"), wrong={"a": Permanent(Reason.TOO_OLD)})
    assert answer == failed("bad", "a")
    assert house.telemetry.counts == {"FailedItems": 2}
    assert house.sqs.retries == [("receipt-bad", 5), ("receipt-a", 5)]


def same(message: AlertMessage) -> AlertMessage:
    return message


def groups(house: House, *records: dict[str, Any], handle: Callable[[list[str]], None]) -> Failures:
    """Run alert messages in groups of one service; ``handle`` sees the ids of a group."""

    def group(messages: Sequence[AlertMessage]) -> list[list[AlertMessage]]:
        services = dict.fromkeys(message.alert.service for message in messages)
        return [[m for m in messages if m.alert.service == name] for name in services]

    return house.lane.run_groups(
        records, same, group, lambda members: handle([one.alert.alert_id for one in members])
    )


def alerting(name: str, service: str) -> dict[str, Any]:
    body = AlertMessage(alert=alert(name, service=service)).model_dump_json()
    return record(name, body=body)


def test_groups_are_handled_one_by_one(house: House) -> None:
    seen: list[list[str]] = []
    records = [alerting("a", "x"), alerting("b", "y"), alerting("c", "x")]
    assert groups(house, *records, handle=seen.append) == failed()
    assert seen == [["a", "c"], ["b"]]


def test_a_group_fails_as_one_and_alone(house: House) -> None:
    def handle(ids: list[str]) -> None:
        if "a" in ids:
            raise ValueError("odd")

    records = [alerting("a", "x"), alerting("b", "y"), alerting("c", "x")]
    assert groups(house, *records, handle=handle) == failed("a", "c")
    assert len(house.sqs.retries) == 2


def test_an_unreadable_alert_is_dead_lettered_before_the_groups_are_made(house: House) -> None:
    seen: list[list[str]] = []
    records = [record("bad", body="{}"), alerting("a", "x")]
    assert groups(house, *records, handle=seen.append) == failed()
    assert seen == [["a"]]
    assert house.sqs.dead[0].attributes["detail"] == "alert: Field required"


def test_a_permanently_failing_group_is_dead_lettered_message_by_message(house: House) -> None:
    def handle(ids: list[str]) -> None:
        raise Permanent(Reason.MISCONFIGURED, "no")

    records = [alerting("a", "x"), alerting("b", "x")]
    assert groups(house, *records, handle=handle) == failed()
    assert len(house.sqs.dead) == 2


def test_a_message_that_cannot_be_grouped_fails_alone(house: House) -> None:
    seen: list[str] = []

    def group(messages: Sequence[AlertMessage]) -> list[list[AlertMessage]]:
        raise RecursionError

    def handle(members: Sequence[AlertMessage]) -> None:
        (one,) = members
        if one.alert.alert_id == "poison":
            raise RecursionError
        seen.append(one.alert.alert_id)

    records = [alerting("a", "x"), alerting("poison", "x"), alerting("b", "x")]
    assert house.lane.run_groups(records, same, group, handle) == failed("poison")
    assert seen == ["a", "b"]
    assert house.telemetry.said("Not grouped") == 1


def test_an_alert_that_cannot_be_taken_fails_alone_and_the_others_are_still_grouped(
    house: House,
) -> None:
    seen: list[list[str]] = []
    taken: list[str] = []

    def arrive(message: AlertMessage) -> str:
        if message.alert.alert_id == "poison":
            raise RecursionError
        taken.append(message.alert.alert_id)
        return message.alert.alert_id

    records = [alerting("a", "x"), alerting("poison", "x"), alerting("b", "x")]
    handled = house.lane.run_groups(
        records, arrive, lambda all_of: [list(all_of)], lambda ids: seen.append(list(ids))
    )
    assert handled == failed("poison")
    assert seen == [["a", "b"]]
    assert taken == ["a", "b"]
    assert house.sqs.retries == [("receipt-poison", 5)]


def test_no_groups_no_failures(house: House) -> None:
    assert groups(house, handle=lambda ids: None) == failed()
