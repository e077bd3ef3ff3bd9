"""Uptime Kuma's heartbeats and notices, whichever way they are sent."""

import json
from urllib.parse import urlencode

import pytest

from responder.alert import Severity, Status
from responder.intake import parse
from responder.intake.registry import read
from responder.raw import unpack
from samples import JSON, NOW, only, sample
from unit.intake.tools.expecting import BROKE, nothing, read_as, same_problem


def heartbeat(**changes: object) -> bytes:
    body = json.loads(sample("uptime-kuma/firing.json"))
    body["heartbeat"] |= changes
    return json.dumps(body).encode()


def test_a_monitor_that_is_down_fires() -> None:
    alert = read_as(
        "uptime-kuma/firing.json",
        source="uptime-kuma",
        title="Checkout page",
        message="Request failed with status code 503",
        severity=Severity.HIGH,
        status=Status.FIRING,
        service="checkout",
        resource="https://shop.example.net/checkout",
        rule="Checkout page",
        native_id="12",
        event_at=BROKE,
        starts_at=BROKE,
        ends_at=None,
        links={"monitor": "https://shop.example.net/checkout"},
        truncated=(),
    )
    assert alert.labels == {
        "service": "checkout",
        "customer-facing": "true",
        "monitor_type": "http",
    }


def test_up_again_resolves_it_and_tells_since_when_it_was_down() -> None:
    firing, resolved = only("uptime-kuma/firing.json"), only("uptime-kuma/resolved.json")
    same_problem(firing, resolved)
    assert resolved.starts_at == firing.starts_at
    assert resolved.ends_at == resolved.event_at


def test_a_severity_tag_counts_and_no_credential_of_the_monitor_is_kept() -> None:
    alert = read_as(
        "uptime-kuma/port_with_severity_tag_and_credentials.json",
        severity=Severity.CRITICAL,
        resource="db-1.example.net:5432",
        links={},
    )
    raw = unpack(alert.raw)
    assert "db-1.example.net" in raw
    assert "s3cr3t" not in alert.model_dump_json() + raw


def test_two_instances_with_the_same_monitor_number_are_two() -> None:
    body = json.loads(sample("uptime-kuma/firing.json"))
    body["monitor"]["name"] = "Another instance's first monitor"
    (other,) = parse(json.dumps(body).encode(), JSON)
    assert other.fingerprint != only("uptime-kuma/firing.json").fingerprint


@pytest.mark.parametrize("status", [2, 3, "2", "maintenance"])
def test_pending_and_maintenance_are_neither(status: object) -> None:
    assert read(heartbeat(status=status), JSON).not_alerts == 1
    nothing("uptime-kuma/maintenance.json")


@pytest.mark.parametrize(
    ("status", "expected"),
    [("0", "firing"), ("1", "resolved"), ("UP", "resolved"), (None, "firing")],
)
def test_states_are_read_as_numbers_texts_and_words(status: object, expected: str) -> None:
    (alert,) = parse(heartbeat(status=status), JSON)
    assert alert.status == expected


def test_a_certificate_notice_is_an_alert_of_its_own_whatever_the_days() -> None:
    notice = only("uptime-kuma/certificate_expires.json")
    assert (notice.severity, notice.status) == (Severity.MEDIUM, Status.FIRING)
    assert "will expire in 7 days" in notice.title
    text = sample("uptime-kuma/certificate_expires.json").replace(b"7 days", b"3 days")
    (later,) = parse(text, JSON)
    assert later.fingerprint == notice.fingerprint != only("uptime-kuma/firing.json").fingerprint


def test_the_test_button_is_information() -> None:
    read_as("uptime-kuma/test_button.json", title="Responder Testing", severity=Severity.INFO)


def test_multipart_and_query_carry_the_same_alert() -> None:
    expected = only("uptime-kuma/firing.json")
    body = sample("uptime-kuma/firing.json").decode()
    parts = (
        "--------------------------4711",
        'Content-Disposition: form-data; name="data"',
        "",
        body,
        "--------------------------4711--",
        "",
    )
    headers = {"content-type": "multipart/form-data; boundary=------------------------4711"}
    (alert,) = parse("\r\n".join(parts).encode(), headers, received_at=NOW)
    assert alert.alert_id == expected.alert_id
    fields = {name: json.dumps(value) for name, value in json.loads(body).items()}
    form = {"content-type": "application/x-www-form-urlencoded"}
    (alert,) = parse(urlencode(fields).encode(), form, received_at=NOW)
    assert (alert.alert_id, alert.title, alert.labels) == (
        expected.alert_id,
        expected.title,
        expected.labels,
    )
