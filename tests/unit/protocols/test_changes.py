"""What changes of an open incident are told: notices, the latest alert, counters in turn."""

from datetime import timedelta

import pytest

from fakes import Desk, alert, resolve
from faults.world import START
from responder.alert import Severity
from responder.incident import MAX_NOTICES, Latest, NoticeKind
from responder.protocols.episode import MAX_LATEST

ID = "v1:disk|prod.1"


@pytest.fixture
def desk() -> Desk:
    return Desk()


def test_a_raised_severity_is_a_notice_and_a_lower_one_changes_nothing(desk: Desk) -> None:
    desk.record(alert("a1", severity=Severity.MEDIUM))
    desk.announced()
    desk.later(seconds=1)
    desk.record(alert("a2", severity=Severity.HIGH, at=1))
    raised = desk.incident()
    assert raised.severity is Severity.HIGH
    assert [(n.kind, n.detail) for n in raised.notices] == [
        (NoticeKind.SEVERITY_RAISED, "MEDIUM → HIGH")
    ]
    assert desk.announced() == [(ID, 0)]
    desk.record(alert("a3", severity=Severity.LOW, at=2))
    assert desk.incident().severity is Severity.HIGH
    assert len(desk.incident().notices) == 1


def test_a_rise_to_critical_is_told_where_critical_incidents_are_told(desk: Desk) -> None:
    desk.record(alert("a1", severity=Severity.LOW))
    desk.record(alert("a2", severity=Severity.CRITICAL, at=1))
    assert [(n.number, n.kind, n.detail) for n in desk.incident().notices] == [
        (1, NoticeKind.SEVERITY_RAISED, "LOW → CRITICAL"),
        (2, NoticeKind.ESCALATED, "LOW → CRITICAL"),
    ]


def test_the_incident_keeps_what_the_latest_alert_says_otherwise(desk: Desk) -> None:
    said = {"title": "disk 91 % full", "message": "/ 91 %", "resource": "vm-1"}
    desk.record(alert("a1", **said))
    first = desk.incident()
    assert first.latest == Latest(alert_id="a1", at=START, severity=Severity.HIGH)
    later = {"title": "disk 97 % full", "message": "/ 97 %", "resource": "vm-2"}
    desk.record(alert("a2", at=60, severity=Severity.LOW, **later))
    assert desk.incident().latest == Latest(
        alert_id="a2", at=START + timedelta(seconds=60), severity=Severity.LOW, **later
    )
    assert (desk.incident().title, desk.incident().message) == ("disk 91 % full", "/ 91 %")
    desk.record(alert("a3", at=90, **said))
    assert desk.incident().latest == Latest(
        alert_id="a3", at=START + timedelta(seconds=90), severity=Severity.HIGH
    )


def test_an_alert_that_arrives_late_is_not_the_latest(desk: Desk) -> None:
    desk.record(alert("a1", at=60))
    desk.record(alert("a0", at=30, message="older"))
    assert desk.incident().count == 2
    assert desk.incident().latest == Latest(
        alert_id="a1", at=START + timedelta(seconds=60), severity=Severity.HIGH
    )


def test_of_the_latest_message_only_the_start_is_kept(desk: Desk) -> None:
    desk.record(alert("a1"))
    desk.record(alert("a2", at=1, message="m" * (MAX_LATEST + 1)))
    latest = desk.incident().latest
    assert latest is not None
    assert latest.message == "m" * (MAX_LATEST - 1) + "…"


def test_notices_are_bounded_and_their_numbers_go_on(desk: Desk) -> None:
    for number in range(MAX_NOTICES + 2):
        desk.record(alert(f"a{number}", at=3599 * number))
        desk.record(resolve(f"r{number}", at=3599 * number + 1800))
        desk.later(seconds=3599)
    numbers = [notice.number for notice in desk.incident().notices]
    assert len(numbers) == MAX_NOTICES
    assert numbers[-1] == 2 * (MAX_NOTICES + 2) - 1


def test_counters_are_announced_every_ten_seconds_and_the_last_one_is_always_sent(
    desk: Desk,
) -> None:
    desk.record(alert("a0"))
    desk.announced()
    desk.later(seconds=4)
    desk.record(alert("a1", at=4))
    assert desk.announced() == [(ID, 6)]
    desk.later(seconds=1)
    desk.record(alert("a2", at=5))
    assert desk.announced() == []
    desk.later(seconds=15)
    desk.record(alert("a3", at=20))
    assert desk.announced() == [(ID, 0)]
    assert desk.incident().trailing_at is None


def test_a_loud_change_carries_the_promised_counters(desk: Desk) -> None:
    desk.record(alert("a0"))
    desk.later(seconds=4)
    desk.record(alert("a1", at=4))
    desk.announced()
    desk.record(resolve("r1", at=5))
    assert desk.announced() == [(ID, 0)]
    assert desk.incident().trailing_at is None
