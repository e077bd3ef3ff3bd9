"""How incidents end and begin again: resolves, new beginnings, episodes and what is too old."""

from datetime import timedelta

import pytest

from desk import Desk
from examples import alert, resolve
from faults.world import START
from responder.incident import Head, IncidentState, NoticeKind, Pointer
from responder.protocols import items

ID = "v1:disk|prod.1"


@pytest.fixture
def desk() -> Desk:
    return Desk()


def close(desk: Desk) -> None:
    closed = {"state": IncidentState.CLOSED, "resolved_at": START + timedelta(minutes=5)}
    desk.put_incident(desk.incident().model_copy(update=closed))


def expire(desk: Desk) -> None:
    """A fingerprint fired, and its incident has expired."""
    fired = Pointer(
        source="alertmanager",
        fingerprint="f1",
        state="firing",
        event_at=START,
        incident_id="gone.1",
    )
    desk.put(items.pointer_item("alertmanager", "f1"), fired)


@pytest.mark.parametrize("minutes", [0, 5])
def test_a_redelivery_from_before_the_close_reopens_nothing(desk: Desk, minutes: int) -> None:
    desk.record(alert())
    close(desk)
    desk.record(alert(received_at=START + timedelta(minutes=minutes)))
    assert desk.incident().state is IncidentState.CLOSED


def test_a_repeated_alert_of_a_fingerprint_that_moved_on_reopens_nothing(desk: Desk) -> None:
    desk.record(alert("a1"))
    desk.record(alert("a2", rule="v1:memory", at=10))
    close(desk)
    desk.record(alert("a1", received_at=START + timedelta(minutes=6)))
    assert desk.incident().state is IncidentState.CLOSED


def test_an_end_in_the_future_is_taken_as_the_time_of_the_resolve(desk: Desk) -> None:
    desk.record(alert())
    desk.record(resolve("r1", at=60, ends_at=START + timedelta(days=1)))
    assert desk.incident().resolved_at == START + timedelta(seconds=60)


def test_a_resolve_goes_by_its_fingerprint_whatever_its_text(desk: Desk) -> None:
    desk.record(alert())
    desk.announced()
    desk.later(seconds=60)
    desk.record(resolve(at=60))
    ended = desk.incident()
    assert ended.state is IncidentState.RESOLVED
    assert [notice.kind for notice in ended.notices] == [NoticeKind.RESOLVED]
    assert desk.announced() == [(ID, 0)]


def test_an_incident_is_resolved_when_all_its_fingerprints_are(desk: Desk) -> None:
    desk.record(alert("a1"), alert("a2", fingerprint="f2"))
    desk.record(resolve("r1", at=10))
    assert desk.incident().state is IncidentState.OPEN
    desk.record(resolve("r2", fingerprint="f2", at=20))
    assert desk.incident().state is IncidentState.RESOLVED
    assert desk.incident().resolves == 2


def test_the_tools_end_is_when_the_incident_was_resolved(desk: Desk) -> None:
    desk.record(alert())
    ended = START + timedelta(seconds=50)
    desk.record(resolve(at=60, ends_at=ended))
    assert desk.incident().resolved_at == ended


def test_a_resolve_without_a_firing_is_held_and_remembered(desk: Desk) -> None:
    desk.record(resolve(at=10))
    assert desk.announced() == []
    assert desk.telemetry.counts["AlertsHeld:resolve_without_firing"] == 1
    desk.record(alert("late", at=5))
    assert desk.telemetry.counts["AlertsHeld:stale"] == 1
    assert "incident#" + ID not in desk.store.written


def test_a_second_resolve_is_held(desk: Desk) -> None:
    desk.record(alert())
    desk.record(resolve("r1", at=10))
    desk.record(resolve("r2", at=20))
    assert desk.telemetry.counts["AlertsHeld:resolve_without_firing"] == 1
    assert desk.incident().resolves == 1


def test_a_resolve_older_than_the_last_one_is_stale(desk: Desk) -> None:
    desk.record(alert())
    desk.record(resolve("r1", at=10))
    desk.record(resolve("r2", at=9))
    assert desk.telemetry.counts["AlertsHeld:stale"] == 1


@pytest.mark.parametrize("at", [0, -1])
def test_a_resolve_not_newer_than_the_firing_is_stale(desk: Desk, at: int) -> None:
    desk.record(alert(at=0))
    desk.record(resolve(at=at))
    assert desk.telemetry.counts["AlertsHeld:stale"] == 1
    assert desk.incident().state is IncidentState.OPEN


def test_a_resolve_of_an_expired_incident_is_held(desk: Desk) -> None:
    expire(desk)
    desk.record(resolve(at=10))
    assert desk.telemetry.counts["AlertsHeld:resolve_without_firing"] == 1


def test_a_firing_older_than_its_resolve_opens_nothing(desk: Desk) -> None:
    desk.record(alert("a1", at=0))
    desk.record(resolve("r1", at=10))
    desk.record(alert("late", at=9))
    assert desk.telemetry.counts["AlertsHeld:stale"] == 1
    assert (desk.incident().count, desk.incident().state) == (1, IncidentState.RESOLVED)


def test_at_the_same_time_firing_has_the_last_word(desk: Desk) -> None:
    desk.record(alert("a1", at=0))
    desk.record(resolve("r1", at=10))
    desk.record(alert("a2", at=10))
    assert desk.incident().state is IncidentState.OPEN


def test_an_older_repeat_counts_without_moving_the_pointer_back(desk: Desk) -> None:
    desk.record(alert("a1", at=10))
    desk.record(alert("a2", at=5))
    desk.record(resolve("r1", at=7))
    counted = desk.incident()
    assert (counted.count, counted.first_seen) == (2, START + timedelta(seconds=5))
    assert desk.telemetry.counts["AlertsHeld:stale"] == 1


def test_firing_again_within_half_an_hour_reopens_the_incident(desk: Desk) -> None:
    desk.record(alert("a1", at=0))
    desk.record(resolve("r1", at=60))
    desk.record(alert("a2", at=60 + 30 * 60))
    again = desk.incident()
    assert (again.state, again.resolved_at, again.firing) == (IncidentState.OPEN, None, 1)
    assert [notice.kind for notice in again.notices] == [NoticeKind.RESOLVED, NoticeKind.REFIRED]
    assert [notice.number for notice in again.notices] == [1, 2]


def test_firing_again_after_half_an_hour_opens_the_next_episode(desk: Desk) -> None:
    desk.record(alert("a1", at=0))
    desk.record(resolve("r1", at=60))
    desk.record(alert("a2", at=60 + 30 * 60 + 1))
    assert desk.incident().state is IncidentState.RESOLVED
    assert desk.incident("v1:disk|prod.2").episode == 2


def test_an_episode_number_is_never_used_twice_even_when_its_incident_has_expired(
    desk: Desk,
) -> None:
    desk.put(items.head_item("v1:disk|prod"), Head(key="v1:disk|prod", episode=4))
    desk.record(alert())
    assert desk.incident("v1:disk|prod.5").episode == 5


def test_a_closed_incident_that_fires_again_is_reopened_with_its_counter(desk: Desk) -> None:
    desk.record(alert("a1"))
    closed = {"state": IncidentState.CLOSED, "resolved_at": START + timedelta(minutes=5)}
    desk.put_incident(desk.incident().model_copy(update=closed))
    desk.record(alert("a2", at=600))
    assert (desk.incident().firing, desk.incident().state) == (1, IncidentState.OPEN)


def test_a_fingerprint_of_a_closed_incident_leaves_it_without_a_second_end(desk: Desk) -> None:
    desk.record(alert("a1"))
    closed = {"state": IncidentState.CLOSED, "resolved_at": START}
    desk.put_incident(desk.incident().model_copy(update=closed))
    desk.record(alert("a2", at=3600))
    assert (desk.incident().firing, desk.incident().state) == (0, IncidentState.CLOSED)
    assert desk.incident().notices == ()
    assert desk.incident("v1:disk|prod.2").firing == 1


def test_a_firing_whose_incident_has_expired_opens_a_new_one(desk: Desk) -> None:
    expire(desk)
    desk.record(alert(at=10))
    assert desk.incident().firing == 1
