"""Bodies whose names are the users': the tool of the route reads them as well."""

import json
from datetime import UTC, datetime

import pytest

from responder.alert import Alert, Severity, Status
from responder.intake.registry import Parcel, parse, read
from samples import JSON, NOW

AT = datetime(2026, 11, 20, 9, 12, 43, tzinfo=UTC)
WRITTEN = "2026-11-20T09:12:43Z"


def one(body: object, tool: str | None = None) -> Alert:
    (alert,) = parse(json.dumps(body).encode(), JSON, tool, received_at=NOW)
    assert not any("reader failed" in note for note in alert.truncated)
    return alert


MACROS = {"HOSTNAME": "web-1", "SERVICEDESC": "HTTP", "SERVICESTATE": "CRITICAL",
          "NOTIFICATIONTYPE": "PROBLEM"}  # fmt: skip
SCRIPTED = {"host_name": "web-1", "service_name": "HTTP", "service_state": "CRITICAL",
            "notification_type": "PROBLEM"}  # fmt: skip


@pytest.mark.parametrize("body", [MACROS, SCRIPTED])
@pytest.mark.parametrize(
    ("route", "source"),
    [("nagios", "nagios"), ("icinga2", "icinga2"), ("checkmk", "checkmk"), ("grafana", "nagios"),
     (None, "nagios")],
)  # fmt: skip
def test_the_route_says_whose_the_shared_macros_are(
    body: dict[str, str], route: str | None, source: str
) -> None:
    alert = one(body, route)
    assert (alert.source, alert.title) == (source, "HTTP on web-1")
    assert (alert.severity, alert.status) == (Severity.CRITICAL, Status.FIRING)


def test_a_nagios_problem_has_the_time_that_its_long_date_says() -> None:
    problem = one({**MACROS, "LONGDATETIME": "Fri Nov 20 09:12:43 UTC 2026"})
    assert (problem.event_at, problem.starts_at, problem.ends_at) == (AT, AT, None)
    recovery = {"NOTIFICATIONTYPE": "RECOVERY", "SERVICESTATE": "OK", "TIMET": "1795166263"}
    recovered = one({**MACROS, **recovery})
    assert recovered.status is Status.RESOLVED
    assert (recovered.ends_at, recovered.starts_at) == (recovered.event_at, None)


def test_macros_that_nagios_did_not_fill_are_no_host() -> None:
    alert = one({"HOSTNAME": "$HOSTNAME$", "HOSTSTATE": "$HOSTSTATE$"})
    assert alert.unknown_format
    assert "$" not in alert.fingerprint


@pytest.mark.parametrize(
    ("body", "status", "severity"),
    [
        ({"job_name": "shop", "build_number": 5, "status": "FAILURE"}, "firing", Severity.HIGH),
        ({"JOB_NAME": "shop", "BUILD_NUMBER": "6", "result": "SUCCESS"}, "resolved", Severity.HIGH),
        ({"job": "shop", "currentResult": "UNSTABLE"}, "firing", Severity.MEDIUM),
        ({"projectName": "shop", "buildName": "#7", "event": "failure",
          "buildUrl": "https://ci.example.net/x"}, "firing", Severity.HIGH),
    ],
)  # fmt: skip
def test_a_pipelines_own_request_is_a_build_of_jenkins(
    body: dict[str, object], status: str, severity: Severity
) -> None:
    alert = one(body, "jenkins")
    assert (alert.title, alert.service) == ("Build of shop failed", "shop")
    assert (alert.status, alert.severity) == (status, severity)
    assert not alert.unknown_format


def test_the_success_of_a_pipelines_build_ends_its_failure() -> None:
    url = "https://ci.example.net/job/shop/{}/"
    failed = one({"job": "shop", "result": "FAILURE", "build_url": url.format(5)}, "jenkins")
    passed = one({"job": "shop", "result": "SUCCESS", "build_url": url.format(6)}, "jenkins")
    other = one({"job": "cart", "result": "FAILURE"}, "jenkins")
    assert failed.fingerprint == passed.fingerprint != other.fingerprint


@pytest.mark.parametrize("event", ["start", "STARTED", "ABORTED"])
def test_a_build_that_has_not_failed_or_passed_is_no_alert(event: str) -> None:
    body = json.dumps({"job": "shop", "status": event}).encode()
    assert read(body, JSON, "jenkins", received_at=NOW) == Parcel(not_alerts=1)


def test_an_alert_that_wazuh_passes_through_shuffle_is_the_same_alert() -> None:
    rule = {"level": 13, "id": "5712", "description": "Brute force"}
    whole = {"timestamp": WRITTEN, "rule": rule,
             "agent": {"id": "001", "name": "web-1"}, "id": "1795166263.1"}  # fmt: skip
    digest = {"severity": 3, "pretext": "WAZUH Alert", "title": "Brute force", "rule_id": "5712",
              "id": "1795166263.1", "all_fields": whole}  # fmt: skip
    direct, passed = one(whole), one(digest)
    assert direct == passed.model_copy(update={"raw": direct.raw})
    assert (passed.source, passed.severity, passed.event_at) == ("wazuh", Severity.HIGH, AT)


def test_a_template_of_librenms_may_say_host_and_rule() -> None:
    body = {"title": "Alert", "host": "web-1", "rule": "CPU", "state": "1", "severity": "warning"}
    alert = one(body, "librenms")
    assert (alert.title, alert.resource, alert.rule) == ("CPU on web-1", "web-1", "CPU")
    condition = '{"condition": "AND", "rules": []}'
    assert one({**body, "rule": condition}, "librenms").rule == ""


def test_a_template_of_thousandeyes_may_have_the_variables_own_names() -> None:
    body = {"type": {"id": 1, "name": "Clear"}, "alert": {"id": "99", "rule": {"name": "Loss"},
            "startDate": "2026-11-20T09:00:00Z", "endDate": WRITTEN}}  # fmt: skip
    alert = one(body, "thousandeyes")
    assert (alert.status, alert.title, alert.ends_at) == (Status.RESOLVED, "Loss", AT)
    assert one({**body, "type": {"id": 2}}, "thousandeyes").status is Status.FIRING


def test_the_name_of_a_test_that_is_a_url_is_no_label() -> None:
    alert = one({"eventType": "ALERT_NOTIFICATION_TRIGGER", "alert": {
        "alertId": 1, "ruleName": "Loss", "ruleExpression": "x",
        "testLabels": [{"name": "https://shop.example.net"}, {"name": "team:core"}],
    }})  # fmt: skip
    assert alert.labels == {"team": "core"}


def test_a_check_of_healthchecks_may_be_told_by_its_name() -> None:
    alert = one({"check": "DB backup", "code": "7e1b6e61", "status": "down"}, "healthchecks")
    assert (alert.title, alert.native_id) == ("DB backup", "7e1b6e61")


def test_an_updown_check_has_one_rule_in_both_states() -> None:
    check = {"token": "ngg8", "url": "https://shop.example.net", "alias": "Shop"}
    rules = {one([{"event": event, "check": check}]).rule for event in ("check.down", "check.up")}
    assert rules == {"Shop"}


def test_one_alert_of_alertmanager_by_itself_is_that_alert() -> None:
    alert = {"labels": {"alertname": "Down", "severity": "critical"}, "startsAt": WRITTEN,
             "annotations": {"summary": "web-1 is down"}, "status": "firing"}  # fmt: skip
    (alone,), (pushed,) = (
        parse(json.dumps(body).encode(), JSON, received_at=NOW) for body in (alert, [alert])
    )
    assert alone == pushed
    assert (alone.source, alone.title) == ("alertmanager", "web-1 is down")


def test_the_state_of_the_alert_in_opensearchs_context_counts() -> None:
    context = {"monitor": {"name": "Errors"}, "trigger": {"name": "many", "severity": "1"},
               "alert": {"id": "a1", "state": "COMPLETED"}}  # fmt: skip
    completed, active = one({"ctx": context}), one({"ctx": {**context, "alert": None}})
    assert (completed.status, active.status) == (Status.RESOLVED, Status.FIRING)
    assert completed.fingerprint == active.fingerprint
