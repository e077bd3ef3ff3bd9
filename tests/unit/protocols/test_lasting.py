"""What fires for days and months: held, repeated, closed too early, and longer than it is kept."""

from datetime import timedelta
from typing import Any

import pytest

from desk import QUIET, Desk
from examples import alert, resolve
from responder.alert import Alert, Severity
from responder.contracts import AnalysisRequest
from responder.incident import IncidentState, NoticeKind
from responder.ports import Queue
from responder.protocols.overdue import HIDDEN_PACE
from unit.protocols.silencing import silence

FIRST, SECOND = "v1:disk|prod.1", "v1:disk|prod.2"
#: A tool that repeats what lasts, and does not say when it is over.
TOOL = "grafana"


@pytest.fixture
def desk() -> Desk:
    return Desk()


def now(desk: Desk, one: Alert) -> Alert:
    """The alert as a new state of its problem."""
    return one.model_copy(update={"event_at": desk.now(), "received_at": desk.now()})


def again(desk: Desk, one: Alert, **changes: Any) -> None:
    """Record the very same alert, as its tool repeats it."""
    desk.record(one.model_copy(update={"received_at": desk.now(), **changes}))
    desk.deliver_all()


def closed(desk: Desk) -> Alert:
    """An alert whose incident was closed, as nothing was heard of it."""
    one = alert(source=TOOL)
    desk.record(one)
    desk.later(seconds=QUIET.total_seconds())
    desk.tick()
    assert desk.incident().state is IncidentState.CLOSED
    return one


def ask(desk: Desk) -> None:
    """Let the analysis lane do what it is asked for."""
    held, desk.queues.messages[Queue.ANALYSIS] = desk.queues.messages[Queue.ANALYSIS], []
    for one in held:
        desk.investigator.handle(AnalysisRequest.model_validate_json(one.body))


def test_what_a_silence_held_for_long_is_analysed_when_it_ends(desk: Desk) -> None:
    silence(desk, minutes=40)
    desk.record(alert(at=10))
    desk.tick(41)
    ask(desk)
    incident = desk.incident()
    assert (incident.held, incident.analysis.is_fallback) == ("", False)


def test_a_request_that_its_queue_kept_for_long_is_answered(desk: Desk) -> None:
    desk.record(alert())
    desk.later(minutes=21)
    ask(desk)
    assert not desk.incident().analysis.is_fallback


def test_what_is_held_beyond_the_quiet_time_is_not_written_every_minute(desk: Desk) -> None:
    silence(desk, minutes=3 * QUIET / timedelta(minutes=1))
    desk.record(alert(at=10, source=TOOL))
    desk.later(seconds=QUIET.total_seconds() + 60)
    desk.tick()
    due = desk.incident().due_at
    assert due is not None
    assert due - desk.now() == HIDDEN_PACE


def test_what_is_held_for_longer_than_the_quiet_time_is_shown_when_that_ends(desk: Desk) -> None:
    silence(desk, minutes=3 * QUIET / timedelta(minutes=1))
    desk.record(alert(at=10, source=TOOL))
    desk.later(seconds=2 * QUIET.total_seconds())
    desk.tick()
    assert desk.incident().state is IncidentState.OPEN
    desk.later(seconds=QUIET.total_seconds())
    desk.tick(2)
    assert desk.slack.methods() == ["post"]
    desk.later(seconds=QUIET.total_seconds())
    desk.tick()
    assert desk.incident().state is IncidentState.CLOSED


def test_what_was_closed_too_early_stays_open_once_its_tool_repeats_it(desk: Desk) -> None:
    one = closed(desk)
    desk.later(hours=1)
    again(desk, one)
    desk.tick(2)
    incident = desk.incident()
    assert (incident.state, incident.count, incident.firing) == (IncidentState.OPEN, 1, 1)
    for _ in range(3):
        desk.later(hours=4)
        again(desk, one)
        desk.tick(2)
    kinds = [notice.kind for notice in desk.incident().notices]
    assert kinds == [NoticeKind.REFIRED]


def test_what_was_closed_too_early_fires_in_the_newest_incident_of_its_problem(desk: Desk) -> None:
    one = closed(desk)
    desk.later(minutes=40)
    desk.record(now(desk, alert("b1", source=TOOL, fingerprint="f2")))
    again(desk, one)
    first, second = desk.incident(FIRST), desk.incident(SECOND)
    assert (first.state, first.firing) == (IncidentState.CLOSED, 0)
    assert (second.state, second.firing, second.count) == (IncidentState.OPEN, 2, 1)
    desk.later(hours=20)
    again(desk, one)
    assert desk.incident(SECOND).last_seen == desk.now()
    for fingerprint in ("f1", "f2"):
        over = resolve(f"r{fingerprint}", source=TOOL, fingerprint=fingerprint)
        desk.record(now(desk, over))
    assert desk.incident(SECOND).state is IncidentState.RESOLVED


def test_the_newest_incident_opens_again_for_what_was_closed_too_early(desk: Desk) -> None:
    one = closed(desk)
    desk.later(minutes=40)
    desk.record(now(desk, alert("b1", source=TOOL, fingerprint="f2")))
    desk.later(minutes=1)
    desk.record(now(desk, resolve(source=TOOL, fingerprint="f2")))
    desk.later(hours=2)
    again(desk, one)
    states = [desk.incident(name).state for name in (FIRST, SECOND)]
    assert states == [IncidentState.CLOSED, IncidentState.OPEN]


def test_a_repeated_resolve_opens_nothing(desk: Desk) -> None:
    over = resolve(source=TOOL, at=1)
    desk.record(alert(source=TOOL))
    desk.record(over)
    desk.later(minutes=1)
    desk.record(now(desk, alert("a2", source=TOOL)))
    desk.later(seconds=QUIET.total_seconds())
    desk.tick()
    again(desk, over)
    assert desk.incident().state is IncidentState.CLOSED


@pytest.mark.parametrize("tool", ["alertmanager", "grafana", "dynatrace"])
def test_what_fires_on_after_a_resolve_that_was_wrong_is_shown_again(desk: Desk, tool: str) -> None:
    one = alert(source=tool)
    desk.record(one)
    desk.later(hours=1)
    desk.record(now(desk, resolve(source=tool)))
    desk.later(minutes=1)
    again(desk, one)
    assert desk.incident().state is IncidentState.RESOLVED
    desk.later(minutes=1)
    again(desk, one)
    again(desk, one)
    incident = desk.incident()
    assert (incident.state, incident.firing, incident.count) == (IncidentState.OPEN, 1, 1)
    assert [notice.kind for notice in incident.notices] == [NoticeKind.RESOLVED, NoticeKind.REFIRED]
    desk.record(now(desk, resolve("r2", source=tool)))
    assert (desk.incident().state, desk.incident().firing) == (IncidentState.RESOLVED, 0)


@pytest.mark.parametrize("tool", ["alertmanager", "grafana", "dynatrace"])
def test_what_fires_on_is_shown_although_only_its_end_was_ever_heard_of(
    desk: Desk, tool: str
) -> None:
    one = alert(source=tool)
    desk.later(hours=3)
    desk.record(now(desk, resolve(source=tool)))
    desk.later(minutes=1)
    again(desk, one)
    assert desk.telemetry.counts["AlertsHeld:stale"] == 1
    desk.later(minutes=2)
    again(desk, one)
    again(desk, one)
    incident = desk.incident()
    assert (incident.state, incident.firing, incident.count) == (IncidentState.OPEN, 1, 1)
    desk.later(minutes=1)
    desk.record(now(desk, resolve("r2", source=tool)))
    assert desk.incident().state is IncidentState.RESOLVED


def test_what_was_reopened_may_become_worse_under_its_id(desk: Desk) -> None:
    one = alert(source="dynatrace", severity=Severity.MEDIUM)
    desk.record(one)
    desk.later(minutes=10)
    desk.record(now(desk, resolve(source="dynatrace")))
    desk.later(minutes=5)
    again(desk, one)
    desk.later(minutes=5)
    again(desk, one, severity=Severity.CRITICAL)
    assert desk.incident().severity is Severity.CRITICAL
    kinds = [notice.kind for notice in desk.incident().notices]
    assert kinds[-2:] == [NoticeKind.SEVERITY_RAISED, NoticeKind.ESCALATED]


def test_a_late_copy_of_another_tools_alert_opens_nothing_that_is_over(desk: Desk) -> None:
    one = alert(source="zabbix")
    desk.record(one)
    desk.later(hours=1)
    desk.record(now(desk, resolve(source="zabbix")))
    desk.later(minutes=10)
    again(desk, one)
    assert desk.incident().state is IncidentState.RESOLVED


def test_a_known_alert_that_has_become_worse_raises_its_incident_and_counts_once(
    desk: Desk,
) -> None:
    one = alert(severity=Severity.MEDIUM)
    desk.record(one)
    desk.deliver_all()
    desk.later(minutes=5)
    again(desk, one, severity=Severity.CRITICAL, message="99 %")
    again(desk, one, severity=Severity.CRITICAL, message="99 %")
    incident = desk.incident()
    assert (incident.severity, incident.count, incident.firing) == (Severity.CRITICAL, 1, 1)
    assert incident.worst is not None
    assert incident.worst.message == "99 %"
    kinds = [notice.kind for notice in incident.notices]
    assert kinds == [NoticeKind.SEVERITY_RAISED, NoticeKind.ESCALATED]
    again(desk, one)
    assert desk.incident().severity is Severity.CRITICAL
    assert desk.telemetry.counts["AlertsHeld:duplicate"] == 3


def test_a_worse_copy_of_an_earlier_state_raises_nothing(desk: Desk) -> None:
    one = alert(severity=Severity.LOW)
    desk.record(one)
    desk.later(minutes=1)
    desk.record(now(desk, alert("a2", severity=Severity.LOW)))
    again(desk, one, severity=Severity.CRITICAL)
    assert desk.incident().severity is Severity.LOW


def test_a_redelivered_repeat_announces_the_incident_that_it_was_moved_to(desk: Desk) -> None:
    one = closed(desk)
    desk.later(minutes=40)
    desk.record(now(desk, alert("b1", source=TOOL, fingerprint="f2")))
    repeat = one.model_copy(update={"received_at": desk.now()})
    desk.record(repeat)
    desk.announced()
    desk.record(repeat)
    assert [name for name, _ in desk.announced()] == [SECOND]


def test_a_worse_copy_of_what_is_over_raises_nothing(desk: Desk) -> None:
    one = alert(severity=Severity.MEDIUM)
    desk.record(one)
    desk.later(minutes=1)
    desk.record(now(desk, resolve()))
    again(desk, one, severity=Severity.CRITICAL)
    incident = desk.incident()
    assert (incident.state, incident.severity) == (IncidentState.RESOLVED, Severity.MEDIUM)


def test_an_incident_that_outlives_its_head_stays_the_one_of_its_problem(desk: Desk) -> None:
    desk.record(alert())
    for day in range(1, 402):
        desk.later(days=1)
        desk.record(now(desk, alert(f"a{day + 1}")))
    desk.record(now(desk, alert("b1", fingerprint="f2")))
    incident = desk.incident()
    assert (incident.count, incident.firing, incident.episode) == (403, 2, 1)


def test_a_fingerprint_that_fires_for_longer_than_its_alert_is_kept_is_resolved(desk: Desk) -> None:
    once, repeated = alert("a1", fingerprint="f1"), alert("b1", fingerprint="f2")
    desk.record(once, repeated)
    for _ in range(95):
        desk.later(days=1)
        again(desk, repeated)
    assert desk.incident().firing == 2
    for fingerprint in ("f1", "f2"):
        desk.record(now(desk, resolve(f"r{fingerprint}", fingerprint=fingerprint)))
    assert desk.incident().state is IncidentState.RESOLVED
