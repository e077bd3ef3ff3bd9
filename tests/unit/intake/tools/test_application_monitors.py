"""Honeycomb, Instana and AppDynamics."""

import json
from datetime import UTC, datetime

import pytest

from responder.alert import Alert, Severity, Status
from responder.intake import parse
from samples import NOW, alerts, only, sample

AT_0912 = datetime(2026, 11, 20, 9, 12, tzinfo=UTC)
AT_0940 = datetime(2026, 11, 20, 9, 40, tzinfo=UTC)


def changed(name: str, **fields: object) -> Alert:
    body = json.loads(sample(name)) | fields
    (alert,) = parse(json.dumps(body).encode(), {}, received_at=NOW)
    return alert


def test_trigger_is_understood() -> None:
    alert = only("honeycomb/triggered.json")
    assert alert.source == "honeycomb"
    assert alert.title == alert.rule == "Checkout is slow"
    assert "p99 of checkout above 2 s" in alert.message
    assert "service.name=checkout" in alert.message
    assert (alert.severity, alert.status) == (Severity.HIGH, Status.FIRING)
    assert alert.service == "checkout"
    assert alert.fingerprint == alert.native_id == "hAbCdE12"
    assert alert.links["source"].endswith("/result/xyz")
    assert alert.links["trigger"].endswith("/triggers/hAbCdE12")


def test_ok_meets_its_trigger() -> None:
    ok = only("honeycomb/ok.json")
    assert ok.status is Status.RESOLVED
    assert ok.fingerprint == only("honeycomb/triggered.json").fingerprint


def test_groups_may_be_null() -> None:
    assert only("honeycomb/test.json").status is Status.FIRING


def test_burn_alert_is_understood() -> None:
    alert, ok = only("honeycomb/burn_alert.json"), only("honeycomb/burn_alert_ok.json")
    assert alert.title == ok.title == "Checkout answers in time"
    assert (alert.severity, alert.status) == (Severity.HIGH, Status.FIRING)
    assert (alert.service, alert.scope.environment) == ("Checkout", "prod")
    assert (ok.status, ok.fingerprint) == (Status.RESOLVED, alert.fingerprint)


def test_shared_secret_of_honeycomb_is_kept_nowhere() -> None:
    alert = changed("honeycomb/triggered.json", shared_secret="do-not-keep")
    assert "do-not-keep" not in alert.model_copy(update={"raw": ""}).model_dump_json()


def test_retried_delivery_of_honeycomb_is_a_duplicate() -> None:
    def alert_id(delivery: str) -> str:
        headers = {"X-Honeycomb-Webhook-Delivery-ID": delivery}
        (alert,) = parse(sample("honeycomb/triggered.json"), headers)
        return alert.alert_id

    assert alert_id("1") == alert_id("1") != alert_id("2")


def test_issue_of_instana_is_understood() -> None:
    alert = only("instana/open.json")
    assert alert.source == "instana"
    assert alert.title == "Garbage collection takes 11 % of the time"
    assert (alert.severity, alert.status) == (Severity.MEDIUM, Status.FIRING)
    assert (alert.service, alert.resource) == ("checkout", "host1.example.net")
    assert alert.scope.environment == "prod"
    assert alert.fingerprint == "53650436-8e35-49a3-a610-56b442ae7620"
    assert alert.links["source"].startswith("https://example.instana.io/")
    assert alert.starts_at == AT_0912


def test_incident_of_instana_is_critical() -> None:
    alert = only("instana/incident.json")
    assert (alert.severity, alert.service) == (Severity.CRITICAL, "checkout jvm")


@pytest.mark.parametrize("name", ["closed", "closed_in_full"])
def test_closed_issue_meets_its_trigger(name: str) -> None:
    closed = only(f"instana/{name}.json")
    assert closed.status is Status.RESOLVED
    assert closed.fingerprint == only("instana/open.json").fingerprint
    assert closed.event_at == closed.ends_at == AT_0940


def test_entities_that_go_are_alerts_and_those_that_come_are_none() -> None:
    offline = only("instana/offline.json")
    assert offline.title == "Java virtual machine on host host1 is offline"
    assert offline.status is Status.FIRING
    assert alerts("instana/online.json") == []
    assert alerts("instana/change.json") == []


def test_event_of_appdynamics_is_understood() -> None:
    alert = only("appdynamics/open_critical.json")
    assert alert.source == "appdynamics"
    assert alert.title == "Business transaction response time on checkout"
    assert alert.message == "Response time of checkout is above its baseline"
    assert alert.rule == "Business transaction response time"
    assert (alert.severity, alert.status) == (Severity.CRITICAL, Status.FIRING)
    assert (alert.service, alert.resource) == ("checkout", "checkout-1")
    assert alert.labels["application"] == "Shop"
    assert alert.native_id == "412"
    assert alert.links["source"].startswith("https://example.saas.appdynamics.com/")
    assert alert.starts_at == AT_0912


def test_closed_violation_meets_its_start() -> None:
    opened, closed = (
        only("appdynamics/open_critical.json"),
        only("appdynamics/close_critical.json"),
    )
    assert closed.status is Status.RESOLVED
    assert (closed.fingerprint, closed.title) == (opened.fingerprint, opened.title)
    assert closed.ends_at == AT_0940


@pytest.mark.parametrize(
    ("kind", "severity", "status"),
    [
        ("POLICY_OPEN_WARNING", Severity.MEDIUM, Status.FIRING),
        ("POLICY_CONTINUES_CRITICAL", Severity.CRITICAL, Status.FIRING),
        ("POLICY_UPGRADED", Severity.CRITICAL, Status.FIRING),
        ("POLICY_DOWNGRADED", Severity.CRITICAL, Status.FIRING),
        ("POLICY_CLOSE_WARNING", Severity.MEDIUM, Status.RESOLVED),
        ("POLICY_CANCELED_CRITICAL", Severity.CRITICAL, Status.RESOLVED),
        ("APPLICATION_ERROR", Severity.HIGH, Status.FIRING),
    ],
)
def test_types_of_events(kind: str, severity: Severity, status: Status) -> None:
    alert = changed("appdynamics/open_critical.json", event_type=kind)
    assert (alert.severity, alert.status) == (severity, status)


def test_other_templates_of_appdynamics() -> None:
    nested, short = (
        only("appdynamics/latest_event.json"),
        only("appdynamics/short_template.json"),
    )
    assert (nested.title, nested.service) == ("CPU utilisation is too high on db", "db")
    assert (nested.severity, nested.resource) == (Severity.MEDIUM, "db-3")
    assert nested.starts_at == AT_0912
    assert short.title == "Health Rule Violation Started - Critical"
    assert (short.severity, short.source) == (Severity.CRITICAL, "appdynamics")


@pytest.mark.parametrize(
    "name", ["honeycomb/triggered", "instana/closed", "appdynamics/latest_event"]
)
@pytest.mark.parametrize("tool", ["honeycomb", "instana", "appdynamics", "zabbix", None])
def test_any_route(name: str, tool: str | None) -> None:
    alert = only(f"{name}.json", tool)
    assert (alert.source, alert.unknown_format) == (name.partition("/")[0], False)
