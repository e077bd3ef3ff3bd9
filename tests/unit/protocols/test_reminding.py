"""What still fires is told of again after the time that its route names."""

from dataclasses import replace
from datetime import timedelta

import pytest

from fakes import Desk, alert, resolve
from responder.incident import NoticeKind
from responder.policy.routes import Route, Routes


@pytest.fixture
def desk() -> Desk:
    desk = Desk()
    paid = Routes(routes=(Route(renotify_after="4h"),))
    desk.recorder = replace(desk.recorder, routes=lambda: paid)
    return desk


def told(desk: Desk) -> list[str]:
    return [notice.kind for notice in desk.incident().notices]


def hours(desk: Desk, number: float) -> None:
    """Tick every half hour."""
    for _ in range(int(number * 2)):
        desk.later(minutes=30)
        desk.ticker.tick()


def test_it_is_told_again_after_each_such_time(desk: Desk) -> None:
    desk.record(alert())
    hours(desk, 3.5)
    assert told(desk) == []
    hours(desk, 0.5)
    assert told(desk) == [NoticeKind.STILL_FIRING]
    hours(desk, 3.5)
    assert len(told(desk)) == 1
    hours(desk, 0.5)
    assert told(desk) == [NoticeKind.STILL_FIRING] * 2


def test_any_other_news_puts_it_off(desk: Desk) -> None:
    desk.record(alert())
    hours(desk, 2)
    at = 7_200
    desk.record(resolve("r", at=at), alert("again", at=at + 1))
    assert told(desk) == [NoticeKind.RESOLVED, NoticeKind.REFIRED]
    hours(desk, 3.5)
    assert NoticeKind.STILL_FIRING not in told(desk)
    hours(desk, 0.5)
    assert told(desk)[-1] == NoticeKind.STILL_FIRING


def test_what_is_over_is_not_told_again(desk: Desk) -> None:
    desk.record(alert())
    desk.record(resolve(at=60))
    hours(desk, 10)
    assert told(desk) == [NoticeKind.RESOLVED]


def test_without_a_time_nobody_is_reminded() -> None:
    desk = Desk()
    desk.record(alert())
    hours(desk, 20)
    assert told(desk) == []


def test_the_tick_looks_again_at_that_time_and_not_before_it(desk: Desk) -> None:
    desk.record(alert())
    hours(desk, 1)
    due = desk.incident().due_at
    assert due is not None
    assert due <= desk.incident().opened_at + timedelta(hours=4)
