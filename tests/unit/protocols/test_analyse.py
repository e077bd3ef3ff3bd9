"""The analysis lane: one paid call per fresh signature, whoever asks and whatever goes wrong."""

from datetime import timedelta

import pytest

from fakes import LEASE, Desk, alert, incident, triage, verdict
from faults.world import START
from responder.alert import Scope, Severity
from responder.analysis.budget import Budget
from responder.analysis.freshness import LIFE
from responder.analysis.reading import Call, Unusable
from responder.analysis.verdict import Analysis, Confidence
from responder.contracts import AnalysisRequest
from responder.errors import Permanent, Reason, Retryable
from responder.incident import (
    MAX_WAITERS,
    CacheEntry,
    CacheState,
    Incident,
    IncidentState,
    NoticeKind,
)
from responder.ports import Queue
from responder.protocols import items
from responder.protocols.analyse import budget_item, with_analysis
from responder.protocols.switch import SWITCH, Switch

ID = "v1:disk|prod.1"
DEV = "v1:disk|dev.1"
UNAVAILABLE = Retryable(Reason.UNAVAILABLE, "529", took_effect=False)
CALL = Call(
    model="m",
    tier="small",
    prompt_version="v1",
    made_at=START,
    cost_usd=0.013,
    input_tokens=1800,
    output_tokens=300,
)


@pytest.fixture
def desk() -> Desk:
    """One incident that awaits its analysis; its announcement and request are taken."""
    desk = Desk()
    desk.record(alert())
    desk.announced()
    desk.requested()
    return desk


def request(desk: Desk, incident_id: str = ID, **changes: object) -> AnalysisRequest:
    fields = {"cache_key": "v1:disk@", "incident_id": incident_id, "first_sent": desk.now()}
    return AnalysisRequest.model_validate(fields | changes)


def handle(desk: Desk, incident_id: str = ID, **changes: object) -> None:
    desk.investigator.handle(request(desk, incident_id, **changes))


def spent(desk: Desk) -> float:
    budget = items.load(desk.store, items.state_item(budget_item(desk.now())), Budget)
    return budget.reserved_or_spent_usd if budget else 0


def spend(desk: Desk, usd: float) -> None:
    day = desk.now().date().isoformat()
    desk.put(items.state_item(f"budget#{day}"), Budget(day=day, micro_usd=int(usd * 1_000_000)))


def join(desk: Desk) -> None:
    """Another incident of the same signature, which finds the lease held and waits."""
    desk.record(alert("b1", fingerprint="f2", scope=Scope(environment="dev")))


def refusal(reason: Reason = Reason.REFUSED_BY_CLAUDE) -> Unusable:
    return Unusable(reason, "declined", CALL)


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


def test_a_refresh_is_counted(desk: Desk) -> None:
    handle(desk)
    assert desk.telemetry.counts["CacheRefreshes"] == 0
    desk.later(days=30)
    handle(desk)
    assert desk.telemetry.counts["CacheRefreshes"] == 1


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
    desk.claude.meanwhile = lambda: join(desk)
    desk.claude.errors = [Permanent(Reason.NO_KEY)]
    handle(desk)
    waiter = desk.incident(DEV).analysis
    assert waiter.fallback_reason == "no_key"
    assert "environment dev" in waiter.summary
    assert {incident_id for incident_id, _ in desk.announced()} == {ID, DEV}


def test_a_call_is_reserved_before_and_settled_after(desk: Desk) -> None:
    reserved: list[float] = []
    desk.claude.meanwhile = lambda: reserved.append(spent(desk))
    handle(desk)
    assert reserved == [pytest.approx(0.02)]
    assert spent(desk) == pytest.approx(0.01)


def test_a_refused_call_costs_nothing(desk: Desk) -> None:
    desk.claude.errors = [UNAVAILABLE]
    handle(desk)
    assert spent(desk) == 0


@pytest.mark.parametrize("took_effect", [None, True])
def test_a_call_that_may_have_been_paid_stays_reserved(
    desk: Desk, took_effect: bool | None
) -> None:
    desk.claude.errors = [Retryable(Reason.TIMEOUT, took_effect=took_effect)]
    handle(desk)
    assert spent(desk) == pytest.approx(0.02)


def test_a_permanent_refusal_falls_back_and_costs_nothing(desk: Desk) -> None:
    desk.claude.errors = [Permanent(Reason.MISCONFIGURED, "unknown model")]
    handle(desk)
    assert desk.incident().analysis.fallback_reason == "misconfigured"
    assert spent(desk) == 0
    assert desk.taken(Queue.ANALYSIS) == []


def test_an_answer_without_a_verdict_is_paid_and_falls_back(desk: Desk) -> None:
    desk.claude.errors = [refusal()]
    handle(desk)
    assert desk.incident().analysis.fallback_reason == "refused_by_claude"
    assert spent(desk) == pytest.approx(0.013)
    assert desk.telemetry.said("Claude analysis") == 1
    assert desk.telemetry.counts["ClaudeDollars:small"] == pytest.approx(0.013)
    assert desk.telemetry.counts["FallbackAnalyses:refused_by_claude"] == 1


def test_a_spent_budget_falls_back_without_a_call(desk: Desk) -> None:
    spend(desk, 4.99)
    handle(desk)
    assert desk.claude.asked == []
    assert desk.incident().analysis.fallback_reason == "budget_spent"
    assert spent(desk) == pytest.approx(4.99)


def test_from_four_fifths_of_the_budget_only_the_small_model_is_asked(desk: Desk) -> None:
    desk.put_incident(desk.incident().model_copy(update={"severity": Severity.CRITICAL}))
    spend(desk, 4)
    handle(desk)
    assert desk.claude.asked == [(ID, "small")]


def test_yesterdays_spending_does_not_count(desk: Desk) -> None:
    spend(desk, 5)
    desk.later(days=1)
    handle(desk)
    assert desk.incident().analysis.headline == "verdict 1"


def test_what_cannot_be_settled_stays_spent_and_the_verdict_is_kept(desk: Desk) -> None:
    def refuse() -> None:
        desk.store.refuses = "budget#"

    desk.claude.meanwhile = refuse
    handle(desk)
    assert desk.incident().analysis.headline == "verdict 1"
    assert spent(desk) == pytest.approx(0.02)
    assert desk.telemetry.said("Budget not settled") == 1


def test_a_budget_that_expired_meanwhile_is_left_alone(desk: Desk) -> None:
    key = items.state_item(budget_item(desk.now()))
    desk.claude.meanwhile = lambda: desk.store.lose(key)
    handle(desk)
    assert key not in desk.store.items
    assert desk.incident().analysis.headline == "verdict 1"


def test_an_operators_switch_turns_claude_off_and_on(desk: Desk) -> None:
    switch = items.state_item(SWITCH)
    desk.put(switch, Switch(off=True, by="op"))
    handle(desk)
    assert desk.claude.asked == []
    assert desk.incident().analysis.fallback_reason == "analysis_off"
    desk.put(switch, Switch(off=False, by="op"))
    desk.later(minutes=2)
    handle(desk)
    assert desk.incident().analysis.headline == "verdict 1"


def test_a_critical_incident_is_refreshed_by_the_larger_model_once(desk: Desk) -> None:
    handle(desk)
    desk.put_incident(desk.incident().model_copy(update={"severity": Severity.CRITICAL}))
    handle(desk)
    handle(desk)
    assert desk.claude.asked == [(ID, "small"), (ID, "large")]
    assert desk.incident().analysis.tier == "large"


def stale(desk: Desk) -> None:
    """An incident that was served a stale analysis of Claude, whose refresh is asked for."""
    handle(desk)
    desk.put_entry(desk.entry().model_copy(update={"fresh_until": desk.now()}))


def test_a_stale_analysis_is_refreshed(desk: Desk) -> None:
    stale(desk)
    handle(desk)
    assert desk.incident().analysis.headline == "verdict 2"


def test_a_refresh_that_waits_keeps_the_stale_analysis(desk: Desk) -> None:
    stale(desk)
    desk.claude.errors = [UNAVAILABLE]
    handle(desk)
    assert desk.entry().state is CacheState.DONE
    assert desk.incident().analysis.headline == "verdict 1"


def test_a_refresh_that_is_given_up_leaves_the_stale_analysis_for_a_short_while(
    desk: Desk,
) -> None:
    stale(desk)
    before = desk.incident()
    desk.claude.errors = [Permanent(Reason.NO_KEY)]
    handle(desk)
    entry = desk.entry()
    assert desk.incident() == before
    assert entry.analysis == before.analysis
    assert entry.fresh_until == desk.now() + timedelta(minutes=5)


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


def test_a_refresh_whose_lease_was_lost_is_not_counted(desk: Desk) -> None:
    stale(desk)
    theirs = desk.entry().model_copy(
        update={
            "state": CacheState.PENDING,
            "owner": "other",
            "lease_until": desk.now() + timedelta(seconds=100),
        }
    )
    desk.claude.meanwhile = lambda: desk.put_entry(theirs)
    handle(desk)
    assert desk.telemetry.counts["CacheRefreshes"] == 0


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


NOW = START + timedelta(minutes=1)


def with_(before: Incident, analysis: Analysis) -> Incident | None:
    return with_analysis(before, analysis, NOW, paid=True)


def test_an_attached_analysis_is_a_loud_change_that_the_tick_looks_after() -> None:
    analysed = with_(incident(trailing_at=NOW), verdict())
    assert analysed is not None
    assert (analysed.revision, analysed.announced_at, analysed.trailing_at) == (2, NOW, None)
    assert analysed.due_at == NOW + timedelta(seconds=60)


def test_an_earlier_look_of_the_tick_is_kept() -> None:
    analysed = with_(incident(due_at=NOW), verdict())
    assert analysed is not None
    assert analysed.due_at == NOW


GIVEN_UP = triage(fallback_reason="timeout")


@pytest.mark.parametrize(
    ("before", "analysis"),
    [
        (None, verdict()),
        (incident(analysis=verdict()), verdict()),
        (incident(analysis=verdict()), GIVEN_UP),
        (incident(analysis=GIVEN_UP), triage(headline="another's", fallback_reason="timeout")),
    ],
)
def test_an_incident_keeps_what_it_has_or_what_is_better(
    before: Incident | None, analysis: Analysis
) -> None:
    assert with_analysis(before, analysis, NOW, paid=False) is None


def test_a_fallback_gives_only_its_reason() -> None:
    own = incident()
    changed = with_(own, triage(headline="another's", fallback_reason="timeout"))
    assert changed is not None
    assert changed.analysis == own.analysis.model_copy(update={"fallback_reason": "timeout"})


@pytest.mark.parametrize("error", [refusal(), Permanent(Reason.MISCONFIGURED)])
def test_what_the_larger_model_refuses_is_not_asked_for_again_and_again(
    desk: Desk, error: Permanent
) -> None:
    handle(desk)
    desk.put_incident(desk.incident().model_copy(update={"severity": Severity.CRITICAL}))
    desk.claude.errors = [error]
    handle(desk)
    assert desk.requested() == []
    assert desk.incident().analysis.tier == "small"


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


def test_a_request_that_failed_for_too_long_ends_with_the_fallback(desk: Desk) -> None:
    sent = request(desk)
    desk.later(seconds=1200)
    desk.investigator.handle(sent)
    assert desk.claude.asked == []
    assert desk.incident().analysis.fallback_reason == Reason.TOO_OLD.value


def test_a_long_retry_after_does_not_outlast_our_patience(desk: Desk) -> None:
    sent = request(desk)
    desk.claude.errors = [Retryable(Reason.RATE_LIMITED, after=800, took_effect=False)]
    desk.investigator.handle(sent)
    [(copy, delay)] = desk.taken(Queue.ANALYSIS)
    assert delay == 600
    assert copy["not_before"] == sent.first_sent + timedelta(minutes=10)


def test_a_severity_raised_while_the_small_model_answered_asks_for_the_large_one(
    desk: Desk,
) -> None:
    sent = request(desk)

    def raised() -> None:
        before = desk.incident()
        desk.put_incident(
            before.model_copy(
                update={"severity": Severity.CRITICAL, "revision": before.revision + 1}
            )
        )

    desk.claude.meanwhile = raised
    desk.investigator.handle(sent)
    assert desk.incident().analysis.tier == "small"
    assert [m["incident_id"] for m, _ in desk.taken(Queue.ANALYSIS)] == [sent.incident_id]


def test_after_a_deployment_the_analysis_is_shown_and_asked_for_again(desk: Desk) -> None:
    desk.put_incident(desk.incident().model_copy(update={"labels": {"version": "1"}}))
    handle(desk)
    desk.later(hours=1)
    scopes = (Scope(environment="dev"), Scope(environment="test"))
    for number, (version, scope) in enumerate(zip(("1", "2"), scopes, strict=True)):
        desk.record(
            alert(f"v{number}", fingerprint=f"v{number}", scope=scope, labels={"version": version})
        )
    assert desk.requested() == ["v1:disk|test.1"]
    handle(desk, "v1:disk|test.1")
    stored = desk.entry().analysis
    assert stored is not None
    assert stored.deployment == "2"


SURE = verdict(severity_opinion=Severity.CRITICAL, headline="the disk is full")


def doubts(before: Incident, analysis: Analysis) -> list[tuple[NoticeKind, str]]:
    after = with_analysis(before, analysis, START, paid=True)
    assert after is not None
    return [(notice.kind, notice.detail) for notice in after.notices]


def test_an_opinion_on_the_severity_that_contradicts_the_alert_is_told() -> None:
    said = "The alert says HIGH, Claude CRITICAL (confidence high): the disk is full"
    assert doubts(incident(), SURE) == [(NoticeKind.SEVERITY_DOUBTED, said)]


@pytest.mark.parametrize(
    ("before", "analysis"),
    [
        (incident(), verdict()),
        (incident(severity=Severity.CRITICAL), SURE),
        (incident(), SURE.model_copy(update={"confidence": Confidence.LOW})),
        (incident(), triage(fallback_reason="timeout", severity_opinion=Severity.CRITICAL)),
        (incident(state=IncidentState.RESOLVED), SURE),
        (incident(analysis=SURE), SURE.model_copy(update={"made_at": START + LEASE})),
    ],
)
def test_what_is_no_news_of_the_severity_is_not_told(before: Incident, analysis: Analysis) -> None:
    assert doubts(before, analysis) == []


def test_another_opinion_than_before_is_told() -> None:
    before = incident(analysis=SURE.model_copy(update={"severity_opinion": Severity.LOW}))
    assert len(doubts(before, SURE)) == 1


def test_a_doubt_is_told_once_per_analysis(desk: Desk) -> None:
    desk.put_incident(with_analysis(desk.incident(), SURE, START, paid=True) or desk.incident())
    assert with_analysis(desk.incident(), SURE, START, paid=False) is None
    assert desk.incident().last_notice == 1
