"""The analysis lane: one paid call per fresh signature, whoever asks and whatever goes wrong."""

from datetime import timedelta

import pytest

from desk import LEASE, Desk
from examples import alert
from faults.world import START
from responder.alert import Scope, Severity
from responder.analysis.freshness import LIFE
from responder.cache_entry import CacheState
from responder.contracts import AnalysisRequest
from responder.errors import Permanent, Reason, Retryable
from responder.ports import Queue
from responder.protocols import lease
from unit.protocols.analysing import DEV, ID, UNAVAILABLE, awaiting, handle, join, request


@pytest.fixture
def desk() -> Desk:
    return awaiting()


def test_claude_is_asked_once_and_the_incident_carries_the_analysis(desk: Desk) -> None:
    handle(desk)
    analysed = desk.incident()
    assert analysed.analysis.headline == "verdict 1"
    assert (analysed.revision, analysed.from_cache) == (2, False)
    assert desk.entry().state is CacheState.DONE
    assert desk.entry().fresh_until == desk.now() + LIFE[Severity.HIGH]
    assert set(desk.announced()) == {(ID, 0)}
    assert desk.telemetry.said("Claude analysis") == 1
    assert desk.telemetry.counts["ClaudeCalls:small"] == 1
    assert desk.telemetry.counts["ClaudeDollars:small"] == pytest.approx(0.01)


def test_an_analysis_knows_for_which_place_it_was_made(desk: Desk) -> None:
    handle(desk)
    stored = desk.entry().analysis
    assert stored is not None
    assert stored.made_for == desk.incident().scope != Scope()


def test_an_analysis_knows_which_worst_alert_it_was_told(desk: Desk) -> None:
    desk.record(alert("a2", fingerprint="f2", severity=Severity.CRITICAL, title="Disk is full"))
    handle(desk)
    told = desk.incident()
    assert told.worst is not None
    assert told.analysis.worst_alert == told.worst.alert_id == "a2"


def test_a_finished_analysis_is_attached_and_not_paid_again(desk: Desk) -> None:
    join(desk)
    handle(desk)
    desk.announced()
    handle(desk, DEV)
    assert len(desk.claude.asked) == 1
    assert desk.incident(DEV).analysis.headline == "verdict 1"
    assert desk.incident(DEV).from_cache
    assert desk.announced() == [(DEV, 0)]


def test_a_redelivered_request_announces_again_and_changes_nothing(desk: Desk) -> None:
    handle(desk)
    desk.announced()
    before = desk.incident()
    handle(desk)
    assert desk.incident() == before
    assert desk.announced() == [(ID, 0)]


def test_waiters_are_told_and_then_removed(desk: Desk) -> None:
    desk.claude.meanwhile = lambda: join(desk)
    handle(desk)
    assert desk.incident(DEV).analysis.headline == "verdict 1"
    assert desk.entry().waiters == ()
    assert {incident_id for incident_id, _ in desk.announced()} == {ID, DEV}


def test_waiters_left_behind_in_a_done_entry_are_told_by_whoever_comes_next(desk: Desk) -> None:
    join(desk)
    handle(desk)
    desk.put_entry(desk.entry().model_copy(update={"waiters": (DEV, "expired.1")}))
    handle(desk)
    assert desk.incident(DEV).analysis.headline == "verdict 1"
    assert desk.entry().waiters == ()


def test_a_copy_that_comes_too_early_waits_on(desk: Desk) -> None:
    until = desk.now() + timedelta(seconds=1000)
    handle(desk, not_before=until)
    (sent,) = desk.taken(Queue.ANALYSIS)
    assert sent[0]["not_before"] == until
    assert sent[1] == 900
    assert desk.claude.asked == []


def test_a_copy_whose_time_has_come_goes_on(desk: Desk) -> None:
    handle(desk, not_before=desk.now())
    assert len(desk.claude.asked) == 1


def test_the_request_of_an_expired_incident_is_dropped_visibly(desk: Desk) -> None:
    handle(desk, "gone.1")
    assert desk.telemetry.said("Incident has expired") == 1
    assert desk.claude.asked == []


def test_while_claude_is_away_the_lease_is_released_and_a_copy_waits(desk: Desk) -> None:
    desk.claude.errors = [Retryable(Reason.RATE_LIMITED, "429", after=7, took_effect=False)]
    sent = request(desk)
    desk.investigator.handle(sent)
    until = START + timedelta(seconds=7)
    entry = desk.entry()
    assert (entry.state, entry.owner, entry.next_try) == (CacheState.IDLE, "", until)
    assert entry.first_sent == sent.first_sent
    copy = sent.model_copy(update={"not_before": until})
    assert desk.taken(Queue.ANALYSIS) == [(copy.model_dump(), 7)]
    assert desk.telemetry.counts["Waits:rate_limited"] == 1
    assert desk.incident().analysis.fallback_reason == ""


def test_waiters_survive_a_wait_and_are_told_in_the_end(desk: Desk) -> None:
    desk.claude.errors = [UNAVAILABLE]
    desk.claude.meanwhile = lambda: join(desk)
    handle(desk)
    assert desk.entry().waiters == (DEV,)
    handle(desk)
    assert desk.incident(DEV).analysis.headline == "verdict 2"


def test_the_patience_ends_after_ten_minutes_and_the_fallback_stands(desk: Desk) -> None:
    sent = request(desk)
    desk.later(minutes=10, seconds=-1)
    desk.claude.errors = [UNAVAILABLE, UNAVAILABLE]
    desk.investigator.handle(sent)
    assert desk.incident().analysis.fallback_reason == ""
    desk.later(seconds=1)
    desk.investigator.handle(sent)
    assert desk.incident().analysis.fallback_reason == "unavailable"
    assert desk.entry().state is CacheState.DONE
    assert desk.telemetry.counts["FallbackAnalyses:unavailable"] == 1
    assert desk.telemetry.said("Fallback analysis") == 1


def test_the_waiters_of_a_given_up_signature_keep_their_own_triage_with_the_reason(
    desk: Desk,
) -> None:
    desk.claude.meanwhile = lambda: join(desk, title="disk of dev full")
    desk.claude.errors = [Permanent(Reason.NO_KEY)]
    handle(desk)
    waiter = desk.incident(DEV).analysis
    assert waiter.fallback_reason == "no_key"
    assert waiter.headline == "disk of dev full"
    assert {incident_id for incident_id, _ in desk.announced()} == {ID, DEV}


def test_a_request_that_failed_for_too_long_ends_with_the_fallback(desk: Desk) -> None:
    def bug() -> None:
        raise ZeroDivisionError

    sent = request(desk)
    desk.claude.meanwhile = bug
    with pytest.raises(ZeroDivisionError):
        desk.investigator.handle(sent)
    desk.later(seconds=1200)
    desk.investigator.handle(sent)
    assert len(desk.claude.asked) == 1
    assert desk.incident().analysis.fallback_reason == Reason.TOO_OLD.value


def test_a_request_whose_worker_died_for_too_long_ends_with_the_fallback(desk: Desk) -> None:
    sent = request(desk)
    dead = lease.take(None, "v1:disk@", "dead", desk.now(), LEASE)
    desk.put_entry(dead)
    desk.later(seconds=1200)
    desk.investigator.handle(sent)
    assert desk.claude.asked == []
    assert desk.incident().analysis.fallback_reason == Reason.TOO_OLD.value


def test_what_was_too_old_is_asked_again_while_it_fires(desk: Desk) -> None:
    test_a_request_whose_worker_died_for_too_long_ends_with_the_fallback(desk)
    desk.taken(Queue.ANALYSIS)
    desk.later(minutes=16)
    desk.ticker.tick()
    ((again, _),) = desk.taken(Queue.ANALYSIS)
    desk.investigator.handle(AnalysisRequest.model_validate(again))
    assert len(desk.claude.asked) == 1
    assert not desk.incident().analysis.is_fallback


def test_a_long_retry_after_does_not_outlast_our_patience(desk: Desk) -> None:
    sent = request(desk)
    desk.claude.errors = [Retryable(Reason.RATE_LIMITED, after=800, took_effect=False)]
    desk.investigator.handle(sent)
    [(copy, delay)] = desk.taken(Queue.ANALYSIS)
    assert delay == 600
    assert copy["not_before"] == sent.first_sent + timedelta(minutes=10)
