"""Grafana: unified alerting, dashboard alerts of before, and OnCall's outgoing webhooks."""

import json
from datetime import UTC, datetime

import pytest

from responder.alert import Severity, Status
from responder.intake import parse
from samples import NOW, alerts, only, sample

AT_0912 = datetime(2026, 11, 20, 9, 12, tzinfo=UTC)


def test_firing_alert_is_understood() -> None:
    alert = only("grafana/firing.json")
    assert alert.source == "grafana"
    assert alert.title == "Checkout answers slowly"
    assert alert.message == "p99 is above 2 s for 5 minutes."
    assert alert.rule == "High latency of checkout"
    assert alert.severity is Severity.CRITICAL
    assert alert.status is Status.FIRING
    assert (alert.service, alert.resource) == ("checkout", "checkout-1")
    assert alert.scope.cluster == "eu-1"
    assert alert.fingerprint == "c6eadffa33fcdf37"
    assert alert.links == {
        "source": "https://grafana.example.net/alerting/grafana/fe1a2b/view?orgId=1",
        "dashboard": "https://grafana.example.net/d/shop?orgId=1",
        "panel": "https://grafana.example.net/d/shop?orgId=1&viewPanel=4",
        "image": "https://grafana.example.net/render/1.png",
        "runbook": "https://runbooks.example.net/latency",
        "grafana": "https://grafana.example.net/",
    }
    assert alert.starts_at == alert.event_at == AT_0912
    assert alert.ends_at is None


def test_resolve_meets_its_trigger() -> None:
    firing, resolved = only("grafana/firing.json"), only("grafana/resolved.json")
    assert resolved.status is Status.RESOLVED
    assert resolved.fingerprint == firing.fingerprint
    assert resolved.title == firing.title
    assert resolved.event_at == resolved.ends_at == datetime(2026, 11, 20, 9, 40, tzinfo=UTC)


def test_each_alert_has_its_own_status() -> None:
    first, second = alerts("grafana/several.json")
    assert (first.status, second.status) == (Status.FIRING, Status.RESOLVED)
    assert first.fingerprint != second.fingerprint


@pytest.mark.parametrize(
    ("name", "special"),
    [("no_data", "DatasourceNoData"), ("datasource_error", "DatasourceError")],
)
def test_no_data_and_errors_are_titled_by_their_rule(name: str, special: str) -> None:
    alert = only(f"grafana/{name}.json")
    assert alert.title == f"{special}: High latency of checkout"
    assert alert.rule == "High latency of checkout"
    assert (alert.status, alert.severity) == (Status.FIRING, Severity.MEDIUM)


def test_error_of_a_data_source_is_told() -> None:
    assert "connection refused" in only("grafana/datasource_error.json").message


def test_the_test_button_is_read_as_what_it_says() -> None:
    alert = only("grafana/test_button.json")
    assert (alert.title, alert.rule) == ("Notification test", "TestAlert")
    assert alert.status is Status.FIRING


def test_older_minor_versions_lack_fields() -> None:
    alert = only("grafana/older_minor.json")
    assert alert.source == "grafana"
    assert alert.title == "Disk fills"
    assert "value=91" in alert.message
    assert alert.starts_at == datetime(2026, 11, 20, 8, 12, tzinfo=UTC)
    assert len(alert.fingerprint) == 16


@pytest.mark.parametrize("tool", ["grafana", "alertmanager", "datadog", "generic", "no-such-tool"])
def test_any_route_leads_to_grafana_or_to_what_it_names(tool: str) -> None:
    alert = only("grafana/firing.json", tool)
    assert not alert.unknown_format
    expected = "Checkout answers slowly" if tool != "generic" else alert.title
    assert alert.title == expected


@pytest.mark.parametrize(
    ("change", "source"),
    [
        ({"orgId": None, "version": "1"}, "grafana"),
        ({"version": "4"}, "alertmanager"),
        ({"version": None, "alerts": [{"labels": {"alertname": "Disk"}}]}, "grafana"),
    ],
)
def test_grafana_and_alertmanager_are_told_apart(change: dict[str, object], source: str) -> None:
    body = json.loads(sample("grafana/firing.json")) | change
    (alert,) = parse(json.dumps(body).encode(), {}, received_at=NOW)
    assert alert.source == source


def test_plain_alertmanager_is_not_grafana_but_by_its_user_agent() -> None:
    body = sample("alertmanager/version_3.json")
    assert parse(body, {}, received_at=NOW)[0].source == "alertmanager"
    assert parse(body, {"User-Agent": "Grafana"}, received_at=NOW)[0].source == "grafana"


def test_legacy_alert_is_understood() -> None:
    alert = only("grafana-legacy/alerting.json")
    assert alert.source == "grafana"
    assert (alert.title, alert.rule) == ("CPU of web", "CPU of web")
    assert alert.message == "CPU is hot"
    assert (alert.severity, alert.status) == (Severity.HIGH, Status.FIRING)
    assert (alert.service, alert.resource) == ("web", "web-1")
    assert alert.scope.environment == "prod"
    assert alert.links["source"].startswith("https://grafana.example.net/d/hZ7BuVbWz")
    assert alert.fingerprint == "grafana.example.net/1/17"


def test_legacy_states() -> None:
    firing = only("grafana-legacy/alerting.json")
    ok, no_data = only("grafana-legacy/ok.json"), only("grafana-legacy/no_data.json")
    assert ok.status is Status.RESOLVED
    assert no_data.status is Status.FIRING
    assert {ok.fingerprint, no_data.fingerprint} == {firing.fingerprint}
    assert {ok.title, no_data.title} == {firing.title}
    assert alerts("grafana-legacy/paused.json") == []


def test_legacy_alert_under_the_route_of_grafana() -> None:
    assert only("grafana-legacy/ok.json", "grafana").status is Status.RESOLVED


def test_alert_group_of_oncall_is_understood() -> None:
    alert = only("grafana-oncall/created.json")
    assert alert.source == "grafana-oncall"
    assert alert.title == "Cart drops orders"
    assert (alert.severity, alert.status) == (Severity.CRITICAL, Status.FIRING)
    assert (alert.service, alert.scope.environment) == ("cart", "prod")
    assert alert.links["source"].endswith("/alert-groups/I68T24C13IFW1")
    assert alert.fingerprint == "I68T24C13IFW1"
    assert alert.event_at == datetime(2026, 11, 20, 9, 12, 5, 211000, tzinfo=UTC)


def test_oncall_resolves_only_where_it_says_so() -> None:
    acknowledged = only("grafana-oncall/acknowledged.json")
    resolved = only("grafana-oncall/resolved.json")
    assert (acknowledged.status, acknowledged.service) == (Status.FIRING, "cart")
    assert resolved.status is Status.RESOLVED
    assert resolved.ends_at == datetime(2026, 11, 20, 9, 51, tzinfo=UTC)
    assert resolved.fingerprint == acknowledged.fingerprint


def test_incident_of_irm_is_understood() -> None:
    alert = only("grafana-oncall/irm_incident.json")
    assert alert.title == "Cart drops orders"
    assert (alert.severity, alert.status) == (Severity.CRITICAL, Status.FIRING)
    assert (alert.service, alert.native_id) == ("cart", "412")
