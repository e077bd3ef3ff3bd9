from datetime import UTC, datetime, timedelta, timezone

import pytest

from responder.analysis.budget import (
    ABANDONED_AFTER,
    MAX_SHARES,
    NEARLY,
    SPENT,
    Limit,
    Limits,
    Payer,
    Purse,
    Reservation,
    abandoned,
    day_of,
    lacking,
    month_of,
    parse_shares,
    reservation,
    reserve,
    settle,
    share,
    small_only,
    step,
)
from unit.analysis.examples import NOW

DAY, MONTH = "2026-11-21", "2026-11"
EMPTY = Purse(month=MONTH)
SENTRY = Payer("sentry", "checkout", "Payments")
LIMITS = Limits(1.0, 1.5, {"sentry": 0.5, "team:payments": 0.4, "grafana": 9})


def call(usd: float, limits: Limits = LIMITS, payer: Payer = SENTRY) -> Reservation:
    return reservation(payer, "small", usd, limits.of(payer), NOW)


def reserved(
    purse: Purse, name: str, usd: float, limits: Limits = LIMITS, payer: Payer = SENTRY
) -> Purse:
    return reserve(purse, name, call(usd, limits, payer), limits.of(payer))


def spent(usd: float, counter: str = DAY) -> Purse:
    return Purse(month=MONTH, settled={counter: round(usd * 1_000_000)})


def test_a_call_counts_for_the_day_the_month_its_source_and_its_team() -> None:
    counters = call(0.1).counters
    assert counters == (MONTH, DAY, f"{DAY} sentry", f"{DAY} team:payments")
    assert call(0.1, payer=Payer("other")).counters == (MONTH, DAY)


def test_a_call_counts_for_its_day_and_month_where_there_is_no_limit_for_them() -> None:
    assert call(0.1, Limits(1.0)).counters == (MONTH, DAY)


@pytest.mark.parametrize(
    ("limits", "short"),
    [
        (Limits(0.19), "daily budget"),
        (Limits(9, 0.19), "monthly budget"),
        (Limits(9, 9, {"sentry": 0.19}), "daily budget of sentry"),
        (Limits(9, 9, {"team:payments": 0.19}), "daily budget of team payments"),
        (Limits(9, 9, {"sentry/month": 0.19}), "monthly budget of sentry"),
        (
            Limits(9, 9, {"sentry": 9, "team:payments/month": 0.19}),
            "monthly budget of team payments",
        ),
    ],
)
def test_any_budget_that_has_no_room_refuses_the_call_and_keeps_the_others_whole(
    limits: Limits, short: str
) -> None:
    first = reserved(EMPTY, "a", 0.1, limits)
    refusing = lacking(first, call(0.1, limits), limits.of(SENTRY))
    assert refusing is not None
    assert refusing.words == short
    second = reserved(first, "b", 0.1, limits)
    assert second.held == first.held
    assert second.refused == {refusing.counter(NOW): 100_000}


def test_reserving_adds_up_to_the_limit_and_not_beyond() -> None:
    limits = Limits(1.0)
    purse = EMPTY
    for number in range(10):
        purse = reserved(purse, str(number), 0.1, limits)
    assert purse.taken(DAY) == purse.taken(MONTH) == 1_000_000
    assert len(reserved(purse, "one more", 0.000001, limits).held) == 10


def test_a_limit_of_zero_lets_nothing_through() -> None:
    assert reserved(EMPTY, "a", 0.001, Limits(0)).held == {}
    assert reserved(EMPTY, "a", 0.001, Limits(9, 0)).held == {}


def test_what_another_source_spends_is_not_its_own() -> None:
    limits = Limits(9, None, {"sentry": 0.1})
    other = reserved(EMPTY, "a", 5, limits, Payer("grafana"))
    assert set(reserved(other, "b", 0.1, limits).held) == {"a", "b"}


def test_reserving_again_under_the_same_name_reserves_nothing_more() -> None:
    once = reserved(EMPTY, "a", 0.3)
    assert reserved(once, "a", 0.3) == once


def test_settling_replaces_the_reservation_on_every_counter() -> None:
    purse = settle(reserved(reserved(EMPTY, "a", 0.02), "b", 0.03), "b", 600)
    for counter in (DAY, MONTH, f"{DAY} sentry", f"{DAY} team:payments"):
        assert purse.taken(counter) == 20_600
        assert purse.settled[counter] == 600


def test_settling_twice_changes_nothing() -> None:
    once = settle(reserved(reserved(EMPTY, "a", 0.02), "b", 0.02), "a", 0)
    assert settle(once, "a", 0) == once
    assert settle(once, "a", 5_000) == once


def test_a_new_day_begins_with_nothing_spent_and_the_month_goes_on() -> None:
    limits = Limits(1.0, 1.5)
    purse = settle(reserved(EMPTY, "a", 1.0, limits), "a", 1_000_000)
    tomorrow = NOW + timedelta(days=1)
    half = reservation(SENTRY, "small", 0.5, limits.of(SENTRY), tomorrow)
    purse = reserve(purse, "b", half, limits.of(SENTRY))
    assert purse.taken("2026-11-22") == 500_000
    assert purse.taken(MONTH) == 1_500_000
    more = half.model_copy(update={"micro": 1})
    assert lacking(purse, more, limits.of(SENTRY)) == Limit(1_500_000, monthly=True)


def test_counters_of_days_that_no_limit_asks_for_are_dropped() -> None:
    old = {"2026-11-18": 1, "2026-11-18 sentry": 1, "2026-11-20": 2, MONTH: 3}
    purse = reserved(Purse(month=MONTH, settled=old, refused={"2026-11-18": 5}), "a", 0.1)
    assert purse.settled == {"2026-11-20": 2, MONTH: 3}
    refusing = Purse(month=MONTH, settled={DAY: 1_000_000}, refused={"2026-11-18": 5})
    assert reserved(refusing, "a", 0.1).refused == {DAY: 100_000}


def test_days_and_months_are_those_of_utc() -> None:
    late = datetime(2026, 12, 1, 1, 0, tzinfo=timezone(timedelta(hours=2)))
    assert (day_of(late), month_of(late)) == ("2026-11-30", "2026-11")
    assert day_of(late.astimezone(UTC)) == "2026-11-30"


def test_ten_thousand_reservations_and_settlements_do_not_drift() -> None:
    purse = EMPTY
    for number in range(10_000):
        purse = settle(reserved(purse, str(number), 0.0123, Limits(5)), str(number), 100)
    assert purse.settled == {DAY: 1_000_000, MONTH: 1_000_000}


def test_a_fraction_of_a_millionth_is_not_free() -> None:
    assert call(0.0000001).micro == 1
    assert call(0.1 + 0.2).micro == 300_000


def test_reservations_of_the_dead_are_found_when_no_function_can_still_run() -> None:
    purse = reserved(EMPTY, "a", 0.1)
    assert abandoned(purse, NOW + ABANDONED_AFTER - timedelta(seconds=1)) == {}
    assert set(abandoned(purse, NOW + ABANDONED_AFTER)) == {"a"}


@pytest.mark.parametrize(
    ("usd", "limit", "small"),
    [(3.999999, 5, False), (4, 5, True), (6, 5, True), (0, 0, True)],
)
def test_from_four_fifths_on_only_the_small_model(usd: float, limit: float, small: bool) -> None:
    assert small_only(spent(usd), Limits(limit).of(SENTRY), NOW) is small


def test_four_fifths_of_any_budget_are_enough_and_calls_under_way_count() -> None:
    limits = Limits(9, 9, {"sentry": 0.1})
    assert small_only(reserved(EMPTY, "a", 0.08, limits), limits.of(SENTRY), NOW)
    assert not small_only(reserved(EMPTY, "a", 0.08, limits), limits.of(Payer("x")), NOW)


def test_nothing_spent_yet_allows_both_models() -> None:
    assert not small_only(None, Limits(5).of(SENTRY), NOW)


@pytest.mark.parametrize(("usd", "reached"), [(3.99, 0), (4, NEARLY), (4.99, NEARLY), (5, SPENT)])
def test_steps_are_reached_by_what_is_settled(usd: float, reached: int) -> None:
    assert step(spent(usd), Limit(5_000_000), NOW) == reached
    assert step(reserved(EMPTY, "a", 5, Limits(5)), Limit(5_000_000), NOW) == 0


def test_a_budget_that_refuses_calls_is_spent_although_a_rest_is_left() -> None:
    limit = Limit(5_000_000)
    refusing = reserved(spent(4.99), "a", 0.02, Limits(5))
    assert share(refusing, limit, NOW) == SPENT
    assert step(refusing, limit, NOW) == SPENT


def test_a_call_refused_for_others_under_way_that_turned_out_cheap_is_no_news() -> None:
    limits = Limits(0.05)
    purse = reserved(reserved(EMPTY, "a", 0.04, limits), "b", 0.04, limits)
    assert purse.refused
    assert step(settle(purse, "a", 1_000), limits.every()[0], NOW) == 0


def test_there_is_no_news_of_a_limit_of_zero() -> None:
    purse = reserved(EMPTY, "a", 0.1, Limits(0))
    assert share(purse, Limit(0), NOW) == 0
    assert share(None, Limit(5), NOW) == 0


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", {}),
        (" , ", {}),
        ("sentry=1", {"sentry": 1}),
        ("sentry=1,Sentry/month=20", {"sentry": 1, "sentry/month": 20}),
        (" Sentry = 0 , team:Payments=2.5,", {"sentry": 0, "team:payments": 2.5}),
    ],
)
def test_shares_are_written_as_names_and_dollars(text: str, found: dict[str, float]) -> None:
    assert parse_shares(text) == found


@pytest.mark.parametrize(
    "text",
    [
        "sentry",
        "=1",
        "sentry=",
        "sentry=-1",
        "sentry=nan",
        "sentry=1e9",
        "a=1,A=2",
        "a=1;b=2",
        "/month=1",
        "a/month=1,A/month=2",
    ],
)
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"write it like|stands twice"):
        parse_shares(text)


def test_so_many_shares_and_no_more() -> None:
    pairs = [f"s{number}=1" for number in range(MAX_SHARES + 1)]
    assert len(parse_shares(",".join(pairs[1:]))) == MAX_SHARES
    with pytest.raises(ValueError, match="no more than"):
        parse_shares(",".join(pairs))
