"""Every accepted alert has one place, and what cannot be is told; see ``reconcile.verdict``."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from examples import incident
from faults.world import START
from responder.alert import Status
from responder.incident import IncidentState, Storm
from responder_cli.reconcile.facts import Dead, Facts
from responder_cli.reconcile.verdict import (
    SETTLED,
    TICKS_TURN,
    Kind,
    Place,
    Problem,
    Report,
    Where,
    reconcile,
)
from unit.cli.reconcile_house import LATER, NAME, card, facts, record

SAYS = "*once*"


def missing(*alert_ids: str, at: datetime = START, **changes: Any) -> Facts:
    """Accepted one second after the other, and in no table."""
    accepted = {one: at + timedelta(seconds=n) for n, one in enumerate(alert_ids)}
    return facts(**{"accepted": accepted, "mine": frozenset[str](), "records": {}, "incidents": {},
                    "cards": {}} | changes)  # fmt: skip


def kinds(given: Facts) -> list[Kind]:
    return [one.kind for one in reconcile(given).problems]


def where(given: Facts) -> dict[str, Where]:
    return {name: place.where for name, place in reconcile(given).places.items()}


def test_what_its_card_shows_is_shown() -> None:
    assert reconcile(facts()) == Report({"a1": Place(Where.SHOWN)}, (), incidents=1)


@pytest.mark.parametrize("reason", ["stale", "resolve_without_firing"])
def test_an_alert_that_no_incident_counts_is_held_for_its_reason(reason: str) -> None:
    given = facts(record(), record("a2", held=reason))

    assert reconcile(given).places["a2"] == Place(Where.HELD, reason)
    assert kinds(given) == []


def test_an_alert_of_a_held_incident_is_held_for_the_incidents_reason() -> None:
    given = facts(incidents={NAME: incident(NAME, held="silenced")}, cards={})

    assert reconcile(given).held == {"silenced": 1}
    assert kinds(given) == []


def test_what_no_table_queue_or_letter_has_is_lost() -> None:
    given = missing("a1")

    assert where(given) == {"a1": Where.NOWHERE}
    assert [(one.kind, one.id) for one in reconcile(given).problems] == [(Kind.LOST, "a1")]


def test_as_many_as_there_are_messages_wait_the_newest_of_them() -> None:
    given = missing("a1", "a2", "a3", processing=2)

    assert where(given) == {"a1": Where.NOWHERE, "a2": Where.WAITING, "a3": Where.WAITING}


def test_what_was_accepted_just_now_waits_although_the_queue_says_nothing_yet() -> None:
    assert where(missing("a1", at=LATER - SETTLED / 2)) == {"a1": Where.WAITING}
    assert where(missing("a1", at=LATER - SETTLED)) == {"a1": Where.NOWHERE}


def test_a_letter_that_names_it_makes_it_dead_and_takes_no_place_in_the_queue() -> None:
    given = missing("a1", "a2", "a3", processing=1, dead_alerts=Dead(frozenset({"a3"})))

    assert where(given) == {"a3": Where.DEAD, "a2": Where.WAITING, "a1": Where.NOWHERE}


def test_letters_that_were_not_looked_into_may_be_the_oldest_ones() -> None:
    given = missing("a1", "a2", dead_alerts=Dead(unread=1))

    assert where(given) == {"a1": Where.DEAD, "a2": Where.NOWHERE}


def test_a_record_whose_incident_is_gone_is_nowhere() -> None:
    given = facts(incidents={}, cards={})

    assert where(given) == {"a1": Where.NOWHERE}
    assert kinds(given) == [Kind.UNCOUNTED]


@pytest.mark.parametrize("behind", [{}, {NAME: card(shown=0)}])
def test_a_card_that_is_behind_and_that_nobody_will_edit_is_a_problem(behind: Any) -> None:
    given = facts(cards=behind)

    assert where(given) == {"a1": Where.NOWHERE}
    assert kinds(given) == [Kind.UNSHOWN]


@pytest.mark.parametrize(
    "hope",
    [
        {"telling": 1},
        {"cards": {NAME: card(shown=0, next_try=LATER)}},
        {"incidents": {NAME: incident(NAME, announced_at=LATER - TICKS_TURN / 2)}},
        {"incidents": {NAME: incident(NAME, unshown_since=LATER - TICKS_TURN / 2)}},
    ],
)
def test_a_card_that_is_behind_and_has_its_turn_still_waits(hope: Any) -> None:
    given = facts(**{"cards": {}} | hope)

    assert where(given) == {"a1": Where.WAITING}
    assert kinds(given) == []


def test_a_card_that_was_given_up_is_where_its_letter_is() -> None:
    given = facts(cards={NAME: card(shown=0, dead_lettered=True)})
    letter = Dead(frozenset({NAME}))

    assert where(replace(given, dead_cards=letter)) == {"a1": Where.DEAD}
    assert where(replace(given, dead_cards=Dead(unread=1))) == {"a1": Where.DEAD}
    # Somebody threw the letter away; what else is in the queue will not show it.
    assert kinds(replace(given, telling=1)) == [Kind.UNSHOWN]


@pytest.mark.parametrize(("count", "resolves"), [(2, 1), (0, 1), (1, 2), (1, 0)])
def test_an_incident_counts_its_alerts_each_once(count: int, resolves: int) -> None:
    given = facts(record(), record("r1", status=Status.RESOLVED), record("x", held="stale"))
    right = replace(given, incidents={NAME: incident(NAME, count=1, resolves=1)})
    wrong = replace(given, incidents={NAME: incident(NAME, count=count, resolves=resolves)})

    assert kinds(right) == []
    assert kinds(wrong) == [Kind.MISCOUNTED]


def test_an_incident_of_before_may_count_more_than_was_read_and_never_less() -> None:
    old = {"first_received_at": START - timedelta(days=1)}
    more = facts(incidents={NAME: incident(NAME, count=7, **old)})
    less = facts(record(), record("a2"), incidents={NAME: incident(NAME, count=1, **old)})

    assert kinds(more) == []
    assert reconcile(more).older == 1
    assert kinds(less) == [Kind.MISCOUNTED]


def test_two_open_incidents_of_one_key_are_one_too_many() -> None:
    second = NAME.replace(".1", ".2")
    other = incident(second, episode=2)
    given = facts(
        record(),
        record("a2", incident_id=second),
        cards={NAME: card(), second: card(incident_id=second)},
    )
    over = other.model_copy(update={"state": IncidentState.RESOLVED})

    assert kinds(replace(given, incidents={NAME: incident(NAME), second: over})) == []
    assert kinds(replace(given, incidents={NAME: incident(NAME), second: other})) == [
        Kind.TWO_OPEN,
        Kind.TWO_OPEN,
    ]


@pytest.mark.parametrize(
    ("slack", "found"),
    [
        ({NAME: [SAYS]}, []),
        ({NAME: [SAYS, SAYS]}, [Kind.TWO_CARDS]),
        ({NAME: ["*2 times at once*"]}, [Kind.OUTDATED]),
        ({}, [Kind.NO_CARD]),
    ],
)
def test_slack_shows_one_card_which_says_how_often(slack: Any, found: list[Kind]) -> None:
    assert kinds(facts(slack=slack)) == found


def test_cards_of_a_webhook_are_several_messages_and_are_never_edited() -> None:
    assert kinds(facts(slack={}, cards={NAME: card(ts="", posted=True)})) == []


def test_what_is_held_has_no_card_in_slack() -> None:
    held = {NAME: incident(NAME, held="storm")}

    assert kinds(facts(incidents=held, slack={NAME: [SAYS]})) == [Kind.HELD_BUT_SHOWN]


def test_a_storms_card_counts_incidents_and_no_alerts() -> None:
    storm = {NAME: incident(NAME, storm=Storm(most=8, incidents=4))}

    assert kinds(facts(incidents=storm, slack={NAME: ["4 incidents held"]})) == []


def test_a_problem_that_the_next_look_tells_otherwise_is_none() -> None:
    busy = Problem(Kind.MISCOUNTED, NAME, "counts 4; 3 are recorded")
    still = Problem(Kind.LOST, "a1", "accepted, in no table")
    later = Problem(Kind.MISCOUNTED, NAME, "counts 6; 5 are recorded")

    assert Report({}, (later, still)).confirmed(Report({}, (busy, still))).problems == (still,)


@given(
    accepted=st.dictionaries(st.text("ab", min_size=1, max_size=3), st.integers(0, 7200)),
    recorded=st.sets(st.text("ab", min_size=1, max_size=3)),
    letters=st.sets(st.text("ab", min_size=1, max_size=3)),
    processing=st.integers(0, 5),
    unread=st.integers(0, 3),
)
def test_every_alert_has_one_place_and_lost_is_told_of_each_that_has_none(
    accepted: dict[str, int],
    recorded: set[str],
    letters: set[str],
    processing: int,
    unread: int,
) -> None:
    known = {one: record(one, held="stale") for one in recorded}
    given = facts(
        accepted={one: START + timedelta(seconds=at) for one, at in accepted.items()},
        mine=frozenset(known),
        records=known,
        incidents={},
        processing=processing,
        dead_alerts=Dead(frozenset(letters), unread),
    )

    report = reconcile(given)

    assert report.places.keys() == accepted.keys() | recorded
    nowhere = {name for name, one in report.places.items() if one.where is Where.NOWHERE}
    assert nowhere == {one.id for one in report.problems}
    unrecorded = accepted.keys() - recorded - letters
    assert len(nowhere) <= max(0, len(unrecorded) - processing)
