"""Sentry: issue alerts, issues, errors, metric alerts, and the older plugin and hooks."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from responder.alert import Alert, Severity, Status
from responder.intake import parse
from responder.raw import unpack
from samples import NOW, alerts, only, sample

SENT = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
HAPPENED = datetime(2026, 11, 20, 9, 12, 43, 905000, tzinfo=UTC)


def hook(name: str, resource: str, request_id: str = "r-1") -> list[Alert]:
    headers = {
        "Sentry-Hook-Resource": resource,
        "Sentry-Hook-Timestamp": str(int(SENT.timestamp())),
        "Request-ID": request_id,
    }
    return parse(sample(f"sentry/{name}.json"), headers, received_at=NOW)


def test_issue_alert_is_understood() -> None:
    alert = only("sentry/event_alert.json")
    assert alert.source == "sentry"
    assert alert.title == "ZeroDivisionError: division by zero"
    assert alert.rule == "Errors of checkout"
    assert (alert.severity, alert.status) == (Severity.HIGH, Status.FIRING)
    assert (alert.service, alert.resource) == ("checkout", "checkout-7d9f")
    assert alert.scope.environment == "prod"
    assert alert.fingerprint == alert.native_id == "1170820242"
    assert alert.links["source"].startswith("https://sentry.io/organizations/example/issues/117")
    assert alert.event_at == alert.starts_at == HAPPENED


def test_issue_alert_and_its_issue_are_one_problem() -> None:
    created, resolved = only("sentry/issue_created.json"), only("sentry/issue_resolved.json")
    assert (created.status, resolved.status) == (Status.FIRING, Status.RESOLVED)
    assert {created.fingerprint, resolved.fingerprint} == {
        only("sentry/event_alert.json").fingerprint
    }
    assert (created.service, created.severity) == ("shop", Severity.HIGH)
    assert created.starts_at == HAPPENED


def test_resolve_happens_when_it_is_sent_not_when_the_issue_was_last_seen() -> None:
    (resolved,) = hook("issue_resolved", "issue")
    assert resolved.event_at == resolved.ends_at == SENT
    assert only("sentry/issue_resolved.json").event_at == NOW


def test_regression_fires_again() -> None:
    regressed = only("sentry/issue_regressed.json")
    assert (regressed.status, regressed.severity) == (Status.FIRING, Severity.CRITICAL)
    assert regressed.event_at == datetime(2026, 11, 20, 11, 0, tzinfo=UTC)
    assert regressed.alert_id != only("sentry/issue_created.json").alert_id


def test_request_id_tells_deliveries_apart() -> None:
    first, again = hook("event_alert", "event_alert"), hook("event_alert", "event_alert")
    other = hook("event_alert", "event_alert", "r-2")
    assert first[0].alert_id == again[0].alert_id != other[0].alert_id


@pytest.mark.parametrize(
    ("name", "resource"),
    [
        ("issue_assigned", "issue"),
        ("comment", "comment"),
        ("installation", "installation"),
        ("comment", "seer"),
    ],
)
def test_events_without_a_state_are_no_alerts(name: str, resource: str) -> None:
    assert hook(name, resource) == []
    assert alerts(f"sentry/{name}.json") == []


@pytest.mark.parametrize("action", ["archived", "ignored", "assigned", "something_new"])
def test_actions_without_a_state_are_no_alerts(action: str) -> None:
    body = json.loads(sample("sentry/issue_created.json")) | {"action": action}
    assert parse(json.dumps(body).encode(), {}, received_at=NOW) == []


def test_metric_alert_is_understood() -> None:
    alert = only("sentry/metric_critical.json")
    assert alert.title == alert.rule == "Failure rate of checkout"
    assert alert.message == "0.21 failure_rate() in the last 10 minutes"
    assert (alert.severity, alert.status) == (Severity.CRITICAL, Status.FIRING)
    assert (alert.service, alert.scope.environment) == ("shop", "prod")
    assert alert.native_id == "123"
    assert alert.starts_at == datetime(2026, 11, 20, 9, 10, tzinfo=UTC)


def test_metric_alert_resolves() -> None:
    critical, resolved = only("sentry/metric_critical.json"), only("sentry/metric_resolved.json")
    assert resolved.status is Status.RESOLVED
    assert (resolved.fingerprint, resolved.title) == (critical.fingerprint, critical.title)
    assert resolved.event_at == resolved.ends_at == datetime(2026, 11, 20, 9, 40, tzinfo=UTC)


def test_a_metric_alert_that_lasted_no_longer_than_its_window_is_resolved() -> None:
    began, later = SENT, SENT + timedelta(minutes=9)
    found = []
    for name, at in (("metric_critical", began), ("metric_resolved", later)):
        headers = {
            "Sentry-Hook-Resource": "metric_alert",
            "Sentry-Hook-Timestamp": str(int(at.timestamp())),
        }
        found += parse(sample(f"sentry/{name}.json"), headers, received_at=later)
    critical, resolved = found
    assert (critical.event_at, resolved.event_at) == (began, later)


def test_metric_alert_without_its_rule_is_titled_without_its_state() -> None:
    alert = only("sentry/metric_warning_without_rule.json")
    assert (alert.title, alert.severity) == ("Failure rate of checkout", Severity.MEDIUM)


def test_single_error_is_understood() -> None:
    alert = only("sentry/error_created.json")
    assert (alert.title, alert.severity, alert.service) == ("Slow query", Severity.MEDIUM, "ledger")


def test_older_bodies_have_the_same_fingerprint() -> None:
    plugin, service_hook = (
        only("sentry-legacy/plugin.json"),
        only("sentry-legacy/service_hook.json"),
    )
    for alert in (plugin, service_hook):
        assert (alert.source, alert.service) == ("sentry", "shop")
        assert alert.title == "ZeroDivisionError: division by zero"
        assert alert.fingerprint == "1170820242"
        assert (alert.severity, alert.scope.environment) == (Severity.HIGH, "prod")
    assert plugin.rule == "Errors of checkout"


def test_plugin_may_leave_out_its_event() -> None:
    alert = only("sentry-legacy/plugin_without_tags.json")
    assert (alert.title, alert.service) == ("Slow query", "ledger")
    assert (alert.severity, alert.resource) == (Severity.MEDIUM, "ledger.jobs")


@pytest.mark.parametrize("tool", ["sentry", "rollbar", None])
def test_any_route(tool: str | None) -> None:
    current = ("sentry/event_alert", "sentry/issue_created", "sentry/metric_critical")
    for name in (*current, "sentry-legacy/plugin", "sentry-legacy/service_hook"):
        alert = only(f"{name}.json", tool)
        assert (alert.source, alert.unknown_format) == ("sentry", False)


def test_headers_and_cookies_of_the_failed_request_are_kept_nowhere() -> None:
    body = json.loads(sample("sentry/event_alert.json"))
    body["data"]["event"]["request"] = {
        "url": "https://shop.example.net/pay",
        "headers": [["Authorization", "Bearer do-not-keep"]],
        "cookies": [["session", "do-not-keep"]],
    }
    plugin = json.loads(sample("sentry-legacy/plugin.json"))
    plugin["event"]["request"] = body["data"]["event"]["request"]
    for sent in (body, plugin):
        (alert,) = parse(json.dumps(sent).encode(), {}, received_at=NOW)
        assert "do-not-keep" not in alert.model_dump_json() + unpack(alert.raw)
        assert "https://shop.example.net/pay" in unpack(alert.raw)
