"""Datadog: the default payload, our template, a user's, and what titles tell."""

import json
from datetime import UTC, datetime

import pytest

from responder.alert import Alert, Severity, Status
from responder.intake import parse
from samples import NOW, only, sample

AT_0912 = datetime(2026, 11, 20, 9, 12, tzinfo=UTC)
AT_0940 = datetime(2026, 11, 20, 9, 40, tzinfo=UTC)


def read(**fields: object) -> Alert:
    body = json.loads(sample("datadog/default_triggered.json")) | fields
    (alert,) = parse(json.dumps(body).encode(), {}, received_at=NOW)
    return alert


def test_default_payload_is_understood_by_its_title() -> None:
    alert = only("datadog/default_triggered.json")
    assert alert.source == "datadog"
    assert alert.title == "CPU of web is high"
    assert alert.message.startswith("CPU of web-1 is high.")
    assert "%%%" not in alert.message
    assert (alert.severity, alert.status) == (Severity.HIGH, Status.FIRING)
    assert (alert.resource, alert.scope.environment) == ("web-1", "prod")
    assert alert.event_at == alert.starts_at == AT_0912


def test_default_resolve_meets_its_trigger() -> None:
    firing, resolved = (
        only("datadog/default_triggered.json"),
        only("datadog/default_recovered.json"),
    )
    assert resolved.status is Status.RESOLVED
    assert (resolved.fingerprint, resolved.title) == (firing.fingerprint, firing.title)
    assert resolved.event_at == resolved.ends_at == AT_0940


@pytest.mark.parametrize(
    ("title", "plain", "severity", "status"),
    [
        ("[Triggered on {host:x}] Disk", "Disk", Severity.HIGH, Status.FIRING),
        ("[P1] [Triggered] Disk", "Disk", Severity.CRITICAL, Status.FIRING),
        ("[P4] [Warn on {a:b,c:d}] Disk", "Disk", Severity.LOW, Status.FIRING),
        ("[Warn] Disk", "Disk", Severity.MEDIUM, Status.FIRING),
        ("[Re-Triggered] Disk", "Disk", Severity.HIGH, Status.FIRING),
        ("[Re-Warn] Disk", "Disk", Severity.MEDIUM, Status.FIRING),
        ("[No data] Disk", "Disk", Severity.MEDIUM, Status.FIRING),
        ("[No Data on {host:x}] Disk", "Disk", Severity.MEDIUM, Status.FIRING),
        ("[Recovered on {host:x}] Disk", "Disk", Severity.MEDIUM, Status.RESOLVED),
        ("[TEST] [P2] [Triggered] Disk", "Disk", Severity.HIGH, Status.FIRING),
        ("[shop] Disk", "[shop] Disk", Severity.MEDIUM, Status.FIRING),
        ("Disk [Recovered] yesterday", "Disk [Recovered] yesterday", Severity.MEDIUM,
         Status.FIRING),
    ],
)  # fmt: skip
def test_prefixes_of_titles(title: str, plain: str, severity: Severity, status: Status) -> None:
    alert = read(title=title)
    assert (alert.title, alert.severity, alert.status) == (plain, severity, status)


def test_monitors_and_hosts_are_told_apart() -> None:
    titles = ["[Triggered on {host:a}] X", "[Triggered on {host:b}] X", "[Triggered] X", "Y"]
    assert len({read(title=title).fingerprint for title in titles}) == len(titles)
    other = read(org={"id": "999", "name": "Other"})
    assert other.fingerprint != read().fingerprint


def test_our_template_is_understood() -> None:
    alert = only("datadog/template_triggered.json")
    assert alert.title == "Checkout answers with errors"
    assert alert.message == "More than 5 % of requests to checkout fail."
    assert (alert.severity, alert.status) == (Severity.CRITICAL, Status.FIRING)
    assert (alert.service, alert.resource) == ("checkout", "ip-10-0-3-17")
    assert (alert.scope.environment, alert.scope.region) == ("prod", "eu-west-1")
    assert alert.labels["team"] == "shop"
    assert "monitor" not in alert.labels
    assert (alert.native_id, alert.fingerprint) == ("98765", "8123456789012345678")
    assert alert.links["source"].startswith("https://app.datadoghq.eu/monitors/98765")
    assert alert.starts_at == AT_0912


def test_our_template_resolves_also_as_a_form() -> None:
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    body = sample("datadog/template_recovered.form.txt")
    (by_form,) = parse(body, form, received_at=NOW)
    resolved, firing = (
        only("datadog/template_recovered.json"),
        only("datadog/template_triggered.json"),
    )
    assert (by_form.status, resolved.status) == (Status.RESOLVED, Status.RESOLVED)
    assert {by_form.fingerprint, resolved.fingerprint} == {firing.fingerprint}
    assert by_form.labels == resolved.labels
    assert resolved.severity is Severity.CRITICAL


def test_unfilled_variables_are_absent() -> None:
    alert = only("datadog/template_warn_unfilled.json")
    assert (alert.title, alert.severity) == ("Lag of the orders queue", Severity.MEDIUM)
    assert (alert.resource, alert.labels, alert.links) == ("", {}, {})
    assert "$" not in alert.fingerprint


def test_synthetics_and_error_tracking() -> None:
    login, error = only("datadog/synthetics.json"), only("datadog/error_tracking.json")
    assert (login.title, login.service) == ("[Synthetics] Login works", "login")
    assert login.severity is Severity.MEDIUM
    assert (error.title, error.service) == ("New error in checkout: TypeError", "checkout")
    assert error.severity is Severity.HIGH


@pytest.mark.parametrize("transition", ["Recovered", "recovered", "RECOVERED", "OK"])
def test_transition_decides_over_the_title(transition: str) -> None:
    assert read(alert_transition=transition).status is Status.RESOLVED


@pytest.mark.parametrize(
    "transition",
    ["Triggered", "Re-Triggered", "No Data", "Re-No Data", "Warn", "Re-Warn", "Renotify", "new"],
)
def test_everything_else_fires(transition: str) -> None:
    assert read(alert_transition=transition).status is Status.FIRING


def test_success_is_a_recovery_where_nothing_else_tells() -> None:
    assert read(title="Disk", alert_type="success").status is Status.RESOLVED
    assert read(title="Disk", alert_type="info").severity is Severity.INFO


@pytest.mark.parametrize(
    ("fields", "severity"),
    [
        ({"alert_priority": "p3"}, Severity.MEDIUM),
        ({"priority": 4}, Severity.LOW),
        ({"priority": "normal"}, Severity.HIGH),
        ({"incident_severity": "SEV-1"}, Severity.CRITICAL),
        ({"security_signal_severity": "low"}, Severity.LOW),
        ({"tags": "severity:critical"}, Severity.CRITICAL),
        ({"alert_type": "warning"}, Severity.MEDIUM),
    ],
)
def test_severities(fields: dict[str, object], severity: Severity) -> None:
    assert read(title="[Triggered] Disk", **fields).severity is severity


@pytest.mark.parametrize(
    "keys", ["alertId alertTransition alertTitle", "ALERT_ID ALERT_TRANSITION ALERT_TITLE"]
)
def test_names_of_a_users_template_are_read_in_any_case(keys: str) -> None:
    monitor, transition, title = keys.split()
    body = {monitor: 77, transition: "Recovered", title: "[Recovered] Disk", "org": None}
    (alert,) = parse(json.dumps(body).encode(), {}, "datadog", received_at=NOW)
    assert (alert.source, alert.title, alert.status) == ("datadog", "Disk", Status.RESOLVED)
    assert alert.fingerprint == "77/"


@pytest.mark.parametrize("tool", [None, "datadog", "grafana", "unheard-of"])
def test_any_route(tool: str | None) -> None:
    assert only("datadog/template_triggered.json", tool).source == "datadog"


def test_long_bracketed_titles_cost_nothing() -> None:
    assert read(title="[" * 50_000).status is Status.FIRING
    assert read(title="[Triggered on {" + "a" * 50_000).status is Status.FIRING


def test_an_incident_that_is_completed_is_over() -> None:
    assert read(title="Checkout is down", incident_status="completed").status is Status.RESOLVED
