"""What changes of an open incident are told: notices, the worst alert, counters in turn."""

from datetime import timedelta

import pytest

from desk import Desk
from examples import alert, incident, resolve
from faults.world import START
from responder.alert import Alert, Severity
from responder.delivery import words
from responder.incident import MAX_FIRING, MAX_NOTICES, MAX_WHAT, IncidentState, NoticeKind, Worst
from responder.protocols import items
from responder.protocols.tally import MAX_WORST, noticed

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


def worst(desk: Desk) -> Worst:
    """The worst alert, without its fingerprint's name."""
    found = desk.incident().worst
    assert found is not None
    return found.model_copy(update={"name": ""})


def firing(desk: Desk) -> list[tuple[Severity, str]]:
    return [(one.severity, one.what) for one in desk.incident().firing_now]


def disk(host: str, severity: Severity, at: int, **changes: object) -> Alert:
    said = {"fingerprint": host, "title": f"Disk full on {host}", "resource": host}
    return alert(f"{host}@{at}", severity=severity, at=at, **{**said, **changes})


def test_the_incident_keeps_what_the_worst_alert_says_otherwise(desk: Desk) -> None:
    said = {"title": "disk 91 % full", "message": "/ 91 %", "resource": "vm-1"}
    desk.record(alert("a1", **said))
    assert worst(desk) == Worst(alert_id="a1", at=START, severity=Severity.HIGH)
    more = {"title": "disk 97 % full", "message": "/ 97 %", "resource": "vm-2"}
    desk.record(alert("a2", at=60, **more))
    second = Worst(alert_id="a2", at=START + timedelta(seconds=60), severity=Severity.HIGH, **more)
    assert worst(desk) == second
    assert (desk.incident().title, desk.incident().message) == ("disk 91 % full", "/ 91 %")
    desk.record(alert("a3", at=90, severity=Severity.LOW, title="disk 81 % full"))
    assert worst(desk) == second
    desk.record(alert("a4", at=120, **said))
    assert worst(desk) == Worst(
        alert_id="a4", at=START + timedelta(seconds=120), severity=Severity.HIGH
    )


def test_what_rises_has_the_text_of_the_alert_that_raised_it(desk: Desk) -> None:
    desk.record(disk("db-1", Severity.HIGH, 60))
    desk.record(disk("db-2", Severity.CRITICAL, 30))
    desk.record(disk("db-3", Severity.LOW, 90))
    assert worst(desk).title == "Disk full on db-2"
    assert desk.incident().severity is worst(desk).severity is Severity.CRITICAL


def test_an_alert_that_arrives_late_does_not_outrank_its_equals(desk: Desk) -> None:
    desk.record(alert("a1", at=60))
    desk.record(alert("a0", at=30, message="older"))
    assert desk.incident().count == 2
    assert worst(desk).alert_id == "a1"


def test_a_text_that_the_worst_alert_lacks_is_not_the_first_ones(desk: Desk) -> None:
    desk.record(alert("a1", message="97 % of /var", resource="db-1"))
    desk.record(alert("a2", at=1, message="", resource=""))
    assert (worst(desk).message, worst(desk).resource, worst(desk).title) == ("", "", None)
    assert (words.message(desk.incident()), words.resource(desk.incident())) == ("", "")
    assert words.title(desk.incident()) == "disk full"


def test_of_the_worst_message_only_the_start_is_kept(desk: Desk) -> None:
    desk.record(alert("a1"))
    desk.record(alert("a2", at=1, message="m" * (MAX_WORST + 1)))
    assert worst(desk).message == "m" * (MAX_WORST - 1) + "…"


def test_what_fires_is_listed_the_worst_and_newest_first_until_it_is_over(desk: Desk) -> None:
    desk.record(disk("db-1", Severity.HIGH, 0))
    desk.record(disk("db-2", Severity.CRITICAL, 1), disk("db-3", Severity.LOW, 2))
    desk.record(disk("db-4", Severity.HIGH, 3, resource=""))
    assert firing(desk) == [
        (Severity.CRITICAL, "db-2"),
        (Severity.HIGH, "Disk full on db-4"),
        (Severity.HIGH, "db-1"),
        (Severity.LOW, "db-3"),
    ]
    desk.record(disk("db-1", Severity.INFO, 4))
    assert firing(desk)[-1] == (Severity.INFO, "db-1")
    desk.record(resolve("r2", fingerprint="db-2", at=5))
    assert [what for _, what in firing(desk)] == ["Disk full on db-4", "db-3", "db-1"]
    assert desk.incident().firing == len(firing(desk)) == 3


def test_a_fingerprint_under_another_signature_is_listed_there_alone(desk: Desk) -> None:
    desk.record(disk("db-1", Severity.HIGH, 0), disk("db-2", Severity.HIGH, 1))
    desk.record(disk("db-1", Severity.HIGH, 10, rule="v1:memory"))
    assert [what for _, what in firing(desk)] == ["db-2"]
    assert [one.what for one in desk.incident("v1:memory|prod.1").firing_now] == ["db-1"]


def test_a_late_alert_of_a_fingerprint_does_not_change_what_it_says_now(desk: Desk) -> None:
    desk.record(disk("db-1", Severity.LOW, 60))
    desk.record(disk("db-1", Severity.HIGH, 30, resource="older"))
    assert firing(desk) == [(Severity.LOW, "db-1")]


def test_the_list_is_bounded_and_keeps_the_worst(desk: Desk) -> None:
    desk.record(disk("bad", Severity.CRITICAL, 0))
    for number in range(MAX_FIRING + 5):
        desk.record(disk(f"d{number}", Severity.LOW, number + 1, resource="r" * 200))
    listed = desk.incident().firing_now
    assert desk.incident().firing == MAX_FIRING + 6
    assert len(listed) == MAX_FIRING
    assert listed[0].what == "bad"
    assert max(len(one.what) for one in listed) == MAX_WHAT
    for number in range(MAX_FIRING + 5):
        desk.record(resolve(f"r{number}", fingerprint=f"d{number}", at=100 + number))
    assert firing(desk) == [(Severity.CRITICAL, "bad")]
    assert desk.incident().firing == 1


def test_an_incident_that_was_stored_without_the_list_goes_on(desk: Desk) -> None:
    desk.record(disk("db-1", Severity.HIGH, 0), disk("db-2", Severity.HIGH, 1))
    key = items.incident_item(ID)
    number, data = desk.store.items[key]
    old = {name: value for name, value in data.items() if name not in ("firing_now", "worst")}
    desk.store.items[key] = (number, {**old, "latest": {"alert_id": "db-2@1", "title": "x"}})
    desk.record(disk("db-2", Severity.LOW, 2))
    desk.record(resolve("r1", fingerprint="db-1", at=3))
    assert firing(desk) == [(Severity.LOW, "db-2")]
    desk.record(resolve("r2", fingerprint="db-2", at=4))
    assert (desk.incident().state, firing(desk)) == (IncidentState.RESOLVED, [])


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


def test_reminders_make_room_for_each_other_and_not_for_a_rise_in_severity() -> None:
    told = noticed(incident(), NoticeKind.SEVERITY_RAISED, START)
    for _ in range(3 * MAX_NOTICES):
        told = noticed(told, NoticeKind.STILL_FIRING, START)
    kinds = [notice.kind for notice in told.notices]
    assert (len(kinds), kinds[0]) == (MAX_NOTICES, NoticeKind.SEVERITY_RAISED)
    assert told.last_notice == 3 * MAX_NOTICES + 1
