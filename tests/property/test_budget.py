"""Budgets and ledgers under any order of calls: never overspent, nothing lost, sums agree."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from responder.analysis import budget
from responder.analysis.budget import Limits, Payer, Purse
from responder.analysis.ledger import MAX_NAMES, OTHER, Ledger, Line

START = datetime(2026, 11, 3, 22, tzinfo=UTC)

dollars = st.integers(0, 200).map(lambda cents: cents / 1000)
payers = st.builds(
    Payer, st.sampled_from(["sentry", "Grafana"]), st.just("s"), st.sampled_from(["", "Pay"])
)
limits = st.builds(
    Limits,
    dollars,
    st.none() | dollars,
    st.dictionaries(st.sampled_from(["sentry", "grafana", "team:pay"]), dollars),
)
#: A call: whose, its ceiling, the part of it that it costs, when, and whether it is ever settled.
calls = st.lists(
    st.tuples(
        payers,
        st.integers(1, 60_000),
        st.integers(0, 100),
        st.integers(0, 40),
        st.booleans(),
    ),
    max_size=30,
)


@given(limits, calls, st.randoms())
def test_no_order_of_calls_passes_any_limit(
    given_limits: Limits, wanted: list[tuple[Payer, int, int, int, bool]], rng: object
) -> None:
    purse = Purse(month="2026-11")
    open_: list[tuple[str, int]] = []
    now = START
    for number, (payer, ceiling, part, hours, settled) in enumerate(wanted):
        now += timedelta(hours=hours)
        applying = given_limits.of(payer)
        call = budget.reservation(payer, "small", ceiling / budget.MICRO, applying, now)
        before = purse
        purse = budget.reserve(purse, str(number), call, applying)
        if str(number) in purse.held:
            open_.append((str(number), ceiling * part // 100))
        else:
            assert purse.held == before.held
            assert purse.settled == before.settled
        if settled and open_:
            name, cost = open_.pop(rng.randrange(len(open_)))  # type: ignore[attr-defined]
            purse = budget.settle(budget.settle(purse, name, cost), name, cost)
        for limit in given_limits.every():
            assert purse.taken(limit.counter(now)) <= limit.micro
            reached = budget.share(purse, limit, now)
            assert reached >= 0


@given(limits, calls)
def test_the_month_is_the_sum_of_its_calls(
    given_limits: Limits, wanted: list[tuple[Payer, int, int, int, bool]]
) -> None:
    purse = Purse(month="2026-11")
    paid = 0
    for number, (payer, ceiling, part, _, settled) in enumerate(wanted):
        applying = given_limits.of(payer)
        call = budget.reservation(payer, "small", ceiling / budget.MICRO, applying, START)
        purse = budget.reserve(purse, str(number), call, applying)
        if str(number) not in purse.held:
            continue
        cost = ceiling * part // 100
        purse = budget.settle(purse, str(number), cost) if settled else purse
        paid += cost if settled else ceiling
    assert purse.taken("2026-11") == purse.taken("2026-11-03") == paid


@given(
    st.lists(
        st.tuples(st.text(max_size=5), st.integers(0, 99).map(str), st.sampled_from("ml")),
        max_size=120,
    )
)
def test_each_kind_of_a_ledger_adds_up_to_the_day_and_stays_small(
    booked: list[tuple[str, str, str]],
) -> None:
    ledger = Ledger(day="2026-11-03")
    for number, (source, service, model) in enumerate(booked):
        line = Line(calls=1, micro_usd=number, input_tokens=2, output_tokens=3)
        ledger = ledger.booked(source, service, model, line)
    assert ledger.total.calls == len(booked)
    assert ledger.total.micro_usd == sum(range(len(booked)))
    for kind in (ledger.sources, ledger.services, ledger.models):
        assert sum(kind.values(), Line()) == ledger.total
        assert len(kind) <= MAX_NAMES + 1
        assert OTHER in kind or len(kind) <= MAX_NAMES
    assert Ledger.model_validate_json(ledger.model_dump_json()) == ledger
