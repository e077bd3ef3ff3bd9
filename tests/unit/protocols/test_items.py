"""Keys, expiry, the stored shape of items, and what happens when races are lost."""

from datetime import timedelta
from typing import Any

import pytest

from desk import Desk
from examples import alert, incident
from faults.world import START as NOW
from responder.errors import Conflict, Reason, Retryable
from responder.incident import AlertRecord, Head, Incident, Pointer
from responder.ports import Key, Record, Table
from responder.protocols import items
from responder.protocols.pace import Pace

KEY = items.state_item("pace#c")
PACE = Pace(next_slot=NOW)


@pytest.fixture
def desk() -> Desk:
    return Desk()


def read(desk: Desk, key: Key = KEY) -> Record:
    return desk.store.read([key])[key]


def test_an_alert_is_stored_with_the_attributes_that_the_runbook_queries() -> None:
    record = AlertRecord(alert=alert(service="orders"), signature="v1:disk")
    stored = items.write_of(items.alert_key("a1"), record, 0, NOW).data
    assert stored["created_at"] == NOW.isoformat()
    assert stored["timestamp"] == int(NOW.timestamp())
    assert {
        name: stored[name] for name in ("severity", "status", "source", "title", "service")
    } == {
        "severity": "HIGH",
        "status": "firing",
        "source": "alertmanager",
        "title": "disk full",
        "service": "orders",
    }


def test_a_stored_value_is_read_back_as_it_was(desk: Desk) -> None:
    full = incident(
        due_at=NOW, labels={"a": "b"}, notices=[{"number": 1, "kind": "refired", "at": NOW}]
    )
    desk.put_incident(full)
    assert desk.incident() == full


def test_an_incident_is_in_the_due_index_only_while_something_is_due() -> None:
    key = items.incident_item("i")
    due = items.write_of(key, incident(due_at=NOW), 0, NOW).data
    assert due["due_at"] == int(NOW.timestamp())
    assert due["due_shard"] in {"0", "1", "2", "3"}
    assert not {"due_at", "due_shard"} & set(items.write_of(key, incident(), 0, NOW).data)


def test_incidents_of_many_keys_use_every_partition_of_the_index() -> None:
    shards = {
        items.write_of(KEY, incident(f"k{number}.1", due_at=NOW), 0, NOW).data["due_shard"]
        for number in range(100)
    }
    assert shards == {"0", "1", "2", "3"}


def test_heads_outlive_the_incidents_they_number() -> None:
    head = items.write_of(items.head_item("k"), Head(key="k", episode=1), 0, NOW)
    other = items.write_of(items.incident_item("k.1"), incident(), 0, NOW)
    assert head.expires_at == NOW + timedelta(days=400)
    assert other.expires_at == NOW + timedelta(days=90)


def test_each_kind_of_item_has_a_key_of_its_own() -> None:
    keys = {
        items.alert_key("x"),
        items.incident_item("x"),
        items.head_item("x"),
        items.card_item("x"),
        items.cache_item("x"),
        items.state_item("x"),
    }
    assert len(keys) == 6
    assert {key.table for key in keys} == set(Table)


def test_a_pointers_key_is_short_and_cannot_be_shifted_into_anothers() -> None:
    key = items.pointer_item("tool", "f" * 5000)
    assert len(key.id) < 60
    assert items.pointer_item("ab", "c") != items.pointer_item("a", "bc")


def test_what_is_absent_or_expired_is_none() -> None:
    assert items.decode(Record(0, None), Pace) is None
    assert items.decode(Record(4, None), Pace) is None


def test_fields_that_only_the_table_knows_are_ignored() -> None:
    data = {"next_slot": NOW.isoformat(), "due_shard": "1", "id": "pace#c"}
    assert items.decode(Record(1, data), Pace) == PACE


def test_a_change_writes_what_the_step_makes(desk: Desk) -> None:
    assert items.change(desk.store, KEY, Pace, lambda _: PACE, NOW) == PACE
    assert read(desk).version == 1


@pytest.mark.parametrize("wanted", [None, PACE])
def test_a_step_that_changes_nothing_writes_nothing(desk: Desk, wanted: Pace | None) -> None:
    desk.put(KEY, PACE)
    assert items.change(desk.store, KEY, Pace, lambda _: wanted, NOW) == PACE
    assert read(desk).version == 1


def test_an_expired_item_is_replaced_on_its_version(desk: Desk) -> None:
    desk.put(KEY, PACE)
    desk.store.expired.add(KEY)
    later = Pace(next_slot=NOW + timedelta(days=100))
    assert items.change(desk.store, KEY, Pace, lambda old: old or later, NOW) == later
    assert read(desk).version == 2


def test_after_a_lost_race_the_step_sees_what_the_winner_wrote(desk: Desk) -> None:
    desk.put(KEY, PACE)
    theirs = Pace(next_slot=NOW + timedelta(seconds=5))
    desk.store.meanwhile = lambda: desk.put(KEY, theirs)
    seen: list[Pace | None] = []

    def step(pace: Pace | None) -> Pace:
        seen.append(pace)
        assert pace is not None
        return Pace(next_slot=pace.next_slot + timedelta(seconds=1))

    changed = items.change(desk.store, KEY, Pace, step, NOW)
    assert seen == [PACE, theirs]
    assert changed == Pace(next_slot=theirs.next_slot + timedelta(seconds=1))


class Attempts:
    """Loses ``races`` of them, then wins."""

    def __init__(self, races: int) -> None:
        self.races = races
        self.made = 0

    def __call__(self) -> str:
        self.made += 1
        if self.made <= self.races:
            raise Conflict
        return "won"


def test_some_lost_races_are_run_again() -> None:
    attempts = Attempts(races=5)
    assert items.settle(attempts) == "won"
    assert attempts.made == 6


def test_losing_for_ever_is_an_unexpected_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(items, "PATIENT_RACES", items.MAX_RACES)
    attempts = Attempts(races=1000)
    with pytest.raises(Retryable) as caught:
        items.settle(attempts)
    assert caught.value.reason is Reason.UNAVAILABLE
    assert attempts.made == items.MAX_RACES


def test_nothing_wanted_nothing_read() -> None:
    class Unreadable:
        def read(self, keys: Any) -> Any:
            raise AssertionError

    assert items.read_models(Unreadable(), {}) == {}  # type: ignore[arg-type]


def test_pointers_and_records_lead_to_incidents() -> None:
    pointer = Pointer(source="s", fingerprint="f", state="firing", event_at=NOW, incident_id="k.1")
    nowhere = pointer.model_copy(update={"incident_id": ""})
    assert items.incident_ids([pointer, nowhere, Head(key="k", episode=3), None]) == {"k.1"}


def test_read_models_tells_versions(desk: Desk) -> None:
    desk.put_incident(incident())
    key, gone = items.incident_item("v1:disk|prod.1"), items.incident_item("gone")
    assert items.read_models(desk.store, {key: Incident, gone: Incident}) == {
        key: (1, incident()),
        gone: (0, None),
    }
