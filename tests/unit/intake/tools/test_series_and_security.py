"""Kapacitor, InfluxDB, ThousandEyes, Falco and Wazuh."""

import json

import pytest

from responder.alert import Severity, Status
from responder.intake import parse
from samples import JSON, NOW, only, sample
from unit.intake.tools.expecting import BROKE, MENDED, nothing, read_as, same_problem


def changed(name: str, **changes: object) -> bytes:
    return json.dumps({**json.loads(sample(name)), **changes}).encode()


def test_kapacitor() -> None:
    firing = read_as(
        "kapacitor/critical.json",
        source="kapacitor",
        title="cpu:host=db-1",
        message="cpu:host=db-1 is CRITICAL",
        severity=Severity.CRITICAL,
        service="orders-db",
        resource="db-1",
        rule="cpu",
        event_at=BROKE,
    )
    same_problem(firing, read_as("kapacitor/ok.json", ends_at=MENDED, severity=Severity.CRITICAL))
    bare = read_as("kapacitor/info_without_data.json", severity=Severity.INFO)
    assert bare.event_at == NOW


def test_influxdb() -> None:
    firing = read_as(
        "influxdb/crit.json",
        source="influxdb",
        title="CPU is busy",
        message="Check: CPU is busy is: crit",
        severity=Severity.CRITICAL,
        resource="db-1",
        service="cpu",
        native_id="07a1c1b2c3d4e000",
        event_at=BROKE,
        labels={"cpu": "cpu-total", "host": "db-1", "measurement": "cpu"},
    )
    same_problem(firing, read_as("influxdb/ok.json", ends_at=MENDED))
    other = read_as("influxdb/warn_of_another_host.json", severity=Severity.MEDIUM)
    assert other.fingerprint != firing.fingerprint
    (unknown,) = parse(changed("influxdb/crit.json", _level="unknown"), JSON)
    assert (unknown.status, unknown.fingerprint) == (Status.FIRING, firing.fingerprint)


def test_thousandeyes() -> None:
    firing = read_as(
        "thousandeyes/trigger.json",
        source="thousandeyes",
        title="Shop answers slowly: Shop home page",
        message="Response Code is not OK (2xx)",
        rule="Shop answers slowly",
        severity=Severity.HIGH,
        service="shop",
        resource="https://shop.example.net",
        native_id="562949955000593",
        event_at=BROKE,
        starts_at=BROKE,
    )
    assert set(firing.links) == {"alert", "api"}
    same_problem(firing, read_as("thousandeyes/clear.json", ends_at=MENDED))
    agent = read_as("thousandeyes/agent_offline.json", severity=Severity.INFO, resource="zrh-1")
    assert agent.fingerprint != firing.fingerprint
    nothing("thousandeyes/webhook_test.json")


@pytest.mark.parametrize(("kind", "status"), [(1, "resolved"), ("2", "firing")])
def test_thousandeyes_custom_webhook_tells_by_its_type(kind: object, status: str) -> None:
    body = json.loads(sample("thousandeyes/trigger.json"))
    body = {"notification": {"type": {"id": kind}}, "alert": body["alert"]}
    (alert,) = parse(json.dumps(body).encode(), JSON)
    assert (alert.source, alert.status) == ("thousandeyes", status)


def test_falco() -> None:
    alert = read_as(
        "falco/notice.json",
        source="falco",
        title="Terminal shell in container",
        severity=Severity.LOW,
        status=Status.FIRING,
        service="registry.example.net/orders",
        resource="orders-5c9",
        event_at=BROKE,
    )
    assert alert.labels["evt.rawarg.addr"] == "9007199254740993123"
    assert alert.labels["tags"] == "container, mitre_execution, shell"
    assert "fd.name" not in alert.labels
    other = read_as("falco/critical_of_another_pod.json", severity=Severity.CRITICAL)
    assert other.fingerprint != alert.fingerprint
    read_as("falco/emergency_without_fields.json", severity=Severity.CRITICAL, resource="node-4")


@pytest.mark.parametrize(
    ("priority", "severity"),
    [
        ("Alert", "CRITICAL"),
        ("Error", "HIGH"),
        ("Warning", "MEDIUM"),
        ("Informational", "INFO"),
        ("Debug", "INFO"),
    ],
)
def test_falcos_priorities(priority: str, severity: str) -> None:
    (alert,) = parse(changed("falco/notice.json", priority=priority), JSON)
    assert alert.severity == severity


def test_wazuh() -> None:
    alert = read_as(
        "wazuh/level_12.json",
        source="wazuh",
        title="Multiple failed logins followed by a success",
        rule="40112",
        severity=Severity.HIGH,
        status=Status.FIRING,
        service="sshd",
        resource="db-1",
        event_at=BROKE,
    )
    assert alert.scope.cluster == "wazuh"
    read_as("wazuh/level_3_without_a_log.json", severity=Severity.INFO)
    other = read_as("wazuh/level_15_as_text.json", severity=Severity.CRITICAL)
    assert other.fingerprint != alert.fingerprint
    assert only("wazuh/level_12.json").alert_id == alert.alert_id


@pytest.mark.parametrize(
    ("level", "severity"),
    [(0, "INFO"), (4, "LOW"), (6, "LOW"), (7, "MEDIUM"), (14, "HIGH"), (16, "CRITICAL"),
     (None, "MEDIUM"), ("9" * 5_000, "MEDIUM"), (-1, "MEDIUM")],
)  # fmt: skip
def test_wazuhs_levels(level: object, severity: str) -> None:
    rule = {"level": level, "description": "d", "id": "1"}
    (alert,) = parse(changed("wazuh/level_12.json", rule=rule), JSON)
    assert alert.severity == severity
