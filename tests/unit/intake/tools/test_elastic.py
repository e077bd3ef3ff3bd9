"""Kibana's rules, documents and summaries, Watcher, and OpenSearch's monitors."""

from typing import Any

import pytest

from responder.intake.registry import Parcel, read
from samples import NOW, alerts, only, sample
from unit.intake.tools.expected import (
    CRITICAL,
    FIRING,
    HIGH,
    INFO,
    LOW,
    MEDIUM,
    RESOLVED,
    at,
    body,
    ends,
    parcel,
    told,
)

CPU = "CPU of the web servers"
EXPECTED: dict[str, dict[str, Any]] = {
    "elastic/rule_fired.json": {
        "source": "elastic", "title": CPU, "severity": CRITICAL, "status": FIRING,
        "service": "storefront", "resource": "web-1", "event_at": at("09:21:10"),
        "starts_at": at("09:21:10"),
        "message": "CPU usage is 97% in the last 5 mins for web-1. Alert when > 90%.",
    },
    "elastic/rule_recovered.json": {
        "title": CPU, "severity": CRITICAL, "status": RESOLVED, "event_at": at("09:36:10"),
        "ends_at": at("09:36:10"),
    },
    "elastic/rule_warning_with_unfilled_fields.json": {
        "title": "Late documents", "severity": MEDIUM, "status": FIRING, "fingerprint": "9aa/*",
        "resource": "", "links": {},
    },
    "elastic/parts_in_strings.json": {"title": CPU, "severity": CRITICAL, "resource": "web-1"},
    "elastic/security_alert_nested.json": {
        "title": "Reverse shell", "severity": HIGH, "status": FIRING, "service": "orders-db",
        "resource": "db-1", "event_at": at("09:24:55"), "native_id": "f0a1",
    },
    "elastic/watch.json": {
        "title": "Errors in the logs", "severity": HIGH, "status": FIRING, "service": "checkout",
        "message": "42 hits", "event_at": at("09:20:00"),
    },
    "elastic/flat_old_names.json": {
        "title": CPU, "severity": MEDIUM, "status": FIRING, "resource": "web-1",
        "fingerprint": "1c0b1a52/web-1", "message": "CPU is 97%",
    },
    "opensearch/ctx.json": {
        "source": "opensearch", "title": "Error rate: too many errors", "severity": CRITICAL,
        "status": FIRING, "event_at": at("09:20:00"), "rule": "too many errors",
    },
    "opensearch/ctx_completed.json": {"severity": CRITICAL, "status": RESOLVED},
    "opensearch/flat.json": {
        "title": "Error rate: too many errors", "severity": HIGH, "service": "checkout",
        "message": "120 errors",
    },
    "opensearch/prose.txt": {
        "title": "Error rate: too many errors", "severity": HIGH, "status": FIRING,
        "event_at": at("09:20:00"),
    },
    "opensearch/prose_as_text.json": {"severity": INFO, "title": "Error rate: too many errors"},
}  # fmt: skip

test_what_is_told_is_understood = told(EXPECTED)

test_the_end_meets_the_trigger = ends(
    [
        ("elastic/rule_fired.json", "elastic/rule_recovered.json"),
        ("opensearch/ctx.json", "opensearch/ctx_completed.json"),
    ]
)


def test_a_rule_leads_to_its_alert_and_has_its_tags() -> None:
    alert = only("elastic/rule_fired.json")
    assert alert.links["source"] == "https://kibana.example.com/app/observability/alerts/7d1e3c1a"
    assert set(alert.links) == {"source", "rule"}
    assert alert.scope.environment == "prod"
    assert alert.labels["team"] == "web"


@pytest.mark.parametrize(
    ("name", "severities"),
    [
        ("elastic/security_alerts_dotted.json", [CRITICAL, LOW]),
        ("elastic/summary_of_a_rule.json", [MEDIUM, MEDIUM]),
    ],
)
def test_documents_are_one_alert_each_with_a_state_of_their_own(
    name: str, severities: list[object]
) -> None:
    first, second = alerts(name)
    assert [first.status, second.status] == [FIRING, RESOLVED]
    assert [first.severity, second.severity] == severities
    assert first.fingerprint != second.fingerprint
    assert not first.unknown_format


def test_documents_in_an_array_are_known_too() -> None:
    documents = body("elastic/security_alerts_dotted.json")["alerts"]
    assert [alert.source for alert in parcel(documents).alerts] == ["elastic", "elastic"]


@pytest.mark.parametrize(
    ("group", "name", "severity"),
    [
        ("slo.burnRate.alert", "Critical", CRITICAL),
        ("slo.burnRate.high", "High", HIGH),
        ("metrics.threshold.warning", "Warning", MEDIUM),
        ("default", "Default", MEDIUM),
    ],
)
def test_the_action_group_tells_the_severity_where_nothing_else_does(
    group: str, name: str, severity: object
) -> None:
    value = body("elastic/rule_warning_with_unfilled_fields.json")
    value["alert"] |= {"actionGroup": group, "actionGroupName": name}
    (alert,) = parcel(value).alerts
    assert alert.severity is severity


def test_a_document_that_is_no_longer_tracked_says_neither() -> None:
    value = body("elastic/security_alert_nested.json")
    value["kibana"]["alert"]["status"] = "untracked"
    assert parcel(value) == Parcel(not_alerts=1)
    value["kibana"]["alert"] |= {"status": "active", "workflow_status": "closed"}
    assert parcel(value).alerts[0].status is RESOLVED


def test_the_buckets_of_a_monitor_are_one_alert_each() -> None:
    found = alerts("opensearch/buckets.json")
    assert [alert.resource for alert in found] == ["node-1", "node-2", "node-3"]
    assert [alert.status for alert in found] == [FIRING, FIRING, RESOLVED]
    assert len({alert.fingerprint for alert in found}) == 3


def test_prose_is_read_on_the_route_and_without_one() -> None:
    text = sample("opensearch/prose.txt")
    for tool in (None, "opensearch"):
        (alert,) = read(text, {"Content-Type": "text/plain"}, tool, received_at=NOW).alerts
        assert (alert.source, alert.severity) == ("opensearch", HIGH)
