"""Alertmanager's webhook and push API."""

import hashlib
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


def test_older_version_is_understood() -> None:
    alert = only("alertmanager/version_3.json")
    assert (alert.title, alert.service, alert.resource) == ("DiskFull", "ledger", "db-3")
    assert alert.message == "91 % of /dev/sda1 is used."
    assert len(alert.fingerprint) == 16


def test_alert_without_a_status_takes_its_groups() -> None:
    orders, refunds, returns = alerts("alertmanager/statuses_missing.json")
    assert (orders.status, refunds.status) == (Status.RESOLVED, Status.RESOLVED)
    assert returns.status is Status.FIRING
    assert len({orders.fingerprint, refunds.fingerprint, returns.fingerprint}) == 3


def test_ruler_of_mimir_is_understood() -> None:
    alert = only("alertmanager/mimir_ruler.json", "mimir")
    assert (alert.severity, alert.service, alert.resource) == (
        Severity.HIGH,
        "cart",
        "cart-6d9f-x2",
    )
    assert (alert.scope.region, alert.scope.cluster) == ("eu-west-1", "eu-2")
    assert alert.message == "cart logs 40 errors a second"
    assert alert.links["dashboard"] == "https://grafana.example.net/d/cart"
    assert alert.links["logs"] == "https://grafana.example.net/explore?left=cart"
    assert "3 more" in alert.truncated[0]


def test_alert_as_the_api_tells_it_is_understood() -> None:
    alert = only("alertmanager/queried_from_the_api.json")
    assert (alert.status, alert.severity) == (Status.FIRING, Severity.CRITICAL)
    assert alert.fingerprint == "7ac3e1d4f5b60912"


def test_alerts_alone_are_known_by_their_labels() -> None:
    group = json.loads(sample("alertmanager/firing.json"))
    body = json.dumps({"alerts": group["alerts"]}).encode()
    assert parse(body, {}, received_at=NOW)[0].fingerprint == "8fa9ec497318c9cd"


def test_one_alert_alone_is_read_by_its_route() -> None:
    group = json.loads(sample("alertmanager/resolved.json"))
    (alert,) = parse(json.dumps(group["alerts"][0]).encode(), {}, "prometheus", received_at=NOW)
    assert (alert.source, alert.status) == ("alertmanager", Status.RESOLVED)


def test_huge_labels_still_have_a_fingerprint() -> None:
    long = "x" * 100_000
    expected = hashlib.sha256(b"a\xff" + long.encode() + b"\xff").hexdigest()[:16]
    assert fingerprint_of({"a": long}) == expected
