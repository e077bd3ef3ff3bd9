"""The processing lane: what alerts do to incidents, and what is announced and asked for."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from fakes import Desk, alert, arrive, incident, resolve, triage, verdict
from faults.world import START
from responder.alert import SYNTHETIC_SOURCE, Scope, Severity
from responder.contracts import AlertMessage
from responder.errors import Reason, Retryable
from responder.incident import (
    MAX_NOTICES,
    AlertRecord,
    CacheEntry,
    CacheState,
    Head,
    IncidentState,
    Latest,
    NoticeKind,
    Pointer,
)
from responder.ports import Queue
from responder.protocols import items
from responder.protocols.draft import Draft
from responder.protocols.episode import MAX_LATEST

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
    assert desk.announced(Queue.CRITICAL) == [(ID, 0)]
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


def close(desk: Desk) -> None:
    closed = {"state": IncidentState.CLOSED, "resolved_at": START + timedelta(minutes=5)}
    desk.put_incident(desk.incident().model_copy(update=closed))


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


def test_a_duplicate_whose_incident_has_expired_is_held_quietly(desk: Desk) -> None:
    record = AlertRecord(alert=alert(), signature="v1:disk", incident_id="gone.1")
    desk.put(items.alert_key("a1"), record)
    desk.record(alert())
    assert desk.announced() == []
    assert desk.telemetry.counts == {"AlertsHeld:duplicate": 1}


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
    desk.put(
        items.pointer_item("alertmanager", "f1"),
        Pointer(
            source="alertmanager",
            fingerprint="f1",
            state="firing",
            event_at=START,
            incident_id="gone.1",
        ),
    )
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


def test_a_fingerprint_under_another_signature_moves_and_the_old_incident_resolves(
    desk: Desk,
) -> None:
    desk.record(alert("a1"))
    desk.announced()
    desk.later(seconds=10)
    desk.record(alert("a2", rule="v1:memory", at=10))
    old, new = desk.incident(), desk.incident("v1:memory|prod.1")
    assert (old.firing, old.state) == (0, IncidentState.RESOLVED)
    assert (new.firing, new.count) == (1, 1)
    assert desk.announced() == [(ID, 0), ("v1:memory|prod.1", 0)]
    desk.record(resolve("r1", at=20))
    assert desk.incident("v1:memory|prod.1").state is IncidentState.RESOLVED


def test_the_old_incident_stays_open_while_others_of_it_fire(desk: Desk) -> None:
    desk.record(alert("a1"), alert("b1", fingerprint="f2"))
    desk.record(alert("a2", rule="v1:memory", at=10))
    assert (desk.incident().firing, desk.incident().state) == (1, IncidentState.OPEN)


def test_an_older_firing_under_another_signature_is_stale(desk: Desk) -> None:
    desk.record(alert("a1", at=10))
    desk.record(alert("a2", rule="v1:memory", at=5))
    assert desk.telemetry.counts["AlertsHeld:stale"] == 1


def test_where_only_the_signature_version_differs_the_incident_stays(desk: Desk) -> None:
    desk.record(alert("a1"))
    desk.record(alert("a2", rule="v2:disk", at=10))
    stayed = desk.incident()
    assert (stayed.count, stayed.firing) == (2, 1)


def test_a_new_signature_version_opens_its_own_incident_once_the_old_one_is_over(
    desk: Desk,
) -> None:
    desk.record(alert("a1"))
    desk.record(resolve("r1", at=5))
    desk.record(alert("a2", rule="v2:disk", at=10))
    assert desk.incident("v2:disk|prod.1").count == 1


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
    desk.put(
        items.pointer_item("alertmanager", "f1"),
        Pointer(
            source="alertmanager",
            fingerprint="f1",
            state="firing",
            event_at=START,
            incident_id="gone.1",
        ),
    )
    desk.record(alert(at=10))
    assert desk.incident().firing == 1


def test_a_raised_severity_is_a_notice_and_a_lower_one_changes_nothing(desk: Desk) -> None:
    desk.record(alert("a1", severity=Severity.MEDIUM))
    desk.announced()
    desk.later(seconds=1)
    desk.record(alert("a2", severity=Severity.HIGH, at=1))
    raised = desk.incident()
    assert raised.severity is Severity.HIGH
    assert [(n.kind, n.detail) for n in raised.notices] == [
        (NoticeKind.SEVERITY_RAISED, "MEDIUM → HIGH")
    ]
    assert desk.announced() == [(ID, 0)]
    desk.record(alert("a3", severity=Severity.LOW, at=2))
    assert desk.incident().severity is Severity.HIGH
    assert len(desk.incident().notices) == 1


def test_a_rise_to_critical_is_told_where_critical_incidents_are_told(desk: Desk) -> None:
    desk.record(alert("a1", severity=Severity.LOW))
    desk.record(alert("a2", severity=Severity.CRITICAL, at=1))
    assert [(n.number, n.kind, n.detail) for n in desk.incident().notices] == [
        (1, NoticeKind.SEVERITY_RAISED, "LOW → CRITICAL"),
        (2, NoticeKind.ESCALATED, "LOW → CRITICAL"),
    ]


def test_the_incident_keeps_what_the_latest_alert_says_otherwise(desk: Desk) -> None:
    said = {"title": "disk 91 % full", "message": "/ 91 %", "resource": "vm-1"}
    desk.record(alert("a1", **said))
    first = desk.incident()
    assert first.latest == Latest(alert_id="a1", at=START, severity=Severity.HIGH)
    later = {"title": "disk 97 % full", "message": "/ 97 %", "resource": "vm-2"}
    desk.record(alert("a2", at=60, severity=Severity.LOW, **later))
    assert desk.incident().latest == Latest(
        alert_id="a2", at=START + timedelta(seconds=60), severity=Severity.LOW, **later
    )
    assert (desk.incident().title, desk.incident().message) == ("disk 91 % full", "/ 91 %")
    desk.record(alert("a3", at=90, **said))
    assert desk.incident().latest == Latest(
        alert_id="a3", at=START + timedelta(seconds=90), severity=Severity.HIGH
    )


def test_an_alert_that_arrives_late_is_not_the_latest(desk: Desk) -> None:
    desk.record(alert("a1", at=60))
    desk.record(alert("a0", at=30, message="older"))
    assert desk.incident().count == 2
    assert desk.incident().latest == Latest(
        alert_id="a1", at=START + timedelta(seconds=60), severity=Severity.HIGH
    )


def test_of_the_latest_message_only_the_start_is_kept(desk: Desk) -> None:
    desk.record(alert("a1"))
    desk.record(alert("a2", at=1, message="m" * (MAX_LATEST + 1)))
    latest = desk.incident().latest
    assert latest is not None
    assert latest.message == "m" * (MAX_LATEST - 1) + "…"


def test_notices_are_bounded_and_their_numbers_go_on(desk: Desk) -> None:
    for number in range(MAX_NOTICES + 2):
        desk.record(alert(f"a{number}", at=3599 * number))
        desk.record(resolve(f"r{number}", at=3599 * number + 1800))
        desk.later(seconds=3599)
    numbers = [notice.number for notice in desk.incident().notices]
    assert len(numbers) == MAX_NOTICES
    assert numbers[-1] == 2 * (MAX_NOTICES + 2) - 1


def test_counters_are_announced_every_ten_seconds_and_the_last_one_is_always_sent(
    desk: Desk,
) -> None:
    desk.record(alert("a0"))
    desk.announced()
    desk.later(seconds=4)
    desk.record(alert("a1", at=4))
    assert desk.announced() == [(ID, 6)]
    desk.later(seconds=1)
    desk.record(alert("a2", at=5))
    assert desk.announced() == []
    desk.later(seconds=15)
    desk.record(alert("a3", at=20))
    assert desk.announced() == [(ID, 0)]
    assert desk.incident().trailing_at is None


def test_a_loud_change_carries_the_promised_counters(desk: Desk) -> None:
    desk.record(alert("a0"))
    desk.later(seconds=4)
    desk.record(alert("a1", at=4))
    desk.announced()
    desk.record(resolve("r1", at=5))
    assert desk.announced() == [(ID, 0)]
    assert desk.incident().trailing_at is None


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


def names(desk: Desk, *alerts: object) -> list[list[str]]:
    messages = [AlertMessage(alert=one) for one in alerts]
    return [[m.alert.alert_id for m in group] for group in desk.recorder.groups(messages)]


def test_unrelated_alerts_are_groups_of_their_own(desk: Desk) -> None:
    one = alert("a1", rule="v1:a", fingerprint="f1")
    two = alert("a2", rule="v1:b", fingerprint="f2")
    assert names(desk, one, two) == [["a1"], ["a2"]]


def test_a_shared_fingerprint_or_key_makes_a_group_also_by_a_chain(desk: Desk) -> None:
    one = alert("a1", rule="v1:a", fingerprint="f1")
    two = alert("a2", rule="v1:b", fingerprint="f2")
    apart = alert("a3", rule="v1:c", fingerprint="f3")
    both = alert("a4", rule="v1:b", fingerprint="f1")
    assert names(desk, one, apart, two, both) == [["a3"], ["a2", "a1", "a4"]]


def test_critical_alerts_of_a_batch_come_first(desk: Desk) -> None:
    usual = [alert(f"a{n}", rule=f"v1:{n}", fingerprint=f"f{n}") for n in range(3)]
    urgent = alert("a9", rule="v1:9", fingerprint="f9", severity=Severity.CRITICAL)
    assert names(desk, *usual, urgent) == [["a9"], ["a0"], ["a1"], ["a2"]]


def test_another_sources_fingerprint_is_another_one(desk: Desk) -> None:
    one = alert("a1", rule="v1:a")
    two = alert("a2", rule="v1:b", source="cloudwatch")
    assert names(desk, one, two) == [["a1"], ["a2"]]


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


def test_where_the_rules_have_changed_what_is_open_stays_together(desk: Desk) -> None:
    desk.record(alert("a1"))
    other = arrive(alert("a2", rule="v1:memory", at=10), "t")
    desk.recorder = replace(desk.recorder, arrive=lambda one, trace: replace(other, rules=4))
    desk.record(other.alert)
    stayed = desk.incident()
    assert (stayed.count, stayed.firing, stayed.state) == (2, 1, IncidentState.OPEN)
