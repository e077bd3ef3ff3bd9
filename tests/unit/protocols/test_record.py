"""The processing lane: what alerts do to incidents, once each, whoever records them."""

from datetime import timedelta

import pytest

from desk import Desk
from examples import alert, incident, resolve
from faults.world import START
from responder.alert import SYNTHETIC_SOURCE, Scope, Severity
from responder.errors import Reason, Retryable
from responder.incident import AlertRecord, IncidentState
from responder.ports import Queue
from responder.protocols import items
from responder.protocols.draft import Draft

ID = "v1:disk|prod.1"


@pytest.fixture
def desk() -> Desk:
    return Desk()


def test_the_first_alert_opens_announces_and_asks(desk: Desk) -> None:
    desk.record(alert(at=-5))
    opened = desk.incident()
    assert (opened.count, opened.firing, opened.revision) == (1, 1, 1)
    assert opened.state is IncidentState.OPEN
    assert opened.due_at == START + timedelta(seconds=60)
    assert opened.analysis.is_fallback
    assert not opened.from_cache
    assert not opened.synthetic
    assert desk.announced() == [(ID, 0)]
    assert desk.requested() == [ID]
    assert desk.telemetry.counts == {
        "AlertsCounted": 1,
        "IncidentsOpened": 1,
        "IncidentsRouted:default": 1,
        "CacheMisses": 1,
    }
    assert desk.telemetry.said("Alert counted") == 1


def test_the_record_the_pointer_and_the_head_are_written_with_the_incident(desk: Desk) -> None:
    desk.record(alert())
    assert sorted(desk.store.written) == sorted(
        [
            "a1",
            items.pointer_item("alertmanager", "f1").id,
            "head#v1:disk|prod",
            f"incident#{ID}",
        ]
    )


def test_a_critical_alert_is_announced_on_the_queue_of_its_own(desk: Desk) -> None:
    desk.record(alert(severity=Severity.CRITICAL))
    assert desk.announced(Queue.CRITICAL_DISTRIBUTION) == [(ID, 0)]
    assert desk.announced() == []


def test_an_alert_of_our_own_check_makes_a_synthetic_incident(desk: Desk) -> None:
    desk.record(alert(source=SYNTHETIC_SOURCE))
    assert desk.incident().synthetic


def test_a_batch_is_folded_in_event_order(desk: Desk) -> None:
    desk.record(resolve("r1", at=10), alert("a1", at=0))
    ended = desk.incident()
    assert (ended.count, ended.resolves, ended.firing) == (1, 1, 0)
    assert ended.state is IncidentState.RESOLVED
    assert ended.resolved_at == START + timedelta(seconds=10)


def test_another_fingerprint_and_a_repeat_count_on_the_same_incident(desk: Desk) -> None:
    desk.record(alert("a1"), alert("a2", fingerprint="f2"), alert("a3", at=5))
    counted = desk.incident()
    assert (counted.count, counted.firing) == (3, 2)
    assert desk.announced() == [(ID, 0)]


def test_another_scope_is_another_incident(desk: Desk) -> None:
    desk.record(alert("a1"))
    desk.record(alert("a2", fingerprint="f2", scope=Scope(environment="dev")))
    assert desk.incident("v1:disk|dev.1").count == 1
    assert desk.incident().count == 1


def test_a_duplicate_is_not_counted_but_always_announced_again(desk: Desk) -> None:
    desk.record(alert())
    desk.announced()
    before = desk.incident()
    desk.record(alert())
    assert desk.incident() == before
    assert desk.announced() == [(ID, 0)]
    assert desk.telemetry.counts["AlertsHeld:duplicate"] == 1


def test_a_duplicate_moves_last_seen_once_a_minute(desk: Desk) -> None:
    desk.record(alert())
    desk.record(alert(received_at=START + timedelta(seconds=59)))
    assert desk.incident().last_seen == START
    desk.record(alert(received_at=START + timedelta(seconds=60)))
    assert desk.incident().last_seen == START + timedelta(seconds=60)
    assert desk.incident().count == 1


def test_a_tool_that_repeats_an_alert_announces_it_only_when_something_changed(
    desk: Desk,
) -> None:
    """The same alert received twice is no redelivery: the first one was announced."""
    desk.record(alert())
    desk.announced()
    desk.record(alert(received_at=START + timedelta(seconds=30)))
    assert desk.announced() == []
    desk.later(seconds=60)
    desk.record(alert(received_at=START + timedelta(seconds=60)))
    assert desk.announced() == [(ID, 0)]


def test_a_duplicate_whose_incident_has_expired_is_held_quietly(desk: Desk) -> None:
    record = AlertRecord(alert=alert(), signature="v1:disk", incident_id="gone.1")
    desk.put(items.alert_key("a1"), record)
    desk.record(alert())
    assert desk.announced() == []
    assert desk.telemetry.counts == {"AlertsHeld:duplicate": 1}


def test_a_lost_race_is_decided_again_on_what_the_winner_wrote(desk: Desk) -> None:
    desk.store.meanwhile = lambda: desk.record(alert("a2", fingerprint="f2"))
    desk.record(alert("a1"))
    assert (desk.incident().count, desk.incident().firing) == (2, 2)
    assert desk.incident().first_alert_id == "a2"


def test_the_same_alert_from_two_workers_is_counted_once(desk: Desk) -> None:
    desk.store.meanwhile = lambda: desk.record(alert())
    desk.record(alert())
    assert desk.incident().count == 1
    assert desk.telemetry.counts["AlertsHeld:duplicate"] == 1


def test_nothing_is_announced_when_the_store_refuses(desk: Desk) -> None:
    desk.store.refuses = "a1"
    with pytest.raises(Retryable):
        desk.record(alert())
    assert desk.announced() == []
    assert desk.store.items == {}


def test_a_draft_that_changes_nothing_writes_nothing(desk: Desk) -> None:
    desk.record(alert())
    written = len(desk.store.written)
    desk.record(alert())
    assert len(desk.store.written) == written


def test_an_incident_that_no_alert_named_is_unknown_to_a_draft(desk: Desk) -> None:
    desk.put_incident(incident())
    draft = Draft.of(desk.store, [], lambda *_: incident())
    assert draft.incident(ID) is None
    assert draft.incident("") is None


def test_held_alerts_are_recorded_with_their_reason(desk: Desk) -> None:
    desk.record(resolve())
    record = items.load(desk.store, items.alert_key("r1"), AlertRecord)
    assert record is not None
    assert record.held == Reason.RESOLVE_WITHOUT_FIRING.value
