"""Quiet hours of a route in the lanes: what waits for their end, and what does not."""

import pytest

from desk import Desk
from examples import alert
from responder.alert import Severity
from responder.contracts import Announcement
from responder.delivery import card as face
from responder.ports import Queue
from unit.protocols.routing import apply

ID = "v1:disk|prod.1"
#: From 03:00 UTC, when the desk opens, until 03:30.
HOURS = {"every": "day", "at": "03:00", "lasts": "30m", "zone": "UTC"}


@pytest.fixture
def desk() -> Desk:
    desk = Desk()
    apply(desk, {"name": "disks", "match": ["title=disk full"], "quiet_hours": [HOURS]})
    return desk


def shown(desk: Desk) -> str:
    return str(face.render(desk.incident(), desk.now()).blocks)


def test_what_is_mild_waits_for_the_end_and_then_says_so(desk: Desk) -> None:
    desk.record(alert("a1", severity=Severity.MEDIUM))
    desk.tick(28)
    assert desk.slack.methods() == []
    assert desk.requested() == []
    assert desk.incident().held == "quiet_hours"
    assert desk.telemetry.counts["AlertsHeld:quiet_hours"] == 1
    assert "Quiet hours until <!date" in shown(desk)
    desk.tick(2)
    assert desk.slack.methods() == ["post"]
    assert "Still firing, and no longer held by quiet hours* `disks`" in shown(desk)
    assert ID in desk.requested()


@pytest.mark.parametrize("severity", [Severity.HIGH, Severity.CRITICAL])
def test_what_is_bad_is_told_at_once(desk: Desk, severity: Severity) -> None:
    desk.record(alert("a1", severity=severity))
    desk.deliver_all()
    assert desk.slack.methods() == ["post"]


def test_what_gets_bad_meanwhile_is_told_at_once(desk: Desk) -> None:
    desk.record(alert("a1", severity=Severity.LOW))
    desk.record(alert("a2", at=20, severity=Severity.HIGH))
    assert desk.announced(Queue.DISTRIBUTION) == [(ID, 0)]
    desk.deliverer.handle(Announcement(incident_id=ID, first_sent=desk.now()))
    assert desk.slack.methods() == ["post"]


def test_another_route_has_other_hours(desk: Desk) -> None:
    desk.record(alert("a1", severity=Severity.LOW, title="disk slow"))
    desk.deliver_all()
    assert desk.slack.methods() == ["post"]


def test_a_card_that_stood_before_is_kept_and_its_notices_wait() -> None:
    desk = Desk()
    later = {**HOURS, "at": "03:10"}
    apply(desk, {"match": ["title=disk full"], "quiet_hours": [later]})
    desk.record(alert("a1", severity=Severity.LOW))
    desk.deliver_all()
    desk.tick(11)
    desk.record(alert("a2", at=660, severity=Severity.MEDIUM))
    desk.tick(2)
    replies = [call for call in desk.slack.calls if call.thread_ts]
    assert replies == []
    desk.tick(30)
    replies = [call for call in desk.slack.calls if call.thread_ts]
    assert ["Severity raised to MEDIUM" in call.text for call in replies] == [True]
