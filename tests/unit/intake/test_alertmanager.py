"""Alertmanager's webhook and push API."""

import json
from datetime import UTC, datetime

import pytest

from responder.alert import Severity, Status
from responder.intake import parse
from responder.intake.tools.alertmanager import fingerprint_of
from samples import NOW, alerts, only, sample


def test_firing_alert_is_understood() -> None:
    alert = only("alertmanager/firing.json")
    assert alert.source == "alertmanager"
    assert alert.title == "Checkout answers with errors"
    assert alert.message.startswith("More than 5 % of requests")
    assert alert.rule == "CheckoutErrorRateHigh"
    assert alert.severity is Severity.CRITICAL
    assert alert.status is Status.FIRING
    assert alert.service == "checkout"
    assert alert.resource == "10.0.3.17:8080"
    assert (alert.scope.cluster, alert.scope.environment) == ("eu-1", "prod")
    assert alert.labels["namespace"] == "shop"
    assert alert.links == {
        "source": "http://prometheus.example.net/graph?g0.expr=checkout_errors",
        "runbook": "https://runbooks.example.net/checkout-errors",
        "alertmanager": "http://alertmanager.example.net",
    }
    assert alert.starts_at == datetime(2026, 11, 20, 9, 12, 43, 905547, tzinfo=UTC)
    assert alert.event_at == alert.starts_at
    assert alert.ends_at is None
    assert not alert.truncated


def test_resolve_meets_its_trigger() -> None:
    firing, resolved = only("alertmanager/firing.json"), only("alertmanager/resolved.json")
    assert resolved.status is Status.RESOLVED
    assert resolved.fingerprint == firing.fingerprint
    assert resolved.alert_id != firing.alert_id
    assert resolved.event_at == resolved.ends_at
    assert resolved.event_at > firing.event_at


def test_same_start_is_the_same_alert_and_a_later_one_is_not() -> None:
    first = only("alertmanager/firing.json")
    assert alerts("alertmanager/two_alerts.json")[0].alert_id == first.alert_id
    again = only("alertmanager/firing_again_later.json")
    assert again.fingerprint == first.fingerprint
    assert again.alert_id != first.alert_id


def test_the_alerts_own_status_counts_not_the_groups() -> None:
    statuses = [alert.status for alert in alerts("alertmanager/one_resolved_of_two.json")]
    assert statuses == [Status.RESOLVED, Status.FIRING]


def test_one_bad_element_does_not_lose_the_good_ones() -> None:
    first, bad, last = alerts("alertmanager/one_bad_element.json")
    assert (first.unknown_format, bad.unknown_format, last.unknown_format) == (False, True, False)
    assert bad.source == "alertmanager"
    assert "an alert without labels" in bad.truncated[0]
    assert first.fingerprint != last.fingerprint


def test_what_alertmanager_cut_is_said() -> None:
    assert "17 more" in only("alertmanager/group_cut_by_max_alerts.json").truncated[0]


def test_severity_none_is_information() -> None:
    assert only("alertmanager/watchdog.json").severity is Severity.INFO


def test_pushed_and_notified_alert_are_the_same() -> None:
    pushed, notified = only("prometheus/push.json"), only("alertmanager/firing.json")
    assert pushed.alert_id == notified.alert_id
    assert pushed.status is Status.FIRING
    assert pushed.ends_at is None


def test_pushed_alert_with_a_past_end_is_resolved() -> None:
    pushed = only("prometheus/push_resolved.json")
    assert pushed.status is Status.RESOLVED
    assert pushed.alert_id == only("alertmanager/resolved.json").alert_id


@pytest.mark.parametrize(
    ("labels", "fingerprint"),
    [
        ({}, 14695981039346656037),
        ({"name": "garland, briggs", "fear": "love is not enough"}, 5799056148416392346),
    ],
)
def test_fingerprint_is_alertmanagers_own(labels: dict[str, str], fingerprint: int) -> None:
    assert int(fingerprint_of(labels), 16) == fingerprint


def test_missing_fingerprint_is_computed_from_the_labels() -> None:
    group = json.loads(sample("alertmanager/firing.json"))
    expected = group["alerts"][0].pop("fingerprint")
    (alert,) = parse(json.dumps(group).encode(), {}, received_at=NOW)
    assert alert.fingerprint == expected


def test_resolve_without_an_end_takes_receive_time_not_the_start() -> None:
    group = json.loads(sample("alertmanager/resolved.json"))
    group["alerts"][0]["endsAt"] = "0001-01-01T00:00:00Z"
    (alert,) = parse(json.dumps(group).encode(), {}, received_at=NOW)
    assert alert.status is Status.RESOLVED
    assert alert.event_at == NOW


def test_no_alerts_are_no_alerts() -> None:
    assert parse(b'{"version":"4","groupKey":"{}","alerts":[]}', {}) == []
