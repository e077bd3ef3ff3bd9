"""Operators hear of every card that Slack does not show, and of no other."""

from dataclasses import replace
from datetime import timedelta

import pytest

from desk import REPORTED_AFTER, Desk
from faults.world import START
from responder.alert import Severity
from responder.contracts import Trouble
from responder.errors import Permanent, Reason, Retryable
from responder.incident import Hold, Notice, NoticeKind
from responder.ports import Queue
from responder.protocols import operators
from unit.protocols.reporting import (
    DOWN,
    ID,
    REFUSED,
    card,
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


def test_the_dead_letter_keeps_what_the_card_would_say(desk: Desk) -> None:
    desk.slack.errors = [REFUSED]
    with pytest.raises(Permanent) as caught:
        deliver(desk)
    assert "disk full" in caught.value.card
    assert ID in caught.value.card


def test_a_card_that_waits_is_told_only_after_a_while(desk: Desk) -> None:
    wait(desk, age=REPORTED_AFTER - timedelta(seconds=1))
    assert reports(desk) == []
    desk.later(minutes=1)
    wait(desk)
    (report,) = reports(desk)
    assert report.trouble == Trouble(
        cause=operators.UNREACHABLE, detail=DOWN.detail, at=desk.now(), gave_up=False, alone=False
    )


@pytest.mark.parametrize(
    ("reason", "cause"),
    [
        (Reason.TIMEOUT, "slack_unreachable"),
        (Reason.RATE_LIMITED, "slack_unreachable"),
        (Reason.SECRET_MISSING, "secret_missing"),
    ],
)
def test_a_revoked_token_is_another_cause_than_an_outage(
    desk: Desk, reason: Reason, cause: str
) -> None:
    desk.slack.errors = [Retryable(reason, "d", took_effect=False)]
    deliver(desk, age=REPORTED_AFTER)
    (report,) = reports(desk)
    assert report.trouble is not None
    assert report.trouble.cause == cause


def test_who_has_waited_for_twelve_hours_is_given_up_and_told_with_that(desk: Desk) -> None:
    desk.slack.errors = [DOWN]
    with pytest.raises(Permanent) as caught:
        deliver(desk, age=timedelta(hours=12))
    assert "disk full" in caught.value.card
    (report,) = reports(desk)
    assert report.trouble is not None
    assert (report.trouble.cause, report.trouble.gave_up) == ("too_old", True)


def test_a_card_that_still_waits_is_reported_again_after_an_hour(desk: Desk) -> None:
    wait(desk)
    assert len(reports(desk)) == 1
    desk.later(minutes=59)
    wait(desk)
    assert reports(desk) == []
    desk.later(minutes=1)
    wait(desk)
    assert len(reports(desk)) == 1


def test_a_rise_to_critical_is_reported_although_it_waits_already(desk: Desk) -> None:
    wait(desk)
    reports(desk)
    raised = {"severity": Severity.CRITICAL, "revision": 2}
    desk.put_incident(desk.incident().model_copy(update=raised))
    desk.later(minutes=1)
    wait(desk)
    assert len(reports(desk, Queue.CRITICAL_DISTRIBUTION)) == 1


def test_counters_that_lag_are_nobodys_trouble_and_notices_are(desk: Desk) -> None:
    deliver(desk)
    desk.put_incident(desk.incident().model_copy(update={"revision": 2, "count": 9}))
    wait(desk)
    assert reports(desk) == []
    news = Notice(number=1, kind=NoticeKind.REFIRED, at=START)
    changed = desk.incident().model_copy(update={"revision": 3, "notices": (news,)})
    desk.put_incident(changed)
    desk.later(minutes=5)
    wait(desk)
    assert len(reports(desk)) == 1


def test_a_silenced_incident_that_waits_is_nobodys_trouble(desk: Desk) -> None:
    hold = Hold(silence_id="s", until=START + timedelta(hours=9))
    desk.put_incident(desk.incident().model_copy(update={"silence": hold}))
    wait(desk)
    assert reports(desk) == []


def test_test_alerts_are_nobodys_trouble(desk: Desk) -> None:
    desk.put_incident(desk.incident().model_copy(update={"synthetic": True}))
    desk.slack.errors = [REFUSED]
    deliver(desk)
    wait(desk)
    assert reports(desk) == []


def test_a_card_that_is_shown_meanwhile_is_not_told(desk: Desk) -> None:
    wait(desk)
    (report,) = reports(desk)
    desk.later(minutes=1)
    deliver(desk)
    desk.deliverer.handle(report)
    assert told(desk) == []
    assert desk.telemetry.counts["OperatorNoticesHeld:shown_meanwhile"] == 1


def test_a_trouble_that_has_passed_does_not_keep_the_next_one_waiting(desk: Desk) -> None:
    wait(desk)
    (report,) = reports(desk)
    desk.later(minutes=1)
    deliver(desk)
    desk.deliverer.handle(report)
    wait(desk, other(desk, "v1:p1|prod.1"))
    work_off(desk)
    assert told(desk) == ["v1:p1|prod.1"]


def test_a_card_that_stands_and_cannot_be_edited_is_told(desk: Desk) -> None:
    deliver(desk)
    desk.put_incident(desk.incident().model_copy(update={"revision": 2, "count": 9}))
    refuse(desk)
    work_off(desk)
    assert told(desk) == [ID]


def test_a_report_that_was_sent_twice_is_told_once(desk: Desk) -> None:
    refuse(desk)
    desk.later(seconds=5)
    refuse(desk)
    work_off(desk)
    assert told(desk) == [ID]
    assert desk.telemetry.counts["OperatorNoticesHeld:told_already"] == 1


def test_an_unfinished_report_is_not_recorded_as_done(desk: Desk) -> None:
    desk.deliverer = replace(desk.deliverer, operators=replace(desk.operators, sinks={}))
    wait(desk)
    assert card(desk).reported_at == START
    assert card(desk).reported_as is Severity.HIGH
    deliver(desk)
    desk.later(seconds=30)
    deliver(desk)
    assert card(desk).reported_at is None
