"""The lease of an analysis as pure steps: who may take, wait, store and let go."""

from datetime import timedelta
from itertools import count
from typing import Any

import pytest

from examples import MAKERS, triage, verdict
from faults.world import START as NOW
from responder.alert import Severity
from responder.analysis import freshness
from responder.analysis.freshness import LIFE, News
from responder.analysis.verdict import Analysis
from responder.cache_entry import MAX_WAITERS, CacheEntry, CacheState
from responder.protocols import lease

SOON = NOW + timedelta(seconds=30)
HOUR = timedelta(hours=1)
MOMENT = timedelta(milliseconds=10)
PAST = NOW - timedelta(seconds=1)
# Its drawn head start is a hundredth of a second.
LATE = next(f"i{n}" for n in count() if freshness.looked_at(NOW, f"i{n}") < NOW + MOMENT)
# It has an analysis of another prompt or model made anew, and LATE has not.
RENEWS = next(f"i{n}" for n in count() if freshness.renews(f"i{n}"))
IDLE = CacheEntry(cache_key="k")
FRESH = verdict()


def pending(**changes: Any) -> CacheEntry:
    fields = {"state": CacheState.PENDING, "owner": "other", "lease_until": SOON} | changes
    return IDLE.model_copy(update=fields)


def done(**changes: Any) -> CacheEntry:
    fields = {"state": CacheState.DONE, "analysis": FRESH, "fresh_until": SOON} | changes
    return IDLE.model_copy(update=fields)


def glance(
    entry: CacheEntry | None,
    tier: str = "small",
    asker: str = LATE,
    severity: Severity = Severity.HIGH,
) -> lease.Glance:
    """What an incident finds, of whose subject there is no news."""
    return lease.glance(entry, lease.Asker(asker, severity, tier), MAKERS, NOW, News())


@pytest.mark.parametrize("entry", [None, IDLE, pending()])
def test_without_an_analysis_one_is_due(entry: CacheEntry | None) -> None:
    assert glance(entry) == lease.Glance(None, due=True)


def test_a_fresh_analysis_is_served_and_none_is_due() -> None:
    assert glance(done()) == lease.Glance(FRESH, due=False)


@pytest.mark.parametrize(
    "stale",
    [
        done(fresh_until=NOW),
        done(fresh_until=None),
    ],
)
def test_a_stale_analysis_is_served_at_once_and_a_new_one_is_due(stale: CacheEntry) -> None:
    assert glance(stale) == lease.Glance(stale.analysis, due=True)


@pytest.mark.parametrize("severity", list(Severity))
def test_how_old_an_analysis_may_be_goes_by_who_is_served(severity: Severity) -> None:
    """Not by who had it made: it was an INFO, for which it is good for a week."""
    ends = NOW + timedelta(days=7)
    old = done(analysis=verdict(made_at=NOW - LIFE[severity]), fresh_until=ends)
    young = done(analysis=verdict(made_at=NOW - LIFE[severity] + HOUR), fresh_until=ends)
    assert glance(old, severity=severity) == lease.Glance(old.analysis, due=True)
    assert glance(young, severity=severity) == lease.Glance(young.analysis, due=False)


def test_what_could_not_be_renewed_is_left_alone_for_a_while() -> None:
    old = verdict(made_at=NOW - timedelta(days=3))
    failed = lease.complete(
        pending(owner="me", analysis=old), "me", triage(fallback_reason="unavailable"), SOON
    )
    assert glance(failed) == lease.Glance(old, due=False)
    renewed = lease.complete(failed and lease.take(failed, "k", "me", NOW, HOUR), "me", FRESH, SOON)
    assert renewed is not None
    assert (renewed.analysis, renewed.kept_until) == (FRESH, None)


@pytest.mark.parametrize(
    "another",
    [verdict(prompt_version="older"), verdict(made_by="a model that is configured no more")],
)
def test_an_analysis_of_another_maker_is_served_and_one_of_many_askers_refreshes_it(
    another: Analysis,
) -> None:
    entry = done(analysis=another, fresh_until=NOW + timedelta(hours=4))
    assert not freshness.renews(LATE)
    assert glance(entry) == lease.Glance(another, due=False)
    assert glance(entry, asker=RENEWS) == lease.Glance(another, due=True)


@pytest.mark.parametrize(
    ("has", "deserves", "due"),
    [("small", "large", True), ("large", "large", False), ("large", "small", False)],
)
def test_an_incident_that_deserves_the_larger_model_is_served_and_refreshed(
    has: str, deserves: str, due: bool
) -> None:
    entry = done(analysis=verdict(tier=has))
    assert glance(entry, deserves) == lease.Glance(entry.analysis, due=due)


def test_a_hot_analysis_is_refreshed_before_it_is_stale() -> None:
    entry = done(fresh_until=NOW + timedelta(minutes=3))
    looks = [glance(entry, asker=f"i{n}") for n in range(1_000)]
    assert 1 <= sum(look.due for look in looks) < 100
    assert all(look.analysis == FRESH for look in looks)


def test_what_was_given_up_is_not_asked_for_early() -> None:
    given_up = done(analysis=triage(fallback_reason="unavailable"), fresh_until=NOW + MOMENT)
    looks = [glance(given_up, asker=f"i{n}") for n in range(1_000)]
    assert not any(look.due for look in looks)


def test_a_fallback_is_never_served_but_says_why_claude_is_not_asked() -> None:
    given_up = triage(fallback_reason="unavailable")
    lives = glance(done(analysis=given_up))
    assert lives == lease.Glance(None, due=False, unavailable="unavailable")
    over = glance(done(analysis=given_up, fresh_until=NOW))
    assert over == lease.Glance(None, due=True)


@pytest.mark.parametrize(
    ("entry", "held"),
    [
        (None, False),
        (IDLE, False),
        (pending(), True),
        (pending(owner="me"), False),
        (pending(lease_until=NOW), False),
        (pending(lease_until=None), False),
        (done(owner="other", lease_until=SOON), False),
    ],
)
def test_only_a_live_lease_of_another_holds(entry: CacheEntry | None, held: bool) -> None:
    assert lease.held_by_other(entry, "me", NOW) is held


def test_taking_an_absent_entry_makes_it_pending() -> None:
    taken = lease.take(None, "k", "me", NOW, timedelta(seconds=30))
    assert taken == pending(owner="me")


def test_taking_keeps_the_stale_analysis_and_the_waiters() -> None:
    taken = lease.take(done(waiters=("i1",)), "k", "me", NOW, timedelta(seconds=30))
    assert (taken.analysis, taken.waiters) == (FRESH, ("i1",))
    assert lease.owns(taken, "me")


def test_an_incident_waits_once() -> None:
    once = lease.wait(pending(waiters=("i1",)), "i2", NOW)
    assert once == pending(waiters=("i1", "i2"))
    assert lease.wait(once, "i2", NOW) == once


def test_nobody_waits_where_nobody_works() -> None:
    assert lease.wait(done(), "i1", NOW) is None
    assert lease.wait(pending(lease_until=PAST), "i1", NOW) is None


def test_a_full_list_of_waiters_takes_no_more() -> None:
    almost = pending(waiters=tuple(f"i{n}" for n in range(MAX_WAITERS - 1)))
    full = lease.wait(almost, "last", NOW)
    assert full is not None
    assert len(full.waiters) == MAX_WAITERS
    assert lease.wait(full, "one more", NOW) is None


@pytest.mark.parametrize(
    ("entry", "owned"),
    [
        (None, False),
        (pending(), False),
        (pending(owner="me"), True),
        (pending(owner="me", lease_until=PAST), True),
        (done(owner="me"), False),
    ],
)
def test_a_lease_is_owned_until_it_ends_or_is_taken(entry: CacheEntry | None, owned: bool) -> None:
    assert lease.owns(entry, "me") is owned


def test_the_owner_stores_its_verdict_and_the_waiters_stay() -> None:
    mine = pending(owner="me", waiters=("i1",), next_try=PAST, first_sent=PAST)
    assert lease.complete(mine, "me", FRESH, SOON) == done(waiters=("i1",))


@pytest.mark.parametrize("entry", [None, pending(), done(), IDLE])
def test_who_lost_the_lease_neither_stores_nor_releases(entry: CacheEntry | None) -> None:
    assert lease.complete(entry, "me", FRESH, SOON) is None
    assert lease.release(entry, "me", SOON, NOW) is None


def test_a_fallback_does_not_replace_an_analysis_of_claude() -> None:
    refreshed = lease.complete(
        pending(owner="me", analysis=FRESH), "me", triage(fallback_reason="timeout"), SOON
    )
    assert refreshed == done(kept_until=SOON)


@pytest.mark.parametrize("before", [None, triage(fallback_reason="timeout")])
def test_a_fallback_is_stored_where_claude_has_said_nothing(before: object) -> None:
    given_up = triage(fallback_reason="unavailable")
    stored = lease.complete(pending(owner="me", analysis=before), "me", given_up, SOON)
    assert stored == done(analysis=given_up)


def test_a_verdict_of_claude_replaces_the_fallback() -> None:
    before = pending(owner="me", analysis=triage(fallback_reason="timeout"))
    assert lease.complete(before, "me", FRESH, SOON) == done()


def test_a_verdict_of_claude_replaces_the_stale_one() -> None:
    better = verdict(headline="better")
    stored = lease.complete(pending(owner="me", analysis=FRESH), "me", better, SOON)
    assert stored == done(analysis=better)


def test_before_a_wait_the_lease_is_given_back_and_the_wait_is_told() -> None:
    let_go = lease.release(pending(owner="me", waiters=("i1",)), "me", SOON, PAST)
    assert let_go == IDLE.model_copy(
        update={"waiters": ("i1",), "next_try": SOON, "first_sent": PAST}
    )


def test_a_stale_analysis_survives_a_wait() -> None:
    let_go = lease.release(pending(owner="me", analysis=FRESH), "me", SOON, PAST)
    assert let_go is not None
    assert (let_go.state, let_go.analysis, let_go.owner) == (CacheState.DONE, FRESH, "")


def test_only_told_waiters_are_removed() -> None:
    entry = done(waiters=("i1", "i2", "i3"))
    assert lease.drain(entry, frozenset({"i1", "i3", "i9"})) == done(waiters=("i2",))


def test_draining_what_nobody_waits_for_changes_nothing() -> None:
    assert lease.drain(None, frozenset({"i1"})) is None
    assert lease.drain(done(waiters=("i2",)), frozenset({"i1"})) is None


def test_a_disputed_analysis_is_served_no_more() -> None:
    disputed = lease.dispute(done(waiters=("i1",)), FRESH.made_at, NOW)
    assert disputed == IDLE.model_copy(update={"waiters": ("i1",), "disputed_at": NOW})


def test_who_refreshes_what_is_disputed_meanwhile_loses_the_lease_and_nobody_gets_it_early() -> (
    None
):
    disputed = lease.dispute(pending(analysis=FRESH, fresh_until=NOW), FRESH.made_at, NOW)
    assert disputed == pending(owner=lease.NOBODY, disputed_at=NOW)
    assert lease.complete(disputed, "other", FRESH, SOON) is None
    assert lease.held_by_other(disputed, "me", NOW)
    assert not lease.held_by_other(disputed, "me", SOON)


@pytest.mark.parametrize(
    "entry",
    [
        None,
        pending(),
        done(analysis=verdict(made_at=SOON)),
        pending(analysis=verdict(made_at=SOON)),
        done(analysis=triage(fallback_reason="no_key")),
    ],
)
def test_a_dispute_is_about_the_very_analysis_only(entry: CacheEntry | None) -> None:
    assert lease.dispute(entry, FRESH.made_at, NOW) is None


def test_what_an_operator_clears_is_served_no_more_and_its_waiters_are_kept() -> None:
    cleared = lease.clear(done(waiters=("i1",)), FRESH, NOW)
    assert cleared == IDLE.model_copy(update={"waiters": ("i1",)})
    given_up = triage(fallback_reason="no_key")
    assert lease.clear(done(analysis=given_up), given_up, NOW) == IDLE


def test_who_held_the_lease_of_what_is_cleared_stores_nothing() -> None:
    abandoned = pending(analysis=FRESH, lease_until=NOW)
    cleared = lease.clear(abandoned, FRESH, NOW)
    assert cleared == IDLE
    assert lease.complete(cleared, abandoned.owner, FRESH, SOON) is None


@pytest.mark.parametrize(
    "entry", [None, IDLE, pending(analysis=FRESH), done(analysis=verdict(made_at=SOON))]
)
def test_what_is_under_way_or_newer_than_what_was_seen_is_not_cleared(
    entry: CacheEntry | None,
) -> None:
    assert lease.clear(entry, FRESH, NOW) is None
