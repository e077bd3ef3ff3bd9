"""Google Cloud: Monitoring's incidents, Error Reporting, budgets and findings of security."""

import json
from typing import Any

import pytest

from responder.alert import Alert, Scope, Severity
from responder.intake.registry import read
from samples import JSON, NOW, only, sample
from unit.intake.tools.expected import (
    CRITICAL,
    FIRING,
    HIGH,
    MEDIUM,
    RESOLVED,
    at,
    differs,
)

INCIDENT = "https://console.cloud.google.com/monitoring/alerting/incidents/0.lj2va6zdkemq"


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("incident_open", {
            "title": "High CPU: CPU above 90 %", "severity": CRITICAL, "status": FIRING,
            "service": "checkout", "resource": "checkout-1", "rule": "High CPU",
            "native_id": "0.lj2va6zdkemq", "starts_at": at("09:20:00"), "ends_at": None,
            "scope": Scope(account="shop-prod", region="europe-west1-b", environment="prod"),
            "message": "CPU usage of checkout-1 is above the threshold of 0.9 with a value of 0.97."
            "\nLook at the checkout dashboard.\nObserved 0.97, threshold 0.9",
            "links": {"source": f"{INCIDENT}?project=shop-prod",
                      "Playbook": "https://wiki.example.com/cpu"},
        }),
        ("no_severity_and_few_fields", {
            "title": "Errors", "severity": MEDIUM, "service": "orders",
            "scope": Scope(account="shop-prod", region="europe-west1"),
        }),
        ("console_test", {
            "title": "projects/12345/alertPolicies/12345: Example condition", "status": FIRING,
            "starts_at": None, "ends_at": None, "event_at": NOW,
            "message": "Test Incident\nTest documentation\nObserved 1.0, threshold 0.5",
        }),
        ("error_reporting", {
            "title": "ValueError: basket without items", "severity": HIGH, "status": FIRING,
            "service": "checkout", "native_id": "CKmsuZ2x0q", "rule": "ValueError",
            "scope": Scope(account="shop-prod"), "labels": {"version": "v42"},
        }),
        ("budget_exceeded", {
            "title": "Budget shop month exceeded", "severity": MEDIUM, "status": FIRING,
            "message": "912.5 of 1000.0 EUR spent; threshold 0.9",
        }),
        ("finding_active", {
            "title": "PUBLIC_BUCKET_ACL: customer-exports", "severity": HIGH, "status": FIRING,
            "scope": Scope(account="shop-prod"),
        }),
    ],
)  # fmt: skip
def test_what_is_told_is_understood(name: str, expected: dict[str, Any]) -> None:
    alert = only(f"google-cloud/{name}.json")
    assert alert.source == "google-cloud"
    assert differs(alert, expected) == {}


def test_the_end_meets_the_trouble() -> None:
    begun, ended = (only(f"google-cloud/incident_{state}.json") for state in ("open", "closed"))
    assert ended.status is RESOLVED
    assert (begun.fingerprint, begun.title) == (ended.fingerprint, ended.title)
    assert begun.event_at < ended.event_at == ended.ends_at == at("09:50:00")
    active, inactive = (
        only(f"google-cloud/finding_{state}.json") for state in ("active", "inactive")
    )
    assert (active.status, inactive.status) == (FIRING, RESOLVED)
    assert active.fingerprint == inactive.fingerprint


def test_pub_sub_s_push_is_opened() -> None:
    alert = only("google-cloud/incident_through_pubsub.json")
    assert alert.alert_id == only("google-cloud/incident_open.json").alert_id


def test_a_budget_that_is_not_exceeded_is_a_report() -> None:
    parcel = read(sample("google-cloud/budget_report.json"), JSON, received_at=NOW)
    assert (parcel.alerts, parcel.not_alerts) == ((), 1)


def incident(**changes: object) -> Alert:
    whole = json.loads(sample("google-cloud/incident_open.json"))
    whole["incident"].update(changes)
    (alert,) = read(json.dumps(whole).encode(), JSON, received_at=NOW).alerts
    return alert


@pytest.mark.parametrize(
    ("told", "severity"),
    [("Critical", CRITICAL), ("Error", HIGH), ("Warning", MEDIUM), ("No severity", MEDIUM)],
)
def test_severities(told: str, severity: Severity) -> None:
    assert incident(severity=told).severity is severity


def test_a_label_of_the_policy_stands_for_a_missing_severity() -> None:
    labels = {"severity": "p1"}
    assert incident(severity="No severity", policy_user_labels=labels).severity is CRITICAL


@pytest.mark.parametrize("state", ["OPEN", "acknowledged", "", None])
def test_only_closed_is_the_end(state: object) -> None:
    assert incident(state=state).status is FIRING


@pytest.mark.parametrize("tool", [None, "gcp", "stackdriver", "google-cloud", "grafana"])
def test_the_route_does_not_matter(tool: str | None) -> None:
    for name in ("incident_open", "error_reporting", "finding_active", "budget_exceeded"):
        assert only(f"google-cloud/{name}.json", tool).source == "google-cloud"
