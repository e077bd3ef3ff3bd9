"""What tools send with fields left out, renamed by a template, or put together otherwise."""

import json
from datetime import UTC, datetime

import pytest

from responder.alert import Alert, Severity, Status
from responder.intake.registry import Parcel, read
from samples import JSON, NOW, sample


def told(body: object, tool: str | None = None, headers: dict[str, str] | None = None) -> Parcel:
    return read(json.dumps(body).encode(), headers or JSON, tool, received_at=NOW)


def one(body: object, tool: str | None = None, headers: dict[str, str] | None = None) -> Alert:
    (alert,) = told(body, tool, headers).alerts
    assert not alert.unknown_format
    return alert


# Alertmanager and Grafana

PUSHED = {
    "labels": {"alertname": "DiskFull", "severity": "critical", "instance": "db-1"},
    "annotations": {"summary": "Disk of db-1 is full"},
    "startsAt": "2026-11-20T09:30:00Z",
    "generatorURL": "http://prometheus.example.net/graph",
}


def test_an_alert_that_is_sent_on_alone_is_the_same_as_in_its_notification() -> None:
    alone = one(PUSHED)
    assert (alone.source, alone.title) == ("alertmanager", "Disk of db-1 is full")
    assert alone.fingerprint == one([PUSHED]).fingerprint
    without_annotations = {name: PUSHED[name] for name in ("labels", "generatorURL")}
    assert one(without_annotations).fingerprint == alone.fingerprint


def test_labels_alone_make_no_alert_of_alertmanager_s() -> None:
    body = {"title": "Disk", "severity": "high", "labels": {"team": "shop"}, "annotations": {}}
    assert one(body).source == "generic"


def grafana(**group: object) -> Alert:
    alert = {"status": "firing", "labels": {}, "annotations": {}, "fingerprint": "f-1"}
    return one({"version": "1", "orgId": 1, "groupKey": "k", "alerts": [alert], **group})


def test_a_group_s_title_is_the_same_when_it_fires_and_when_it_is_over() -> None:
    firing, resolved = (
        grafana(title="[FIRING:1]  (Disk web)"),
        grafana(title="[RESOLVED] (Disk web)"),
    )
    assert firing.title == resolved.title == "(Disk web)"
    assert grafana(title="[shop] Disk").title == "[shop] Disk"


def test_what_grafana_cut_is_told() -> None:
    assert "3 more of this group cut by Grafana" in grafana(truncatedAlerts=3).truncated[0]


# AWS


@pytest.mark.parametrize(
    ("name", "severity"),
    [
        ("P1-checkout-5xx", Severity.CRITICAL),
        ("P0-checkout-down", Severity.CRITICAL),
        ("sev5-disk", Severity.INFO),
        ("checkout [SEV2]", Severity.HIGH),
        ("critical: checkout", Severity.CRITICAL),
        ("checkout-disk-warning", Severity.MEDIUM),
        ("critical-path is slow", Severity.CRITICAL),
        ("the critical path", Severity.HIGH),
        ("High CPU of web", Severity.HIGH),
        ("checkout-p99", Severity.HIGH),
        ("low disk", Severity.HIGH),
    ],
)
def test_an_alarm_s_name_may_tell_its_severity(name: str, severity: Severity) -> None:
    assert one({"AlarmName": name, "NewStateValue": "ALARM"}).severity is severity


def test_no_name_makes_missing_data_worse() -> None:
    alarm = {"AlarmName": "P1-checkout", "NewStateValue": "INSUFFICIENT_DATA"}
    assert one(alarm).severity is Severity.INFO


def test_an_alarm_in_an_unknown_state_is_still_named() -> None:
    alarm = {"AlarmName": "cpu", "NewStateValue": "?", "Trigger": {"Dimensions": [{"name": "Id"}]}}
    (alert,) = told(alarm).alerts
    assert (alert.title, alert.unknown_format) == ("cpu", True)


def event(source: str, detail_type: str, detail: object) -> dict[str, object]:
    return {"id": "1", "detail-type": detail_type, "source": source, "account": "1",
            "region": "eu-west-1", "time": "2026-11-20T09:30:00Z", "detail": detail}  # fmt: skip


def test_a_detail_that_is_prose_is_the_message() -> None:
    assert one(event("com.example", "Disk", "sda is full")).message == "sda is full"


def test_an_event_of_no_findings_is_no_alert() -> None:
    detail: dict[str, object] = {"findings": []}
    parcel = told(event("aws.securityhub", "Security Hub Findings - Imported", detail))
    assert parcel.alerts == ()


def test_a_finding_without_an_id_is_known_by_its_arn() -> None:
    detail = {"id": None, "arn": "arn:aws:guardduty:eu-west-1:1:detector/d/finding/f-1",
              "severity": 8, "title": "Mining"}  # fmt: skip
    assert one(event("aws.guardduty", "GuardDuty Finding", detail)).native_id == "f-1"


# Datadog and New Relic


@pytest.mark.parametrize(
    ("title", "plain", "status"),
    [
        ("[Monitor Alert] Triggered: Disk", "Disk", Status.FIRING),
        ("[Monitor Alert] Recovered: Disk", "Disk", Status.RESOLVED),
        ("Error: Disk", "Error: Disk", Status.FIRING),
        ("", "Disk of web-1 is full", Status.FIRING),
    ],
)
def test_datadog_s_older_titles_and_none(title: str, plain: str, status: Status) -> None:
    body = json.loads(sample("datadog/default_triggered.json"))
    alert = one({**body, "title": title, "body": "Disk of web-1 is full\nmore"})
    assert (alert.title, alert.status) == (plain, status)


def test_datadog_s_variables_may_be_names() -> None:
    body = {"ALERT_ID": "7", "ALERT_TITLE": "[Recovered] Disk", "ALERT_TRANSITION": "Recovered"}
    alert = one(body)
    assert (alert.source, alert.title, alert.status) == ("datadog", "Disk", Status.RESOLVED)


def test_new_relic_s_issue_without_a_title_is_named_by_its_condition() -> None:
    body = json.loads(sample("newrelic/activated.json"))
    assert one({**body, "title": None}).title == "Error rate"
    bare = {**body, "title": None, "alertConditionNames": [], "alertPolicyNames": None}
    assert one(bare).title == f"New Relic issue {body['id']}"


# Sentry, Dynatrace, SignalFx, AppDynamics, Splunk


def test_sentry_s_event_without_a_title_is_named_by_its_issue() -> None:
    body = {"action": "triggered", "data": {"event": {"issue_id": "7", "title": None}}}
    alert = one(body, headers={"Sentry-Hook-Resource": "event_alert"})
    assert (alert.title, alert.fingerprint) == ("Sentry issue 7", "7")


def test_sentry_s_metric_alert_tells_its_state_in_its_heading_too() -> None:
    metric = {"metric_alert": {"id": "4"}, "description_title": "Resolved: High latency"}
    alert = one({"action": None, "data": metric}, headers={"Sentry-Hook-Resource": "metric_alert"})
    assert (alert.title, alert.status) == ("High latency", Status.RESOLVED)


def test_dynatrace_s_problem_without_an_id_is_told_apart_by_what_it_hits() -> None:
    body = {"State": "OPEN", "ProblemTitle": "High CPU", "ImpactedEntity": "web-1"}
    first, other = one(body), one({**body, "ImpactedEntity": "web-2"})
    assert first.fingerprint != other.fingerprint
    assert one({**body, "State": "RESOLVED"}).fingerprint == first.fingerprint


@pytest.mark.parametrize("state", ["MANUALLY_RESOLVED", "manually resolved", "auto-resolved"])
def test_signalfx_s_states_however_they_are_written(state: str) -> None:
    body = {"statusExtended": state, "incidentId": "i-1", "messageTitle": "CPU", "detector": "d"}
    alert = one(body)
    assert (alert.source, alert.status) == ("signalfx", Status.RESOLVED)
    assert one({"statusExtended": "anomalous", "incidentId": "i-1"}).title == "Incident i-1"


def test_appdynamics_time_is_java_s_and_its_empty_places_are_none() -> None:
    body = {"health_rule_name": "Slow", "event_type": "POLICY_OPEN_CRITICAL",
            "event_time": "Fri Nov 20 09:30:00 UTC 2026",
            "tier_name": "${event.tier.name}"}  # fmt: skip
    alert = one(body)
    assert (alert.title, alert.service) == ("Slow", "")
    assert alert.event_at == datetime(2026, 11, 20, 9, 30, tzinfo=UTC)


def test_splunk_s_row_may_tell_the_level_of_its_log() -> None:
    body = {
        "sid": "1",
        "search_name": "Logins",
        "results_link": "",
        "result": {"log_level": "FATAL"},
    }
    assert one(body).severity is Severity.CRITICAL


# Uptime Kuma, Zabbix


@pytest.mark.parametrize(
    ("body", "tool"),
    [
        ({"msg": "[Shop] [🔴 Down] timeout"}, None),
        ({"Title": "Uptime Kuma", "Body": "[Shop] [🔴 Down] timeout"}, "uptime-kuma"),
        ({"text": "[Shop] [🔴 Down] timeout"}, "uptime-kuma"),
    ],
)
def test_uptime_kuma_s_message_alone_tells_the_state(
    body: dict[str, str], tool: str | None
) -> None:
    down = one(body, tool)
    up = {name: text.replace("🔴 Down", "✅ Up") for name, text in body.items()}
    resolved = one(up, tool)
    assert (down.title, down.severity, down.status) == ("Shop", Severity.HIGH, Status.FIRING)
    assert (resolved.fingerprint, resolved.status) == (down.fingerprint, Status.RESOLVED)


def test_other_bodies_on_uptime_kuma_s_route_are_no_notices() -> None:
    alert = one({"title": "Disk", "message": "sda is full", "severity": "low"}, "uptime-kuma")
    assert (alert.title, alert.severity) == ("Disk", Severity.LOW)


def test_zabbix_s_problem_may_be_known_by_its_formatted_id() -> None:
    body = {"alert_uid": "1001", "title": "Disk", "state": "alerting", "message": "sda"}
    assert one(body, "zabbix").native_id == "1001"


# Azure and Google Cloud


def test_azure_s_common_schema_is_known_without_its_name() -> None:
    body = json.loads(sample("azure-monitor/metric_fired.json"))
    known = one(body)
    del body["schemaId"]
    assert one(body).alert_id == known.alert_id


def test_a_resource_that_is_healthy_again_may_say_so_in_its_operation() -> None:
    context = {
        "status": "Active",
        "operationName": "Microsoft.Resourcehealth/healthevent/Resolved/action",
        "properties": {"currentHealthStatus": "Available"},
    }
    body = json.loads(sample("azure-monitor/metric_fired.json"))
    body["data"]["alertContext"] = context
    assert one(body).status is Status.RESOLVED


def test_an_incident_of_google_cloud_without_its_id_is_known_by_its_policy() -> None:
    incident = {"scoping_project_id": "shop", "policy_name": "CPU", "state": "open"}
    alert = one({"incident": incident})
    assert (alert.source, alert.title) == ("google-cloud", "CPU")
    assert one({"incident": {**incident, "state": "closed"}}).fingerprint == alert.fingerprint


def test_cloud_events_may_hold_json_in_base64() -> None:
    data = "eyJ0aXRsZSI6IkRpc2siLCJzZXZlcml0eSI6ImhpZ2gifQ=="
    body = {"specversion": "1.0", "type": "a.firing", "source": "s", "id": "1", "data_base64": data}
    alert = one(body)
    assert (alert.source, alert.title) == ("cloudevents", "Disk")
    assert alert.severity is Severity.HIGH
