"""The documented generic body, and bodies that no tool is known by."""

import json
from datetime import UTC, datetime

import pytest

from responder.alert import Alert, Severity, Status
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


def test_elements_that_nothing_tells_apart_are_alerts_of_their_own_by_what_they_say() -> None:
    body = [
        {"title": "Disk full", "message": "db1 at 81 %", "severity": "warning"},
        {"title": "Disk full", "message": "db2 at 99 %", "severity": "critical"},
        {"title": "Disk full", "message": "db1 at 81 %", "severity": "warning"},
    ]
    found = parse(json.dumps(body).encode(), JSON, received_at=NOW)
    ids = [alert.alert_id for alert in found]
    assert ids[0] == ids[2] != ids[1]
    assert ids == [
        alert.alert_id for alert in parse(json.dumps(body).encode(), JSON, received_at=NOW)
    ]


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


def read_one(**fields: object) -> Alert:
    (alert,) = parse(json.dumps(fields).encode(), JSON, received_at=NOW)
    return alert


@pytest.mark.parametrize(
    ("fields", "severity"),
    [
        ({"severity": "high"}, Severity.HIGH),
        ({"severity": 1, "priority": "P2"}, Severity.HIGH),
        ({"severity": "1"}, Severity.MEDIUM),
        ({"severity": 9}, Severity.MEDIUM),
        ({"severity": {"name": "Critical", "id": 4}}, Severity.CRITICAL),
        ({"alert_severity": "minor"}, Severity.LOW),
        ({"labels": {"severity": "critical"}}, Severity.CRITICAL),
        ({"tags": [{"key": "priority", "value": "p1"}]}, Severity.CRITICAL),
        ({"status": "warning"}, Severity.MEDIUM),
        ({"status": "CRITICAL"}, Severity.CRITICAL),
        ({"status": "alert"}, Severity.MEDIUM),
        ({"status": "down"}, Severity.MEDIUM),
    ],
)
def test_a_severity_is_the_first_word_of_one(fields: dict[str, object], severity: Severity) -> None:
    assert read_one(title="Disk", **fields).severity is severity


@pytest.mark.parametrize(
    "fields",
    [
        {"status": "Recovered"},
        {"state": "OK"},
        {"alert_state": "normal"},
        {"current_state": "up"},
        {"monitor_status": "online"},
        {"event_action": "resolve"},
        {"action": "close"},
        {"status": "success"},
        {"resolved": True},
    ],
)
def test_words_that_resolve(fields: dict[str, object]) -> None:
    assert read_one(title="Disk", **fields).status is Status.RESOLVED


@pytest.mark.parametrize(
    "fields",
    [
        {"status": "acknowledged"},
        {"status": "firing", "action": "close"},
        {"state": "degraded"},
        {"status": "no data"},
        {"resolved": "false"},
        {"resolved": False},
        {},
    ],
)
def test_words_that_do_not(fields: dict[str, object]) -> None:
    assert read_one(title="Disk", **fields).status is Status.FIRING


def test_a_resolve_never_takes_the_time_of_the_start() -> None:
    start, end = "2026-11-20T09:00:00Z", "2026-11-20T09:30:00Z"
    firing = read_one(id="1", title="Disk", status="open", created_at=start)
    resolved = read_one(id="1", title="Disk", status="closed", created_at=start, closed_at=end)
    assert (firing.event_at.hour, firing.event_at.minute) == (9, 0)
    assert (resolved.event_at.minute, resolved.starts_at) == (30, firing.starts_at)
    assert read_one(title="Disk", status="closed", created_at=start).event_at == NOW
    both = read_one(title="Disk", status="closed", timestamp=start, resolved_at=end)
    assert both.event_at == resolved.event_at


@pytest.mark.parametrize("nest", ["alert", "event", "data", "incident", "problem"])
def test_an_alert_inside_an_unknown_body_is_read_but_marked(nest: str) -> None:
    inner = {"id": "a-1", "title": "Disk full", "severity": "critical", "host": {"name": "db-1"}}
    firing = read_one(version=3, customer="shop", **{nest: {**inner, "status": "open"}})
    resolved = read_one(version=3, customer="shop", **{nest: {**inner, "status": "resolved"}})
    assert (firing.title, firing.severity, firing.resource) == (
        "Disk full",
        Severity.CRITICAL,
        "db-1",
    )
    assert firing.unknown_format
    assert '"customer": "shop"' in firing.message
    assert (firing.status, resolved.status) == (Status.FIRING, Status.RESOLVED)
    assert firing.fingerprint == resolved.fingerprint == "a-1"


@pytest.mark.parametrize(
    ("fields", "title"),
    [
        ({"kind": "probe", "note": "the disk is full"}, "the disk is full"),
        ({"a": 1, "b": "x", "token": "T0K", "c": "y", "d": "z"}, "a: 1, b: x, c: y"),
        ({"text": "first line\nsecond line"}, "first line"),
        ({"attachments": [{"color": "danger", "title": "CPU high"}]}, "CPU high"),
        ({"a": [], "b": {}}, "Alert of unknown format"),
    ],
)
def test_the_best_title_that_can_be_found(fields: dict[str, object], title: str) -> None:
    alert = read_one(**fields)
    assert (alert.title, alert.unknown_format) == (title, True)


@pytest.mark.parametrize(
    "fields",
    [
        {"source": "cron", "title": "t", "message": "m", "severity": "high", "timestamp": "x"},
        {"host": "a", "service": "b", "status": "down", "name": "n", "output": "o"},
        {"name": "n", "status": "ok", "url": "https://a.example", "id": 5, "message": "m"},
        {"check": "disk", "status": "critical", "now": 5, "name": "n"},
        {"monitor": "m", "rule": "r", "type": "threshold", "title": "t"},
        {"device": "d", "sensor": "s", "status": "high", "title": "t"},
        {"agent": "a", "rule": "r", "level": "error", "name": "n"},
        {"level": "error", "id": "1", "message": "m", "duration": 5},
        {"data": {"x": 1}, "type": "incident", "title": "t"},
        {"page": 1, "incident": "i", "title": "t"},
    ],
)
def test_a_body_of_common_names_is_no_tools(fields: dict[str, object]) -> None:
    alert = read_one(**fields)
    assert alert.source in ("generic", "unknown", "cron")


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


@pytest.mark.parametrize(
    "names",
    [
        ("Title", "Severity", "Status", "Host", "Timestamp"),
        ("ALERT_NAME", "PRIORITY", "STATE", "HOSTNAME", "TIME"),
        ("Alert Name", "Alert Severity", "Alert State", "Host Name", "Event Time"),
        ("AlertTitle", "AlertSeverity", "AlertStatus", "HostName", "OccurredAt"),
    ],
)
def test_common_names_are_known_however_they_are_written(names: tuple[str, ...]) -> None:
    values = ("Disk full", "critical", "resolved", "db-1", "2026-11-20T09:12:43Z")
    (alert,) = parse(json.dumps(dict(zip(names, values, strict=True))).encode(), JSON)
    assert (alert.title, alert.severity) == ("Disk full", Severity.CRITICAL)
    assert (alert.status, alert.resource) == (Status.RESOLVED, "db-1")
    assert alert.event_at == alert.ends_at == datetime(2026, 11, 20, 9, 12, 43, tzinfo=UTC)
    assert not alert.unknown_format


def test_a_title_from_the_message_leaves_the_description_for_the_message() -> None:
    body = {"message": "Package installed", "severity": "info", "description": "dpkg by root"}
    (alert,) = parse(json.dumps(body).encode(), JSON)
    assert (alert.title, alert.message) == ("Package installed", "dpkg by root")


def test_links_may_be_a_list() -> None:
    listed = [{"name": "Graph", "url": "https://a.example"}, "https://b.example",
              {"text": "Graph", "href": "https://c.example"}, 5, None, {}]  # fmt: skip
    (alert,) = parse(json.dumps({"title": "Disk full", "links": listed}).encode(), JSON)
    assert alert.links == {
        "Graph": "https://a.example", "link 2": "https://b.example", "Graph 3": "https://c.example",
    }  # fmt: skip


@pytest.mark.parametrize(
    "left", ["$TITLE", "$title", "$HOSTNAME$", "${name}", "${N=Alerting;M=AlertName}", "{{ name }}"]
)
def test_what_a_template_did_not_fill_is_not_there(left: str) -> None:
    body = {"title": left, "id": left, "name": "Disk full", "severity": "high"}
    (alert,) = parse(json.dumps(body).encode(), JSON)
    assert (alert.title, alert.native_id) == ("Disk full", "")
    body = {"title": "Costs $5", "id": "${a}-${b}", "severity": "high"}
    (alert,) = parse(json.dumps(body).encode(), JSON)
    assert (alert.title, alert.native_id) == ("Costs $5", "${a}-${b}")
