"""The pace of a channel: a slot for each message, CRITICAL first, edits in a line of their own."""

from datetime import datetime

import pytest

from desk import GAP, Desk
from doomed import Doomed, deaths, survive
from examples import alert, resolve
from fakes import RememberingSlack
from faults.world import START
from responder.alert import Severity
from responder.contracts import Announcement
from responder.errors import Permanent, Reason
from responder.incident import Notice, NoticeKind
from responder.ports import Message, Queue
from responder.protocols import pace
from responder.protocols.card_messages import UPDATES
from responder.protocols.pace import reserve
from unit.protocols.delivering import ID, REFUSED, announced_desk, change, copies, deliver, paced


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
    desk.later(seconds=5)
    rise = Notice(number=2, kind=NoticeKind.SEVERITY_RAISED, at=START)
    change(desk, notices=(*desk.incident().notices, rise, notice(3)))
    reserve(desk.store, "#alerts", GAP, desk.now(), urgent=False)
    deliver(desk, slot_reserved=True)
    assert desk.slack.methods() == ["post", "update", "post", "update", "post"]
    assert [delay for _, delay in copies(desk)] == [1]


def notice(number: int) -> Notice:
    return Notice(number=number, kind=NoticeKind.REFIRED, at=START)


def among_many(desk: Desk) -> Desk:
    """Its card is posted, and a hundred other cards wait to be edited."""
    announced_desk(desk)
    deliver(desk)
    paced(desk)
    desk.later(seconds=30)
    for _ in range(100):
        reserve(desk.store, UPDATES, GAP, desk.now(), urgent=False)
    return desk


@pytest.fixture
def busy() -> Desk:
    return among_many(Desk())


def its_slot(desk: Desk) -> datetime:
    slot = desk.card().edit_at
    assert slot is not None
    return slot


def test_news_does_not_wait_for_the_edits_of_others(busy: Desk) -> None:
    change(busy, notices=(notice(1),))
    deliver(busy)
    assert busy.slack.methods() == ["post", "post"]
    assert (busy.card().told, busy.card().next_try) == (1, its_slot(busy))
    assert its_slot(busy) >= busy.now() + 100 * GAP
    ((message, _),) = busy.taken(Queue.DISTRIBUTION)
    busy.later(seconds=(its_slot(busy) - busy.now()).total_seconds())
    busy.deliverer.handle(Announcement.model_validate(message))
    assert busy.slack.methods() == ["post", "post", "update"]
    assert (busy.card().next_try, busy.card().edit_at) == (None, None)


def test_news_that_comes_while_counters_wait_takes_no_second_slot(busy: Desk) -> None:
    change(busy, count=2)
    deliver(busy)
    slot = its_slot(busy)
    change(busy, count=3)
    deliver(busy)
    assert (busy.slack.methods(), len(copies(busy))) == (["post"], 1)
    change(busy, notices=(notice(1),))
    deliver(busy)
    change(busy, count=4)
    deliver(busy)
    assert busy.slack.methods() == ["post", "post"]
    assert (its_slot(busy), [until for until, _ in copies(busy)]) == (slot, [slot])
    busy.later(seconds=(slot - busy.now()).total_seconds())
    deliver(busy)
    deliver(busy)
    assert busy.slack.methods() == ["post", "post", "update"]
    assert busy.card().shown == busy.incident().revision


def test_news_that_waits_for_its_own_turn_keeps_the_slot_of_the_edit(busy: Desk) -> None:
    change(busy, count=2)
    deliver(busy)
    slot = its_slot(busy)
    reserve(busy.store, "#alerts", GAP, busy.now(), urgent=False)
    change(busy, notices=(notice(1),))
    deliver(busy)
    change(busy, count=3)
    deliver(busy)
    assert busy.slack.methods() == ["post"]
    _, (message, delay) = busy.taken(Queue.DISTRIBUTION)
    assert (message["slot_reserved"], delay) == (True, GAP.total_seconds())
    busy.later(seconds=delay)
    busy.deliverer.handle(Announcement.model_validate(message))
    assert busy.slack.methods() == ["post", "post"]
    assert (its_slot(busy), busy.card().next_try) == (slot, slot)


def test_news_that_found_the_lease_held_is_announced_again(
    busy: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    news = [notice(1)]

    def meanwhile(*args: object, urgent: bool) -> object:
        if news:
            change(busy, notices=(news.pop(),))
            deliver(busy)
        return reserve(*args, urgent=urgent)  # type: ignore[arg-type]

    change(busy, count=2)
    monkeypatch.setattr(pace, "reserve", meanwhile)
    deliver(busy)
    again = [one for one, _ in busy.taken(Queue.DISTRIBUTION) if one["not_before"] is None]
    assert (len(again), busy.card().told) == (1, 0)
    busy.deliverer.handle(Announcement.model_validate(again[0]))
    assert busy.card().told == 1


def test_what_is_critical_by_now_takes_a_sooner_slot_for_its_edit(busy: Desk) -> None:
    change(busy, count=2)
    deliver(busy)
    change(busy, severity=Severity.CRITICAL)
    deliver(busy)
    assert busy.slack.methods() == ["post", "update"]
    assert busy.card().edit_at is None


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


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_killed_anywhere_news_is_told_once_and_the_edit_follows(after: bool) -> None:
    def told(world: Doomed) -> Desk:
        desk = among_many(Desk(world=world, slack=RememberingSlack()))
        change(desk, notices=(notice(1),))
        world.arm()
        survive(desk, lambda: deliver(desk))
        world.disarm()
        for _ in range(4):
            desk.later(seconds=125)
            deliver(desk)
        return desk

    plays = deaths(told, after=after)
    assert len(plays) > 6
    for number, desk in enumerate(plays):
        assert desk.slack.methods().count("post") == 2, number
        assert (desk.card().told, desk.card().shown) == (1, desk.incident().revision), number
        assert (desk.card().owner, desk.card().edit_at) == ("", None), number


def test_a_slot_that_slack_did_not_take_is_used_up(busy: Desk) -> None:
    change(busy, count=2)
    deliver(busy)
    busy.later(seconds=(its_slot(busy) - busy.now()).total_seconds())
    for _ in range(50):
        reserve(busy.store, UPDATES, GAP, busy.now(), urgent=False)
    busy.slack.errors = [REFUSED]
    deliver(busy)
    assert (busy.slack.errors, busy.card().edit_at) == ([], None)
    busy.later(seconds=20)
    deliver(busy)
    assert busy.slack.methods() == ["post"]
    assert its_slot(busy) > busy.now()


def test_a_card_that_is_gone_while_its_edit_waits_is_posted_anew_at_once(busy: Desk) -> None:
    busy.slack.errors = [Permanent(Reason.CARD_GONE, "message_not_found")]
    change(busy, notices=(notice(1),))
    deliver(busy)
    ((message, delay),) = busy.taken(Queue.DISTRIBUTION)
    assert (busy.slack.methods(), delay) == (["post"], GAP.total_seconds())
    busy.later(seconds=delay)
    busy.deliverer.handle(Announcement.model_validate(message))
    assert busy.slack.methods() == ["post", "post"]
    card = busy.card()
    assert (card.shown, card.edit_at, card.next_try) == (busy.incident().revision, None, None)


def test_critical_cards_that_change_all_the_time_are_edited_at_their_turn(busy: Desk) -> None:
    for _ in range(10):
        reserve(busy.store, UPDATES, GAP, busy.now(), urgent=True)
    change(busy, severity=Severity.CRITICAL)
    deliver(busy)
    slot = its_slot(busy)
    for count in range(2, 6):
        busy.later(seconds=1)
        change(busy, count=count)
        deliver(busy)
        assert its_slot(busy) == slot
    busy.later(seconds=(slot - busy.now()).total_seconds())
    deliver(busy)
    assert busy.slack.methods() == ["post", "update"]


def test_a_slot_that_has_come_does_not_wait_for_a_later_one() -> None:
    desk = Desk()
    paced(desk)
    desk.record(alert(severity=Severity.CRITICAL))
    desk.taken(Queue.CRITICAL_DISTRIBUTION)
    for _ in range(5):
        reserve(desk.store, "#alerts", GAP, desk.now(), urgent=True)
    deliver(desk)
    ((copy, delay),) = desk.taken(Queue.CRITICAL_DISTRIBUTION)
    desk.later(seconds=delay - 1)
    for _ in range(9):
        reserve(desk.store, "#alerts", GAP, desk.now(), urgent=True)
    change(desk, count=2)
    deliver(desk)
    desk.later(seconds=1)
    desk.deliverer.handle(Announcement.model_validate(copy))
    assert desk.slack.methods() == ["post"]
