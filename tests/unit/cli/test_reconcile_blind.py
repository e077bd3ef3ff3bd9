"""What reception's log cannot tell is told, and is no proof; see ``reconcile.verdict``."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from examples import incident
from faults.world import START
from responder.analysis.trouble import OWN_SOURCE
from responder_cli.reconcile.facts import Facts
from responder_cli.reconcile.looking import Proof
from responder_cli.reconcile.verdict import (
    LOG_RETENTION,
    LOGGED_WITHIN,
    Kind,
    Place,
    Where,
    reconcile,
)
from template.deployed import resources
from unit.cli.reconcile_house import LATER, NAME, facts, record


def two(received_at: datetime = START, source: str = "sentry") -> Facts:
    """One alert that the log names, and ``silent``, which it does not."""
    return facts(
        record(),
        record("silent", received_at=received_at, source=source),
        accepted={"a1": START},
        incidents={NAME: incident(NAME, count=2)},
    )


def proved(given: Facts) -> bool:
    return Proof(reconcile(given), given).proved


def test_a_log_that_names_each_recorded_alert_proves() -> None:
    assert reconcile(facts()).blind == ()
    assert proved(facts())


def test_a_recorded_alert_that_the_log_does_not_name_is_a_hole_in_it() -> None:
    (said,) = reconcile(two()).blind

    assert "does not name 1 of the 2 recorded alerts, the first silent" in said
    assert not proved(two())


def test_the_oldest_unnamed_alert_is_told() -> None:
    given = facts(
        record("later", received_at=START + timedelta(minutes=1)),
        record("first"),
        record("last", received_at=START + timedelta(minutes=2)),
        accepted={},
        incidents={NAME: incident(NAME, count=3)},
    )

    (said,) = reconcile(given).blind
    assert "3 of the 3 recorded alerts, the first first, received" in said


def test_the_line_of_the_newest_may_come_after_the_period() -> None:
    due = LATER - LOGGED_WITHIN

    assert not proved(two(due))
    assert proved(two(due + timedelta(seconds=1)))


def test_a_log_that_names_nothing_has_no_excuse() -> None:
    given = facts(record(received_at=LATER), accepted={})

    assert not proved(given)


def test_what_the_stack_tells_of_itself_is_in_no_log_of_reception() -> None:
    assert proved(two(source=OWN_SOURCE))


@pytest.mark.parametrize(("older", "seen"), [(timedelta(0), True), (timedelta(seconds=1), False)])
def test_a_period_that_begins_before_the_log_is_not_seen_whole(
    older: timedelta, seen: bool
) -> None:
    given = replace(facts(), start=LATER - LOG_RETENTION - older)

    assert proved(given) is seen
    assert seen or "keeps 30 days" in reconcile(given).blind[0]


@pytest.mark.parametrize("gone", ["records", "incidents", "cards"])
def test_what_another_release_wrote_is_unreadable_not_lost(gone: str) -> None:
    name = "a1" if gone == "records" else NAME
    given = facts(**{"accepted": {"a1": START}, "mine": frozenset({"a1"}), gone: {}})
    given = replace(given, unreadable=frozenset({name}))
    report = reconcile(given)

    assert report.places == {"a1": Place(Where.UNREADABLE)}
    assert report.problems == ()
    assert f"wrote 1 of the alerts and incidents, such as {name};" in report.blind[0]
    assert not proved(given)


def test_a_held_alert_needs_no_card_that_can_be_read() -> None:
    held = {NAME: incident(NAME, held="silenced")}
    given = facts(incidents=held, cards={}, unreadable=frozenset({NAME}))

    assert reconcile(given).held == {"silenced": 1}


def test_what_cannot_be_read_may_be_what_an_incident_counts_more() -> None:
    more = facts(incidents={NAME: incident(NAME, count=2)})
    fewer = facts(record(), record("a2"), incidents={NAME: incident(NAME, count=1)})
    unread = frozenset({"another"})

    assert [one.kind for one in reconcile(more).problems] == [Kind.MISCOUNTED]
    assert reconcile(replace(more, unreadable=unread)).problems == ()
    assert [one.kind for one in reconcile(replace(fewer, unreadable=unread)).problems] == [
        Kind.MISCOUNTED
    ]


def test_the_log_is_kept_for_as_long_as_the_template_says() -> None:
    groups = resources("AWS::Logs::LogGroup")

    assert groups["ReceptionLogGroup"]["RetentionInDays"] == LOG_RETENTION.days
