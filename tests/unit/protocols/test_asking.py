"""What the recorder finds in the cache for an alert, and when it asks for an analysis."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from desk import Desk
from examples import alert, triage, verdict
from responder.alert import Severity
from responder.cache_entry import CacheEntry, CacheState
from responder.incident import IncidentState

ID = "v1:disk|prod.1"


@pytest.fixture
def desk() -> Desk:
    return Desk()


def pending(desk: Desk, waiters: tuple[str, ...] = ()) -> CacheEntry:
    return CacheEntry(
        cache_key="v1:disk@",
        state=CacheState.PENDING,
        owner="other",
        lease_until=desk.now() + timedelta(seconds=30),
        waiters=waiters,
    )


def done(desk: Desk, **changes: object) -> CacheEntry:
    fields = {
        "state": CacheState.DONE,
        "analysis": verdict(),
        "fresh_until": desk.now() + timedelta(hours=1),
    }
    return CacheEntry(cache_key="v1:disk@").model_copy(update=fields | changes)


def test_a_redelivered_alert_asks_again_for_an_analysis_that_may_be_lost(desk: Desk) -> None:
    desk.record(alert())
    assert desk.requested() == [ID]
    desk.later(seconds=14)
    desk.record(alert())
    assert desk.requested() == []
    desk.later(seconds=1)
    desk.record(alert())
    assert desk.requested() == [ID]


@pytest.mark.parametrize(
    "changes",
    [
        {"analysis": verdict()},
        {"analysis": triage(fallback_reason="unavailable")},
        {"state": IncidentState.RESOLVED},
        {"analysis_requested_at": None},
    ],
)
def test_a_redelivered_alert_asks_only_for_what_is_awaited(
    desk: Desk, changes: dict[str, object]
) -> None:
    desk.record(alert())
    desk.requested()
    desk.put_incident(desk.incident().model_copy(update=changes))
    desk.later(minutes=5)
    desk.record(alert())
    assert desk.requested() == []


def test_a_cached_analysis_is_attached_and_nothing_asked_for(desk: Desk) -> None:
    desk.put_entry(done(desk))
    desk.record(alert())
    opened = desk.incident()
    assert (opened.analysis, opened.from_cache) == (verdict(), True)
    assert opened.analysis_requested_at is None
    assert desk.requested() == []
    assert desk.telemetry.said("Using cached analysis") == 1
    assert desk.telemetry.counts["CacheHits"] == 1


@pytest.mark.parametrize(
    ("entry", "metric"),
    [
        (lambda desk: None, "CacheMisses"),
        (lambda desk: done(desk), "CacheHits"),
        (lambda desk: done(desk, fresh_until=desk.now()), "CacheStale"),
        (lambda desk: pending(desk), "CacheWaiting"),
        (
            lambda desk: done(desk, analysis=triage(fallback_reason="budget_spent")),
            "CacheGivenUp",
        ),
    ],
)
def test_what_the_cache_has_for_a_new_incident_is_counted(
    desk: Desk, entry: Callable[[Desk], CacheEntry | None], metric: str
) -> None:
    if (stored := entry(desk)) is not None:
        desk.put_entry(stored)
    desk.record(alert())
    counted = {name for name in desk.telemetry.counts if name.startswith("Cache")}
    assert counted == {metric}


def test_every_alert_served_from_the_cache_is_logged_once(desk: Desk) -> None:
    desk.put_entry(done(desk))
    desk.record(alert("a1"), alert("a2", at=1))
    desk.record(alert("a2", at=1))
    assert desk.telemetry.said("Using cached analysis") == 2


def test_a_stale_analysis_is_served_at_once_and_refreshed_behind(desk: Desk) -> None:
    desk.put_entry(done(desk, fresh_until=desk.now()))
    desk.record(alert())
    assert desk.incident().analysis == verdict()
    assert desk.requested() == [ID]


def test_a_critical_incident_is_served_the_small_analysis_and_asks_for_the_large_one(
    desk: Desk,
) -> None:
    desk.put_entry(done(desk))
    desk.record(alert(severity=Severity.CRITICAL))
    assert desk.incident().analysis.tier == "small"
    assert desk.requested() == [ID]


def test_a_severity_raised_to_critical_asks_for_the_larger_model_once(desk: Desk) -> None:
    desk.put_entry(done(desk))
    desk.record(alert("a1"))
    assert desk.requested() == []
    desk.record(alert("a2", severity=Severity.CRITICAL, at=1))
    assert desk.requested() == [ID]
    desk.record(alert("a3", severity=Severity.CRITICAL, at=2))
    assert desk.requested() == []


def test_who_finds_the_analysis_pending_waits_for_it(desk: Desk) -> None:
    desk.put_entry(pending(desk, ("other.1",)))
    desk.record(alert())
    assert desk.entry().waiters == ("other.1", ID)
    assert desk.requested() == []
    assert desk.incident().analysis_requested_at is None


def test_who_finds_a_dead_lease_asks(desk: Desk) -> None:
    desk.put_entry(pending(desk))
    desk.later(seconds=31)
    desk.record(alert(at=31))
    assert desk.entry().waiters == ()
    assert desk.requested() == [ID]


def test_a_signature_that_was_given_up_a_moment_ago_gets_its_own_triage_and_the_reason(
    desk: Desk,
) -> None:
    given_up = triage(headline="another alert's", fallback_reason="budget_spent")
    desk.put_entry(done(desk, analysis=given_up))
    desk.record(alert())
    analysis = desk.incident().analysis
    assert analysis.fallback_reason == "budget_spent"
    assert analysis.headline != "another alert's"
    assert desk.requested() == []
