"""Tools' clocks and habits that must silence nothing: ahead, behind, or the same time for ever."""

from datetime import timedelta

import pytest

from desk import Desk
from examples import alert, resolve
from faults.world import START
from responder.alert import Severity, Status
from responder.errors import Reason
from responder.incident import AlertRecord, IncidentState, NoticeKind, Pointer
from responder.protocols import items

ID = "v1:disk|prod.1"
DAY = timedelta(days=1)
HOUR = timedelta(hours=1)


@pytest.fixture
def desk() -> Desk:
    return Desk()


def test_a_resolve_from_the_future_does_not_silence_the_next_firing(desk: Desk) -> None:
    desk.record(alert("a1"))
    desk.record(resolve("r1", event_at=START + DAY, received_at=START + HOUR))
    assert desk.incident().state is IncidentState.RESOLVED
    desk.record(alert("a2", at=3 * 3600))
    assert desk.incident("v1:disk|prod.2").state is IncidentState.OPEN


def test_a_firing_from_the_future_can_be_resolved(desk: Desk) -> None:
    desk.record(alert("a1", event_at=START + DAY, received_at=START))
    desk.record(resolve("r1", at=3600))
    assert desk.incident().state is IncidentState.RESOLVED


def test_an_old_start_reopens_no_incident_of_long_ago(desk: Desk) -> None:
    desk.record(alert("a1"))
    desk.record(resolve("r1", at=60))
    late = START + timedelta(days=60)
    desk.record(alert("a2", fingerprint="f2", event_at=START - HOUR, received_at=late))
    assert desk.incident().state is IncidentState.RESOLVED
    assert desk.incident("v1:disk|prod.2").state is IncidentState.OPEN


@pytest.mark.parametrize("behind", [timedelta(0), timedelta(minutes=40), timedelta(hours=5)])
def test_what_fires_again_soon_is_reopened_however_far_a_clock_is_behind(
    desk: Desk, behind: timedelta
) -> None:
    for turn in range(6):
        for told in (alert(f"a{turn}"), resolve(f"r{turn}")):
            times = {"event_at": desk.now() - behind, "received_at": desk.now()}
            desk.record(told.model_copy(update=times))
            desk.later(minutes=3)
    assert desk.telemetry.counts["IncidentsOpened"] == 1
    assert desk.incident().count == 6


@pytest.mark.parametrize("ahead", [timedelta(0), timedelta(minutes=10), timedelta(hours=2)])
def test_a_rise_under_the_same_id_is_told_however_far_a_clock_is_ahead(
    desk: Desk, ahead: timedelta
) -> None:
    times = {"event_at": START + ahead}
    desk.record(alert("a1", **times, received_at=START))
    later = START + timedelta(minutes=2)
    desk.record(alert("a1", **times, received_at=later, severity=Severity.CRITICAL))
    kinds = [notice.kind for notice in desk.incident().notices]
    assert kinds == [NoticeKind.SEVERITY_RAISED, NoticeKind.ESCALATED]


def closed(desk: Desk, after: timedelta) -> None:
    update = {"state": IncidentState.CLOSED, "resolved_at": START + after}
    desk.put_incident(desk.incident().model_copy(update=update))


def test_the_very_same_alert_sent_after_a_quiet_close_reopens_the_incident(desk: Desk) -> None:
    desk.record(alert("a1"))
    closed(desk, DAY)
    desk.announced()
    desk.record(alert("a1", received_at=START + DAY + HOUR))
    reopened = desk.incident()
    assert (reopened.state, reopened.count, reopened.firing) == (IncidentState.OPEN, 1, 1)
    assert desk.announced() == [(ID, 0)]


def test_a_redelivery_after_a_quiet_close_reopens_nothing(desk: Desk) -> None:
    desk.record(alert("a1"))
    closed(desk, DAY)
    desk.record(alert("a1"))
    assert desk.incident().state is IncidentState.CLOSED


def test_a_sender_that_repeats_itself_is_not_announced_each_time(desk: Desk) -> None:
    desk.record(alert("a1"))
    desk.announced()
    for seconds in range(1, 30):
        desk.record(alert("a1", received_at=START + timedelta(seconds=seconds)))
    assert desk.announced() == []
    assert desk.telemetry.counts[f"AlertsHeld:{Reason.DUPLICATE.value}"] == 29


def test_the_pointer_remembers_the_time_that_is_believed(desk: Desk) -> None:
    desk.record(alert("a1", event_at=START + DAY, received_at=START))
    key = items.pointer_item("alertmanager", "f1")
    pointer = items.load(desk.store, key, Pointer)
    assert pointer is not None
    assert (pointer.state, pointer.event_at) == (Status.FIRING, START + timedelta(minutes=5))


def test_the_payload_is_kept_for_first_alerts_and_unknown_formats_only(desk: Desk) -> None:
    desk.record(alert("a1", raw="first"))
    desk.record(alert("a2", raw="repeat", at=1))
    desk.record(alert("a3", raw="unknown", at=2, unknown_format=True))
    kept = [items.load(desk.store, items.alert_key(i), AlertRecord) for i in ("a1", "a2", "a3")]
    assert [record.alert.raw for record in kept if record] == ["first", "", "unknown"]


def test_a_resolve_is_not_a_hit_of_the_cache(desk: Desk) -> None:
    desk.record(alert("a1"))
    desk.put_incident(
        desk.incident().model_copy(
            update={"analysis": desk.incident().analysis.model_copy(update={"tier": "small"})}
        )
    )
    desk.record(resolve("r1", at=5))
    assert desk.telemetry.said("Using cached analysis") == 0
