"""Better Stack's incidents, errors and pages; Statuspage and its likes."""

import json
from datetime import UTC, datetime

import pytest

from responder.alert import Severity, Status
from responder.intake import parse
from responder.intake.registry import read
from responder.raw import unpack
from samples import JSON, only, sample
from unit.intake.tools.expecting import BROKE, MENDED, nothing, read_as, same_problem

OVER = datetime(2026, 11, 20, 10, 2, tzinfo=UTC)


def changed(name: str, part: str, **changes: object) -> bytes:
    body = json.loads(sample(name))
    body[part] |= changes
    return json.dumps(body).encode()


def test_an_incident_of_better_stack() -> None:
    firing = read_as(
        "better-stack/incident_started.json",
        source="better-stack",
        title="Shop home page",
        message="Status 503",
        severity=Severity.HIGH,
        status=Status.FIRING,
        native_id="881",
        resource="https://shop.example.net",
        labels={"team": "Shop"},
        event_at=BROKE,
        starts_at=BROKE,
    )
    assert firing.links["incident"] == "https://uptime.betterstack.com/team/1/incidents/881"
    resolved = read_as("better-stack/incident_resolved.json", event_at=MENDED, ends_at=MENDED)
    same_problem(firing, resolved)
    assert only("better-stack/incident_acknowledged.json").alert_id == firing.alert_id


def test_a_resolve_by_its_time_alone() -> None:
    body = json.loads(sample("better-stack/incident_resolved.json"))
    body["data"]["attributes"]["status"] = None
    (alert,) = parse(json.dumps(body).encode(), JSON)
    assert (alert.status, alert.ends_at) == (Status.RESOLVED, alert.event_at)


def test_a_resolve_by_its_event_alone() -> None:
    body = {**json.loads(sample("better-stack/incident_started.json")), "event": "resolved"}
    (alert,) = parse(json.dumps(body).encode(), JSON)
    assert alert.status is Status.RESOLVED


def test_metadata_may_name_a_severity() -> None:
    body = json.loads(sample("better-stack/incident_started.json"))
    body["data"]["attributes"]["metadata"] = {"severity": "critical", "service": "checkout"}
    (alert,) = parse(json.dumps(body).encode(), JSON)
    assert (alert.severity, alert.service) == (Severity.CRITICAL, "checkout")


def test_monitors_and_calendars_are_no_alerts() -> None:
    nothing("better-stack/monitor_paused.json")
    calendar = {"data": {"id": "9", "type": "on_call_calendar", "attributes": {"name": "Shop"}}}
    assert read(json.dumps(calendar).encode(), JSON).not_alerts == 1


def test_an_error_of_better_stack() -> None:
    firing = read_as(
        "better-stack/error_new.json",
        source="better-stack",
        title="KeyError: 'currency'",
        rule="KeyError",
        severity=Severity.HIGH,
        service="orders-api",
        resource="orders.price",
    )
    assert firing.scope.environment == "prod"
    same_problem(firing, only("better-stack/error_resolved.json"))


def test_a_page_of_better_stack_is_its_own() -> None:
    read_as(
        "better-stack/status_page_incident.json",
        source="better-stack",
        title="Database connections fail",
        message="We look into it.",
        severity=Severity.HIGH,
        status=Status.FIRING,
        native_id="987",
    )
    name = "better-stack/status_page_incident.json"
    (alert,) = parse(changed(name, "page", status_indicator="operational"), JSON)
    assert alert.status is Status.RESOLVED


def test_an_incident_of_statuspage() -> None:
    firing = read_as(
        "statuspage/incident_investigating.json",
        source="statuspage",
        title="Elevated error rates of the API",
        message="We are looking into it.",
        severity=Severity.HIGH,
        status=Status.FIRING,
        native_id="z3lc",
        service="cloudy.statuspage.io",
        resource="API",
        links={"incident": "https://stspg.io/646947c1e"},
        event_at=datetime(2026, 11, 20, 9, 13, tzinfo=UTC),
        starts_at=datetime(2026, 11, 20, 9, 10, tzinfo=UTC),
    )
    same_problem(firing, read_as("statuspage/incident_resolved.json", ends_at=OVER))
    assert "t0k3n" not in firing.model_dump_json() + unpack(firing.raw)


@pytest.mark.parametrize(
    ("state", "status"),
    [
        ("identified", "firing"),
        ("monitoring", "firing"),
        ("MONITORING", "firing"),
        ("resolved", "resolved"),
        ("postmortem", "resolved"),
        ("in_progress", "firing"),
        ("completed", "resolved"),
    ],
)
def test_states_of_incidents(state: str, status: str) -> None:
    body = changed("statuspage/incident_investigating.json", "incident", status=state)
    (alert,) = parse(body, JSON)
    assert alert.status == status


@pytest.mark.parametrize(
    ("impact", "severity"),
    [
        ("critical", Severity.CRITICAL),
        ("major", Severity.HIGH),
        ("minor", Severity.LOW),
        ("none", Severity.INFO),
        ("maintenance", Severity.INFO),
        (None, Severity.MEDIUM),
    ],
)
def test_impacts(impact: str | None, severity: Severity) -> None:
    body = changed("statuspage/incident_investigating.json", "incident", impact=impact)
    (alert,) = parse(body, JSON)
    assert alert.severity is severity


def test_planned_maintenance_is_no_alert() -> None:
    nothing("statuspage/maintenance_scheduled.json")


def test_a_component() -> None:
    firing = read_as(
        "statuspage/component_outage.json",
        title="Object storage",
        severity=Severity.CRITICAL,
        status=Status.FIRING,
        resource="Object storage",
        event_at=BROKE,
    )
    same_problem(firing, read_as("statuspage/component_operational.json", ends_at=OVER))
    assert firing.fingerprint != only("statuspage/incident_investigating.json").fingerprint


def test_pages_that_copied_the_shape_write_states_otherwise() -> None:
    name = "statuspage/component_outage.json"
    (firing,) = parse(changed(name, "component_update", new_status="PARTIALOUTAGE"), JSON)
    (resolved,) = parse(changed(name, "component_update", new_status="OPERATIONAL"), JSON)
    assert (firing.severity, firing.status) == (Severity.HIGH, "firing")
    assert resolved.status == "resolved"
