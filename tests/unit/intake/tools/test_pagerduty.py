"""PagerDuty: webhooks of all versions, and its Events API pointed at us."""

import json
from datetime import UTC, datetime

import pytest

from responder.alert import Severity, Status
from responder.intake import parse
from samples import NOW, alerts, only, sample


def v3(event_type: str, **data: object) -> bytes:
    body = json.loads(sample("pagerduty/v3_triggered.json"))
    body["event"]["event_type"] = event_type
    body["event"]["data"] |= data
    return json.dumps(body).encode()


def test_a_change_of_what_is_over_is_no_alert() -> None:
    body = v3("incident.priority_updated", status="resolved")
    assert parse(body, {}, received_at=NOW) == []


@pytest.mark.parametrize(
    ("priority", "severity"),
    [("SEV-1", Severity.CRITICAL), ("SEV-2", Severity.HIGH), ("SEV-5", Severity.INFO)],
)
def test_priorities_count_from_one(priority: str, severity: Severity) -> None:
    body = v3("incident.triggered", priority={"summary": priority}, urgency="high")
    (alert,) = parse(body, {}, received_at=NOW)
    assert alert.severity is severity


def test_triggered_incident_is_understood() -> None:
    alert = only("pagerduty/v3_triggered.json")
    assert alert.source == "pagerduty"
    assert alert.title == "Checkout answers with errors"
    assert (alert.severity, alert.status) == (Severity.CRITICAL, Status.FIRING)
    assert alert.service == "Checkout"
    assert alert.native_id == alert.fingerprint == "PGR0VU2"
    assert alert.links["source"] == "https://example.pagerduty.com/incidents/PGR0VU2"
    assert alert.starts_at == datetime(2026, 11, 20, 9, 12, 43, tzinfo=UTC)
    assert alert.event_at == datetime(2026, 11, 20, 9, 12, 43, 120000, tzinfo=UTC)


def test_resolve_meets_its_trigger() -> None:
    firing, resolved = only("pagerduty/v3_triggered.json"), only("pagerduty/v3_resolved.json")
    assert resolved.status is Status.RESOLVED
    assert resolved.fingerprint == firing.fingerprint
    assert resolved.event_at == resolved.ends_at == datetime(2026, 11, 20, 9, 58, tzinfo=UTC)


@pytest.mark.parametrize(
    "event_type",
    ["acknowledged", "unacknowledged", "reopened", "escalated", "delegated", "reassigned",
     "priority_updated"],
)  # fmt: skip
def test_what_happens_to_an_open_incident_fires(event_type: str) -> None:
    (alert,) = parse(v3(f"incident.{event_type}"), {}, received_at=NOW)
    assert alert.status is Status.FIRING


@pytest.mark.parametrize(
    "event_type",
    ["incident.annotated", "incident.status_update_published", "incident.responder.added",
     "incident.responder.replied", "incident.custom_field_values.updated", "incident.role.assigned",
     "incident.workflow.started", "incident.conference_bridge.updated", "incident.service_updated",
     "service.created", "service.updated", "service.deleted", "pagey.ping"],
)  # fmt: skip
def test_other_events_are_no_alerts(event_type: str) -> None:
    assert parse(v3(event_type, status="resolved"), {}, received_at=NOW) == []


def test_note_and_ping_are_no_alerts() -> None:
    signed = {"X-PagerDuty-Signature": "v1=00"}
    for name in ("v3_annotated", "v3_ping"):
        assert parse(sample(f"pagerduty/{name}.json"), signed, received_at=NOW) == []


def test_severity_is_the_priority_else_the_urgency() -> None:
    assert only("pagerduty/v3_acknowledged.json").severity is Severity.LOW
    (high,) = parse(v3("incident.triggered", priority=None), {}, received_at=NOW)
    assert high.severity is Severity.HIGH
    (p3,) = parse(v3("incident.triggered", priority={"summary": "P3"}), {}, received_at=NOW)
    assert p3.severity is Severity.MEDIUM


def test_incident_that_cannot_be_read_is_not_lost() -> None:
    (alert,) = parse(v3("incident.triggered", id=None, incident_key=None), {}, received_at=NOW)
    assert alert.unknown_format


def test_messages_of_version_2() -> None:
    orders, refunds = alerts("pagerduty/v2_messages.json")
    assert (orders.title, orders.service, orders.status) == ("Orders wait", "Orders", Status.FIRING)
    assert orders.severity is Severity.HIGH
    assert (refunds.title, refunds.status) == ("Refunds wait", Status.RESOLVED)
    assert refunds.ends_at == datetime(2026, 11, 20, 9, 40, tzinfo=UTC)
    assert orders.fingerprint != refunds.fingerprint


def test_message_of_version_1() -> None:
    alert = only("pagerduty/v1_messages.json")
    assert (alert.title, alert.service) == ("Mail queue is full", "Mail")
    assert (alert.severity, alert.status) == (Severity.LOW, Status.FIRING)


def test_event_of_the_api_is_understood() -> None:
    alert = only("pagerduty-events/v2_trigger.json")
    assert (alert.source, alert.title) == ("pagerduty", "HTTP of srv01 fails")
    assert (alert.severity, alert.status) == (Severity.CRITICAL, Status.FIRING)
    assert (alert.service, alert.resource) == ("shop", "srv01.example.net")
    assert (alert.rule, alert.scope.environment) == ("ping failure", "prod")
    assert alert.native_id == "srv01/HTTP"
    assert alert.links == {
        "source": "https://sensu.example.net/srv01",
        "Runbook": "https://runbooks.example.net/http",
        "image": "https://charts.example.net/1.png",
    }
    assert alert.starts_at == datetime(2026, 11, 20, 9, 12, 43, 905000, tzinfo=UTC)


def test_resolve_of_the_api_has_its_key_alone() -> None:
    trigger, resolve = (
        only("pagerduty-events/v2_trigger.json"),
        only("pagerduty-events/v2_resolve.json"),
    )
    acknowledge = only("pagerduty-events/v2_acknowledge_without_details.json")
    assert resolve.status is Status.RESOLVED
    assert {resolve.fingerprint, acknowledge.fingerprint} == {trigger.fingerprint}
    assert (acknowledge.status, acknowledge.severity) == (Status.FIRING, Severity.MEDIUM)
    assert acknowledge.message == "see the log"


def test_same_key_of_two_integrations_is_two() -> None:
    body = json.loads(sample("pagerduty-events/v2_trigger.json")) | {"routing_key": "another"}
    (other,) = parse(json.dumps(body).encode(), {}, received_at=NOW)
    assert other.fingerprint != only("pagerduty-events/v2_trigger.json").fingerprint


def test_key_of_an_integration_is_kept_nowhere() -> None:
    body = json.loads(sample("pagerduty-events/v2_trigger.json")) | {"routing_key": "do-not-keep"}
    (alert,) = parse(json.dumps(body).encode(), {}, received_at=NOW)
    kept = alert.model_copy(update={"raw": ""}).model_dump_json()
    assert "do-not-keep" not in kept


def test_events_without_a_key_are_told_apart_by_what_they_say() -> None:
    def of(summary: str) -> str:
        payload = {"summary": summary, "source": "a", "severity": "error"}
        body = {"routing_key": "k", "event_action": "trigger", "payload": payload}
        (alert,) = parse(json.dumps(body).encode(), {}, received_at=NOW)
        assert alert.severity is Severity.HIGH
        return alert.fingerprint

    assert of("one") == of("one") != of("two")


def test_change_event_is_no_alert() -> None:
    assert alerts("pagerduty-events/v2_change.json") == []


def test_events_of_version_1() -> None:
    trigger, resolve = (
        only("pagerduty-events/v1_trigger.json"),
        only("pagerduty-events/v1_resolve.json"),
    )
    assert (trigger.title, trigger.severity) == ("FAILURE of HTTP on srv01", Severity.HIGH)
    assert trigger.resource == "srv01"
    assert trigger.links["image"] == "https://charts.example.net/2.png"
    assert resolve.status is Status.RESOLVED
    assert resolve.fingerprint == trigger.fingerprint


@pytest.mark.parametrize("tool", ["pagerduty", "opsgenie", None])
def test_any_route(tool: str | None) -> None:
    webhooks = ("pagerduty/v3_triggered", "pagerduty/v1_messages")
    events = ("pagerduty-events/v2_trigger", "pagerduty-events/v1_trigger")
    for name in (*webhooks, *events):
        alert = only(f"{name}.json", tool)
        assert (alert.source, alert.unknown_format) == ("pagerduty", False)
