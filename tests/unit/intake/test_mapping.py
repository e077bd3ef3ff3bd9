"""What an operator's field mapping reads, and what it costs where it does not fit."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import ValidationError

from responder.alert import Alert, Scope, Severity, Status
from responder.intake.mapping import FieldMapping, mappings_in, problems
from responder.intake.registry import Parcel, read
from samples import JSON, NOW, sample

FIRING, RESOLVED = Status.FIRING, Status.RESOLVED
MAPPING: dict[str, Any] = {
    "each": "checks",
    "title": ["label", "name"],
    "message": "output",
    "severity": "lvl",
    "severities": {"5": "CRITICAL", "Bad": "HIGH"},
    "default_severity": "LOW",
    "state": "state",
    "resolved": ["fine", "false"],
    "neither": "muted",
    "id": ["$.site", "name"],
    "rule": "name",
    "service": "app.name",
    "resource": "hosts[0]",
    "region": "$.region",
    "environment": "$.env",
    "time": ["at", "$.sent"],
    "ends_at": "until",
    "links": {"source": "page", "runbook": "facts[?key=='runbook'].value"},
    "labels": {"team": "owner.team"},
    "tags": ["facts", '"kv.list"'],
}
CHECK: dict[str, Any] = {
    "name": "disk-root",
    "label": "Disk is full",
    "output": "98 % of / used",
    "lvl": 5,
    "state": "bad",
    "app": {"name": "checkout"},
    "hosts": ["web-1", "web-2"],
    "at": 1795166400,
    "page": "https://shopmon.example.net/checks/1",
    "owner": {"team": "shop"},
    "facts": [{"key": "runbook", "value": "https://runbooks.example.net/disk"}],
    "kv.list": ["rack:7"],
}


def body(*checks: dict[str, Any], **fields: object) -> dict[str, object]:
    whole = {"site": "eu", "region": "eu-west-1", "env": "prod", "sent": "2026-11-20T09:30:00Z"}
    return {**whole, "checks": [CHECK | check for check in checks], **fields}


def parcel(value: object, tool: str | None = "shopmon", **changes: Any) -> Parcel:
    mappings = mappings_in({"ShopMon": MAPPING | changes}).known
    return read(json.dumps(value).encode(), JSON, tool, received_at=NOW, mappings=mappings)


def only(value: object, **changes: Any) -> Alert:
    (alert,) = parcel(value, **changes).alerts
    return alert


def test_every_field_comes_from_where_the_mapping_says() -> None:
    alert = only(body({}))
    assert (alert.source, alert.title, alert.message) == (
        "shopmon", "Disk is full", "98 % of / used",
    )  # fmt: skip
    assert (alert.severity, alert.status) == (Severity.CRITICAL, FIRING)
    assert (alert.fingerprint, alert.native_id, alert.rule) == (
        "eu/disk-root", "eu/disk-root", "disk-root",
    )  # fmt: skip
    assert (alert.service, alert.resource) == ("checkout", "web-1")
    assert alert.scope == Scope(region="eu-west-1", environment="prod")
    assert alert.event_at == datetime(2026, 11, 20, 9, 20, tzinfo=UTC)
    runbook = "https://runbooks.example.net/disk"
    assert alert.links == {"source": "https://shopmon.example.net/checks/1", "runbook": runbook}
    assert alert.labels == {"runbook": runbook, "rack": "7", "team": "shop"}
    assert (alert.unknown_format, alert.truncated) == (False, ())


def test_a_resolve_meets_its_trigger_and_takes_its_own_end() -> None:
    fired = only(body({}))
    ended = only(body({"state": "Fine", "until": "2026-11-20T09:40:00Z", "lvl": None}))
    assert (ended.status, ended.fingerprint) == (RESOLVED, fired.fingerprint)
    assert ended.event_at == ended.ends_at == datetime(2026, 11, 20, 9, 40, tzinfo=UTC)


@pytest.mark.parametrize(
    ("level", "severity"),
    [
        (5, Severity.CRITICAL),
        ("bad", Severity.HIGH),
        ("warning", Severity.MEDIUM),
        (2, Severity.LOW),
        (None, Severity.LOW),
        ({"deep": 1}, Severity.LOW),
    ],
)
def test_severities_are_the_operators_words_then_ours_then_the_default(
    level: object, severity: Severity
) -> None:
    assert only(body({"lvl": level})).severity is severity


@pytest.mark.parametrize(
    ("state", "status"), [("fine", RESOLVED), (False, RESOLVED), (True, FIRING), (None, FIRING)]
)
def test_a_state_is_over_only_by_the_operators_words(state: object, status: Status) -> None:
    assert only(body({"state": state})).status is status


def test_a_state_that_says_neither_is_no_alert() -> None:
    assert parcel(body({"state": "MUTED"})) == Parcel(not_alerts=1)


def test_each_element_is_an_alert_and_a_bad_one_loses_none() -> None:
    first, bad, last = parcel(
        body({"name": "a"}, {"label": None, "name": {}}, {"name": "b"})
    ).alerts  # fmt: skip
    assert (first.fingerprint, last.fingerprint) == ("eu/a", "eu/b")
    assert (bad.unknown_format, bad.source) == (True, "shopmon")
    assert "finds no title" in bad.truncated[0]


@pytest.mark.parametrize("tool", ["shopmon", "ShopMon"])
def test_a_body_that_does_not_fit_is_read_as_ever_and_says_so(tool: str) -> None:
    whole = json.loads(sample("alertmanager/firing.json"))
    alert = parcel(whole, tool).alerts[0]
    assert (alert.source, alert.title) == ("alertmanager", "Checkout answers with errors")
    assert "field mapping of shopmon" in alert.truncated[0]


def test_a_mapping_is_only_for_its_route() -> None:
    (alert,) = parcel(body({}), "other").alerts
    assert alert.unknown_format


def test_a_mapping_goes_before_the_tool_that_knows_the_body() -> None:
    entry = {"title": "groupLabels.alertname", "severity": "commonLabels.severity"}
    mappings = mappings_in({"alertmanager": entry}).known
    text = sample("alertmanager/two_alerts.json")
    (alert,) = read(text, JSON, "alertmanager", received_at=NOW, mappings=mappings).alerts
    assert alert.title == json.loads(text)["groupLabels"]["alertname"]


def test_without_each_a_body_is_one_alert_and_an_array_several() -> None:
    one = {"title": "label"}
    mappings = {"shopmon": FieldMapping.model_validate(one)}
    for value, count in ((CHECK, 1), ([CHECK, CHECK], 2)):
        found = read(json.dumps(value).encode(), JSON, "shopmon", mappings=mappings).alerts
        assert [alert.title for alert in found] == ["Disk is full"] * count


def test_without_an_id_what_the_alert_is_about_names_it() -> None:
    one, same, other = (
        only(body({"output": text, "app": {"name": service}}), id=[])
        for text, service in (("1", "a"), ("2", "a"), ("1", "b"))
    )
    assert one.fingerprint == same.fingerprint != other.fingerprint


def test_a_function_that_fails_on_a_value_finds_nothing() -> None:
    assert only(body({}), message="length(lvl)").message == ""


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ({}, "title: Field required"),
        ({"title": []}, "title"),
        ({"title": "a..b"}, "'a..b' is no path"),
        ({"title": "a", "labels": {"team": "[?"}}, "labels.team"),
        ({"title": "a", "severities": {"5": "AWFUL"}}, "severities.5"),
        ({"title": "a", "tilte": "b"}, "tilte"),
        ({"title": "(" * 400}, "is no path"),
        ("title", "mapping"),
        (None, "mapping"),
    ],
)
def test_a_wrong_mapping_says_what_is_wrong_and_costs_no_other(entry: object, said: str) -> None:
    with pytest.raises(ValidationError) as caught:
        FieldMapping.model_validate(entry)
    assert said in "\n".join(problems(caught.value))
    found = mappings_in({"wrong": entry, "right": {"title": "t"}})
    assert list(found.known) == ["right"]
    assert said in found.unreadable["wrong"]


@pytest.mark.parametrize("entries", [None, [], "x", 7])
def test_no_mappings_are_no_mappings(entries: object) -> None:
    assert mappings_in(entries).known == {}
