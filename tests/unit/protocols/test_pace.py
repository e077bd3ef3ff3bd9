"""Slots of a channel: one message per gap, and urgent ones at once."""

from datetime import datetime, timedelta

import pytest

from desk import GAP, Desk
from faults.world import START
from responder.protocols import items, pace

KEY = items.state_item("pace#c")


@pytest.fixture
def desk() -> Desk:
    return Desk()


def reserve(
    desk: Desk, *, urgent: bool = False, gap: timedelta = GAP, channel: str = "c"
) -> datetime:
    return pace.reserve(desk.store, channel, gap, desk.now(), urgent=urgent)


def test_each_message_of_a_channel_has_a_slot_of_its_own(desk: Desk) -> None:
    assert [reserve(desk) for _ in range(3)] == [START, START + GAP, START + 2 * GAP]


def test_channels_do_not_wait_for_each_other(desk: Desk) -> None:
    assert [reserve(desk), reserve(desk, channel="other")] == [START, START]


def test_after_a_pause_the_next_slot_is_now(desk: Desk) -> None:
    reserve(desk)
    desk.later(seconds=10)
    assert reserve(desk) == desk.now()


def test_an_urgent_message_goes_now_and_the_others_make_room(desk: Desk) -> None:
    reserve(desk)
    assert reserve(desk, urgent=True) == START
    assert reserve(desk) == START + 2 * GAP


def test_urgent_messages_wait_for_each_other_alone(desk: Desk) -> None:
    for _ in range(3):
        reserve(desk)
    urgent = [reserve(desk, urgent=True) for _ in range(3)]
    assert urgent == [START, START + GAP, START + 2 * GAP]
    assert reserve(desk) == START + 6 * GAP
    desk.later(seconds=10)
    assert reserve(desk, urgent=True) == desk.now()


def test_without_a_gap_nothing_is_kept(desk: Desk) -> None:
    assert [reserve(desk, gap=timedelta(0)) for _ in range(2)] == [START, START]
    assert desk.store.items == {}


def test_two_workers_never_get_the_same_slot(desk: Desk) -> None:
    other: list[datetime] = []
    desk.store.meanwhile = lambda: other.append(reserve(desk))
    assert [reserve(desk), *other] == [START + GAP, START]


def test_a_spare_slot_is_taken_only_where_nobody_waits(desk: Desk) -> None:
    assert pace.spare(desk.store, "c", GAP, desk.now()) == START
    assert reserve(desk) == START + GAP
    assert pace.spare(desk.store, "c", GAP, desk.now()) == START + 2 * GAP
    assert reserve(desk) == START + 2 * GAP
    assert pace.spare(desk.store, "c", timedelta(0), desk.now()) == START
