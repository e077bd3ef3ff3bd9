"""Azure Monitor in its common schema and in the older ones, and Azure Event Grid."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from responder.alert import Alert, Severity
from responder.intake.registry import read
from samples import JSON, NOW, alerts, only, sample
from unit.intake.tools.expected import (
    CRITICAL,
    FIRING,
    HIGH,
    INFO,
    LOW,
    MEDIUM,
    RESOLVED,
    at,
    differs,
)

SUBSCRIPTION = "aaaa0a0a-bb1b-cc2c-dd3d-eeeeee4e4e4e"
ALERT = "/providers/Microsoft.AlertsManagement/alerts/b9569717-bc32-442f-add5-83a997729330"


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("metric_fired", {
            "title": "High CPU of checkout", "severity": HIGH, "status": FIRING,
            "service": "checkout", "resource": "checkout-vm", "rule": "High CPU of checkout",
            "native_id": f"/subscriptions/{SUBSCRIPTION}{ALERT}", "ends_at": None,
            "message": "The checkout VM is out of CPU\n"
            "Percentage CPU: Average GreaterThan 90, value 97.25",
            "links": {
                "source": "https://portal.azure.com/#blade/Microsoft_Azure_Monitoring_Alerts"
                "/Investigation.ReactView/alertId/b9569717",
                "alert": "https://portal.azure.com/#view/Microsoft_Azure_Monitoring_Alerts"
                "/AlertDetails.ReactView/alertId~/"
                + f"/subscriptions/{SUBSCRIPTION}{ALERT}".replace("/", "%2F"),
                "resource": f"https://portal.azure.com/#resource/subscriptions/{SUBSCRIPTION}"
                "/resourcegroups/shop-rg/providers/microsoft.compute/virtualmachines/checkout-vm",
            },
        }),
        ("log_v2_without_severity_and_targets", {
            "title": "No heartbeat", "severity": CRITICAL, "resource": "web-7",
            "message": "The checkout VM is out of CPU\nHeartbeat: Count LowerThan 1, value 0.0",
        }),
        ("prometheus", {"title": "SqlDown", "severity": MEDIUM, "service": "orders"}),
        ("budget_with_nulls", {"title": "Budget shop-month", "severity": MEDIUM}),
        ("service_health_active", {
            "title": "Azure itself", "severity": MEDIUM, "status": FIRING,
            "service": "Virtual Machines", "starts_at": at("08:48:00"),
        }),
        ("old_metric_activated", {
            "title": "blob-errors", "severity": HIGH, "status": FIRING, "service": "exports",
            "resource": "exports", "links": {"source": "https://portal.azure.com/#resource/exports"},
        }),
        ("old_log_search", {
            "title": "errors in the log", "severity": LOW, "event_at": at("09:30:24"),
            "starts_at": at("09:15:24"), "resource": "logs",
            "message": "Errors in the log\nQuery: AppTraces | where SeverityLevel == 3\n"
            "Results: 12",
        }),
        ("resource_health_unavailable", {
            "title": "Virtual machine is unavailable", "severity": CRITICAL, "status": FIRING,
            "resource": "checkout-vm", "rule": "ResourceHealth",
        }),
        ("activity_administrative", {
            "title": "Microsoft.Compute/virtualMachines/deallocate/action: checkout-vm",
            "severity": INFO, "status": FIRING, "labels": {"team": "infra"},
        }),
        ("classic_metric", {
            "title": "requests", "severity": MEDIUM, "resource": "shop",
            "message": "Too many requests\nRequests: Average GreaterThanOrEqual 5, value 10",
        }),
    ],
)  # fmt: skip
def test_an_alert_is_understood(name: str, expected: dict[str, Any]) -> None:
    alert = only(f"azure-monitor/{name}.json")
    assert alert.source == "azure-monitor"
    assert alert.scope.account == SUBSCRIPTION
    assert differs(alert, expected) == {}


@pytest.mark.parametrize(
    ("firing", "resolved"),
    [
        ("azure-monitor/metric_fired", "azure-monitor/metric_resolved"),
        ("azure-monitor/service_health_active", "azure-monitor/service_health_over"),
        ("azure-monitor/old_metric_activated", "azure-monitor/old_metric_deactivated"),
        ("azure-monitor/resource_health_unavailable", "azure-monitor/resource_health_available"),
        ("azure-event-grid/unavailable", "azure-event-grid/available"),
    ],
)
def test_the_end_meets_the_trouble(firing: str, resolved: str) -> None:
    begun, ended = only(f"{firing}.json"), only(f"{resolved}.json")
    assert (begun.status, ended.status) == (FIRING, RESOLVED)
    assert (begun.fingerprint, begun.title, begun.rule) == (
        ended.fingerprint, ended.title, ended.rule,
    )  # fmt: skip
    assert begun.event_at < ended.event_at == ended.ends_at


def essentials(**changes: object) -> Alert:
    whole = json.loads(sample("azure-monitor/metric_fired.json"))
    whole["data"]["essentials"].update(changes)
    (alert,) = read(json.dumps(whole).encode(), JSON, received_at=NOW).alerts
    return alert


@pytest.mark.parametrize(
    ("told", "severity"),
    [("Sev0", CRITICAL), ("Sev1", HIGH), ("sev2", MEDIUM), ("Sev3", LOW), ("Sev4", INFO),
     (None, MEDIUM), (1, HIGH)],
)  # fmt: skip
def test_severities(told: object, severity: Severity) -> None:
    assert essentials(severity=told).severity is severity


@pytest.mark.parametrize(
    ("told", "severity"),
    [
        ({}, CRITICAL),
        ({"level": "Informational"}, HIGH),
        ({"level": "Informational", "cause": "UserInitiated"}, INFO),
        ({"level": "Error", "currentHealthStatus": "Degraded"}, HIGH),
    ],
    ids=["level", "unavailable", "by a user", "degraded"],
)
def test_the_common_schema_s_severity_of_events_is_no_word_of_how_bad_they_are(
    told: dict[str, str], severity: Severity
) -> None:
    """All of them are Sev4 there."""
    old = json.loads(sample("azure-monitor/resource_health_unavailable.json"))
    log = old["data"]["context"]["activityLog"]
    own = {"cause": "PlatformInitiated"} | told
    level = own.pop("level", log["level"])
    context = log | {"level": level, "properties": log["properties"] | own}
    whole = json.loads(sample("azure-monitor/service_health_active.json"))
    whole["data"]["essentials"]["severity"] = "Sev4"
    whole["data"]["alertContext"] = context
    (alert,) = read(json.dumps(whole).encode(), JSON, received_at=NOW).alerts
    assert alert.severity is severity


def test_a_resolve_without_its_time_is_later_than_its_trigger() -> None:
    ended = essentials(monitorCondition="Resolved", resolvedDateTime=None)
    assert ended.event_at == NOW


def test_two_series_of_one_rule_in_the_older_schema_are_two() -> None:
    whole = json.loads(sample("azure-monitor/old_metric_activated.json"))
    whole["data"]["context"]["condition"]["allOf"][0]["dimensions"][0]["value"] = "PutBlob"
    (other,) = read(json.dumps(whole).encode(), JSON, received_at=NOW).alerts
    assert other.fingerprint != only("azure-monitor/old_metric_activated.json").fingerprint


@pytest.mark.parametrize("tool", [None, "azure", "azure-monitor", "grafana"])
def test_the_route_does_not_matter(tool: str | None) -> None:
    for name in ("metric_fired", "old_log_search", "classic_metric", "activity_administrative"):
        assert only(f"azure-monitor/{name}.json", tool).source == "azure-monitor"


def test_event_grid_s_array_is_taken_apart() -> None:
    failed, done = alerts("azure-event-grid/write_failed_and_another_succeeded.json")
    assert (failed.title, failed.status) == ("Resource Write: checkout-vm", FIRING)
    assert (done.title, done.status) == ("Resource Write: checkout-vm-2", RESOLVED)
    assert failed.fingerprint != done.fingerprint
    assert failed.scope.account == SUBSCRIPTION


def test_event_grid_s_resources_have_health_and_key_vaults_dates() -> None:
    down = only("azure-event-grid/unavailable.json")
    assert (down.title, down.severity) == ("Availability Status Changed: checkout-vm", HIGH)
    expires = only("azure-event-grid/certificate_expires.json")
    assert (expires.title, expires.status) == ("Certificate Near Expiry: tls", FIRING)


def test_a_validation_is_no_alert() -> None:
    parcel = read(sample("azure-event-grid/validation.json"), JSON, received_at=NOW)
    assert (parcel.alerts, parcel.not_alerts) == ((), 1)


def test_an_alert_of_azure_monitor_inside_an_event_is_read_as_one() -> None:
    (event,) = json.loads(sample("azure-event-grid/unavailable.json"))
    event["data"] = json.loads(sample("azure-monitor/metric_fired.json"))
    for body in ([event], event):
        (alert,) = read(json.dumps(body).encode(), JSON, received_at=NOW).alerts
        assert alert.fingerprint == only("azure-monitor/metric_fired.json").fingerprint


def test_trouble_of_azure_itself_begins_by_the_clock_of_its_events() -> None:
    body = json.loads(sample("azure-monitor/service_health_active.json"))
    found = read(json.dumps(body).encode(), JSON, received_at=NOW)
    assert found.alerts[0].event_at == datetime(2026, 11, 20, 9, 31, 19, 31269, tzinfo=UTC)
