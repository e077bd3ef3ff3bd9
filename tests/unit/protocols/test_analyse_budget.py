"""What a call of Claude costs: reserved before, settled after, and refused by budget or switch."""

import pytest

from desk import Desk
from examples import alert
from responder.alert import Severity
from responder.analysis.budget import ABANDONED_AFTER, MICRO, Limits, Purse, day_of
from responder.analysis.ledger import Ledger, Line
from responder.errors import Permanent, Reason, Retryable
from responder.ports import Queue
from responder.protocols import items
from responder.protocols.spending import ledger_item, purse_item
from responder.protocols.switch import SWITCH, Switch
from unit.protocols.analysing import ID, UNAVAILABLE, awaiting, handle, refusal


@pytest.fixture
def desk() -> Desk:
    return awaiting()


def purse_of(desk: Desk) -> Purse:
    month = desk.now().strftime("%Y-%m")
    return items.load(desk.store, purse_item(month), Purse) or Purse(month=month)


def ledger_of(desk: Desk) -> Ledger:
    found = items.load(desk.store, ledger_item(day_of(desk.now())), Ledger)
    return found or Ledger(day="none")


def spent(desk: Desk) -> float:
    return purse_of(desk).taken(day_of(desk.now())) / MICRO


def spend(desk: Desk, usd: float, of: str = "") -> None:
    counter = f"{day_of(desk.now())} {of}".rstrip()
    purse = purse_of(desk)
    settled = {**purse.settled, counter: int(usd * MICRO)}
    desk.put(purse_item(purse.month), purse.model_copy(update={"settled": settled}))


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
    assert ledger_of(desk).models == {
        "no answer (small)": Line(calls=1, unknown=1, micro_usd=20_000)
    }
    assert desk.telemetry.counts["ClaudeCallsUnknown"] == 1


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


def test_a_purse_that_expired_meanwhile_is_left_alone(desk: Desk) -> None:
    key = purse_item(purse_of(desk).month)
    desk.claude.meanwhile = lambda: desk.store.lose(key)
    handle(desk)
    assert key not in desk.store.items
    assert desk.incident().analysis.headline == "verdict 1"


def test_a_settled_call_is_in_the_ledger_of_its_day(desk: Desk) -> None:
    desk.put_incident(desk.incident().model_copy(update={"service": "checkout"}))
    handle(desk)
    line = Line(calls=1, micro_usd=10_000)
    assert ledger_of(desk).sources == {"alertmanager": line}
    assert ledger_of(desk).services == {"checkout": line}
    assert ledger_of(desk).models == {"model": line}
    assert purse_of(desk).settled[purse_of(desk).month] == ledger_of(desk).total.micro_usd


def test_a_call_over_midnight_belongs_to_the_day_on_which_it_began(desk: Desk) -> None:
    desk.later(hours=20, minutes=59, seconds=50)
    before = day_of(desk.now())
    desk.claude.meanwhile = lambda: desk.later(seconds=20)
    handle(desk, first_sent=desk.now())
    assert day_of(desk.now()) > before
    assert spent(desk) == 0
    assert purse_of(desk).settled[before] == 10_000
    assert items.load(desk.store, ledger_item(before), Ledger) is not None


@pytest.mark.parametrize(
    "limits",
    [Limits(5, 0.019), Limits(5, None, {"alertmanager": 0.019}), Limits(5, 5, {"team:pay": 0.01})],
)
def test_any_spent_budget_falls_back_without_a_call(limits: Limits) -> None:
    desk = awaiting(limits, labels={"team": "Pay"})
    handle(desk)
    assert desk.claude.asked == []
    assert desk.incident().analysis.fallback_reason == "budget_spent"
    assert purse_of(desk).taken(purse_of(desk).month) == 0


def test_the_refusal_says_which_budget_has_no_room(desk: Desk) -> None:
    spend(desk, 4.99)
    with pytest.raises(Permanent) as caught:
        desk.investigator.spending.reserve(desk.incident(), "small", 0.02, "me")
    assert caught.value.reason is Reason.BUDGET_SPENT
    assert caught.value.detail == (
        "4.9900 of 5.00 dollars of the daily budget are spent or reserved, "
        "this call may cost 0.0200"
    )


def test_anothers_spent_budget_is_nothing_to_an_incident() -> None:
    desk = awaiting(Limits(5, None, {"sentry": 0, "team:other": 0}))
    handle(desk)
    assert desk.incident().analysis.headline == "verdict 1"


def test_from_four_fifths_of_its_sources_budget_only_the_small_model_is_asked() -> None:
    desk = awaiting(Limits(50, None, {"alertmanager": 5}), severity=Severity.CRITICAL)
    spend(desk, 4, of="alertmanager")
    handle(desk)
    assert desk.claude.asked == [(ID, "small")]


def test_with_no_budget_every_incident_still_has_its_triage() -> None:
    desk = awaiting(Limits(0))
    handle(desk)
    analysis = desk.incident().analysis
    assert (analysis.is_fallback, analysis.fallback_reason) == (True, "budget_spent")
    assert analysis.headline


def test_a_reservation_whose_answer_was_lost_is_made_once(desk: Desk) -> None:
    spending, incident = desk.investigator.spending, desk.incident()
    desk.store.meanwhile = lambda: _reserve(desk)
    bill = spending.reserve(incident, "small", 0.02, "me")
    assert spent(desk) == pytest.approx(0.02)
    spending.release(bill)
    assert spent(desk) == 0


def test_a_settlement_whose_answer_was_lost_is_made_once(desk: Desk) -> None:
    """Settled twice, it would give back what another call has reserved."""
    spending, incident = desk.investigator.spending, desk.incident()
    spending.reserve(incident, "small", 0.05, "another")
    bill = spending.reserve(incident, "small", 0.02, "me")
    desk.store.meanwhile = lambda: spending.doubt(bill)
    spending.doubt(bill)
    assert spent(desk) == pytest.approx(0.07)
    assert ledger_of(desk).total == Line(calls=1, unknown=1, micro_usd=20_000)


def test_what_a_killed_worker_reserved_is_booked_as_unknown_by_a_later_call(desk: Desk) -> None:
    desk.investigator.spending.reserve(desk.incident(), "large", 0.3, "killed")
    handle(desk)
    assert set(purse_of(desk).held) == {"killed"}
    desk.record(alert("b1", fingerprint="f2", rule="v1:cpu"))
    desk.later(seconds=ABANDONED_AFTER.total_seconds())
    handle(desk, "v1:cpu|prod.1", cache_key="v1:cpu@")
    assert purse_of(desk).held == {}
    assert ledger_of(desk).models["no answer (large)"] == Line(
        calls=1, unknown=1, micro_usd=300_000
    )
    assert spent(desk) == pytest.approx(0.32)
    assert ledger_of(desk).total.micro_usd == purse_of(desk).settled[day_of(desk.now())]


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


def _reserve(desk: Desk) -> None:
    """What the very same write did before its answer was lost."""
    desk.investigator.spending.reserve(desk.incident(), "small", 0.02, "me")
