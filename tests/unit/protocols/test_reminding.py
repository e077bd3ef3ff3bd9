"""What still fires is told of again after the time that its route names."""

from dataclasses import replace
from datetime import timedelta

import pytest

from desk import Desk
from examples import alert, resolve
from responder.alert import Severity
from responder.incident import NoticeKind
from responder.policy.routes import Route, Routes
from unit.protocols.silencing import silence


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


def test_what_was_held_is_reminded_of_so_long_after_its_first_card(desk: Desk) -> None:
    silence(desk, minutes=235)
    desk.record(alert())
    hours(desk, 4)
    assert desk.incident().held == ""
    assert told(desk) == []
    hours(desk, 3.5)
    assert told(desk) == []
    hours(desk, 0.5)
    assert told(desk) == [NoticeKind.STILL_FIRING]


def test_what_an_alert_finds_released_is_reminded_of_from_then(desk: Desk) -> None:
    silence(desk, minutes=235)
    desk.record(alert())
    desk.later(minutes=240)
    desk.record(alert("a2", at=240 * 60))
    assert desk.incident().held == ""
    hours(desk, 3.5)
    assert told(desk) == []
    hours(desk, 0.5)
    assert told(desk) == [NoticeKind.STILL_FIRING]


def test_news_that_a_hold_kept_back_puts_a_reminder_off_from_its_end(desk: Desk) -> None:
    desk.record(alert(severity=Severity.LOW))
    desk.deliver_all()
    silence(desk, minutes=235)
    desk.record(alert("a2", at=60, severity=Severity.HIGH))
    desk.tick(240)
    assert told(desk) == [NoticeKind.SEVERITY_RAISED]
    hours(desk, 3.5)
    assert told(desk) == [NoticeKind.SEVERITY_RAISED]
    hours(desk, 0.5)
    assert told(desk)[-1] == NoticeKind.STILL_FIRING


def test_a_hold_that_kept_nothing_back_does_not_put_a_reminder_off(desk: Desk) -> None:
    desk.record(alert())
    desk.deliver_all()
    silence(desk, minutes=235)
    desk.tick(240)
    assert told(desk) == [NoticeKind.STILL_FIRING]
