"""A wrong analysis: served no more, asked for again, and paid for once."""

from datetime import timedelta
from typing import Any

import pytest

from desk import LEASE, Desk
from examples import alert, resolve, verdict
from responder.alert import Scope
from responder.cache_entry import CacheState
from responder.errors import Permanent, Reason, Retryable
from responder.incident import IncidentState, Mark
from responder.ports import Queue
from unit.protocols.analysing import DEV, ID, awaiting, handle, join
from unit.protocols.marking import analysed, given, meanwhile, say, work_off


@pytest.fixture
def desk() -> Desk:
    return analysed(awaiting())


def test_a_webhook_is_told_nothing_until_there_is_another_analysis() -> None:
    desk = awaiting()
    desk.slack.editable = False
    analysed(desk)
    before = len(desk.slack.calls)
    say(desk)
    desk.deliver_all()
    assert len(desk.slack.calls) == before
    work_off(desk)
    desk.deliver_all()
    assert [call.method for call in desk.slack.calls[before:]] == ["post"]


@pytest.mark.parametrize("mark", [Mark.RIGHT, Mark.NOISE])
def test_only_a_wrong_analysis_leaves_the_cache(desk: Desk, mark: Mark) -> None:
    before = desk.entry()
    say(desk, mark)
    assert desk.entry() == before
    assert desk.requested() == []


def test_a_wrong_analysis_is_asked_for_again_at_once_and_replaced(desk: Desk) -> None:
    say(desk)
    assert desk.incident().analysis.headline == "verdict 1"
    desk.record(alert("a2", fingerprint="f2", at=61))
    assert desk.requested() == [ID]
    handle(desk)
    assert desk.incident().analysis.headline == "verdict 2"
    assert desk.entry().analysis == desk.incident().analysis
    (_, case) = desk.claude.cases
    assert [one.note for one in case.context.feedback] == ["it was DNS"]
    assert case.incident.count == 2
    desk.tick(30)
    assert len(desk.claude.asked) == 2


def test_nobody_is_served_a_wrong_analysis_any_more(desk: Desk) -> None:
    say(desk)
    desk.requested()
    join(desk)
    assert desk.incident(DEV).analysis.is_fallback
    assert desk.requested() == [DEV]


def test_wrong_of_what_is_over_is_asked_anew_with_the_next_incident_only(desk: Desk) -> None:
    desk.record(resolve(at=90))
    say(desk)
    assert desk.requested() == []
    desk.later(hours=2)
    desk.record(alert("a2", at=7300))
    assert desk.requested() == ["v1:disk|prod.2"]
    assert desk.incident("v1:disk|prod.2").analysis.is_fallback


def test_wrong_of_what_is_over_is_asked_anew_when_it_is_reopened(desk: Desk) -> None:
    desk.record(resolve(at=90))
    say(desk)
    desk.later(minutes=5)
    desk.record(alert("a2", at=360))
    assert desk.incident().state is IncidentState.OPEN
    assert desk.requested() == [ID]


def test_the_next_alert_of_another_incident_with_the_same_analysis_asks_once(desk: Desk) -> None:
    join(desk)
    assert desk.incident(DEV).analysis == desk.incident().analysis
    say(desk)
    assert desk.requested() == [ID]
    desk.later(seconds=1)
    dev: dict[str, Any] = {"scope": Scope(environment="dev")}
    desk.record(alert("b2", fingerprint="f2", at=61, **dev))
    assert desk.requested() == [DEV]
    desk.record(alert("b3", fingerprint="f3", at=62, **dev))
    assert desk.requested() == []
    # It may have been lost, or Claude was away.
    desk.later(minutes=15)
    desk.record(alert("b4", fingerprint="f4", at=970, **dev))
    assert desk.requested() == [DEV]


def test_it_needs_no_second_call_where_the_cache_has_a_newer_analysis(desk: Desk) -> None:
    newer = verdict(headline="newer", made_at=desk.now())
    until = desk.now() + timedelta(hours=1)
    newer_entry = desk.entry().model_copy(update={"analysis": newer, "fresh_until": until})
    desk.put_entry(newer_entry)
    say(desk)
    assert desk.entry() == newer_entry
    work_off(desk)
    assert desk.incident().analysis == newer
    assert len(desk.claude.asked) == 1


def test_many_at_once_pay_one_call(desk: Desk) -> None:
    join(desk)
    for _ in range(3):
        say(desk)
    say(desk, incident_id=DEV, by="ben")
    requested = desk.requested()
    assert requested == [ID, ID, ID, DEV]
    for incident_id in requested:
        handle(desk, incident_id)
    assert len(desk.claude.asked) == 2
    assert desk.incident(DEV).analysis == desk.incident().analysis


def test_who_asks_at_that_moment_keeps_the_uninformed_answer_to_himself(desk: Desk) -> None:
    desk.put_entry(desk.entry().model_copy(update={"fresh_until": desk.now()}))
    desk.claude.meanwhile = meanwhile(desk)
    handle(desk)
    assert desk.entry().state is CacheState.PENDING
    assert desk.entry().analysis is None
    assert desk.requested() == [ID]
    handle(desk)
    assert len(desk.claude.asked) == 2, "never two calls at once"
    desk.later(seconds=LEASE.total_seconds())
    handle(desk)
    assert [len(case.context.feedback) for case in desk.claude.cases] == [0, 0, 1]
    assert desk.entry().analysis == desk.incident().analysis


def test_another_note_while_claude_is_asked_starts_no_second_call(desk: Desk) -> None:
    say(desk)
    desk.requested()
    desk.claude.meanwhile = meanwhile(desk, note="no, NTP")
    handle(desk)
    work_off(desk)
    assert len(desk.claude.asked) == 2


def test_an_outage_leaves_the_marked_analysis_and_ends(desk: Desk) -> None:
    say(desk)
    desk.claude.errors = [Permanent(Reason.NO_KEY)]
    work_off(desk)
    assert desk.incident().analysis.headline == "verdict 1"
    desk.tick(20)
    work_off(desk)
    assert desk.incident().analysis.headline == "verdict 3"


def test_another_note_does_not_ask_again_what_was_just_given_up(desk: Desk) -> None:
    say(desk)
    desk.claude.errors = [Permanent(Reason.REFUSED_BY_CLAUDE)]
    work_off(desk)
    say(desk, note="no, NTP")
    work_off(desk)
    assert len(desk.claude.asked) == 2


def test_what_claude_refuses_it_is_not_asked_for_ever(desk: Desk) -> None:
    say(desk)
    desk.claude.errors = [Permanent(Reason.REFUSED_BY_CLAUDE)]
    work_off(desk)
    desk.tick(120)
    assert desk.requested() == []


def test_what_claude_refuses_no_repeat_of_the_alert_asks_for_again(desk: Desk) -> None:
    say(desk)
    desk.claude.errors = [Permanent(Reason.REFUSED_BY_CLAUDE, "no")]
    work_off(desk)
    asked = len(desk.claude.asked)
    for minutes in range(1, 121):
        desk.later(minutes=1)
        desk.record(alert(f"x{minutes}", at=60 * minutes))
        work_off(desk)
    assert len(desk.claude.asked) == asked


def test_what_claude_refused_is_asked_for_once_more_when_a_person_says_wrong_again(
    desk: Desk,
) -> None:
    say(desk)
    desk.claude.errors = [Permanent(Reason.REFUSED_BY_CLAUDE, "no")]
    work_off(desk)
    asked = len(desk.claude.asked)
    desk.later(hours=2)
    say(desk, note="it was the certificate")
    work_off(desk)
    assert len(desk.claude.asked) == asked + 1


def test_a_wait_for_claude_is_left_alone_by_the_tick(desk: Desk) -> None:
    say(desk)
    desk.claude.errors = [Retryable(Reason.RATE_LIMITED, after=500, took_effect=False)]
    work_off(desk)
    ((copy, _),) = desk.taken(Queue.ANALYSIS)
    desk.tick(5)
    assert desk.requested() == []
    desk.later(minutes=5)
    handle(desk, first_sent=copy["first_sent"])
    assert desk.incident().analysis.headline == "verdict 3"


def test_a_triage_that_is_wrong_takes_nothing_from_the_cache() -> None:
    desk = awaiting()
    say(desk)
    assert desk.requested() == []
    assert given(desk).marks == {Mark.WRONG: 1}
    desk.tick()
    assert desk.requested() == [ID], "as for every analysis that is awaited"
