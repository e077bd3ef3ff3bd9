"""The generic body in other spellings, within lists, and with its state in other places."""

import json
from datetime import UTC, datetime

import pytest

from responder.alert import Alert, Severity, Status
from responder.intake import parse
from responder.intake.registry import MAX_ALERTS
from samples import JSON, NOW


def read(body: object, tool: str | None = None) -> list[Alert]:
    return parse(json.dumps(body).encode(), JSON, tool, received_at=NOW)


def only(body: object, tool: str | None = None) -> Alert:
    (alert,) = read(body, tool)
    return alert


@pytest.mark.parametrize(
    "body",
    [
        {"Source": "billing", "Title": "Disk", "Severity": "High", "Status": "Resolved",
         "Host": "db-1", "StartTime": "2026-11-20T09:00:00Z", "Url": "https://a.example.net/1",
         "Labels": {"team": "shop"}},
        {"SOURCE": "billing", "TITLE": "Disk", "SEVERITY": "HIGH", "STATUS": "RESOLVED",
         "HOST": "db-1", "START_TIME": "2026-11-20T09:00:00Z", "URL": "https://a.example.net/1",
         "LABELS": {"team": "shop"}},
    ],
)  # fmt: skip
def test_names_may_be_written_in_any_case(body: dict[str, object]) -> None:
    alert = only(body)
    assert not alert.unknown_format
    assert (alert.source, alert.title, alert.resource) == ("billing", "Disk", "db-1")
    assert (alert.severity, alert.status) == (Severity.HIGH, Status.RESOLVED)
    assert alert.starts_at == datetime(2026, 11, 20, 9, tzinfo=UTC)
    assert (alert.labels, len(alert.links)) == ({"team": "shop"}, 1)
    plain = only({"source": "billing", "title": "Disk", "severity": "high", "host": "db-1"})
    assert alert.fingerprint == plain.fingerprint


def test_a_name_as_documented_wins_over_another_spelling() -> None:
    assert only({"Title": "no", "title": "yes", "severity": "low"}).title == "yes"


@pytest.mark.parametrize(
    "fields",
    [
        {"status": {"state": "resolved"}},
        {"status": "Auto Resolved"},
        {"event_type": "incident.resolved"},
        {"is_resolved": True},
        {"resolved": "true"},
        {"firing": False},
        {"resolved_at": "2026-11-20T09:30:00Z"},
    ],
)
def test_places_that_say_resolved(fields: dict[str, object]) -> None:
    assert only({"title": "Disk", **fields}).status is Status.RESOLVED


@pytest.mark.parametrize(
    "fields",
    [
        {"status": {"state": "open"}},
        {"status": "not resolved"},
        {"status": "unresolved"},
        {"firing": True},
        {"firing": None},
        {"resolved_at": None},
        {"status": "open", "resolved_at": "2026-11-20T09:30:00Z"},
    ],
)
def test_places_that_do_not(fields: dict[str, object]) -> None:
    assert only({"title": "Disk", **fields}).status is Status.FIRING


@pytest.mark.parametrize("name", ["alerts", "events", "data"])
def test_alerts_in_a_list_are_alerts_of_their_own(name: str) -> None:
    listed = [
        {"title": "Disk", "severity": "high"},
        {"title": "CPU", "status": "ok", "service": "web"},
        "odd",
    ]
    first, second, odd = read({"source": "acme", "service": "shop", name: listed})
    assert (first.source, first.title, first.service) == ("acme", "Disk", "shop")
    assert (second.status, second.service) == (Status.RESOLVED, "web")
    assert first.fingerprint != second.fingerprint
    assert odd.unknown_format


def test_a_list_inside_an_alert_is_part_of_it() -> None:
    alert = only({"title": "Two hosts", "severity": "high", "events": [{"title": "one"}] * 2})
    assert alert.title == "Two hosts"


def test_what_is_cut_of_a_long_list_is_counted() -> None:
    found = read({"alerts": [{"title": "Disk"}] * (MAX_ALERTS + 7)})
    assert len(found) == MAX_ALERTS
    assert "7 more" in found[-1].truncated[0]


@pytest.mark.parametrize(
    ("body", "title"),
    [
        (["first line", "second"], "first line"),
        ([1, None], "Alert of unknown format"),
        ({"AlarmName": "Disk", "Trigger": {"name": "inner"}}, "Disk"),
        ({"Subject": "Disk", "Body": "text"}, "Disk"),
    ],
)
def test_the_best_title_of_an_unknown_format(body: object, title: str) -> None:
    assert only(body).title == title


def test_prose_may_tell_its_severity() -> None:
    (alert,) = parse(b"CRITICAL: disk of db-1 is full", {}, received_at=NOW)
    assert (alert.severity, alert.unknown_format) == (Severity.CRITICAL, True)
    assert only({"text": "CRITICAL: disk of db-1 is full"}).severity is Severity.CRITICAL


@pytest.mark.parametrize("value", ["${alert.title}", "<no value>", "<nil>"])
def test_placeholders_of_other_templates_are_no_values(value: str) -> None:
    assert only({"title": value, "summary": "Disk", "severity": "low"}).title == "Disk"
