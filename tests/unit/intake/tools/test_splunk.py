"""Splunk's products: the platform's webhook, On-Call and Observability Cloud."""

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


def test_search_is_understood() -> None:
    alert = only("splunk/alert.json")
    assert alert.source == "splunk"
    assert alert.title == alert.rule == "Logins fail"
    assert alert.message == "Nov 20 09:11:40 auth-1 sshd: 812 failures"
    assert (alert.severity, alert.status) == (Severity.HIGH, Status.FIRING)
    assert (alert.service, alert.resource) == ("login", "auth-1")
    assert alert.scope.environment == "prod"
    assert alert.labels["sourcetype"] == "auth, syslog"
    assert alert.links["source"].startswith("https://splunk.example.net:8000/app/search")
    assert alert.event_at == AT_0912


def test_another_run_is_the_same_problem_and_another_host_is_not() -> None:
    first, other = only("splunk/alert.json"), only("splunk/other_host.json")
    again = changed("splunk/alert.json", sid="scheduler__admin__search__RMD5c2f1_at_1795166220_133")
    assert again.fingerprint == first.fingerprint != other.fingerprint
    assert again.alert_id != first.alert_id
    assert other.severity is Severity.MEDIUM


def test_search_without_a_name_is_titled_by_its_row() -> None:
    alert = only("splunk/unnamed_search.json")
    assert (alert.title, alert.severity) == ("Payment gateway refuses cards", Severity.CRITICAL)


def test_search_without_a_row_is_understood() -> None:
    alert = only("splunk/empty_result.json")
    assert alert.title == "Nightly job did not run"
    assert alert.event_at == AT_0912


def test_message_of_on_call_is_understood() -> None:
    alert = only("victorops/critical.json")
    assert alert.source == "victorops"
    assert alert.title == "Disk of db-3 is nearly full"
    assert alert.message == "91 % of /dev/sda1 is used."
    assert (alert.severity, alert.status) == (Severity.CRITICAL, Status.FIRING)
    assert (alert.service, alert.resource) == ("ledger", "db-3")
    assert alert.fingerprint == alert.native_id == "db-3/disk"
    assert alert.links == {"source": "https://nagios.example.net/db-3"}
    assert alert.starts_at == AT_0912


def test_only_recovery_resolves() -> None:
    recovery = only("victorops/recovery.json")
    acknowledged = only("victorops/acknowledgement.json")
    assert (recovery.status, acknowledged.status) == (Status.RESOLVED, Status.FIRING)
    assert recovery.ends_at == AT_0940
    assert {recovery.fingerprint, acknowledged.fingerprint} == {"db-3/disk"}


@pytest.mark.parametrize(
    ("kind", "severity"),
    [
        ("CRITICAL", Severity.CRITICAL),
        ("Warning", Severity.MEDIUM),
        ("info", Severity.INFO),
        ("ACKNOWLEDGEMENT", Severity.MEDIUM),
        ("RECOVERY", Severity.MEDIUM),
    ],
)
def test_message_types(kind: str, severity: Severity) -> None:
    assert changed("victorops/critical.json", message_type=kind).severity is severity


def test_message_without_an_entity_is_titled_by_its_text() -> None:
    alert = only("victorops/warning_without_entity.json")
    assert (alert.title, alert.severity) == ("Backups are late", Severity.MEDIUM)


def test_outbound_webhook_is_read_by_the_variables_names() -> None:
    alert = only("victorops/outbound_resolved.json")
    assert (alert.title, alert.status) == ("Disk of db-3 is nearly full", Status.RESOLVED)
    assert alert.fingerprint == only("victorops/critical.json").fingerprint
    assert alert.labels == {}


def test_detector_is_understood() -> None:
    alert = only("signalfx/anomalous.json")
    assert alert.source == "signalfx"
    assert alert.title == "p99 above 2 s (Latency of checkout)"
    assert alert.rule == "p99 above 2 s"
    assert (alert.severity, alert.status) == (Severity.CRITICAL, Status.FIRING)
    assert (alert.service, alert.resource) == ("checkout", "checkout-1")
    assert alert.scope.environment == "prod"
    assert alert.fingerprint == "Lm12NoPqRsT"
    assert alert.links["runbook"] == "https://runbooks.example.net/latency"
    assert alert.starts_at == AT_0912


@pytest.mark.parametrize("name", ["ok", "manually_resolved", "stopped"])
def test_detector_resolves(name: str) -> None:
    resolved, firing = only(f"signalfx/{name}.json"), only("signalfx/anomalous.json")
    assert resolved.status is Status.RESOLVED
    assert (resolved.fingerprint, resolved.title) == (firing.fingerprint, firing.title)


def test_times_of_a_detector_are_texts_or_numbers() -> None:
    assert only("signalfx/ok.json").ends_at == AT_0940
    assert only("signalfx/manually_resolved.json").ends_at == AT_0940


@pytest.mark.parametrize("severity", ["Critical", "Major", "Minor", "Warning", "Info"])
def test_severities_of_a_detector(severity: str) -> None:
    expected = {
        "Critical": Severity.CRITICAL,
        "Major": Severity.HIGH,
        "Minor": Severity.LOW,
        "Warning": Severity.MEDIUM,
        "Info": Severity.INFO,
    }
    alert = changed("signalfx/anomalous.json", severity=severity, status="too low")
    assert (alert.severity, alert.status) == (expected[severity], Status.FIRING)


@pytest.mark.parametrize("folder", ["splunk", "victorops", "signalfx"])
@pytest.mark.parametrize("tool", ["splunk", "splunk-oncall", "splunk-observability", None])
def test_any_route(folder: str, tool: str | None) -> None:
    name = {"splunk": "alert", "victorops": "critical", "signalfx": "anomalous"}[folder]
    (alert,) = alerts(f"{folder}/{name}.json", tool)
    assert (alert.source, alert.unknown_format) == (folder, False)
