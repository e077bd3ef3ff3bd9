"""MongoDB Atlas, Cloudflare, Oracle, Alibaba, Tencent, Sysdig (IBM) and events of Kubernetes."""

import json
from typing import Any

import pytest

from responder.alert import Alert, Scope, Severity
from responder.intake.registry import parse, read
from samples import JSON, NOW, only, sample
from unit.intake.tools.expected import (
    CRITICAL,
    FIRING,
    HIGH,
    INFO,
    LOW,
    MEDIUM,
    RESOLVED,
    at,
    differs,
)

CPU = "OUTSIDE_METRIC_THRESHOLD NORMALIZED_SYSTEM_CPU_USER"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("mongodb-atlas/open", {
            "title": f"{CPU}: orders", "severity": MEDIUM, "status": FIRING, "service": "orders",
            "resource": "orders-shard-00-00.abcde.mongodb.net:27017", "rule": CPU,
            "message": "CPU is above 95 %\nCurrent value: 96.4 RAW", "starts_at": at("09:20:00"),
            "links": {"source": "https://cloud.mongodb.com/v2/5b0000000000000000000002#/alerts"},
        }),
        ("mongodb-atlas/no_primary", {"title": "NO_PRIMARY: orders", "severity": HIGH}),
        ("mongodb-atlas/informational", {"severity": INFO, "status": FIRING}),
        ("cloudflare/origin_errors_start", {
            "title": "On-call policy: shop.example.com", "severity": MEDIUM, "status": FIRING,
            "service": "shop.example.com", "native_id": "c0ffee-1", "event_at": at("09:30:00"),
            "message": "Origin errors of shop.example.com are high",
            "links": {"dashboard": "https://dash.cloudflare.com/9035/shop.example.com"},
        }),
        ("cloudflare/tunnel_down", {"title": "On-call policy: office", "severity": HIGH}),
        ("cloudflare/old_relay", {"title": "HTTP DDoS: shop.example.com", "severity": HIGH}),
        ("oracle-cloud/firing", {
            "title": "High CPU Utilization", "severity": CRITICAL, "status": FIRING,
            "resource": "web-1", "native_id": "d-1", "event_at": at("09:30:00"),
            "scope": Scope(region="us-ashburn-1"),
            "links": {"source": "https://cloud.oracle.com/monitoring/alarms/ocid1.alarm.oc1.iad.x"},
        }),
        ("oracle-cloud/repeat", {"status": FIRING, "event_at": at("09:40:00")}),
        ("oracle-cloud/reset", {"status": RESOLVED}),
        ("alibaba-cloud/alert", {
            "title": "ECS CPU", "severity": CRITICAL, "status": FIRING, "resource": "web-1",
            "scope": Scope(account="127067667954", region="cn-hangzhou"),
            "message": "Metric: CPUUtilization\nValue: 97\nRule: $value>95",
        }),
        ("tencent-cloud/alarm", {
            "title": "CPU of web", "severity": MEDIUM, "status": FIRING,
            "resource": "ins-o9p3rg3m", "message": "CPU > 90 %, value 100",
        }),
        ("tencent-cloud/no_data", {"status": FIRING}),
        ("sysdig/active", {
            "title": "CPU of web", "severity": HIGH, "status": FIRING,
            "resource": "host.mac = '00:0c'", "event_at": at("09:30:00"),
            "message": "Too much CPU\ntimeAvg(cpu.used.percent) > 95\ncpu.used.percent: 97.5",
            "links": {"source": "https://app.sysdigcloud.com/#/events/7",
                      "alert": "https://app.sysdigcloud.com/#/alerts/1"},
        }),
        ("kubernetes/back_off", {
            "title": "BackOff: Pod shop/checkout-7d9f-x2x", "severity": HIGH, "status": FIRING,
            "service": "checkout", "resource": "Pod/shop/checkout-7d9f-x2x", "rule": "BackOff",
            "scope": Scope(cluster="prod"), "starts_at": at("09:10:00"),
            "message": "Back-off restarting failed container",
        }),
        ("kubernetes/by_eventrouter", {"title": "FailedMount: Pod shop/orders-1"}),
        ("kubernetes/through_knative", {"title": "FailedScheduling: Pod shop/checkout-9"}),
    ],
)  # fmt: skip
def test_what_is_told_is_understood(name: str, expected: dict[str, Any]) -> None:
    alert = only(f"{name}.json")
    assert alert.source == name.partition("/")[0]
    assert differs(alert, expected) == {}


@pytest.mark.parametrize(
    ("firing", "resolved"),
    [
        ("mongodb-atlas/open", "mongodb-atlas/closed"),
        ("cloudflare/origin_errors_start", "cloudflare/origin_errors_end"),
        ("cloudflare/tunnel_down", "cloudflare/tunnel_healthy"),
        ("oracle-cloud/firing", "oracle-cloud/ok"),
        ("alibaba-cloud/alert", "alibaba-cloud/ok"),
        ("tencent-cloud/alarm", "tencent-cloud/recovered"),
        ("sysdig/active", "sysdig/ok"),
        ("sysdig/active", "sysdig/resolved_by_hand"),
        ("kubernetes/node_not_ready", "kubernetes/node_ready"),
    ],
)
def test_the_end_meets_the_trouble(firing: str, resolved: str) -> None:
    begun, ended = only(f"{firing}.json"), only(f"{resolved}.json")
    assert (begun.status, ended.status) == (FIRING, RESOLVED)
    assert (begun.fingerprint, begun.title) == (ended.fingerprint, ended.title)
    assert begun.event_at < ended.event_at
    assert ended.ends_at


@pytest.mark.parametrize("name", ["kubernetes/scheduled", "cloudflare/test"])
def test_routine_and_tests_of_the_connection_are_no_alerts(name: str) -> None:
    parcel = read(sample(f"{name}.json"), JSON, received_at=NOW)
    assert (parcel.alerts, parcel.not_alerts) == ((), 1)


def changed(name: str, headers: dict[str, str] | None = None, **changes: object) -> Alert:
    body = json.dumps(json.loads(sample(name)) | changes).encode()
    (alert,) = parse(body, headers or {}, received_at=NOW)
    return alert


@pytest.mark.parametrize(
    ("event", "status"),
    [("alert.close", RESOLVED), ("alert.cancel", RESOLVED), ("alert.open", FIRING),
     ("alert.acknowledge", FIRING), ("alert.inform", FIRING), ("alert.update", FIRING)],
)  # fmt: skip
def test_atlas_s_header_tells_what_a_template_left_out(event: str, status: object) -> None:
    alert = changed("mongodb-atlas/open.json", {"X-MMS-Event": event}, status=None)
    assert (alert.source, alert.status) == ("mongodb-atlas", status)


@pytest.mark.parametrize("status", ["OPEN", "TRACKING", "CLOSED", "CANCELLED"])
def test_atlas_s_own_status_goes_before_its_header(status: str) -> None:
    alert = changed("mongodb-atlas/open.json", {"X-MMS-Event": "alert.open"}, status=status)
    assert alert.status is (RESOLVED if status.startswith("C") else FIRING)


def test_two_tunnels_of_one_policy_are_two() -> None:
    data = {"tunnel_id": "t-2", "tunnel_name": "shop", "new_status": "TUNNEL_STATUS_TYPE_DEGRADED"}
    other = changed("cloudflare/tunnel_down.json", data=data)
    assert other.fingerprint != only("cloudflare/tunnel_down.json").fingerprint
    assert other.severity is MEDIUM


def test_cloudflare_s_secret_header_is_enough_to_know_it() -> None:
    alert = parse(b'{"text": "Origin down"}', {"cf-webhook-auth": "x"}, received_at=NOW)[0]
    assert (alert.source, alert.title) == ("cloudflare", "Origin down")


def test_alibaba_s_form_is_read_as_its_json() -> None:
    (alert,) = parse(sample("alibaba-cloud/form.txt"), FORM, received_at=NOW)
    assert alert.alert_id == only("alibaba-cloud/alert.json").alert_id


def test_missing_data_does_not_end_an_alert() -> None:
    alert = changed("alibaba-cloud/alert.json", alertState="INSUFFICIENT_DATA")
    assert (alert.status, alert.severity) == (FIRING, INFO)
    assert alert.fingerprint != only("alibaba-cloud/alert.json").fingerprint


@pytest.mark.parametrize(
    ("label", "number", "severity"),
    [("High", 1, HIGH), ("", 0, HIGH), ("", 3, MEDIUM), ("", 5, LOW), ("", 7, INFO),
     ("", 9, MEDIUM)],
)  # fmt: skip
def test_sysdig_s_numbers(label: str, number: int, severity: Severity) -> None:
    alert = json.loads(sample("sysdig/active.json"))["alert"]
    told = alert | {"severityLabel": label, "severity": number}
    assert changed("sysdig/active.json", alert=told).severity is severity


def test_warnings_of_newer_kubernetes_name_what_they_regard() -> None:
    event = json.loads(sample("kubernetes/back_off.json"))
    event["regarding"], event["note"] = event.pop("involvedObject"), event.pop("message")
    (alert,) = parse(json.dumps(event).encode(), {}, received_at=NOW)
    assert alert.alert_id == only("kubernetes/back_off.json").alert_id
    assert alert.message == only("kubernetes/back_off.json").message


@pytest.mark.parametrize("tool", [None, "grafana", "generic-webhook"])
def test_the_route_does_not_matter(tool: str | None) -> None:
    for name in ("mongodb-atlas/open", "cloudflare/tunnel_down", "oracle-cloud/firing",
                 "alibaba-cloud/alert", "tencent-cloud/alarm", "sysdig/active",
                 "kubernetes/back_off"):  # fmt: skip
        assert only(f"{name}.json", tool).source == name.partition("/")[0]
