"""The heartbeat: what became of the last one is told rightly, wherever its way ended."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest

from desk import Desk
from fakes import Slack
from responder.errors import Permanent, Reason, ResponderError, Retryable
from responder.incident import AlertRecord
from responder.intake import parse
from responder.ports import Write
from responder.protocols import items
from responder.protocols.heartbeat import FRONT_DOOR, Beat
from responder.protocols.pulse import CONTENT_TYPE, PATIENCE, Pulse

FIVE_MINUTES = timedelta(minutes=5)
MISSING = Retryable(Reason.SECRET_MISSING, "no value", after=60, took_effect=False)


@dataclass
class Door:
    """The front door of a desk: what it takes is recorded and shown at once, unless told not to.

    ``error`` is raised after the alert was ``taken``, or instead.
    """

    desk: Desk
    records: bool = True
    shows: bool = True
    error: ResponderError | None = None
    taken: bool = True
    bodies: list[bytes] = field(default_factory=list)
    meanwhile: Callable[[], None] | None = None

    def send(self, body: bytes) -> None:
        self.bodies.append(body)
        if self.meanwhile is not None:
            act, self.meanwhile = self.meanwhile, None
            act()
        if self.error is None or self.taken:
            self._work(body)
        if self.error is not None:
            raise self.error

    def _work(self, body: bytes) -> None:
        if not self.records:
            return
        headers = {"content-type": CONTENT_TYPE, "x-amzn-trace-id": "Root=1-2-3"}
        found = parse(body, headers, received_at=self.desk.now())
        self.desk.record(*found)
        if self.shows:
            self.desk.later(seconds=2)
            self.desk.deliver_all()


@dataclass
class House:
    desk: Desk
    door: Door

    @property
    def pulse(self) -> Pulse:
        return Pulse(self.desk.store, self.door, self.desk.telemetry, self.desk.now)

    def beat(self, after: timedelta = FIVE_MINUTES) -> None:
        self.desk.world.advance(self.desk.now() + after)
        self.pulse.beat()

    @property
    def state(self) -> Beat:
        found = items.load(self.desk.store, items.state_item(FRONT_DOOR), Beat)
        assert found is not None
        return found

    @property
    def told(self) -> dict[str, float]:
        counts = self.desk.telemetry.counts
        return {name: n for name, n in counts.items() if name.startswith("Heartbeat")}


@pytest.fixture
def house() -> House:
    desk = Desk()
    return House(desk, Door(desk))


def test_the_first_one_is_sent_and_nothing_is_said_of_one_before_it(house: House) -> None:
    house.beat()
    assert len(house.door.bodies) == 1
    assert house.told == {}


def test_one_whose_card_came_has_arrived_in_the_seconds_that_it_took(house: House) -> None:
    house.beat()
    house.beat()
    assert house.told == {"HeartbeatArrived": 1}
    assert house.desk.telemetry.durations["HeartbeatSeconds"] == 2.0
    assert (house.state.missed, house.state.seconds, house.state.reason) == (0, 2.0, "")


def test_a_day_of_them_is_one_incident_one_card_and_no_analysis(house: House) -> None:
    for _ in range(288):
        house.beat()
        house.desk.tick()
    counts = house.desk.telemetry.counts
    assert counts["HeartbeatArrived"] == 287
    assert len([call for call in house.desk.slack.calls if call.method == "post"]) == 1
    assert house.desk.claude.asked == []
    assert {"IncidentsOpened", "CardsPosted", "CardsUpdated", "CacheMisses"}.isdisjoint(counts)
    assert "TimeToCard" not in house.desk.telemetry.durations


def breaks(door: Door, slack: Slack, way: str) -> None:
    match way:
        case "refused":
            door.error, door.taken = Permanent(Reason.MISCONFIGURED, "it answered 403"), False
        case "lost":
            door.records = False
        case "unseen":
            door.shows = False
        case "turned away":
            # By its id, and then by its name.
            slack.errors += [Permanent(Reason.CHANNEL_NOT_FOUND, "no such channel")] * 2


@pytest.mark.parametrize(
    ("way", "reason"),
    [
        ("refused", "not_accepted"),
        ("lost", "not_recorded"),
        ("unseen", "not_shown"),
        ("turned away", "not_shown"),
    ],
)
def test_one_that_has_no_card_is_missed_with_the_place_where_it_was_lost(
    house: House, way: str, reason: str
) -> None:
    house.beat()
    house.beat()
    breaks(house.door, house.desk.slack, way)
    house.beat()
    came = house.state.arrived_at
    house.beat()
    assert house.told == {"HeartbeatArrived": 2, f"HeartbeatMissed:{reason}": 1}
    assert (house.state.missed, house.state.reason, house.state.arrived_at) == (1, reason, came)


def test_the_missed_are_counted_until_one_arrives(house: House) -> None:
    house.door.records = False
    for _ in range(4):
        house.beat()
    assert house.state.missed == 3
    house.door.records = True
    house.beat()
    house.beat()
    assert house.state.missed == 0


def test_a_card_of_an_earlier_one_proves_nothing(house: House) -> None:
    house.beat()
    house.door.shows = False
    house.beat()
    house.beat()
    assert house.told == {"HeartbeatArrived": 1, "HeartbeatMissed:not_shown": 1}


def test_one_that_was_taken_without_an_answer_has_arrived(house: House) -> None:
    house.door.error = Retryable(Reason.TIMEOUT, "no answer")
    house.beat()
    assert house.state.trouble == "timeout: no answer"
    house.beat()
    assert house.told == {"HeartbeatArrived": 1}


def test_without_a_test_channel_it_arrives_where_it_can(house: House) -> None:
    house.desk.slack.errors.append(MISSING)
    house.beat()
    house.desk.slack.errors.append(MISSING)
    house.beat()
    assert house.told == {"HeartbeatArrived": 1}
    assert house.state.reason == "no_test_channel"
    assert house.state.seconds is None
    house.beat()
    house.beat()
    assert house.state.reason == ""


@pytest.mark.parametrize(
    ("age", "sent"), [(PATIENCE - timedelta(seconds=1), 1), (PATIENCE, 2)], ids=["young", "old"]
)
def test_a_young_one_is_left_on_its_way(house: House, age: timedelta, sent: int) -> None:
    house.door.shows = False
    house.beat()
    house.beat(after=age)
    assert len(house.door.bodies) == sent


def test_of_two_runs_at_once_one_sends(house: House) -> None:
    house.beat()
    house.desk.world.advance(house.desk.now() + FIVE_MINUTES)
    house.desk.store.meanwhile = house.pulse.beat
    house.pulse.beat()
    assert len(house.door.bodies) == 2
    assert house.told == {"HeartbeatArrived": 1}


def test_a_late_refusal_says_nothing_of_the_next_one(house: House) -> None:
    def next_one() -> None:
        house.door.error = None
        house.beat(after=PATIENCE)

    house.door.error = Permanent(Reason.MISCONFIGURED, "it answered 403")
    house.door.records = False
    house.door.meanwhile = next_one
    house.beat()
    assert house.state.trouble == ""


class Killed(BaseException):
    """The process ends."""


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("effect", ["write", "send"])
def test_killed_anywhere_the_next_runs_tell_the_truth_again(
    house: House, monkeypatch: pytest.MonkeyPatch, effect: str, when: str
) -> None:
    for _ in range(2):
        house.beat()
    owner: Any = house.desk.store if effect == "write" else house.door
    real = getattr(owner, effect)

    def killed(*arguments: Any) -> None:
        if when == "after":
            monkeypatch.setattr(owner, effect, real)
            real(*arguments)
        raise Killed

    monkeypatch.setattr(owner, effect, killed)
    with pytest.raises(Killed):
        house.beat()
    monkeypatch.undo()
    before, sent = house.told, len(house.door.bodies)
    house.beat()
    missed = house.desk.telemetry.counts["HeartbeatMissed:not_recorded"]
    # Only what was never sent is missed.
    assert missed == (1 if (effect, when) in [("write", "after"), ("send", "before")] else 0)
    house.beat()
    assert house.told["HeartbeatArrived"] > before["HeartbeatArrived"]
    assert len(house.door.bodies) == sent + 2
    assert house.state.missed == 0


@pytest.mark.parametrize("when", ["before", "after"])
def test_killed_around_noting_a_refusal_it_is_missed_all_the_same(
    house: House, monkeypatch: pytest.MonkeyPatch, when: str
) -> None:
    house.beat()
    house.door.error, house.door.taken = Retryable(Reason.UNAVAILABLE, "it answered 503"), False
    real, writes = house.desk.store.write, iter(range(10))

    def killed(wanted: Any) -> None:
        if next(writes) == 0:
            real(wanted)
            return
        if when == "after":
            real(wanted)
        raise Killed

    monkeypatch.setattr(house.desk.store, "write", killed)
    with pytest.raises(Killed):
        house.beat()
    monkeypatch.undo()
    house.door.error = None
    house.beat()
    reason = "not_accepted" if when == "after" else "not_recorded"
    assert house.told == {"HeartbeatArrived": 1, f"HeartbeatMissed:{reason}": 1}


def test_the_body_is_what_tools_send_and_always_the_same_problem(house: House) -> None:
    house.beat()
    house.beat()
    first, second = (json.loads(body) for body in house.door.bodies)
    assert first.pop("timestamp") != second.pop("timestamp")
    assert first == second
    assert first["severity"] == "INFO"


@pytest.mark.parametrize("of", ["record", "incident"])
def test_what_another_release_left_keeps_no_heartbeat_from_being_sent(
    house: House, of: str
) -> None:
    house.beat()
    alert_key = items.alert_key(house.state.alert_id)
    record = items.load(house.desk.store, alert_key, AlertRecord)
    assert record is not None
    key = alert_key if of == "record" else items.incident_item(record.incident_id)
    stored = house.desk.store.read([key])[key]
    unreadable = {"signature": None} if of == "record" else {"state": "acknowledged"}
    house.desk.store.write([Write(key, {**(stored.data or {}), **unreadable}, stored.version)])
    house.door.records = False

    house.beat()

    assert len(house.door.bodies) == 2
    assert house.told["HeartbeatMissed:not_shown"] == 1
