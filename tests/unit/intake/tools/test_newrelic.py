"""New Relic: workflows, and the incidents of before."""

import json
from datetime import UTC, datetime

import pytest

from responder.alert import Severity, Status
from responder.intake import parse
from samples import NOW, only, sample

AT_0940 = datetime(2026, 11, 20, 9, 40, tzinfo=UTC)
BEGAN = datetime(2026, 11, 20, 9, 12, 43, 905000, tzinfo=UTC)


def test_issue_is_understood() -> None:
    alert = only("newrelic/activated.json")
    assert alert.source == "newrelic"
    assert alert.title == "Error rate of checkout is above 5 %"
    assert (alert.severity, alert.status) == (Severity.CRITICAL, Status.FIRING)
    assert (alert.service, alert.rule) == ("checkout", "Error rate")
    assert alert.labels["policy"] == "Shop"
    assert alert.native_id == "b7f1c2d3-4e5f-6071-8293-a4b5c6d7e8f9"
    assert alert.links["source"].endswith("/issues/b7f1c2d3")
    assert alert.starts_at == BEGAN
    assert alert.event_at == datetime(2026, 11, 20, 9, 12, 50, tzinfo=UTC)


def test_resolve_meets_its_trigger() -> None:
    firing, closed = only("newrelic/activated.json"), only("newrelic/closed.json")
    assert closed.status is Status.RESOLVED
    assert (closed.fingerprint, closed.title) == (firing.fingerprint, firing.title)
    assert closed.event_at == closed.ends_at == AT_0940


@pytest.mark.parametrize(
    ("state", "status"),
    [
        ("CREATED", Status.FIRING),
        ("ACTIVATED", Status.FIRING),
        ("ACKNOWLEDGED", Status.FIRING),
        ("CLOSED", Status.RESOLVED),
        ("closed", Status.RESOLVED),
        ("DEACTIVATED", Status.RESOLVED),
        (None, Status.FIRING),
    ],
)
def test_states(state: str | None, status: Status) -> None:
    body = json.loads(sample("newrelic/activated.json")) | {"state": state}
    (alert,) = parse(json.dumps(body).encode(), {}, received_at=NOW)
    assert alert.status is status


def test_acknowledged_issue_still_fires() -> None:
    alert = only("newrelic/acknowledged.json")
    assert (alert.status, alert.severity) == (Status.FIRING, Severity.HIGH)


def test_sparse_issue_is_understood() -> None:
    alert = only("newrelic/sparse.json")
    assert (alert.title, alert.severity) == ("Memory of cart is low", Severity.MEDIUM)
    assert (alert.service, alert.scope.account) == ("cart", "3210")
    assert alert.event_at == BEGAN


def test_legacy_incident_is_understood() -> None:
    alert = only("newrelic/legacy_open.json")
    assert (alert.source, alert.title) == ("newrelic", "Apdex of checkout")
    assert alert.message.startswith("Apdex < 0.7")
    assert (alert.severity, alert.status) == (Severity.CRITICAL, Status.FIRING)
    assert (alert.service, alert.rule) == ("checkout", "Apdex of checkout")
    assert (alert.scope.account, alert.scope.environment) == ("1234567", "prod")
    assert alert.links["runbook"] == "https://runbooks.example.net/apdex"
    assert alert.starts_at == BEGAN


def test_legacy_resolve_meets_its_trigger_though_numbers_are_texts() -> None:
    opened, closed = only("newrelic/legacy_open.json"), only("newrelic/legacy_closed.json")
    acknowledged = only("newrelic/legacy_acknowledged.json")
    assert (closed.status, acknowledged.status) == (Status.RESOLVED, Status.FIRING)
    assert {closed.fingerprint, acknowledged.fingerprint} == {opened.fingerprint}
    assert acknowledged.severity is Severity.MEDIUM
    assert closed.ends_at == AT_0940


def test_same_incident_of_two_accounts_is_two() -> None:
    body = json.loads(sample("newrelic/legacy_open.json")) | {"account_id": 7}
    (other,) = parse(json.dumps(body).encode(), {}, received_at=NOW)
    assert other.fingerprint != only("newrelic/legacy_open.json").fingerprint


@pytest.mark.parametrize("tool", ["newrelic", "new-relic", "pingdom", None])
def test_any_route(tool: str | None) -> None:
    for name in ("activated", "sparse", "legacy_open"):
        assert only(f"newrelic/{name}.json", tool).source == "newrelic"
