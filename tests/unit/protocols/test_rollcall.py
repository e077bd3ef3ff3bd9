"""The roll call: what was accepted and is nowhere is counted, and nothing else is."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pytest

from examples import alert
from fakes import Store, Telemetry
from faults.world import START, World
from responder.alert import Alert
from responder.errors import Reason, Retryable
from responder.incident import AlertRecord
from responder.ports import Acceptance
from responder.protocols import items, rollcall
from responder.protocols.rollcall import AFTER, LATEST, ROLL, Roll, RollCall

FIVE_MINUTES = timedelta(minutes=5)


@dataclass
class Door:
    """Lets alerts in; ``depth`` messages of them were not recorded yet."""

    log: list[Acceptance] = field(default_factory=list)
    depth: int = 0
    asked: list[tuple[datetime, datetime]] = field(default_factory=list)
    error: Retryable | None = None

    def accepted(self, start: datetime, end: datetime, most: int) -> Sequence[Acceptance]:
        if self.error:
            raise self.error
        self.asked.append((start, end))
        return [one for one in self.log if start <= one.at < end][:most]

    def waiting(self) -> int:
        return self.depth


class House:
    """A roll call, its door, and the time."""

    def __init__(self) -> None:
        self.world = World(seed=1)
        self.store = Store(self.world)
        self.door = Door()
        self.telemetry = Telemetry()

    def accept(self, *alert_ids: str) -> None:
        self.door.log += [Acceptance(one, self.world.now()) for one in alert_ids]

    def record(self, *alert_ids: str) -> None:
        for one in alert_ids:
            kept: Alert = alert(one)
            write = items.write_of(
                items.alert_key(one), AlertRecord(alert=kept, signature="s"), 0, self.world.now()
            )
            self.store.write([write])

    def call(self, after: timedelta = FIVE_MINUTES) -> None:
        self.world.advance(self.world.now() + after)
        RollCall(self.store, self.door, self.telemetry, self.world.now).call()

    def calls(self, number: int) -> None:
        for _ in range(number):
            self.call()

    @property
    def nowhere(self) -> int:
        return self.telemetry.counts["AlertsNowhere"]

    @property
    def named(self) -> list[object]:
        lines = self.telemetry.lines
        return [fields["alert_id"] for said, fields in lines if said == "Alert is nowhere"]

    @property
    def missing(self) -> list[str]:
        roll = items.load(self.store, items.state_item(ROLL), Roll)
        return [one.alert_id for one in roll.missing] if roll else []


@pytest.fixture
def house() -> House:
    return House()


def test_what_is_recorded_answers(house: House) -> None:
    house.accept("a1", "a2")
    house.record("a1", "a2")

    house.calls(8)

    assert house.telemetry.counts["AlertsCalled"] == 2
    assert (house.nowhere, house.missing) == (0, [])


def test_what_is_nowhere_is_counted_once_and_named(house: House) -> None:
    house.accept("here", "gone")
    house.record("here")

    house.calls(8)

    assert house.nowhere == 1
    assert house.named == ["gone"]
    assert house.missing == []


def test_it_is_counted_at_the_second_call_that_misses_it(house: House) -> None:
    house.accept("gone")

    house.call(AFTER + FIVE_MINUTES / 2)
    assert (house.nowhere, house.missing) == (0, ["gone"])
    house.call()
    assert house.nowhere == 1


def test_what_may_be_in_the_queue_or_a_dead_letter_is_waited_for(house: House) -> None:
    house.accept("late")
    house.door.depth = 1

    house.calls(40)
    assert (house.nowhere, house.missing) == (0, ["late"])
    house.record("late")
    house.door.depth = 0
    house.calls(2)

    assert (house.nowhere, house.missing) == (0, [])


def test_of_more_missing_ones_than_messages_the_oldest_are_nowhere(house: House) -> None:
    house.accept("oldest")
    house.world.advance(house.world.now() + timedelta(seconds=1))
    house.accept("younger", "youngest")
    house.door.depth = 2

    house.calls(8)

    assert house.named == ["oldest"]
    assert house.missing == ["younger", "youngest"]


def test_what_was_only_just_missed_takes_a_message_first(house: House) -> None:
    """One of the two is the message; the younger one was missed for the first time."""
    house.accept("old")
    house.call(AFTER + FIVE_MINUTES)
    house.door.log.append(Acceptance("young", house.world.now() - AFTER))
    house.door.depth = 1

    house.call()

    assert house.named == ["old"]
    assert house.missing == ["young"]


def test_every_acceptance_is_called_whatever_the_calls_moments(house: House) -> None:
    accepted = [f"a{number}" for number in range(60)]
    for one in accepted:
        house.accept(one)
        house.call(timedelta(seconds=47))

    house.calls(8)

    assert sorted(map(str, house.named)) == sorted(accepted)


def test_a_burst_is_called_in_parts(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rollcall, "MOST", 3)
    for number in range(10):
        house.accept(f"a{number}")
        house.world.advance(house.world.now() + timedelta(seconds=1))

    house.calls(12)

    assert len(set(house.named)) == 10


def test_the_last_of_a_part_is_one_alert_although_it_is_called_twice(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rollcall, "MOST", 3)
    house.accept("a1", "a2", "waits")
    house.record("a1", "a2")
    house.door.depth = 1

    house.calls(8)

    assert (house.nowhere, house.missing) == (0, ["waits"])


def test_no_more_missing_ones_are_kept_than_an_item_holds(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rollcall, "MOST_MISSING", 4)
    house.accept(*(f"a{number}" for number in range(7)))
    house.door.depth = 7

    house.call(AFTER + FIVE_MINUTES)

    assert house.missing == ["a0", "a1", "a2", "a3"]
    assert house.telemetry.counts["AlertsUncalled"] == 3


def test_a_call_that_comes_days_late_looks_back_some_hours_and_says_so(house: House) -> None:
    house.call()
    house.call(timedelta(days=3))

    start, end = house.door.asked[-1]
    assert end - start == LATEST
    assert house.telemetry.said("Roll call is late") == 1


def test_a_log_that_does_not_answer_is_asked_for_the_same_time_again(house: House) -> None:
    house.call()
    house.accept("gone")
    house.door.error = Retryable(Reason.UNAVAILABLE, "throttled")
    with pytest.raises(Retryable):
        house.call(AFTER + FIVE_MINUTES)
    house.door.error = None

    house.calls(2)

    assert house.named == ["gone"]


def test_of_two_calls_at_once_one_writes_the_roll(house: House) -> None:
    house.accept("gone")
    house.call(AFTER + FIVE_MINUTES)
    meanwhile: Callable[[], None] = house.call

    house.store.meanwhile = meanwhile
    house.call()

    assert house.missing == []
    assert house.telemetry.said("Another run has called the roll") == 1


def test_the_first_call_of_a_stack_looks_no_further_back_than_twice_the_patience(
    house: House,
) -> None:
    house.call()

    assert house.door.asked == [(START + FIVE_MINUTES - 2 * AFTER, START + FIVE_MINUTES - AFTER)]
