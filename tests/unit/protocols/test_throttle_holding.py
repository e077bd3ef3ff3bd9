"""The throttle: whom it holds, and whom it leaves alone."""

from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from desk import Desk
from examples import resolve
from faults.world import START
from responder.alert import SYNTHETIC_SOURCE, Scope, Severity
from responder.incident import IncidentState
from responder.policy.routes import Route, Routes
from responder.policy.storm import THROTTLE
from responder.ports import Queue
from unit.protocols.storming import held, problem, tick, work
from unit.protocols.throttling import (
    DIGEST,
    HOURLY,
    KEY,
    fire,
    is_open,
    limit,
    listed,
    posted,
    throttled,
)


@pytest.fixture
def desk() -> Desk:
    return throttled()


def test_a_source_has_its_cards_and_what_is_more_goes_into_one_digest(desk: Desk) -> None:
    limit(desk, most=8, hourly=HOURLY)
    for number in range(6):
        fire(desk, number)
        tick(desk, 5)
    work(desk)
    assert held(desk, *range(6)) == ["", "", "", "throttle", "throttle", "throttle"]
    assert {problem(desk, number).storm_id for number in (3, 4, 5)} == {DIGEST}
    assert desk.telemetry.counts["Throttles"] == 1
    assert desk.telemetry.counts["AlertsHeld:throttle"] == 3
    assert desk.telemetry.counts["Storms"] == 0
    assert posted(desk, "Too many new problems from sentry") == 1
    assert not posted(desk, "problem 4")


@pytest.mark.parametrize(
    "changes",
    [{"source": "zabbix"}, {"service": "pay"}],
    ids=["source", "channel"],
)
def test_nobody_is_held_for_what_another_one_sends(desk: Desk, changes: dict[str, object]) -> None:
    paid = Route(name="paid", match=("service=pay",), channel="#payments")
    desk.recorder = replace(desk.recorder, routes=lambda: Routes(routes=(paid,)))
    fire(desk, *range(6))
    fire(desk, 7, **changes)
    assert held(desk, 7) == [""]


def test_a_source_that_invents_environments_has_no_more_cards_for_it(desk: Desk) -> None:
    for number in range(6):
        fire(desk, number, scope=Scope(environment=f"pr-{number}"))
    opened = [desk.incident(f"v1:p{number}|pr-{number}.1") for number in range(6)]
    assert [one.held for one in opened] == ["", "", "", "throttle", "throttle", "throttle"]
    digest = desk.incident(DIGEST)
    assert (digest.title, digest.scope) == ("Too many new problems from sentry", Scope())


def test_critical_ones_and_our_own_checks_are_never_held_and_not_counted(desk: Desk) -> None:
    fire(desk, *range(9), severity=Severity.CRITICAL)
    fire(desk, *range(10, 20), source=SYNTHETIC_SOURCE)
    fire(desk, *range(20, 24))
    fire(desk, 30, severity=Severity.CRITICAL)
    fire(desk, 31, source=SYNTHETIC_SOURCE)
    assert held(desk, 0, 8, 10, 19, 20, 22, 23, 30, 31) == [*[""] * 6, "throttle", "", ""]


def test_a_held_one_that_becomes_critical_has_its_card_at_once(desk: Desk) -> None:
    fire(desk, *range(5))
    desk.announced()
    desk.requested()
    fire(desk, 4, severity=Severity.CRITICAL)
    assert held(desk, 3, 4) == ["throttle", ""]
    assert [name for name, _ in desk.announced(Queue.CRITICAL_DISTRIBUTION)] == ["v1:p4|prod.1"]
    assert desk.requested() == ["v1:p4|prod.1"]


def test_repeats_are_counted_and_resolves_close_what_is_held(desk: Desk) -> None:
    fire(desk, *range(5))
    fire(desk, 4, 4, 3)
    desk.record(resolve(source="sentry", fingerprint="f3", at=30))
    assert (problem(desk, 4).count, problem(desk, 4).held) == (3, "throttle")
    assert (problem(desk, 3).state, problem(desk, 3).held) == (IncidentState.RESOLVED, "throttle")
    work(desk)
    assert not posted(desk, "problem 3")


def test_nothing_is_held_where_it_is_switched_off(desk: Desk) -> None:
    limit(desk, hourly=0)
    fire(desk, *range(100))
    assert set(held(desk, *range(100))) == {""}


def test_what_is_held_when_it_is_switched_off_is_listed_all_the_same(desk: Desk) -> None:
    fire(desk, *range(5))
    limit(desk, hourly=0)
    fire(desk, 5)
    tick(desk, 16)
    assert held(desk, 3, 4, 5) == ["throttle", "throttle", ""]
    assert listed(desk) == ["v1:p3|prod.1", "v1:p4|prod.1"]


def test_after_it_whoever_fires_again_has_a_card_and_others_stay_listed(desk: Desk) -> None:
    fire(desk, *range(6))
    tick(desk, 61)
    fire(desk, 4)
    assert held(desk, 3, 4, 5) == ["throttle", "", "throttle"]
    work(desk)
    assert posted(desk, "problem 4") == 1


def test_the_cards_of_an_hour_count_for_that_hour_although_it_ended_before(desk: Desk) -> None:
    fire(desk, *range(5))
    tick(desk, 17)
    assert not is_open(desk)
    fire(desk, 10, 4)
    assert held(desk, 10, 4) == ["throttle", "throttle"]
    assert (problem(desk, 10).storm_id, problem(desk, 4).storm_id) == (f"{KEY}.2", DIGEST)
    tick(desk, 44)
    fire(desk, 11)
    assert held(desk, 11) == [""]


def test_what_began_a_digest_was_held_and_counts_as_no_card(desk: Desk) -> None:
    fire(desk, *range(5))
    tick(desk, 59)
    # The first card is an hour old, the second one not yet.
    desk.later(seconds=(START + timedelta(seconds=3600.5) - desk.now()).total_seconds())
    assert not is_open(desk)
    fire(desk, 10, 11, 12, 13)
    assert held(desk, 10, 11, 12, 13) == ["", "", "", "throttle"]


@given(
    seconds=st.lists(st.integers(1, 1500), min_size=HOURLY, max_size=60),
    hourly=st.integers(1, 4),
)
@settings(max_examples=30)
def test_a_source_never_has_more_cards_in_any_hour(seconds: list[int], hourly: int) -> None:
    desk = Desk()
    limit(desk, hourly=hourly)
    for number, gap in enumerate(seconds):
        due = desk.now() + timedelta(seconds=gap)
        while due - desk.now() > timedelta(minutes=5):
            tick(desk, 5)
        desk.later(seconds=max((due - desk.now()).total_seconds(), 0))
        fire(desk, number)
    every = [problem(desk, number) for number in range(len(seconds))]
    shown = [one.opened_at for one in every if not one.held]
    assert all(
        later - first >= THROTTLE.window
        for first, later in zip(shown, shown[hourly:], strict=False)
    )
    tick(desk, 62)
    begun = dict.fromkeys(one.storm_id for one in every if one.held)
    lists = [name for digest in begun for name in listed(desk, digest)]
    assert sorted(lists) == sorted(one.incident_id for one in every if one.held)
    began = [desk.incident(digest).opened_at for digest in begun]
    assert all(later - first >= THROTTLE.lull for first, later in pairwise(began))
