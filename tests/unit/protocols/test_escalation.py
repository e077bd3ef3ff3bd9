"""A rise to CRITICAL is told in the channel of CRITICAL incidents, too, and at nobody's expense."""

from dataclasses import replace

import pytest

from desk import Desk
from examples import alert, resolve
from responder.alert import Severity
from responder.card import Intent
from responder.errors import Permanent, Reason
from responder.incident import Notice, NoticeKind, Storm
from responder.policy.route import Channels
from responder.ports import Queue
from responder.protocols import card as cards
from unit.protocols.delivering import (
    UNANSWERED,
    announced_desk,
    change,
    copies,
    deliver,
    fail_after,
    paced,
)
from unit.protocols.routing import apply


@pytest.fixture
def desk() -> Desk:
    return announced_desk()


def escalated(desk: Desk) -> None:
    """The card stands in its channel; then the severity rises to CRITICAL, which has another."""
    deliver(desk)
    desk.deliverer = replace(desk.deliverer, channels=Channels("#alerts", "#critical"))
    desk.record(alert("a2", at=20, severity=Severity.CRITICAL))
    desk.taken(Queue.CRITICAL_DISTRIBUTION)


def test_a_rise_to_critical_is_told_in_the_channel_of_critical_incidents_too(desk: Desk) -> None:
    escalated(desk)
    deliver(desk)
    assert [(c.method, c.channel, c.thread_ts) for c in desk.slack.calls] == [
        ("post", "#alerts", ""),
        ("update", "C1", ""),
        ("post", "C1", "1.0"),
        ("post", "#critical", ""),
    ]
    assert desk.card().told == desk.incident().last_notice == 2
    deliver(desk)
    assert len(desk.slack.calls) == 4


def test_a_rise_to_critical_in_the_only_channel_is_told_once(desk: Desk) -> None:
    deliver(desk)
    desk.record(alert("a2", at=20, severity=Severity.CRITICAL))
    deliver(desk)
    assert desk.slack.methods() == ["post", "update", "post"]
    assert desk.card().told == 2


def leave_the_escalation_behind(desk: Desk) -> Intent:
    escalated(desk)
    fail_after(desk, 2, UNANSWERED)
    deliver(desk)
    left = desk.card().intent
    assert left is not None
    assert (left.notice, left.channel) == (2, "#critical")
    desk.later(seconds=20)
    return left


def test_an_escalation_that_was_left_behind_is_looked_for_in_its_own_channel(desk: Desk) -> None:
    left = leave_the_escalation_behind(desk)
    desk.slack.lands[left.delivery_id] = "9.0"
    deliver(desk)
    assert [(c.method, c.channel, c.thread_ts) for c in desk.slack.calls[3:]] == [
        ("find", "#critical", "")
    ]
    assert (desk.card().told, desk.card().ts, desk.card().intent) == (2, "1.0", None)


@pytest.mark.parametrize("left_behind", [False, True])
def test_a_channel_of_critical_incidents_that_is_not_there_keeps_no_card_from_anything(
    desk: Desk, left_behind: bool
) -> None:
    missing = Permanent(Reason.REFUSED_BY_SLACK, "channel_not_found")
    if left_behind:
        leave_the_escalation_behind(desk)
        desk.slack.errors = [missing]
    else:
        escalated(desk)
        fail_after(desk, 2, missing)
    deliver(desk)
    assert desk.telemetry.counts["NoticesRefused:refused_by_slack"] == 1
    assert (desk.card().told, desk.card().owner, desk.card().dead_lettered) == (2, "", False)


def refuse_the_reply(desk: Desk, reason: Reason) -> None:
    """Slack takes the edit, and then no reply in the card's thread."""
    fail_after(desk, 1, Permanent(reason, "thread_locked"))


def test_a_rise_that_the_thread_does_not_take_is_told_in_the_channel(desk: Desk) -> None:
    deliver(desk)
    desk.record(alert("a2", at=20, severity=Severity.CRITICAL))
    refuse_the_reply(desk, Reason.REFUSED_BY_SLACK)
    deliver(desk)
    last = desk.slack.calls[-1]
    assert (last.method, last.channel, last.thread_ts) == ("post", "C1", "")
    assert last.text.startswith("🔴 Severity raised to CRITICAL")
    assert (desk.card().told, desk.card().dead_lettered) == (2, False)


def test_a_rise_that_waits_for_its_turn_in_the_channel_does_not_try_the_thread_again(
    desk: Desk,
) -> None:
    deliver(desk)
    paced(desk)
    desk.record(alert("a2", at=20, severity=Severity.HIGH))
    change(desk, notices=(Notice(number=1, kind=NoticeKind.SEVERITY_RAISED, at=desk.now()),))
    desk.later(seconds=30)
    refuse_the_reply(desk, Reason.REFUSED_BY_SLACK)
    deliver(desk)
    assert (desk.card().told, desk.card().thread_closed) == (0, True)
    assert copies(desk)[-1][0] is not None
    desk.later(seconds=60)
    deliver(desk, slot_reserved=True)
    assert [(call.method, call.thread_ts) for call in desk.slack.calls[2:]] == [("post", "")]
    assert desk.card().told == 1


@pytest.mark.parametrize("kind", [NoticeKind.HELD_PAGE, NoticeKind.STILL_FIRING])
def test_a_page_of_a_list_and_a_reminder_are_told_in_the_channel_as_well(
    desk: Desk, kind: NoticeKind
) -> None:
    deliver(desk)
    storm = Storm(most=1) if kind is NoticeKind.HELD_PAGE else None
    told = Notice(number=1, kind=kind, at=desk.now(), detail="1")
    change(desk, notices=(told,), storm=storm)
    refuse_the_reply(desk, Reason.REFUSED_BY_SLACK)
    deliver(desk)
    assert [(call.method, call.thread_ts) for call in desk.slack.calls[2:]] == [("post", "")]
    assert (desk.card().told, desk.card().dead_lettered) == (1, False)


def test_a_card_that_is_posted_anew_has_a_thread_again(desk: Desk) -> None:
    deliver(desk)
    desk.record(resolve(at=20))
    refuse_the_reply(desk, Reason.REFUSED_BY_SLACK)
    deliver(desk)
    assert desk.card().thread_closed
    assert not cards.gone(desk.card(), desk.incident()).thread_closed


def test_what_else_the_thread_does_not_take_keeps_the_card_from_nothing(desk: Desk) -> None:
    deliver(desk)
    desk.record(resolve(at=20))
    refuse_the_reply(desk, Reason.REFUSED_BY_SLACK)
    deliver(desk)
    assert desk.slack.methods() == ["post", "update"]
    assert desk.telemetry.counts["NoticesRefused:refused_by_slack"] == 1
    assert (desk.card().told, desk.card().dead_lettered) == (1, False)


def test_where_the_channel_of_a_route_refuses_a_rise_the_one_of_critical_is_told(
    desk: Desk,
) -> None:
    apply(desk, {"match": ["severity=CRITICAL"], "channel": "#oncall"})
    escalated(desk)
    fail_after(desk, 2, Permanent(Reason.CHANNEL_ARCHIVED, "is_archived"))
    deliver(desk)
    told = [(c.method, c.channel) for c in desk.slack.calls][-2:]
    assert told == [("post", "C1"), ("post", "#critical")]
    assert desk.telemetry.counts["NoticesRefused:channel_archived"] == 1
    assert (desk.card().told, desk.card().intent) == (2, None)


def test_what_is_critical_again_after_its_end_is_told_in_the_channel_of_critical_too(
    desk: Desk,
) -> None:
    escalated(desk)
    deliver(desk)
    for one in (resolve("r1", at=300), resolve("r2", at=301)):
        desk.record(one)
        deliver(desk)
    assert not desk.incident().still_fires
    desk.later(minutes=5)
    desk.record(alert("a3", at=600, severity=Severity.CRITICAL))
    deliver(desk)
    last = desk.slack.calls[-2:]
    assert [(c.channel, c.thread_ts) for c in last] == [("C1", "1.0"), ("#critical", "")]
    assert all(c.text.startswith("🔁 Fired again (🔴 CRITICAL)") for c in last)
