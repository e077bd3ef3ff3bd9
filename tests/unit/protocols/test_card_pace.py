"""The pace of a channel: a slot for each message, CRITICAL first, edits in a line of their own."""

import pytest

from desk import GAP, Desk
from examples import alert, resolve
from faults.world import START
from responder.alert import Severity
from responder.contracts import Announcement
from responder.incident import Notice, NoticeKind
from responder.ports import Message, Queue
from responder.protocols.card_messages import UPDATES
from responder.protocols.pace import reserve
from unit.protocols.delivering import ID, announced_desk, change, copies, deliver, paced


@pytest.fixture
def desk() -> Desk:
    return announced_desk()


def test_messages_of_a_channel_are_paced_and_a_copy_is_delayed_to_its_own_slot(
    desk: Desk,
) -> None:
    paced(desk)
    desk.record(alert("b1", fingerprint="f2", rule="v1:memory"))
    other = "v1:memory|prod.1"
    desk.taken(Queue.DISTRIBUTION)
    deliver(desk)
    deliver(desk, other)
    assert desk.slack.methods() == ["post"]
    ((message, delay),) = desk.taken(Queue.DISTRIBUTION)
    assert (message["incident_id"], message["slot_reserved"], delay) == (other, True, 1)
    assert desk.telemetry.counts["Waits:paced"] == 1
    desk.later(seconds=1)
    desk.deliverer.handle(Announcement.model_validate(message))
    assert desk.slack.methods() == ["post", "post"]


def test_a_reserved_slot_is_good_for_one_message(desk: Desk) -> None:
    paced(desk)
    deliver(desk)
    desk.record(resolve(at=60))
    desk.later(seconds=5)
    desk.taken(Queue.DISTRIBUTION)
    deliver(desk, slot_reserved=True)
    assert desk.slack.methods() == ["post", "update", "post"]
    assert copies(desk) == []
    change(desk, notices=(*desk.incident().notices, notice(2), notice(3)))
    deliver(desk, slot_reserved=True)
    assert desk.slack.methods() == ["post", "update", "post", "update"]
    assert [delay for _, delay in copies(desk)] == [1]


def notice(number: int) -> Notice:
    return Notice(number=number, kind=NoticeKind.REFIRED, at=START)


def test_a_critical_card_takes_the_next_slot_and_others_make_room(desk: Desk) -> None:
    paced(desk)
    desk.record(alert("b1", fingerprint="f2", rule="v1:memory", severity=Severity.CRITICAL))
    deliver(desk)
    deliver(desk, "v1:memory|prod.1")
    assert desk.slack.methods() == ["post", "post"]


def test_critical_news_does_not_wait_for_a_pace_slot(desk: Desk) -> None:
    paced(desk)
    desk.slack.post("#alerts", Message(text="other"), "d-0")
    reserve(desk.store, "#alerts", GAP, desk.now(), urgent=False)
    deliver(desk)
    copies(desk)
    change(desk, severity=Severity.CRITICAL)
    deliver(desk)
    assert desk.slack.methods() == ["post", "post"]
    assert desk.card().next_try is None


def test_counters_never_stand_before_a_first_card(desk: Desk) -> None:
    deliver(desk)
    paced(desk)
    for _ in range(30):
        reserve(desk.store, UPDATES, GAP, desk.now(), urgent=False)
    desk.record(alert("b1", fingerprint="f2", rule="v1:other"))
    [message] = [m for m, _ in desk.taken(Queue.DISTRIBUTION) if m["incident_id"] != ID]
    deliver(desk, message["incident_id"])
    assert desk.slack.methods() == ["post", "post"]
