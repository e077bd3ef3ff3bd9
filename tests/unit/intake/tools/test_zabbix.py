"""Zabbix by our template, by the official names, by macros and by chat templates."""

import json
from datetime import UTC, datetime

import pytest

from responder.alert import Severity, Status
from responder.intake import parse
from responder.intake.registry import read
from samples import JSON, NOW, only, sample
from unit.intake.tools.expecting import BROKE, MENDED, read_as, same_problem

OURS = json.loads(sample("zabbix/firing.json"))


def event(**changes: object) -> bytes:
    return json.dumps({**OURS, **changes}).encode()


def test_a_problem_by_our_template_fires() -> None:
    alert = read_as(
        "zabbix/firing.json",
        source="zabbix",
        title="High CPU utilisation on db-1",
        message="The CPU is busy for more than five minutes.",
        severity=Severity.MEDIUM,
        status=Status.FIRING,
        service="orders-db",
        resource="db-1",
        rule="High CPU utilisation",
        native_id="834120",
        event_at=datetime(2026, 11, 20, 8, 12, 43, tzinfo=UTC),
        ends_at=None,
        labels={"service": "orders-db", "environment": "prod", "scope": "performance"},
        truncated=(),
    )
    assert alert.scope.environment == "prod"
    assert alert.links == {
        "source": "https://zabbix.example.net/tr_events.php?triggerid=22391&eventid=834120"
    }


def test_its_recovery_meets_it_at_its_own_time() -> None:
    firing, resolved = only("zabbix/firing.json"), only("zabbix/resolved.json")
    same_problem(firing, resolved)
    assert resolved.event_at == datetime(2026, 11, 20, 8, 31, 2, tzinfo=UTC)
    assert resolved.ends_at == resolved.event_at
    assert resolved.starts_at == firing.event_at


def test_an_update_of_an_open_problem_is_the_same_alert() -> None:
    assert only("zabbix/acknowledged.json").alert_id == only("zabbix/firing.json").alert_id
    over = read(event(event_value="0", event_update_status="1"), JSON, received_at=NOW)
    assert (over.alerts, over.not_alerts) == ((), 1)


def test_the_official_names_are_read_and_a_time_without_zone_is_utc() -> None:
    read_as(
        "zabbix/official_names_without_zone.json",
        severity=Severity.CRITICAL,
        service="orders-db",
        event_at=BROKE,
        starts_at=BROKE,
    )


def test_a_recovery_by_official_names_has_its_own_date_and_time() -> None:
    body = json.loads(sample("zabbix/official_names_without_zone.json"))
    body |= {"event_value": "0", "event_recovery_date": "2026.11.20"}
    body |= {"event_recovery_time": "09:20:01"}
    (resolved,) = parse(json.dumps(body).encode(), JSON)
    assert (resolved.starts_at, resolved.event_at, resolved.ends_at) == (BROKE, MENDED, MENDED)


@pytest.mark.parametrize(
    ("number", "word", "expected"),
    [
        ("0", "Not classified", Severity.INFO),
        ("1", "Information", Severity.INFO),
        ("2", "Warning", Severity.LOW),
        ("3", "Average", Severity.MEDIUM),
        ("4", "High", Severity.HIGH),
        (5, "Disaster", Severity.CRITICAL),
        (None, "Warning", Severity.LOW),
        (None, "5", Severity.CRITICAL),
        ("{EVENT.NSEVERITY}", "Average", Severity.MEDIUM),
        ("4", "Renamed by the users", Severity.HIGH),
        (None, "Renamed by the users", Severity.MEDIUM),
    ],
)
def test_the_number_of_a_severity_comes_before_its_word(
    number: object, word: str, expected: Severity
) -> None:
    (alert,) = parse(event(event_nseverity=number, event_severity=word), JSON)
    assert alert.severity is expected


def test_chat_templates_tell_problem_and_ok() -> None:
    firing, resolved = (
        only("zabbix/chat_template_problem.json"),
        only("zabbix/chat_template_ok.json"),
    )
    same_problem(firing, resolved)
    assert (firing.title, firing.resource, firing.severity) == (
        "Disk space is low on web-3",
        "web-3",
        Severity.LOW,
    )
    assert firing.message.startswith("Free disk space")


@pytest.mark.parametrize("tool", [None, "zabbix"])
def test_the_default_messages_are_read_by_their_lines(tool: str | None) -> None:
    firing = read_as(
        "zabbix/default_message_problem.json",
        tool,
        title="Zabbix agent is not available",
        severity=Severity.HIGH,
        resource="app-7",
        native_id="90211",
        event_at=BROKE,
    )
    same_problem(firing, only("zabbix/default_message_resolved.json", tool))


def test_macros_as_names_are_read() -> None:
    read_as(
        "zabbix/macros_as_names.json",
        title="Link down on sw-2",
        severity=Severity.HIGH,
        resource="sw-2",
        event_at=BROKE,
    )


@pytest.mark.parametrize("state", ["OK", "Resolved", "RESOLVED", "0"])
def test_a_last_value_of_zero_is_no_recovery(state: str) -> None:
    body = {"trigger": "Queue is empty", "hostname": "a", "severity": "High", "value": "0"}
    (firing,) = parse(json.dumps({**body, "status": "PROBLEM"}).encode(), JSON)
    (resolved,) = parse(json.dumps({**body, "status": state}).encode(), JSON)
    same_problem(firing, resolved)


def test_two_problems_of_a_trigger_and_two_servers_are_told_apart() -> None:
    (first,), (second,), (third,) = (
        parse(event(**change), JSON)
        for change in ({}, {"event_id": "834121"}, {"host_name": "db-1.of-another-server"})
    )
    assert len({first.fingerprint, second.fingerprint, third.fingerprint}) == 3


def test_an_autoregistration_is_no_alert() -> None:
    assert read(event(event_source="2"), JSON).not_alerts == 1


def test_subjects_lose_their_state() -> None:
    for name in ("Problem: Disk", "Resolved in 3m 4s: Disk", "OK: Disk", "Updated problem: Disk"):
        (alert,) = parse(event(event_name=name), JSON)
        assert alert.title == "Disk"
