from datetime import UTC, datetime, timedelta, timezone

import pytest

from responder.analysis.budget import Budget, day_of, reserve, settle, small_only
from responder.errors import Permanent, Reason
from unit.analysis.examples import NOW


def test_reserving_adds_up_to_the_limit_and_not_beyond() -> None:
    budget = None
    for _ in range(10):
        budget = reserve(budget, 0.1, 1.0, NOW)
    assert budget == Budget(day="2026-11-21", micro_usd=1_000_000)
    with pytest.raises(Permanent) as caught:
        reserve(budget, 0.000001, 1.0, NOW)
    assert caught.value.reason is Reason.BUDGET_SPENT


def test_a_limit_of_zero_lets_nothing_through() -> None:
    with pytest.raises(Permanent):
        reserve(None, 0.001, 0, NOW)


def test_a_new_utc_day_starts_with_nothing_spent() -> None:
    spent = Budget(day="2026-11-20", micro_usd=5_000_000)
    assert reserve(spent, 1, 5, NOW) == Budget(day="2026-11-21", micro_usd=1_000_000)


def test_the_day_is_the_utc_day() -> None:
    late = datetime(2026, 11, 21, 1, 0, tzinfo=timezone(timedelta(hours=2)))
    assert day_of(late) == "2026-11-20"
    assert day_of(late.astimezone(UTC)) == "2026-11-20"


def test_settling_replaces_the_reservation_by_the_cost() -> None:
    budget = reserve(reserve(None, 0.02, 1, NOW), 0.03, 1, NOW)
    assert settle(budget, 0.03, 0.0006).micro_usd == 20_600
    assert settle(budget, 0.03, 0).reserved_or_spent_usd == 0.02


def test_settling_the_same_reservation_twice_never_makes_a_day_negative() -> None:
    budget = reserve(None, 0.02, 1, NOW)
    assert settle(settle(budget, 0.02, 0), 0.02, 0).micro_usd == 0


def test_ten_thousand_reservations_and_settlements_do_not_drift() -> None:
    budget = Budget(day=day_of(NOW))
    for _ in range(10_000):
        budget = settle(reserve(budget, 0.0123, 5, NOW), 0.0123, 0.0001)
    assert budget.micro_usd == 1_000_000


def test_a_fraction_of_a_millionth_is_not_free() -> None:
    assert reserve(None, 0.0000001, 1, NOW).micro_usd == 1


@pytest.mark.parametrize(
    ("micro", "limit", "small"),
    [(3_999_999, 5, False), (4_000_000, 5, True), (6_000_000, 5, True), (0, 0, True)],
)
def test_from_four_fifths_on_only_the_small_model(micro: int, limit: float, small: bool) -> None:
    assert small_only(Budget(day="2026-11-21", micro_usd=micro), limit) is small


def test_nothing_spent_yet_allows_both_models() -> None:
    assert not small_only(None, 5)
