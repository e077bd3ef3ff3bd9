"""The documented generic body, and bodies that no tool is known by."""

import json
from datetime import UTC, datetime

from responder.alert import Severity, Status
from responder.intake import parse
from responder.raw import unpack
from samples import JSON, NOW, alerts, only


def test_documented_body_is_understood() -> None:
    alert = only("generic/firing.json")
    assert (alert.source, alert.title) == ("nightly-backup", "Backup of orders-db failed")
    assert alert.severity is Severity.HIGH
    assert alert.service == "orders-db"
    assert alert.scope.environment == "prod"
    assert alert.event_at == datetime(2026, 11, 20, 2, 14, 7, tzinfo=UTC)
    assert not alert.unknown_format


def test_resolved_meets_firing_without_any_id() -> None:
    firing, resolved = only("generic/firing.json"), only("generic/resolved.json")
    assert resolved.status is Status.RESOLVED
    assert resolved.fingerprint == firing.fingerprint


def test_ids_tags_links_and_numeric_times_are_read() -> None:
    alert = only("generic/with_id_labels_and_link.json")
    assert alert.fingerprint == "job-774"
    assert alert.severity is Severity.MEDIUM
    assert alert.labels == {"team": "billing", "env": "staging"}
    assert alert.scope.environment == "staging"
    assert alert.links == {"url": "https://jobs.example.net/runs/774"}
    assert alert.starts_at == datetime(2026, 11, 20, 2, 0, tzinfo=UTC)


def test_elements_of_an_array_are_alerts_of_their_own() -> None:
    first, second = alerts("generic/several_in_an_array.json")
    assert (first.resource, second.resource) == ("db-1", "db-2")
    assert first.fingerprint != second.fingerprint
    assert first.event_at == second.event_at


def test_without_time_every_receipt_is_an_alert() -> None:
    body = b'{"title": "Disk full", "severity": "high"}'
    (first,) = parse(body, JSON, received_at=NOW)
    (second,) = parse(body, JSON, received_at=NOW.replace(microsecond=7))
    assert first.alert_id != second.alert_id
    assert first.fingerprint == second.fingerprint


def test_a_delivery_id_makes_a_retry_a_duplicate() -> None:
    body = b'{"title": "Disk full", "severity": "high"}'
    headers = {**JSON, "Idempotency-Key": "d-1"}
    (first,) = parse(body, headers, received_at=NOW)
    (second,) = parse(body, headers, received_at=NOW.replace(microsecond=7))
    assert first.alert_id == second.alert_id


def test_unfamiliar_json_is_accepted_with_the_best_title() -> None:
    alert = only("unknown/unfamiliar.json")
    assert alert.unknown_format
    assert alert.title == "Certificate of shop.example.net ends in 6 days"
    assert '"days": 6' in alert.message
    kept = json.loads(unpack(alert.raw))
    assert kept["days"] == 6


def test_plain_text_is_accepted_with_its_first_line_as_title() -> None:
    alert = only("unknown/plain_text.txt")
    assert alert.unknown_format
    assert alert.title == "raid check on stor-3: array md0 degraded, disk sdc removed"
    assert "rebuild has not started" in alert.message


def test_an_unknown_format_never_resolves() -> None:
    (alert,) = parse(b'{"status": "ok"}', JSON)
    assert alert.unknown_format
    assert alert.status is Status.FIRING


def test_unknown_tool_of_the_route_is_its_source() -> None:
    (alert,) = parse(b'{"kind": "probe"}', JSON, "Home-Made", received_at=NOW)
    assert (alert.source, alert.unknown_format) == ("home-made", True)


def test_a_body_of_another_tool_under_the_wrong_route_is_read_by_its_own() -> None:
    assert only("cloudwatch/raw_alarm.json", "alertmanager").source == "cloudwatch"
    assert only("alertmanager/firing.json", "generic").source == "alertmanager"
    assert only("generic/firing.json", "cloudwatch").source == "nightly-backup"


def test_unfilled_placeholders_are_absent() -> None:
    (alert,) = parse(b'{"title": "Disk", "message": "$TEXT_ONLY_MSG", "id": "{EVENT.ID}"}', JSON)
    assert alert.message == ""
    assert alert.native_id == ""


def test_credentials_of_a_payload_are_not_kept() -> None:
    (alert,) = parse(b'{"kind": "x", "nested": {"routing_key": "R0UT1NG", "token": "T0K"}}', JSON)
    kept = unpack(alert.raw)
    for text in (alert.message, kept):
        assert "R0UT1NG" not in text
        assert "T0K" not in text


def test_only_web_links_are_links() -> None:
    links = {"ok": "https://a.example/x", "bad": "javascript:alert(1)", "odd": "https://a b"}
    (alert,) = parse(json.dumps({"title": "t", "links": links}).encode(), JSON)
    assert alert.links == {"ok": "https://a.example/x"}
