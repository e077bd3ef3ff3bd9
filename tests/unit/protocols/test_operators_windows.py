"""Operators hear of a cause once an hour, and then of all that waited."""

from datetime import timedelta

import pytest

from desk import Desk
from faults.world import START
from responder.alert import Severity
from responder.ports import Queue
from responder.protocols.operators import MAX_OTHERS, PATIENCE, WINDOW, Window, join
from unit.protocols.reporting import (
    ID,
    cardless,
    deliver,
    other,
    refuse,
    reports,
    told,
    wait,
    work_off,
)


@pytest.fixture
def desk() -> Desk:
    return cardless()


def test_one_notice_per_cause_and_hour_and_the_next_one_tells_the_rest(desk: Desk) -> None:
    names = [ID, *(other(desk, f"v1:p{n}|prod.1") for n in range(4))]
    for name in names:
        refuse(desk, name)
    work_off(desk)
    assert told(desk) == [ID]
    assert desk.telemetry.counts["OperatorNoticesHeld:told_with_the_next"] == 3
    desk.later(minutes=59)
    work_off(desk)
    assert told(desk) == [ID]
    desk.later(minutes=1)
    work_off(desk)
    assert told(desk) == [ID, "+".join(names[1:])]
    assert reports(desk) == []


def test_a_newcomer_who_is_first_after_the_hour_tells_all_that_waited(desk: Desk) -> None:
    names = [ID, *(other(desk, f"v1:p{n}|prod.1") for n in range(3))]
    for name in names:
        refuse(desk, name)
    work_off(desk)
    (carried,) = reports(desk)
    desk.later(hours=1)
    newcomer = other(desk, "v1:new|prod.1")
    refuse(desk, newcomer)
    work_off(desk)
    assert told(desk) == [ID, "+".join([newcomer, *names[1:]])]
    desk.deliverer.handle(carried.model_copy(update={"not_before": None}))
    desk.later(hours=1)
    work_off(desk)
    assert len(told(desk)) == 2
    assert desk.telemetry.counts["OperatorNoticesHeld:told_already"] == 1


def test_more_than_are_remembered_are_told_as_at_least_so_many(desk: Desk) -> None:
    for name in (ID, *(other(desk, f"v1:p{n}|prod.1") for n in range(MAX_OTHERS + 2))):
        refuse(desk, name)
    work_off(desk)
    desk.later(hours=1)
    work_off(desk)
    first, then = (one.document["others"] for one in desk.sinks["webhook"].notices)
    assert (first["count"], first["exact"]) == (0, True)
    assert (then["count"], then["exact"]) == (MAX_OTHERS, False)


def test_the_next_one_leaves_out_what_slack_shows_by_then(desk: Desk) -> None:
    names = [ID, *(other(desk, f"v1:p{n}|prod.1") for n in range(4))]
    for name in names:
        wait(desk, name)
    work_off(desk)
    desk.later(hours=1)
    for name in names[1:3]:
        deliver(desk, name)
    desk.later(minutes=1)
    work_off(desk)
    assert told(desk) == [ID, "+".join(names[3:])]
    assert desk.telemetry.counts["OperatorNoticesHeld:shown_meanwhile"] == 2


def test_the_carrier_looks_again_within_the_longest_delay_of_sqs(desk: Desk) -> None:
    for name in (ID, other(desk, "v1:p1|prod.1")):
        refuse(desk, name)
    work_off(desk)
    (message, delay) = next(one for one in desk.taken(Queue.DISTRIBUTION))
    assert (message["not_before"], delay) == (START + timedelta(minutes=15), 900)


def test_each_critical_incident_is_told_by_itself(desk: Desk) -> None:
    names = [other(desk, f"v1:c{n}|prod.1", severity=Severity.CRITICAL) for n in range(3)]
    for name in names:
        refuse(desk, name)
    work_off(desk, Queue.CRITICAL_DISTRIBUTION)
    assert told(desk) == names


def test_a_carrier_that_rises_to_critical_still_carries_the_others(desk: Desk) -> None:
    names = [ID, *(other(desk, f"v1:p{n}|prod.1") for n in range(3))]
    for name in names:
        refuse(desk, name)
    work_off(desk)
    risen = desk.incident(names[1])
    desk.put_incident(risen.model_copy(update={"severity": Severity.CRITICAL}))
    desk.later(hours=1)
    work_off(desk)
    assert told(desk) == [ID, "+".join(names[1:])]


def test_a_report_of_the_release_before_goes_by_the_severity_of_the_moment(desk: Desk) -> None:
    name = other(desk, "v1:c0|prod.1", severity=Severity.CRITICAL)
    refuse(desk)
    work_off(desk)
    refuse(desk, name)
    (report,) = reports(desk, Queue.CRITICAL_DISTRIBUTION)
    assert report.trouble is not None
    older = report.trouble.model_copy(update={"alone": None})
    desk.deliverer.handle(report.model_copy(update={"trouble": older}))
    assert told(desk) == [ID, name]


def test_another_cause_is_told_within_the_hour(desk: Desk) -> None:
    refuse(desk)
    work_off(desk)
    wait(desk, other(desk, "v1:p1|prod.1"))
    work_off(desk)
    assert told(desk) == [ID, "v1:p1|prod.1"]


def test_others_are_kept_up_to_a_limit() -> None:
    full = Window(
        owner="a@1",
        incident_id="a",
        until=START + WINDOW,
        carrier="b@1",
        others=tuple(f"i{n}" for n in range(MAX_OTHERS)),
    )
    assert join(full, "c@1", "c", START) == full


def test_an_incident_is_named_once() -> None:
    window = join(None, "a@1", "a", START)
    for me in ("b@1", "c@1", "b@2", "c@2", "a@2"):
        window = join(window, me, me[0], START)
    assert (window.carrier, window.others) == ("b@1", ("c",))


def test_a_report_that_was_told_and_comes_again_late_opens_no_window() -> None:
    told_window = Window(owner="a@1", incident_id="a", until=START, told=("webhook", "e-mail"))
    assert join(told_window, "a@1", "a", START + WINDOW) == told_window


def test_an_owner_that_was_killed_for_good_does_not_keep_the_cause_for_ever() -> None:
    taken = join(None, "a@1", "a", START)
    assert join(taken, "b@1", "b", START + PATIENCE).owner == "a@1"
    assert join(taken, "b@1", "b", START + PATIENCE + WINDOW).owner == "b@1"
