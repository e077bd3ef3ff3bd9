"""Nagios, Icinga, Checkmk, LibreNMS, PRTG and Netdata."""

import json

import pytest

from responder.alert import Severity, Status
from responder.intake import parse
from responder.intake.registry import read
from samples import JSON, only, sample
from unit.intake.tools.expecting import BROKE, MENDED, nothing, read_as, same_problem


def changed(name: str, **changes: object) -> bytes:
    return json.dumps({**json.loads(sample(name)), **changes}).encode()


def test_a_service_of_nagios() -> None:
    firing = read_as(
        "nagios/service_problem.json",
        source="nagios",
        title="Disk /var on db-1",
        message="DISK CRITICAL - free space: /var 812 MB (4%)",
        rule="Disk /var",
        severity=Severity.CRITICAL,
        status=Status.FIRING,
        service="Disk /var",
        resource="db-1",
        labels={"address": "10.0.3.17"},
        event_at=BROKE,
    )
    same_problem(firing, read_as("nagios/service_recovery.json", event_at=MENDED))


def test_a_host_of_nagios_by_its_macros() -> None:
    firing = read_as(
        "nagios/host_down_by_macros.json",
        title="web-3",
        severity=Severity.CRITICAL,
        resource="web-3",
        event_at=BROKE,
    )
    body = changed("nagios/host_down_by_macros.json", NOTIFICATIONTYPE="RECOVERY", HOSTSTATE="UP")
    (resolved,) = parse(body, JSON)
    same_problem(firing, resolved)


def test_an_acknowledgement_leaves_the_problem_open() -> None:
    alert = read_as("nagios/environment_of_icinga_1.json", "icinga1", status=Status.FIRING)
    assert alert.fingerprint == only("nagios/service_problem.json").fingerprint


def test_flapping_is_an_alert_of_its_own() -> None:
    firing, resolved = only("nagios/flapping_start.json"), only("nagios/flapping_stop.json")
    same_problem(firing, resolved)
    assert firing.fingerprint != only("nagios/service_problem.json").fingerprint


@pytest.mark.parametrize(
    ("kind", "state", "status"),
    [
        ("PROBLEM", "OK", "firing"),
        ("CUSTOM", "OK", "resolved"),
        ("CUSTOM", "WARNING", "firing"),
        ("RECOVERY", None, "resolved"),
        ("Recovery", "CRITICAL", "resolved"),
        (None, "UP", "resolved"),
    ],
)
def test_the_type_comes_before_the_state(kind: str | None, state: str | None, status: str) -> None:
    body = changed("nagios/service_problem.json", notification_type=kind, state=state)
    (alert,) = parse(body, JSON, "nagios")
    assert alert.status == status


@pytest.mark.parametrize("kind", ["DOWNTIMESTART", "DOWNTIMEEND", "DOWNTIMECANCELLED"])
def test_downtimes_are_no_alerts(kind: str) -> None:
    assert read(changed("nagios/downtime_start.json", notification_type=kind), JSON).not_alerts == 1


@pytest.mark.parametrize(
    ("state", "severity"),
    [("WARNING", "MEDIUM"), ("UNKNOWN", "MEDIUM"), (2, "CRITICAL"), ("1", "MEDIUM")],
)
def test_states_of_services(state: object, severity: str) -> None:
    (alert,) = parse(changed("nagios/service_problem.json", state=state), JSON)
    assert alert.severity == severity


def test_a_check_is_known_by_its_output_and_its_state() -> None:
    body = {"host": "db-1", "service": "Load", "state": "WARNING", "output": "WARNING - load 9"}
    (firing,) = parse(json.dumps(body).encode(), JSON)
    (resolved,) = parse(json.dumps({**body, "state": "OK"}).encode(), JSON)
    assert (firing.source, firing.severity) == ("nagios", Severity.MEDIUM)
    same_problem(firing, resolved)


def test_output_that_breaks_the_json_does_not_lose_the_page() -> None:
    alert = read_as(
        "nagios/quotes_not_escaped.txt",
        title="Log errors on db-1",
        severity=Severity.MEDIUM,
        event_at=BROKE,
    )
    assert "mended by intake" in alert.truncated[0]
    assert alert.message == '3 lines match "OOM|panic" in C:\\logs\\app.log\nlast: "killed"'


def test_a_service_of_icinga2() -> None:
    firing = read_as(
        "icinga2/service_critical.json",
        source="icinga2",
        title="HTTP on web-3.example.net",
        message="HTTP CRITICAL: 503 Service Unavailable",
        severity=Severity.CRITICAL,
        service="http",
        resource="web-3.example.net",
        event_at=BROKE,
        labels={"os": "Linux", "environment": "prod"},
    )
    same_problem(firing, read_as("icinga2/service_ok.json", event_at=MENDED))


def test_a_host_of_icinga2_by_numbers() -> None:
    firing = read_as(
        "icinga2/event_stream_host_down.json", title="db-1", severity=Severity.CRITICAL
    )
    body = json.loads(sample("icinga2/event_stream_host_down.json"))
    body |= {"notification_type": "", "check_result": {"state": 0, "execution_end": 1795166401}}
    (resolved,) = parse(json.dumps(body).encode(), JSON)
    same_problem(firing, resolved)
    nothing("icinga2/downtime_added.json")


def test_checkmk() -> None:
    firing = read_as(
        "checkmk/service_critical.json",
        source="checkmk",
        title="Filesystem /var on db-1",
        message="Used: 96.1% - 24.0 of 25.0 GiB",
        severity=Severity.CRITICAL,
        service="Filesystem /var",
        resource="db-1",
        event_at=BROKE,
    )
    assert firing.labels["site"] == "main"
    same_problem(firing, read_as("checkmk/service_recovery.json", event_at=MENDED))
    read_as("checkmk/host_recovery_of_variables.json", title="web-3", status=Status.RESOLVED)
    (elsewhere,) = parse(changed("checkmk/service_critical.json", site="other"), JSON)
    assert elsewhere.fingerprint != firing.fingerprint


def test_librenms() -> None:
    firing = read_as(
        "librenms/alert.json",
        source="librenms",
        title="Devices up/down on db-1.example.net",
        rule="Devices up/down",
        severity=Severity.CRITICAL,
        resource="db-1.example.net",
        links={"runbook": "https://runbooks.example.net/device-down"},
        event_at=BROKE,
    )
    same_problem(firing, read_as("librenms/recovered.json", event_at=MENDED))
    assert only("librenms/acknowledged.json").status is Status.FIRING


@pytest.mark.parametrize(
    ("state", "status"), [(1, "firing"), ("3", "firing"), (4, "firing"), (0, "resolved")]
)
def test_states_of_librenms(state: object, status: str) -> None:
    (alert,) = parse(changed("librenms/alert.json", state=state), JSON)
    assert alert.status == status


def test_prtg() -> None:
    firing = read_as(
        "prtg/down.json",
        source="prtg",
        title="HTTP Advanced on web-3",
        message="HTTP/1.1 503 Service Unavailable",
        severity=Severity.CRITICAL,
        service="shop",
        resource="web-3",
        native_id="4711",
        event_at=BROKE,
    )
    assert firing.links["sensor"] == "https://prtg.example.net/sensor.htm?id=4711"
    same_problem(firing, read_as("prtg/up.json", ends_at=MENDED))
    read_as("prtg/warning.form.txt", severity=Severity.MEDIUM, labels={}, resource="db-1")
    nothing("prtg/paused.json")


@pytest.mark.parametrize(
    ("status", "priority", "expected"),
    [
        ("Down (Acknowledged)", "***", ("firing", "HIGH")),
        ("Unusual", "*****", ("firing", "LOW")),
        ("Down", 5, ("firing", "CRITICAL")),
        ("Warning ended (now: Down)", "*", ("firing", "HIGH")),
        ("Up (was: Down)", "***", ("resolved", "HIGH")),
    ],
)
def test_states_of_prtg(status: str, priority: object, expected: tuple[str, str]) -> None:
    (alert,) = parse(changed("prtg/down.json", status=status, priority=priority), JSON)
    assert (alert.status, alert.severity) == expected


def test_netdata_cloud() -> None:
    firing = read_as(
        "netdata/critical.json",
        source="netdata",
        title="ram_in_use on db-1",
        rule="ram_in_use",
        severity=Severity.CRITICAL,
        resource="db-1",
        event_at=BROKE,
    )
    assert firing.links["alert"].startswith("https://app.netdata.cloud/")
    assert firing.labels["space"] == "Example"
    same_problem(firing, read_as("netdata/clear.json", ends_at=MENDED))
    (elsewhere,) = parse(
        changed("netdata/critical.json", message="ram_in_use on db-2 is bad"), JSON
    )
    assert elsewhere.fingerprint != firing.fingerprint


def test_a_node_that_netdata_cannot_reach() -> None:
    firing = read_as(
        "netdata/unreachable.json",
        title="Reachability of db-1",
        severity=Severity.CRITICAL,
        resource="db-1",
    )
    same_problem(firing, only("netdata/reachable.json"))


def test_netdatas_agent_by_our_sender() -> None:
    firing = read_as(
        "netdata/agent_warning.json",
        title="disk_space_usage on db-1",
        severity=Severity.MEDIUM,
        native_id="1720",
        event_at=BROKE,
    )
    clear = {"status": "CLEAR", "old_status": "WARNING", "when": "1795166401"}
    (resolved,) = parse(changed("netdata/agent_warning.json", **clear), JSON)
    same_problem(firing, resolved)
    assert resolved.severity is Severity.MEDIUM
    assert read(changed("netdata/agent_warning.json", status="REMOVED"), JSON).not_alerts == 1


def test_the_token_of_netdatas_test_is_shown_because_the_set_up_needs_it() -> None:
    (alert,) = parse(changed("netdata/critical.json", token="7a1b"), JSON)
    assert "Token of the test notification: 7a1b" in alert.message
