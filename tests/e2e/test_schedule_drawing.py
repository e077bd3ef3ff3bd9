"""The schedules of ``test_schedules`` replay, and fifty of them meet every trouble there is."""

from datetime import UTC, datetime

from e2e.schedules import CLAUDE, SLACK, draw
from e2e.test_schedules import SCHEDULES
from e2e.workers import FUNCTIONS

BEGUN = datetime(2026, 11, 21, 12, tzinfo=UTC)


def test_a_seed_draws_the_same_schedule_and_the_same_requests_again() -> None:
    first, second = draw(7), draw(7)

    assert first == second
    assert first.body(0, BEGUN) == second.body(0, BEGUN)
    assert draw(8) != first


def test_all_schedules_together_meet_every_trouble() -> None:
    every = [draw(seed) for seed in range(SCHEDULES)]

    assert {one.slack["mode"] for one in every if one.slack} == {one["mode"] for one in SLACK}
    assert {one.claude["mode"] for one in every if one.claude} == {one["mode"] for one in CLAUDE}
    killed = {functions for one in every for functions in one.kills.values()}
    assert killed == {FUNCTIONS, *((one,) for one in FUNCTIONS)}
    assert any(one.repeats for one in every)
    assert any(one.redeliveries for one in every)
