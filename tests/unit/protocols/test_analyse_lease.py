"""The lease of the analysis lane: who waits, who takes it, and what who lost it may do."""

from datetime import timedelta

import pytest

from desk import LEASE, Desk
from examples import verdict
from faults.world import START
from responder.cache_entry import MAX_WAITERS, CacheEntry, CacheState
from responder.ports import Queue
from responder.protocols import items
from unit.protocols.analysing import DEV, UNAVAILABLE, awaiting, handle, join, request


@pytest.fixture
def desk() -> Desk:
    return awaiting()


def test_a_live_lease_is_waited_for_as_a_copy_until_it_ends(desk: Desk) -> None:
    until = desk.now() + timedelta(seconds=30)
    held = CacheEntry(
        cache_key="v1:disk@", state=CacheState.PENDING, owner="other", lease_until=until
    )
    desk.put_entry(held)
    sent = request(desk)
    desk.investigator.handle(sent)
    assert desk.claude.asked == []
    assert desk.entry() == held.model_copy(update={"waiters": (sent.incident_id,)})
    copy = sent.model_copy(update={"not_before": until})
    assert desk.taken(Queue.ANALYSIS) == [(copy.model_dump(), 30)]
    assert desk.telemetry.counts["Waits:lease_held"] == 1


def test_a_lease_that_ran_out_is_taken(desk: Desk) -> None:
    past = desk.now()
    desk.put_entry(
        CacheEntry(cache_key="v1:disk@", state=CacheState.PENDING, owner="dead", lease_until=past)
    )
    handle(desk)
    assert desk.incident().analysis.headline == "verdict 1"


def test_the_lease_lasts_as_configured_while_claude_thinks(desk: Desk) -> None:
    seen: list[CacheEntry] = []
    desk.claude.meanwhile = lambda: seen.append(desk.entry())
    handle(desk)
    assert seen[0].state is CacheState.PENDING
    assert seen[0].lease_until == START + LEASE


def test_who_lost_the_lease_stores_nothing_and_serves_its_own_incident(desk: Desk) -> None:
    until = desk.now() + timedelta(seconds=100)
    theirs = CacheEntry(
        cache_key="v1:disk@",
        state=CacheState.PENDING,
        owner="other",
        lease_until=until,
        waiters=(DEV,),
    )
    join(desk)
    desk.claude.meanwhile = lambda: desk.put_entry(theirs)
    handle(desk)
    assert desk.entry() == theirs
    assert desk.incident().analysis.headline == "verdict 1"
    assert desk.incident(DEV).analysis.is_fallback


def test_a_lost_lease_is_not_released_before_a_wait(desk: Desk) -> None:
    theirs = CacheEntry(
        cache_key="v1:disk@",
        state=CacheState.PENDING,
        owner="other",
        lease_until=desk.now() + timedelta(seconds=100),
    )
    desk.claude.meanwhile = lambda: desk.put_entry(theirs)
    desk.claude.errors = [UNAVAILABLE]
    handle(desk)
    assert desk.entry() == theirs
    assert len(desk.taken(Queue.ANALYSIS)) == 1


def test_a_lease_that_vanished_with_its_entry_is_no_obstacle(desk: Desk) -> None:
    key = items.cache_item("v1:disk@")
    desk.claude.meanwhile = lambda: desk.store.lose(key)
    handle(desk)
    assert desk.incident().analysis.headline == "verdict 1"
    assert key not in desk.store.items


def test_losing_the_race_for_the_lease_means_waiting(desk: Desk) -> None:
    until = desk.now() + timedelta(seconds=60)
    theirs = CacheEntry(
        cache_key="v1:disk@", state=CacheState.PENDING, owner="other", lease_until=until
    )
    desk.store.meanwhile = lambda: desk.put_entry(theirs)
    handle(desk)
    assert desk.claude.asked == []
    assert [delay for _, delay in desk.taken(Queue.ANALYSIS)] == [60]


def test_an_entry_that_is_fresh_but_pending_is_told_from_once_the_lease_is_dead(
    desk: Desk,
) -> None:
    desk.put_entry(
        CacheEntry(
            cache_key="v1:disk@",
            state=CacheState.PENDING,
            owner="dead",
            lease_until=desk.now(),
            analysis=verdict(),
            fresh_until=desk.now() + timedelta(hours=1),
        )
    )
    handle(desk)
    assert desk.claude.asked == []
    assert desk.incident().analysis == verdict()


def test_a_lease_whose_list_of_waiters_is_full_is_waited_for_all_the_same(desk: Desk) -> None:
    held = CacheEntry(
        cache_key="v1:disk@",
        state=CacheState.PENDING,
        owner="other",
        lease_until=desk.now() + timedelta(seconds=30),
        waiters=tuple(f"i{number}" for number in range(MAX_WAITERS)),
    )
    desk.put_entry(held)
    handle(desk)
    assert desk.entry() == held
    assert len(desk.taken(Queue.ANALYSIS)) == 1


def test_a_bug_gives_the_lease_back_so_that_the_receives_end_in_a_dead_letter(desk: Desk) -> None:
    class Bug(Exception):
        pass

    def bug() -> None:
        raise Bug

    sent = request(desk)
    for _ in range(3):
        desk.claude.meanwhile = bug
        with pytest.raises(Bug):
            desk.investigator.handle(sent)
    assert desk.taken(Queue.ANALYSIS) == []
