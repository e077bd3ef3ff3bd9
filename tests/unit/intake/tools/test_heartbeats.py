"""Checks of programs and jobs: Checkly, healthchecks.io, Cronitor, Dead Man's Snitch, Monit."""

import json
from datetime import UTC, datetime

import pytest

from responder.alert import Severity, Status
from responder.intake import parse
from responder.intake.registry import read
from samples import JSON, NOW, only, sample
from unit.intake.tools.expecting import BROKE, MENDED, nothing, read_as, same_problem


def test_checklys_failure_and_recovery() -> None:
    firing = read_as(
        "checkly/failure.json",
        source="checkly",
        title="Checkout API",
        message="Expected status 200, got 503",
        severity=Severity.HIGH,
        status=Status.FIRING,
        service="checkout",
        native_id="927a2982-1007-4b81-b383-eae8bf717e61",
        event_at=BROKE,
        labels={"service": "checkout", "prod": "true", "group": "Shop"},
    )
    assert firing.links == {
        "result": "https://app.checklyhq.com/checks/927a2982/check-sessions/478c"
    }
    same_problem(firing, read_as("checkly/recovery.json", event_at=MENDED, ends_at=MENDED))
    degraded = read_as("checkly/degraded.json", severity=Severity.MEDIUM, status=Status.FIRING)
    assert degraded.fingerprint == firing.fingerprint


def test_a_recovery_of_checkly_does_not_end_an_expiring_certificate() -> None:
    certificate = read_as(
        "checkly/certificate.json",
        title="Checkout API: certificate expires",
        severity=Severity.MEDIUM,
        resource="shop.example.net",
    )
    assert certificate.fingerprint != only("checkly/recovery.json").fingerprint


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("ALERT_DEGRADED_FAILURE", ("firing", "HIGH")),
        ("ALERT_FAILURE_DEGRADED", ("firing", "MEDIUM")),
        ("ALERT_DEGRADED_REMAIN", ("firing", "MEDIUM")),
        ("ALERT_FAILURE_REMAIN", ("firing", "HIGH")),
        ("ALERT_DEGRADED_RECOVERY", ("resolved", "MEDIUM")),
        ("recovery", ("resolved", "HIGH")),
    ],
)
def test_checklys_types(kind: str, expected: tuple[str, str]) -> None:
    body = {**json.loads(sample("checkly/failure.json")), "alert_type": kind}
    (alert,) = parse(json.dumps(body).encode(), JSON)
    assert (alert.status, alert.severity) == expected


def test_checklys_variables_as_names_and_its_header() -> None:
    body = {"ALERT_TYPE": "ALERT_RECOVERY", "CHECK_NAME": "Checkout API", "TAGS": "p1,shop"}
    (alert,) = parse(json.dumps(body).encode(), JSON)
    assert (alert.source, alert.status, alert.severity) == ("checkly", "resolved", "CRITICAL")
    own = {"title": "Checkout API", "type": "ALERT_FAILURE"}
    headers = {**JSON, "X-Checkly-Timestamp": "1795165963"}
    (alert,) = parse(json.dumps(own).encode(), headers)
    assert (alert.source, alert.title, alert.event_at) == ("checkly", "Checkout API", BROKE)


def test_checklys_titles_alone_meet() -> None:
    firing, resolved = (
        parse(json.dumps({"alertType": kind, "checkName": "", "ALERT_TITLE": title}).encode(), JSON)
        for kind, title in (
            ("ALERT_FAILURE", "Shop has failed"),
            ("ALERT_RECOVERY", "Shop has recovered"),
        )
    )
    same_problem(firing[0], resolved[0])
    assert firing[0].title == "Shop"


def test_checklys_retry_is_the_same_alert() -> None:
    headers = {**JSON, "X-Checkly-Timestamp": "1795169999"}
    (again,) = parse(sample("checkly/failure.json"), headers, received_at=NOW)
    assert again.alert_id == only("checkly/failure.json").alert_id


def test_healthchecks_by_our_template() -> None:
    firing = read_as(
        "healthchecks/down.json",
        source="healthchecks",
        title="nightly-backup",
        message="Dumps orders-db",
        severity=Severity.HIGH,
        status=Status.FIRING,
        service="orders-db",
        event_at=datetime(2026, 11, 20, 3, 14, 7, tzinfo=UTC),
        labels={"service": "orders-db", "prod": "true"},
    )
    up = datetime(2026, 11, 20, 3, 40, 1, tzinfo=UTC)
    same_problem(firing, read_as("healthchecks/up.json", event_at=up, ends_at=up))
    alone = only("healthchecks/check_object_alone.json")
    assert (alone.fingerprint, alone.title) == (firing.fingerprint, "nightly-backup")


def test_the_last_ping_is_not_when_a_check_went_down() -> None:
    assert only("healthchecks/check_object_alone.json").event_at == NOW
    check = {**json.loads(sample("healthchecks/check_object_alone.json")), "status": "up"}
    (alert,) = parse(json.dumps(check).encode(), JSON, received_at=NOW)
    assert alert.event_at == datetime(2026, 11, 19, 2, 14, 7, tzinfo=UTC)


@pytest.mark.parametrize("state", ["new", "grace", "started", "paused"])
def test_checks_that_are_neither_up_nor_down(state: str) -> None:
    check = {**json.loads(sample("healthchecks/paused.json")), "status": state}
    assert read(json.dumps(check).encode(), JSON).not_alerts == 1


def test_an_unnamed_check_does_not_show_its_whole_id() -> None:
    check = json.loads(sample("healthchecks/check_object_alone.json"))
    body = json.dumps({**check, "name": "", "slug": ""}).encode()
    (alert,) = parse(body, JSON)
    assert alert.title == "Check 4f9c6a0e"


def test_cronitor() -> None:
    firing = read_as(
        "cronitor/alert.json",
        source="cronitor",
        title="Nightly backup",
        message="The job did not run at its scheduled time",
        rule="not_on_schedule",
        severity=Severity.HIGH,
        native_id="nightly-backup",
        labels={"group": "Databases"},
    )
    assert firing.scope.environment == "production"
    assert set(firing.links) == {"issue", "monitor"}
    same_problem(firing, only("cronitor/recovery.json"))
    assert only("cronitor/alert_of_staging.json").fingerprint != firing.fingerprint


def test_dead_mans_snitch() -> None:
    firing = read_as(
        "dead-mans-snitch/missing.json",
        source="dead-mans-snitch",
        title="Orders export",
        message="Runs at night, see the wiki",
        severity=Severity.CRITICAL,
        service="orders",
        event_at=BROKE,
    )
    same_problem(firing, read_as("dead-mans-snitch/reporting.json", ends_at=MENDED))
    assert only("dead-mans-snitch/errored.json").fingerprint != firing.fingerprint
    nothing("dead-mans-snitch/paused.json")


def test_monit() -> None:
    firing = read_as(
        "monit/connection_failed.json",
        source="monit",
        title="nginx on web-3: connection",
        message="failed protocol test [HTTP] at [localhost]:80",
        service="nginx",
        resource="web-3",
        event_at=BROKE,
    )
    same_problem(firing, read_as("monit/connection_succeeded.json", ends_at=MENDED))
    nothing("monit/instance_changed.json")
    assert only("monit/does_not_exist.json").fingerprint != firing.fingerprint


@pytest.mark.parametrize(
    ("broken", "mended"),
    [
        ("Does not exist", "Exists"),
        ("Resource limit matched", "Resource limit succeeded"),
        ("Timeout", "Timeout recovery"),
        ("Link down", "Link up"),
        ("Checksum changed", "Checksum not changed"),
        ("Content match", "Content not match"),
        ("Size failed", "Size succeeded"),
    ],
)
def test_monits_pairs_meet(broken: str, mended: str) -> None:
    body = json.loads(sample("monit/connection_failed.json"))
    (firing,) = parse(json.dumps({**body, "MONIT_EVENT": broken}).encode(), JSON)
    (resolved,) = parse(json.dumps({**body, "MONIT_EVENT": mended}).encode(), JSON)
    same_problem(firing, resolved)
