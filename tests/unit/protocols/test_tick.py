"""The tick: repairs what was lost, closes what is quiet, and leaves deliberate waits alone."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from desk import QUIET, Desk
from examples import alert, incident, resolve, triage, verdict
from faults.world import START
from responder.cache_entry import CacheEntry, CacheState
from responder.card import Card
from responder.errors import Conflict
from responder.incident import Incident, IncidentState
from responder.ports import Queue
from responder.protocols import items
from responder.protocols.heartbeat import HEARTBEAT, Heartbeat
from responder.protocols.overdue import look_again

ID = "v1:disk|prod.1"
MINUTE = timedelta(minutes=1)
A_WHILE = timedelta(minutes=45)
NOW = START + timedelta(minutes=10)
SHOWN = Card(incident_id=ID, channel="#c", ts="1.0", posted=True, shown=1)


def card(**changes: Any) -> Card:
    return SHOWN.model_copy(update=changes)


def entry(**changes: Any) -> CacheEntry:
    return CacheEntry(cache_key="v1:disk@").model_copy(update=changes)


def quiet(**changes: Any) -> Incident:
    """An open incident with its analysis, of which nothing is overdue by itself."""
    fields: dict[str, Any] = {"analysis": verdict(), "last_seen": NOW, "due_at": NOW}
    return incident(**(fields | changes))


@pytest.fixture
def desk() -> Desk:
    """One incident whose announcement and request were lost."""
    desk = Desk()
    desk.record(alert())
    desk.announced()
    desk.requested()
    desk.later(minutes=1)
    return desk


def test_what_was_never_shown_is_announced_again(desk: Desk) -> None:
    desk.ticker.tick()
    assert desk.announced() == [(ID, 0)]
    assert desk.incident().unshown_since == desk.now()


def test_what_is_awaited_too_long_is_asked_for_again_with_its_age(desk: Desk) -> None:
    desk.ticker.tick()
    ((message, _),) = desk.taken(Queue.ANALYSIS)
    assert (message["incident_id"], message["first_sent"]) == (ID, START)
    assert desk.incident().analysis_requested_at == desk.now()


def test_nothing_is_done_before_its_time(desk: Desk) -> None:
    desk.put_incident(
        desk.incident().model_copy(update={"due_at": desk.now() + timedelta(seconds=1)})
    )
    desk.ticker.tick()
    assert desk.announced() == []
    desk.later(seconds=1)
    desk.ticker.tick()
    assert desk.announced() == [(ID, 0)]


def test_an_index_that_lags_behind_does_no_harm(desk: Desk) -> None:
    """The index is eventually consistent: it names an incident that is not due, or is gone."""
    later = desk.incident().model_copy(update={"due_at": desk.now() + MINUTE})
    desk.put_incident(later)
    desk.store.also_due = [ID, "gone.1"]
    desk.ticker.tick()
    desk.put_incident(later.model_copy(update={"due_at": None}))
    desk.ticker.tick()
    assert desk.announced() == []
    assert desk.telemetry.counts["FailedItems"] == 0


def test_the_gauge_counts_alerts_that_are_unshown_for_fifteen_minutes(desk: Desk) -> None:
    desk.record(alert("a2"), alert("a3"))
    desk.ticker.tick()
    assert desk.telemetry.counts["AlertsUnshown"] == 0
    for _ in range(14):
        desk.later(minutes=1)
        desk.ticker.tick()
    assert desk.telemetry.counts["AlertsUnshown"] == 0
    desk.later(minutes=1)
    desk.ticker.tick()
    assert desk.telemetry.counts["AlertsUnshown"] == 3


def test_every_tick_leaves_a_heartbeat_and_its_duration(desk: Desk) -> None:
    desk.ticker.tick()
    beat = items.load(desk.store, items.state_item(HEARTBEAT), Heartbeat)
    assert beat == Heartbeat(at=desk.now())
    assert desk.telemetry.durations == {"TickDuration": 0}


def test_a_worker_in_between_wins_and_the_tick_leaves_it_the_incident(desk: Desk) -> None:
    desk.store.meanwhile = lambda: desk.record(alert("a2", at=60))
    desk.ticker.tick()
    assert desk.incident().count == 2
    assert desk.telemetry.said("Incident changed meanwhile") == 1
    assert desk.announced() == [(ID, 0)]
    assert desk.requested() == []


def test_one_incidents_trouble_does_not_keep_the_tick_from_the_others(desk: Desk) -> None:
    desk.record(alert("b1", fingerprint="f2", rule="v1:memory"))
    desk.later(minutes=1)
    desk.taken(Queue.DISTRIBUTION)
    desk.store.refuses = f"incident#{ID}"
    desk.ticker.tick()
    assert desk.announced() == [("v1:memory|prod.1", 0)]
    assert desk.telemetry.counts["FailedItems"] == 1
    assert desk.telemetry.said("Tick failed") == 1
    assert items.state_item(HEARTBEAT) in desk.store.items


def test_a_slow_table_ends_the_tick_in_time_and_what_is_left_over_comes_next(desk: Desk) -> None:
    for number in range(9):
        desk.record(alert(f"b{number}", fingerprint=f"f{number}", rule=f"v1:rule{number}"))
    desk.taken(Queue.DISTRIBUTION)
    desk.later(minutes=1)

    def slow() -> datetime:
        desk.later(seconds=3)
        return desk.now()

    ticker = replace(desk.ticker, now=slow)
    started = desk.now()
    ticker.tick()
    first = {incident_id for incident_id, _ in desk.announced()}
    left_over = 10 - len(first)
    assert 0 < left_over < 10
    assert desk.telemetry.counts["IncidentsOverdue"] == left_over
    assert desk.now() - started < MINUTE
    assert items.state_item(HEARTBEAT) in desk.store.items
    ticker.tick()
    assert len(first | {incident_id for incident_id, _ in desk.announced()}) == 10


def test_a_resolved_incident_that_is_shown_is_never_due_again(desk: Desk) -> None:
    desk.record(resolve(at=60))
    desk.put_card(card(shown=2, told=1))
    desk.later(minutes=1)
    desk.ticker.tick()
    assert desk.incident().due_at is None
    assert "due_shard" not in desk.store.items[items.incident_item(ID)][1]


def plan(
    of: Incident, state: Card | None = SHOWN, cached: CacheEntry | None = None, at: datetime = NOW
) -> Any:
    return look_again(of, state, cached, at, QUIET)


def test_what_is_shown_and_analysed_is_left_until_its_quiet_end() -> None:
    planned = plan(quiet(unshown_since=START))
    assert (planned.announce, planned.request) == (False, False)
    assert planned.incident.unshown_since is None
    assert planned.incident.due_at == NOW + QUIET * 7


def test_an_incident_closes_after_a_quiet_time_and_the_card_says_so() -> None:
    seen = NOW - QUIET
    just_before = plan(quiet(source="generic", last_seen=seen + timedelta(seconds=1)))
    assert just_before.incident.state is IncidentState.OPEN
    closed = plan(quiet(source="generic", last_seen=seen))
    assert (closed.incident.state, closed.incident.resolved_at) == (IncidentState.CLOSED, NOW)
    assert closed.incident.revision == 2
    assert closed.announce
    assert closed.incident.due_at == NOW + MINUTE


def test_tools_that_say_when_it_is_over_may_be_silent_for_longer() -> None:
    assert plan(quiet(last_seen=NOW - QUIET)).incident.state is IncidentState.OPEN
    assert plan(quiet(last_seen=NOW - QUIET * 7)).incident.state is IncidentState.CLOSED


def test_a_resolved_incident_is_not_closed() -> None:
    resolved = quiet(state=IncidentState.RESOLVED, resolved_at=START, last_seen=NOW - QUIET * 8)
    assert plan(resolved).incident.state is IncidentState.RESOLVED


@pytest.mark.parametrize(
    "behind", [None, card(shown=0), card(next_try=NOW - MINUTE), card(first_sent=START)]
)
def test_a_card_that_lags_behind_is_announced_again(behind: Card | None) -> None:
    planned = plan(quiet(revision=2), behind)
    assert planned.announce
    assert planned.incident.unshown_since == NOW
    assert planned.announced_since == (behind.first_sent if behind else None)


def test_an_untold_notice_is_overdue_too() -> None:
    noticed = quiet(notices=[{"number": 1, "kind": "refired", "at": START}])
    assert plan(noticed).announce
    assert not plan(noticed, card(told=1)).announce


def test_since_when_it_is_unshown_is_kept() -> None:
    assert plan(quiet(revision=2, unshown_since=START)).incident.unshown_since == START


@pytest.mark.parametrize(
    "state",
    [
        card(next_try=NOW + timedelta(seconds=1)),
        card(next_try=NOW - timedelta(seconds=59)),
        card(dead_lettered=True),
    ],
)
def test_a_wait_and_a_dead_letter_are_left_alone_but_stay_in_the_gauge(state: Card) -> None:
    planned = plan(quiet(revision=2), state)
    assert not planned.announce
    assert planned.incident.unshown_since == NOW


@pytest.mark.parametrize(
    ("state", "due"),
    [
        (card(), NOW + MINUTE),
        (card(dead_lettered=True), NOW + MINUTE),
        (card(next_try=NOW + timedelta(hours=1)), NOW + MINUTE),
        (card(next_try=NOW - timedelta(seconds=20)), NOW + timedelta(seconds=40)),
        (card(next_try=NOW - timedelta(seconds=50)), NOW + timedelta(seconds=30)),
        (None, NOW + MINUTE),
    ],
)
def test_what_is_unshown_is_looked_at_again_within_a_minute(
    state: Card | None, due: datetime
) -> None:
    assert plan(quiet(revision=2), state).incident.due_at == due


def awaited(**changes: Any) -> Incident:
    return quiet(**({"analysis": triage(), "analysis_requested_at": NOW - MINUTE} | changes))


def given_up(reason: str, **changes: Any) -> Incident:
    return awaited(**({"analysis": triage(fallback_reason=reason)} | changes))


def test_an_awaited_analysis_is_asked_for_after_a_minute() -> None:
    planned = plan(awaited())
    assert planned.request
    assert planned.requested_since == awaited().opened_at
    assert planned.incident.due_at == NOW + MINUTE
    early = plan(awaited(analysis_requested_at=NOW - timedelta(seconds=59)))
    assert not early.request
    assert early.incident.due_at == NOW + timedelta(seconds=30)


def test_an_incident_that_only_waited_asks_for_itself_a_minute_after_it_opened() -> None:
    planned = plan(awaited(analysis_requested_at=None, opened_at=NOW - MINUTE))
    assert planned.request
    assert planned.requested_since == NOW - MINUTE


def test_the_age_of_the_wait_for_claude_is_kept() -> None:
    planned = plan(awaited(), cached=entry(first_sent=START, next_try=NOW - MINUTE))
    assert planned.requested_since == START


@pytest.mark.parametrize(
    "busy",
    [
        entry(state=CacheState.PENDING, owner="x", lease_until=NOW + timedelta(seconds=1)),
        entry(next_try=NOW + timedelta(seconds=1)),
        entry(next_try=NOW - timedelta(seconds=59)),
    ],
)
def test_nobody_is_asked_while_somebody_is_at_it_or_waits(busy: CacheEntry) -> None:
    assert not plan(awaited(), cached=busy).request


def test_a_dead_lease_does_not_keep_from_asking() -> None:
    dead = entry(state=CacheState.PENDING, owner="x", lease_until=NOW)
    assert plan(awaited(), cached=dead).request


def test_after_an_outage_claude_is_offered_the_incident_afresh() -> None:
    quarter = timedelta(minutes=15)
    again = plan(given_up("unavailable", analysis_requested_at=NOW - quarter))
    assert again.request
    assert again.requested_since is None
    asked = NOW - quarter + timedelta(minutes=2)
    early = plan(given_up("unavailable", analysis_requested_at=asked))
    assert not early.request
    assert early.incident.due_at == asked + quarter


def test_what_claude_will_not_answer_is_not_offered_again() -> None:
    planned = plan(given_up("refused_by_claude", analysis_requested_at=START - timedelta(days=1)))
    assert not planned.request
    assert planned.incident.due_at == NOW + QUIET * 7


@pytest.mark.parametrize(
    ("asked", "again"),
    [
        (None, True),
        (NOW - A_WHILE, True),
        (NOW - A_WHILE + timedelta(seconds=1), False),
    ],
)
def test_what_was_answered_with_no_analysis_is_offered_again_after_a_while(
    asked: datetime | None, again: bool
) -> None:
    opened = NOW - A_WHILE
    cut_off = given_up("malformed_answer", analysis_requested_at=asked, opened_at=opened)
    assert plan(cut_off).request is again


def test_what_was_answered_with_no_analysis_is_offered_again_once() -> None:
    opened = NOW - 3 * A_WHILE
    later = given_up("malformed_answer", opened_at=opened, analysis_requested_at=opened + A_WHILE)
    assert not plan(later).request


def test_a_finished_incident_asks_for_nothing() -> None:
    assert not plan(awaited(state=IncidentState.RESOLVED)).request


def test_a_lost_race_is_a_conflict_of_the_store() -> None:
    desk = Desk()
    desk.put_incident(incident())
    key = items.incident_item(ID)
    with pytest.raises(Conflict):
        desk.store.write([items.write_of(key, incident(count=2), 0, NOW)])


def test_a_card_that_keeps_up_is_not_unshown_although_it_always_lags() -> None:
    hour_ago = NOW - timedelta(hours=1)
    lagging = incident(revision=9, unshown_since=hour_ago)
    keeps_up = plan(lagging, card(shown=8, shown_at=NOW - timedelta(seconds=5)))
    assert keeps_up.incident.unshown_since == NOW - timedelta(seconds=5)
    stuck = plan(lagging, card(shown=8, shown_at=hour_ago - MINUTE))
    assert stuck.incident.unshown_since == hour_ago
