"""GitLab's jobs, incidents and alerts, and Jenkins' builds."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from responder.alert import Severity, Status
from responder.intake.registry import Parcel, read
from samples import JSON, NOW, only, sample

FIRING, RESOLVED = Status.FIRING, Status.RESOLVED
CRITICAL, HIGH, MEDIUM, LOW = list(Severity)[:4]


def body(name: str) -> dict[str, Any]:
    value = json.loads(sample(f"{name}.json"))
    assert isinstance(value, dict)
    return value


def parcel(value: object, tool: str | None = None) -> Parcel:
    return read(json.dumps(value).encode(), JSON, tool, received_at=NOW)


@pytest.mark.parametrize(
    ("name", "title", "severity", "status", "service", "at"),
    [
        ("gitlab/job_failed", "checkout: job unit tests failed on main", HIGH, FIRING, "checkout",
         "2026-11-20T09:21:10"),
        ("gitlab/job_success", "checkout: job unit tests failed on main", HIGH, RESOLVED,
         "checkout", "2026-11-20T09:36:40"),
        ("gitlab/job_allowed_to_fail", "Checkout: job lint failed on main", LOW, FIRING,
         "Checkout", "2026-11-20T09:21:10"),
        ("gitlab/incident_opened", "Checkout answers slowly", CRITICAL, FIRING, "checkout",
         "2026-11-20T09:24:00"),
        ("gitlab/incident_closed", "Checkout answers slowly", CRITICAL, RESOLVED, "checkout",
         "2026-11-20T10:02:11"),
        ("gitlab/alert_triggered", "Disk of the runner is full", HIGH, FIRING, "checkout",
         "2026-11-20T09:10:00"),
        ("gitlab/vulnerability_confirmed", "REXML ReDoS vulnerability", HIGH, FIRING, "checkout",
         "2026-11-20T08:30:00"),
        ("gitlab/pipeline_failed", "checkout: pipeline of main failed", HIGH, FIRING, "checkout",
         "2026-11-20T09:23:28"),
        ("jenkins/failure", "Build of shop/checkout/main failed", HIGH, FIRING, "checkout",
         "2026-11-20T09:23:28"),
        ("jenkins/success", "Build of shop/checkout/main failed", HIGH, RESOLVED, "checkout",
         "2026-11-20T10:23:28"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("routed", [True, False])
def test_what_is_told_is_understood(
    name: str, title: str, severity: Severity, status: Status, service: str, at: str, routed: bool
) -> None:
    alert = only(f"{name}.json", name.partition("/")[0] if routed else None)
    assert (alert.source, alert.title) == (name.partition("/")[0], title)
    assert (alert.severity, alert.status, alert.service) == (severity, status, service)
    assert alert.event_at == datetime.fromisoformat(at).replace(tzinfo=UTC)
    assert not alert.unknown_format


@pytest.mark.parametrize(
    ("fired", "ended"),
    [
        ("gitlab/job_failed", "gitlab/job_success"),
        ("gitlab/incident_opened", "gitlab/incident_closed"),
        ("jenkins/failure", "jenkins/success"),
    ],
)
def test_the_end_meets_the_trigger(fired: str, ended: str) -> None:
    first, last = only(f"{fired}.json"), only(f"{ended}.json")
    assert first.fingerprint == last.fingerprint
    assert first.alert_id != last.alert_id
    assert last.ends_at == last.event_at


@pytest.mark.parametrize(
    "state", ["created", "pending", "running", "manual", "canceled", "skipped"]
)
def test_a_job_that_has_not_failed_is_no_alert(state: str) -> None:
    assert parcel(body("gitlab/job_failed") | {"build_status": state}) == Parcel(not_alerts=1)


@pytest.mark.parametrize("kind", ["push", "tag_push", "note", "merge_request", "release", "emoji"])
def test_what_people_do_in_a_project_is_no_alert(kind: str) -> None:
    value = body("gitlab/job_failed") | {"object_kind": kind}
    assert parcel(value, "gitlab") == Parcel(not_alerts=1)
    assert parcel(value) == Parcel(not_alerts=1)


def test_a_system_hook_is_no_alert() -> None:
    value = json.dumps({"event_name": "project_create", "name": "x", "project_id": 1}).encode()
    headers = JSON | {"X-Gitlab-Event": "System Hook"}
    assert read(value, headers, received_at=NOW) == Parcel(not_alerts=1)


def test_an_issue_is_no_incident() -> None:
    assert parcel(body("gitlab/issue_opened")) == Parcel(not_alerts=1)


def test_changes_of_an_open_incident_keep_it_open() -> None:
    value = body("gitlab/incident_opened")
    value["object_attributes"] |= {"action": "update", "escalation_status": "acknowledged"}
    (alert,) = parcel(value).alerts
    assert alert.status is FIRING
    value["object_attributes"]["escalation_status"] = "resolved"
    (alert,) = parcel(value).alerts
    assert alert.status is RESOLVED


@pytest.mark.parametrize("tool", [None, "gitlab"])
def test_pipelines_stay_changes_on_the_route_of_gitlab(tool: str | None) -> None:
    found = parcel(body("gitlab/pipeline_failed"), tool)
    assert [change.source for change in found.changes] == ["gitlab"]
    assert [alert.status for alert in found.alerts] == [FIRING]


def test_both_phases_of_a_finished_build_are_one_alert() -> None:
    completed, finalized = only("jenkins/failure_completed.json"), only("jenkins/failure.json")
    assert completed.alert_id == finalized.alert_id


@pytest.mark.parametrize("phase", ["QUEUED", "STARTED"])
def test_a_build_that_goes_on_is_no_alert(phase: str) -> None:
    value = body("jenkins/started")
    value["build"]["phase"] = phase
    assert parcel(value) == Parcel(not_alerts=1)


@pytest.mark.parametrize("result", ["ABORTED", "NOT_BUILT"])
def test_a_build_that_was_given_up_is_no_alert(result: str) -> None:
    value = body("jenkins/failure")
    value["build"]["status"] = result
    assert parcel(value) == Parcel(not_alerts=1)


def test_an_unstable_build_is_milder() -> None:
    alert = only("jenkins/unstable_without_root_url.json")
    assert (alert.severity, alert.status, alert.service) == (MEDIUM, FIRING, "nightly")


def test_the_same_job_of_two_jenkins_is_two() -> None:
    value = body("jenkins/failure")
    value["build"]["full_url"] = value["build"]["full_url"].replace("jenkins.", "jenkins-eu.")
    (there,) = parcel(value).alerts
    assert there.fingerprint != only("jenkins/failure.json").fingerprint


def test_a_build_names_its_failed_tests_and_leads_to_its_page() -> None:
    alert = only("jenkins/failure.json")
    assert alert.message.endswith("2 of 120 tests failed: pay.test_retry, pay.test_limit")
    page = "https://jenkins.example.com/job/shop/job/checkout/job/main/41/"
    assert alert.links == {"source": page}
    assert "REGION" not in alert.labels


def test_the_outbound_webhook_plugin_is_understood() -> None:
    alert = only("jenkins/outbound_webhook_failure.json")
    assert (alert.title, alert.status) == ("Build of checkout failed", FIRING)
    success = body("jenkins/outbound_webhook_failure") | {"event": "success"}
    (ended,) = parcel(success).alerts
    assert (ended.status, ended.fingerprint) == (RESOLVED, alert.fingerprint)
    assert parcel(success | {"event": "start"}) == Parcel(not_alerts=1)


@pytest.mark.parametrize(
    "owner",
    [
        {"project": {"path_with_namespace": "shop/checkout"}},
        {"group": {"full_path": "shop/checkout"}},
    ],
)
@pytest.mark.parametrize("kind", ["access_token", "deploy_token"])
def test_a_token_that_expires_is_told_before_it_breaks_something(
    owner: dict[str, Any], kind: str
) -> None:
    about = {"id": 27, "name": "ci", "expires_at": "2026-11-27"}
    value = {"object_kind": kind, **owner, "object_attributes": about}
    (alert,) = parcel(value).alerts
    assert alert.title == f"checkout: {kind.replace('_', ' ')} ci expires on 2026-11-27"
    assert (alert.severity, alert.status, alert.service) == (MEDIUM, FIRING, "checkout")
    assert not alert.unknown_format
    (renewed,) = parcel({**value, "object_attributes": {**about, "id": 28}}).alerts
    assert renewed.fingerprint != alert.fingerprint
