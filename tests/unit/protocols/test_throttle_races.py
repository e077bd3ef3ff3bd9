"""The throttle: workers and ticks that meet, and a crash at every side effect."""

from collections.abc import Sequence
from datetime import timedelta

import pytest

from desk import Desk
from doomed import Doomed, deaths, survive
from examples import alert
from fakes import RememberingSlack
from faults.world import START
from responder.contracts import Announcement
from responder.policy.storm import Weather
from responder.ports import Message, Place, Queue
from responder.protocols import items, storms
from unit.protocols.storming import held
from unit.protocols.throttling import (
    DIGEST,
    HOURLY,
    KEY,
    fire,
    first_lines,
    is_open,
    limit,
    listed,
    throttled,
)


@pytest.fixture
def desk() -> Desk:
    return throttled()


def test_two_workers_never_both_begin_a_digest(desk: Desk) -> None:
    fire(desk, *range(HOURLY))
    desk.store.meanwhile = lambda: fire(desk, 8)
    fire(desk, 9)
    weather = items.load(desk.store, storms.weather_item(KEY), Weather)
    assert weather is not None
    assert (weather.storms, weather.storm_id) == (1, DIGEST)
    assert held(desk, 8, 9) == ["throttle", "throttle"]


def test_nobody_joins_a_digest_that_ends_at_that_moment(desk: Desk) -> None:
    """The tick's transaction comes between an opening's reads and its write."""
    fire(desk, *range(5))
    desk.later(minutes=61)
    desk.store.meanwhile = desk.ticker.tick
    fire(desk, 9)
    assert not is_open(desk)
    assert held(desk, 9) == [""]


class FoundAgain(RememberingSlack):
    """What was posted is found by its delivery id, also by who did not hear that it was."""

    def __init__(self, world: Doomed) -> None:
        super().__init__()
        self.world = world

    def post(self, channel: str, message: Message, delivery_id: str, thread_ts: str = "") -> Place:
        act = super().post
        return self.world.effect("post", lambda: act(channel, message, delivery_id, thread_ts))


def a_throttled_hour(world: Doomed) -> Desk:
    """A card, a digest of two, its list; SQS delivers again whatever died."""
    desk = Desk(world=world, slack=FoundAgain(world))
    limit(desk, hourly=1)
    world.arm()
    for number in range(3):
        at = START + timedelta(seconds=number)
        one = alert(
            f"a{number}",
            source="sentry",
            rule=f"v1:p{number}",
            fingerprint=f"f{number}",
            title=f"problem {number}",
            event_at=at,
            received_at=at,
        )
        survive(desk, lambda one=one: desk.record(one))  # type: ignore[misc]
    for _ in range(7):
        for announced in waiting(desk):
            survive(desk, lambda one=announced: desk.deliverer.handle(one))  # type: ignore[misc]
        desk.later(minutes=4)
        survive(desk, desk.ticker.tick)
    world.disarm()
    return desk


def waiting(desk: Desk) -> Sequence[Announcement]:
    return [Announcement.model_validate(message) for message, _ in desk.taken(Queue.DISTRIBUTION)]


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_killed_anywhere_every_held_one_is_listed_once_and_nothing_is_posted_twice(
    after: bool,
) -> None:
    for number, desk in enumerate(deaths(a_throttled_hour, after=after)):
        assert held(desk, 0, 1, 2) == ["", "throttle", "throttle"], number
        assert listed(desk) == ["v1:p1|prod.1", "v1:p2|prod.1"], number
        told = first_lines(desk)
        parts = ("problem 0", "held)", "Calm again", "part 1")
        assert [sum(part in text for text in told) for part in parts] == [1, 1, 1, 1], told
        assert not any("problem 1" in text or "problem 2" in text for text in told), number
