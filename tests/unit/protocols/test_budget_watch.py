"""A budget's steps are told once each, as an incident of our own, whatever dies in between."""

from datetime import datetime

import pytest

from desk import Desk
from faults.world import Killed
from responder.alert import Severity
from responder.analysis.budget import MICRO, Limits, Purse, day_of, month_of
from responder.errors import Reason, Retryable
from responder.incident import Incident, IncidentState, NoticeKind
from responder.ports import Key, Queue, Record, Store, Table, Write
from responder.protocols import items
from responder.protocols.budget_watch import BudgetWatch
from responder.protocols.spending import purse_item


@pytest.fixture
def desk() -> Desk:
    return Desk()


def spend(desk: Desk, usd: float, of: str = "", refused: float = 0) -> None:
    month, counter = month_of(desk.now()), f"{day_of(desk.now())} {of}".rstrip()
    before = items.load(desk.store, purse_item(month), Purse) or Purse(month=month)
    settled = before.settled | {counter: round(usd * MICRO)}
    refusals = before.refused | ({counter: round(refused * MICRO)} if refused else {})
    update = {"settled": settled, "refused": refusals}
    desk.put(purse_item(month), before.model_copy(update=update))


def watch(desk: Desk, limits: Limits | None = None, store: Store | None = None) -> None:
    BudgetWatch(store or desk.store, desk.queues, desk.telemetry, desk.now, limits or desk.limits)()


def ours(desk: Desk) -> list[Incident]:
    found = [
        items.decode(Record(*record), Incident)
        for key, record in desk.store.items.items()
        if key.table is Table.INCIDENTS and key.id.startswith("incident#budget/")
    ]
    return [incident for incident in found if incident]


def ours_alone(desk: Desk) -> Incident:
    (incident,) = ours(desk)
    return incident


def posts(desk: Desk) -> list[str]:
    return [call.text for call in desk.slack.calls if call.method == "post"]


def tomorrow(desk: Desk) -> datetime:
    desk.later(days=1)
    return desk.now()


def test_below_four_fifths_nothing_is_told(desk: Desk) -> None:
    spend(desk, 3.99)
    desk.tick(3)
    assert ours(desk) == []
    assert posts(desk) == []
    assert desk.telemetry.counts["BudgetShare"] == pytest.approx(3 * 79.8)


def test_each_step_is_told_once_and_the_end_too(desk: Desk) -> None:
    spend(desk, 4)
    desk.tick(5)
    (card,) = posts(desk)
    assert "80 % of the daily budget for Claude is spent" in card
    assert ours_alone(desk).severity is Severity.LOW
    spend(desk, 5)
    desk.tick(5)
    _, raised = posts(desk)
    assert "Severity raised to HIGH" in raised
    assert ours_alone(desk).title == "The daily budget for Claude is spent"
    tomorrow(desk)
    desk.tick(5)
    _, _, over = posts(desk)
    assert "Resolved" in over
    assert ours_alone(desk).state is IncidentState.RESOLVED


def test_the_card_says_what_follows_and_what_can_be_done(desk: Desk) -> None:
    spend(desk, 5)
    desk.tick()
    incident = ours_alone(desk)
    assert "Claude is not asked any more" in incident.message
    assert "5.00 dollars for 2026-11-21 (UTC)" in incident.message
    assert incident.analysis.checks[0].command.startswith("scripts/responder cost")
    assert "DailyBudgetUsd" in incident.analysis.actions[0]
    assert incident.analysis.fallback_reason == Reason.OWN_INCIDENT


def test_claude_is_never_asked_about_it(desk: Desk) -> None:
    spend(desk, 5)
    desk.tick(60)
    assert desk.requested() == []


def test_a_budget_that_is_spent_at_once_begins_as_high(desk: Desk) -> None:
    spend(desk, 5)
    desk.tick(3)
    assert len(posts(desk)) == 1
    assert ours_alone(desk).severity is Severity.HIGH


def test_a_budget_that_refuses_calls_is_spent_and_the_gauge_says_so(desk: Desk) -> None:
    spend(desk, 4.99, refused=0.02)
    watch(desk)
    assert ours_alone(desk).severity is Severity.HIGH
    assert desk.telemetry.counts["BudgetShare"] == 100


def test_the_gauge_is_that_of_the_fullest_budget(desk: Desk) -> None:
    spend(desk, 1)
    spend(desk, 0.9, of="sentry")
    watch(desk, Limits(5, None, {"sentry": 1.0, "team:x": 0}))
    assert desk.telemetry.counts["BudgetShare"] == pytest.approx(90)


def test_every_budget_has_an_incident_of_its_own(desk: Desk) -> None:
    limits = Limits(5, 100, {"sentry": 1, "team:payments": 1})
    spend(desk, 1, of="sentry")
    spend(desk, 0.8, of="team:payments")
    watch(desk, limits)
    assert {one.title for one in ours(desk)} == {
        "The daily budget of sentry for Claude is spent",
        "80 % of the daily budget of team payments for Claude is spent",
    }
    assert len({one.incident_id for one in ours(desk)}) == 2
    assert all("BudgetPerSource" in one.analysis.actions[0] for one in ours(desk))


def test_a_share_of_a_month_is_told_as_such_beside_that_of_the_day(desk: Desk) -> None:
    desk.limits = Limits(1_000, None, {"sentry": 1, "sentry/month": 20})
    month = month_of(desk.now())
    desk.put(purse_item(month), Purse(month=month, settled={f"{month} sentry": 20 * MICRO}))
    watch(desk)
    (told,) = ours(desk)
    assert told.title == "The monthly budget of sentry for Claude is spent"
    assert f"20.00 dollars for {month}" in told.message


def test_a_monthly_budget_is_told_for_the_whole_month(desk: Desk) -> None:
    desk.limits = Limits(1_000, 50)
    month = month_of(desk.now())
    desk.put(purse_item(month), Purse(month=month, settled={month: 50 * MICRO}))
    watch(desk, desk.limits)
    for _ in range(9):
        tomorrow(desk)
        watch(desk, desk.limits)
    assert ours_alone(desk).state is IncidentState.OPEN
    assert "MonthlyBudgetUsd" in ours_alone(desk).analysis.actions[0]
    tomorrow(desk)
    watch(desk, desk.limits)
    assert ours_alone(desk).state is IncidentState.RESOLVED


def test_it_is_not_closed_for_its_quiet_while_it_lasts(desk: Desk) -> None:
    spend(desk, 5)
    desk.tick()
    for _ in range(3):
        desk.later(hours=6)
        desk.tick()
    assert ours_alone(desk).state is IncidentState.OPEN
    assert len(posts(desk)) == 1


def test_a_raised_limit_resolves_it_and_has_steps_of_its_own(desk: Desk) -> None:
    spend(desk, 5)
    watch(desk, Limits(5))
    watch(desk, Limits(10))
    assert ours_alone(desk).state is IncidentState.RESOLVED
    spend(desk, 8)
    watch(desk, Limits(10))
    first, second = sorted(ours(desk), key=lambda one: one.episode)
    assert (first.state, second.state) == (IncidentState.RESOLVED, IncidentState.OPEN)
    assert second.severity is Severity.LOW


def test_a_limit_that_is_gone_resolves_it(desk: Desk) -> None:
    spend(desk, 1, of="sentry")
    watch(desk, Limits(5, None, {"sentry": 1}))
    watch(desk, Limits(5))
    assert ours_alone(desk).state is IncidentState.RESOLVED


def test_a_budget_of_zero_is_a_choice_and_no_news(desk: Desk) -> None:
    spend(desk, 0, refused=0.02)
    watch(desk, Limits(0, 0))
    assert ours(desk) == []


def test_what_was_closed_by_hand_of_time_is_opened_again_for_the_next_step(desk: Desk) -> None:
    spend(desk, 4)
    watch(desk)
    closed = {"state": IncidentState.CLOSED, "resolved_at": desk.now(), "firing": 0}
    desk.put_incident(ours_alone(desk).model_copy(update=closed))
    watch(desk)
    assert ours_alone(desk).state is IncidentState.CLOSED
    spend(desk, 5)
    watch(desk)
    again = ours_alone(desk)
    assert (again.state, again.resolved_at) == (IncidentState.OPEN, None)
    assert again.notices[-1].kind is NoticeKind.SEVERITY_RAISED


def test_an_incident_that_has_expired_is_told_anew(desk: Desk) -> None:
    spend(desk, 4)
    watch(desk)
    desk.store.lose(items.incident_item(ours_alone(desk).incident_id))
    spend(desk, 5)
    watch(desk)
    assert ours_alone(desk).severity is Severity.HIGH


def test_two_ticks_at_once_tell_it_once(desk: Desk) -> None:
    spend(desk, 4)
    desk.store.meanwhile = lambda: watch(desk)
    watch(desk)
    assert len(ours(desk)) == 1
    assert len(desk.announced()) == 1


class Deadly:
    """A store whose writer is killed before or after a write takes effect."""

    def __init__(self, store: Store, *, before: bool) -> None:
        self._store = store
        self._before = before

    def read(self, keys: list[Key]) -> dict[Key, Record]:
        return self._store.read(keys)

    def write(self, writes: list[Write]) -> None:
        if not self._before:
            self._store.write(writes)
        raise Killed

    def due(self, now: datetime, limit: int) -> list[str]:
        return list(self._store.due(now, limit))


@pytest.mark.parametrize("before", [True, False])
@pytest.mark.parametrize("usd", [4, 5])
def test_a_tick_that_is_killed_at_any_arrow_tells_it_once_all_the_same(
    desk: Desk, usd: float, before: bool
) -> None:
    spend(desk, usd)
    with pytest.raises(Killed):
        watch(desk, store=Deadly(desk.store, before=before))  # type: ignore[arg-type]
    assert desk.announced() == []
    desk.tick(3)
    assert len(posts(desk)) == 1


@pytest.mark.parametrize("before", [True, False])
def test_an_end_that_is_killed_at_any_arrow_is_told_once(desk: Desk, before: bool) -> None:
    spend(desk, 5)
    desk.tick()
    tomorrow(desk)
    with pytest.raises(Killed):
        watch(desk, store=Deadly(desk.store, before=before))  # type: ignore[arg-type]
    desk.tick(3)
    assert [("Resolved" in text) for text in posts(desk)] == [False, True]


def test_its_trouble_does_not_keep_the_tick_from_the_incidents(desk: Desk) -> None:
    def fail() -> None:
        raise Retryable(Reason.UNAVAILABLE, "throttled")

    ticker = type(desk.ticker)(
        desk.store, desk.queues, desk.telemetry, desk.now, desk.ticker.quiet_after, watch=fail
    )
    ticker.tick()
    assert desk.telemetry.counts["FailedItems"] == 1
    assert desk.telemetry.said("Watch failed") == 1
    assert "TickDuration" in desk.telemetry.durations


def test_it_goes_to_the_queue_of_all_but_critical_incidents(desk: Desk) -> None:
    spend(desk, 5)
    watch(desk)
    assert desk.announced(Queue.CRITICAL_DISTRIBUTION) == []
    assert desk.announced() == [(ours_alone(desk).incident_id, 0)]
