"""GitHub's runs, commit statuses and security alerts."""

import json
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

import pytest

from responder.alert import Severity, Status
from responder.errors import Reason
from responder.intake.registry import Parcel, read
from samples import JSON, NOW, only, sample

FIRING, RESOLVED = Status.FIRING, Status.RESOLVED
HIGH, CRITICAL = Severity.HIGH, Severity.CRITICAL


def body(name: str) -> dict[str, Any]:
    value = json.loads(sample(f"github/{name}.json"))
    assert isinstance(value, dict)
    return value


def parcel(value: object, event: str = "", tool: str | None = None) -> Parcel:
    headers = JSON | ({"X-GitHub-Event": event} if event else {})
    return read(json.dumps(value).encode(), headers, tool, received_at=NOW)


@pytest.mark.parametrize(
    ("name", "title", "severity", "status", "rule", "resource", "second"),
    [
        ("workflow_run_failure", "checkout: CI failed on main", HIGH, FIRING, "CI",
         "shop/checkout", 23 * 60 + 28),
        ("workflow_run_success", "checkout: CI failed on main", HIGH, RESOLVED, "CI",
         "shop/checkout", 47 * 60 + 31),
        ("workflow_job_failure", "checkout: CI / test (3.13) failed on main", HIGH, FIRING,
         "CI / test (3.13)", "shop/checkout", 23 * 60 + 20),
        ("check_run_failure", "checkout: e2e failed on main", HIGH, FIRING, "e2e",
         "shop/checkout", 20 * 60),
        ("check_suite_success", "checkout: checks of Example CI failed on main", HIGH, RESOLVED,
         "checks of Example CI", "shop/checkout", 26 * 60),
        ("commit_status_failure", "checkout: ci/example failed on main", HIGH, FIRING,
         "ci/example", "shop/checkout", 23 * 60),
        ("secret_scanning_alert_leaked", "checkout: secret found: Example payment key", CRITICAL,
         FIRING, "example_payment_key", "shop/checkout", 0),
    ],
)  # fmt: skip
def test_what_is_told_is_understood(
    name: str, title: str, severity: Severity, status: Status, rule: str, resource: str, second: int
) -> None:
    alert = only(f"github/{name}.json")
    assert (alert.source, alert.title, alert.severity) == ("github", title, severity)
    assert (alert.status, alert.rule, alert.resource) == (status, rule, resource)
    assert alert.service == "checkout"
    at = datetime(2026, 11, 20, 9, second // 60, second % 60, tzinfo=UTC)
    assert alert.event_at == at
    assert (alert.starts_at, alert.ends_at) == ((at, None) if status is FIRING else (None, at))
    assert not alert.unknown_format


def test_a_run_says_what_it_ran_on() -> None:
    alert = only("github/workflow_run_failure.json")
    assert alert.message == "Retry the card provider five times\nRun #812 push by alice-example"
    assert alert.links == {"source": "https://github.com/shop/checkout/actions/runs/99001"}
    assert alert.labels["branch"] == "main"
    assert alert.native_id == "99001"
    assert only("github/workflow_job_failure.json").message == "Failed steps: Run tests"


def test_a_security_alert_has_its_own_severity_and_ends_when_it_is_fixed() -> None:
    created, fixed = only("github/dependabot_alert_created.json"), only(
        "github/dependabot_alert_fixed.json"
    )  # fmt: skip
    assert created.title == "checkout: jinja2: Sandbox breakout through attr filter"
    assert (created.severity, created.status) == (CRITICAL, FIRING)
    assert (created.rule, created.resource) == (
        "GHSA-aaaa-bbbb-cccc", "services/mail/requirements.txt",
    )  # fmt: skip
    assert (fixed.status, fixed.fingerprint) == (RESOLVED, created.fingerprint)
    assert fixed.ends_at == datetime(2026, 11, 20, 11, 5, tzinfo=UTC)
    scanned = only("github/code_scanning_alert_created.json")
    assert (scanned.severity, scanned.resource) == (HIGH, "src/orders.py")


def test_the_next_success_meets_the_failure_of_the_same_branch_only() -> None:
    failed, passed = only("github/workflow_run_failure.json"), only(
        "github/workflow_run_success.json"
    )  # fmt: skip
    assert failed.fingerprint == passed.fingerprint
    other = body("workflow_run_failure")
    other["workflow_run"]["head_branch"] = "release"
    (elsewhere,) = parcel(other).alerts
    forked = only("github/workflow_run_of_a_fork_timed_out.json")
    assert len({failed.fingerprint, elsewhere.fingerprint, forked.fingerprint}) == 3


@pytest.mark.parametrize(
    "conclusion", ["cancelled", "skipped", "neutral", "stale", "action_required", None]
)
def test_what_neither_failed_nor_succeeded_is_no_alert(conclusion: str | None) -> None:
    value = body("workflow_run_failure")
    value["workflow_run"]["conclusion"] = conclusion
    assert parcel(value) == Parcel(not_alerts=1)


@pytest.mark.parametrize("conclusion", ["timed_out", "startup_failure", "FAILURE"])
def test_every_kind_of_failure_fires(conclusion: str) -> None:
    value = body("workflow_run_failure")
    value["workflow_run"]["conclusion"] = conclusion
    (alert,) = parcel(value).alerts
    assert (alert.status, alert.unknown_format) == (FIRING, False)


def test_a_conclusion_nobody_knows_is_an_alert_of_unknown_format() -> None:
    value = body("workflow_run_failure")
    value["workflow_run"]["conclusion"] = "melted"
    for doubtful in (value, value | {"workflow_run": {"name": "CI"}}):
        (alert,) = parcel(doubtful).alerts
        assert (alert.status, alert.unknown_format) == (FIRING, True)


@pytest.mark.parametrize("event", ["issues", "pull_request", "star", "workflow_dispatch"])
def test_other_events_are_no_alerts(event: str) -> None:
    assert parcel(body("issue_opened"), event) == Parcel(not_alerts=1)
    assert parcel(body("issue_opened"), event, "github") == Parcel(not_alerts=1)


@pytest.mark.parametrize("tool", [None, "github", "github-actions", "grafana", "generic"])
def test_the_body_decides_whatever_the_route_says(tool: str | None) -> None:
    found = parcel(body("workflow_run_failure"), tool=tool)
    assert found.alerts[0].fingerprint == only("github/workflow_run_failure.json").fingerprint


@pytest.mark.parametrize("tool", [None, "github"])
def test_changes_stay_changes_on_the_route_of_github(tool: str | None) -> None:
    value = body("deployment_status_failure")
    value |= {"workflow_run": body("workflow_run_failure")["workflow_run"], "check_run": {"id": 1}}
    found = parcel(value, "deployment_status", tool)
    assert [change.source for change in found.changes] == ["github"]
    assert [alert.severity for alert in found.alerts] == [HIGH]
    assert parcel(body("ping"), "ping", tool).nothing is Reason.NO_CHANGE
    assert parcel(body("push_of_another_branch"), "push", tool).nothing is Reason.OTHER_BRANCH


def test_a_form_carries_the_same_event() -> None:
    text = sample("github/workflow_run_failure.json").decode()
    form = urlencode({"payload": text}).encode()
    headers = {
        "Content-Type": "application/x-www-form-urlencoded",
        "X-GitHub-Event": "workflow_run",
    }
    (alert,) = read(form, headers, "github", received_at=NOW).alerts
    assert alert.title == "checkout: CI failed on main"


def test_a_delivery_that_github_repeats_is_the_same_alert() -> None:
    value = json.dumps(body("workflow_run_failure")).encode()
    headers = JSON | {"X-GitHub-Event": "workflow_run", "X-GitHub-Delivery": "d-1"}
    first, again, other = (
        read(value, headers | {"X-GitHub-Delivery": delivery}, received_at=NOW).alerts[0]
        for delivery in ("d-1", "d-1", "d-2")
    )
    assert first.alert_id == again.alert_id != other.alert_id


@pytest.mark.parametrize(
    ("action", "state", "status"),
    [
        ("reopened", "open", FIRING),
        ("dismissed", "dismissed", RESOLVED),
        ("auto_dismissed", "auto_dismissed", RESOLVED),
        ("assigned", "open", FIRING),
        ("assigned", "fixed", RESOLVED),
    ],
)
def test_states_of_security_alerts(action: str, state: str, status: Status) -> None:
    value = body("dependabot_alert_created")
    value["action"], value["alert"]["state"] = action, state
    (alert,) = parcel(value).alerts
    assert (alert.status, alert.unknown_format) == (status, False)


def test_a_ping_without_its_hook_is_no_alert_either() -> None:
    assert parcel({"zen": "Keep it logically awesome.", "hook_id": 1}, "ping") == Parcel(
        not_alerts=1
    )
