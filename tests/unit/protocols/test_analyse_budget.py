"""What a call of Claude costs: reserved before, settled after, and refused by budget or switch."""

import pytest

from fakes import Desk
from responder.alert import Severity
from responder.analysis.budget import Budget
from responder.errors import Permanent, Reason, Retryable
from responder.ports import Queue
from responder.protocols import items
from responder.protocols.analyse import budget_item
from responder.protocols.switch import SWITCH, Switch
from unit.protocols.analysing import ID, UNAVAILABLE, awaiting, handle, refusal


@pytest.fixture
def desk() -> Desk:
    return awaiting()


def spent(desk: Desk) -> float:
    budget = items.load(desk.store, items.state_item(budget_item(desk.now())), Budget)
    return budget.reserved_or_spent_usd if budget else 0


def spend(desk: Desk, usd: float) -> None:
    day = desk.now().date().isoformat()
    desk.put(items.state_item(f"budget#{day}"), Budget(day=day, micro_usd=int(usd * 1_000_000)))


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
