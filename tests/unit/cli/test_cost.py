"""Spans, sums and the forecast of ``responder cost``; the command itself is in integration."""

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from responder.analysis.budget import Limits
from responder.analysis.ledger import Ledger, Line
from responder_cli.cost import books
from responder_cli.cost.books import Books, Span
from responder_cli.cost.forecast import MIN_DAYS, forecast

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
PLENTY = 1_000_000.0


def ledger(day: str, usd: float, *, source: str = "sentry", model: str = "m") -> Ledger:
    line = Line(calls=1, micro_usd=round(usd * 1_000_000))
    return Ledger(day=day).booked(source, "", model, line)


def kept(*ledgers: Ledger) -> Books:
    return Books({one.day: one for one in ledgers})


@pytest.mark.parametrize(
    ("name", "last"),
    [("2026-11", "2026-11-30"), ("2026-12", "2026-12-31"), ("2028-02", "2028-02-29")],
)
def test_a_month_has_all_its_days(name: str, last: str) -> None:
    span = books.month(name)
    assert (span.days[0], span.days[-1]) == (f"{name}-01", last)
    assert str(span.end.date()) > last


def test_days_alike_go_on_alike() -> None:
    found = forecast([2.0] * 10, before=20, today=1, left=9, most=PLENTY)
    assert found is not None
    assert (found.low, found.usd, found.high) == (40, 40, 40)


def test_a_dear_day_is_not_forgotten_when_it_is_not_over() -> None:
    found = forecast([2.0] * 10, before=20, today=7, left=9, most=PLENTY)
    assert found is not None
    assert found.usd == 20 + 7 + 9 * 2


def test_the_more_days_differ_the_wider_is_the_range() -> None:
    alike, apart = ([1.9, 2.1] * 5, [0.0, 4.0] * 5)
    narrow, wide = (forecast(days, 20, 0, 9, PLENTY) for days in (alike, apart))
    assert narrow is not None
    assert wide is not None
    assert narrow.usd == pytest.approx(wide.usd)
    assert wide.low < narrow.low < narrow.high < wide.high


def test_few_days_say_nothing() -> None:
    assert forecast([2.0] * (MIN_DAYS - 1), 4, 0, 20, PLENTY) is None
    assert forecast([2.0] * MIN_DAYS, 4, 0, 20, PLENTY) is not None


amounts = st.floats(0, 100)


@given(
    st.lists(amounts, min_size=MIN_DAYS, max_size=28), amounts, amounts, st.integers(0, 30), amounts
)
def test_a_month_costs_no_less_than_it_has_and_no_more_than_its_budgets_allow(
    days: list[float], before: float, today: float, left: int, most: float
) -> None:
    found = forecast(days, before, today, left, most)
    assert found is not None
    assert before + today <= found.low <= found.usd <= found.high
    assert found.high <= max(most, before + today)


def test_the_first_day_with_a_call_begins_the_sample_and_days_without_one_are_free() -> None:
    found = books.expected(kept(ledger("2026-11-17", 4), ledger("2026-11-20", 4)), Limits(100), NOW)
    # Two dollars a day over four days: eight so far, and ten days with today.
    assert found is not None
    assert found.usd == pytest.approx(8 + 10 * 2)


def test_last_months_days_count_for_the_usual_day_but_not_for_this_month() -> None:
    now = datetime(2026, 11, 2, 12, tzinfo=UTC)
    october = [ledger(f"2026-10-{day}", 3) for day in range(20, 32)]
    found = books.expected(kept(*october, ledger("2026-11-01", 3)), Limits(100), now)
    assert found is not None
    assert found.usd == pytest.approx(30 * 3)


def test_a_day_before_the_sample_does_not_begin_it() -> None:
    recent = [ledger("2026-11-17", 4), ledger("2026-11-20", 4)]
    found = books.expected(kept(ledger("2026-09-30", 4), *recent), Limits(100), NOW)
    assert found == books.expected(kept(*recent), Limits(100), NOW)


@pytest.mark.parametrize(
    ("limits", "most"), [(Limits(3), 12 + 10 * 3), (Limits(100, 20), 20), (Limits(100, 5), 12)]
)
def test_budgets_end_the_range(limits: Limits, most: float) -> None:
    days = kept(*(ledger(f"2026-11-{day}", 4) for day in (18, 19, 20)))
    found = books.expected(days, limits, NOW)
    assert found is not None
    assert found.high == pytest.approx(most)


def test_lines_are_summed_over_days_the_dearest_first() -> None:
    days = Span(date(2026, 11, 1), date(2026, 11, 3)).days
    found = kept(
        ledger("2026-11-01", 1, source="a"),
        ledger("2026-11-02", 3, source="b"),
        ledger("2026-11-03", 1, source="a"),
        ledger("2026-11-04", 9, source="c"),
    )
    lines = found.of(days, "source")
    assert [(name, line.usd, line.calls) for name, line in lines.items()] == [
        ("b", 3, 1),
        ("a", 2, 2),
    ]
    assert list(found.of(days, "day")) == days


def test_calls_without_an_answer_say_nothing_of_what_one_costs() -> None:
    lost = Line(calls=1, unknown=1, micro_usd=9_000_000)
    book = ledger("2026-11-01", 0.5).booked("sentry", "", "no answer (small)", lost)
    assert kept(book).mean_usd(["2026-11-01"]) == 0.5
    only_lost = Ledger(day="2026-11-02").booked("sentry", "", "no answer (small)", lost)
    assert kept(only_lost).mean_usd(["2026-11-02"]) is None
