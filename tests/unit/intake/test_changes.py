"""Events of changes as each tool sends them: which is a change, an alert, or neither."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from responder.alert import Scope, Severity, Status
from responder.change import Change, ChangeState
from responder.errors import Reason
from responder.intake.registry import Parcel, read
from samples import JSON, NOW, sample

STARTED, SUCCEEDED = ChangeState.STARTED, ChangeState.SUCCEEDED
FAILED, REPLACED = ChangeState.FAILED, ChangeState.REPLACED
FIRING, RESOLVED = Status.FIRING, Status.RESOLVED
GROUP, PRODUCTION = "deployment to group blue-green", "deployment to production"
DRIFT = "CloudFormation Drift Detection"
INSTANCE = "CodeDeploy Instance State-change Notification"


def parcel(body: object, tool: str | None = None) -> Parcel:
    return read(json.dumps(body).encode(), JSON, tool, received_at=NOW)


def told(name: str) -> Parcel:
    return read(sample(f"{name}.json"), JSON, received_at=NOW)


def change(name: str) -> Change:
    (found,) = told(name).changes
    return found


def body(name: str) -> dict[str, Any]:
    value = json.loads(sample(f"{name}.json"))
    assert isinstance(value, dict)
    return value


@pytest.mark.parametrize(
    ("name", "service", "what", "state", "status"),
    [
        ("cloudformation/update_started", "checkout-prod", "stack update", STARTED, None),
        ("cloudformation/update_complete", "checkout-prod", "stack update", SUCCEEDED, RESOLVED),
        ("cloudformation/update_rolled_back", "checkout-prod", "stack update", FAILED, FIRING),
        ("codedeploy/started", "checkout", GROUP, STARTED, None),
        ("codedeploy/succeeded", "checkout", GROUP, SUCCEEDED, RESOLVED),
        ("codedeploy/failed", "checkout", GROUP, FAILED, FIRING),
        ("github/deployment", "checkout", PRODUCTION, STARTED, None),
        ("github/deployment_status_success", "checkout", PRODUCTION, SUCCEEDED, RESOLVED),
        ("github/deployment_status_failure", "checkout", PRODUCTION, FAILED, FIRING),
        ("github/deployment_status_inactive", "checkout", PRODUCTION, REPLACED, None),
        ("github/push", "checkout", "push to main", SUCCEEDED, None),
        ("github/release", "checkout", "release v2.14.0", SUCCEEDED, None),
        ("gitlab/deployment_running", "checkout", PRODUCTION, STARTED, None),
        ("gitlab/deployment_success", "checkout", PRODUCTION, SUCCEEDED, RESOLVED),
        ("gitlab/deployment_failed", "checkout", PRODUCTION, FAILED, FIRING),
        ("gitlab/pipeline_success", "checkout", "pipeline of main", SUCCEEDED, RESOLVED),
        ("gitlab/pipeline_failed", "checkout", "pipeline of main", FAILED, FIRING),
        ("argocd/synced", "checkout", "sync", SUCCEEDED, RESOLVED),
        ("argocd/sync_failed", "checkout", "sync", FAILED, FIRING),
        ("flux/upgraded", "checkout", "reconciliation of HelmRelease", SUCCEEDED, RESOLVED),
        ("flux/upgrade_failed", "checkout", "reconciliation of HelmRelease", FAILED, FIRING),
        ("flux/rolled_back", "checkout", "reconciliation of HelmRelease", FAILED, FIRING),
    ],
)
def test_only_what_failed_fires_and_what_succeeds_ends_that(
    name: str, service: str, what: str, state: ChangeState, status: Status | None
) -> None:
    found = change(name)
    assert (found.service, found.what, found.state) == (service, what, state)
    alerts = told(name).alerts
    assert [alert.status for alert in alerts] == ([status] if status else [])
    for alert in alerts:
        assert (alert.service, alert.event_at) == (service, found.state_at)
        assert not alert.unknown_format


@pytest.mark.parametrize(
    ("failed", "succeeded"),
    [
        ("cloudformation/update_rolled_back", "cloudformation/update_complete"),
        ("codedeploy/failed", "codedeploy/succeeded"),
        ("github/deployment_status_failure", "github/deployment_status_success"),
        ("gitlab/deployment_failed", "gitlab/deployment_success"),
        ("gitlab/pipeline_failed", "gitlab/pipeline_success"),
        ("argocd/sync_failed", "argocd/synced"),
        ("flux/upgrade_failed", "flux/upgraded"),
    ],
)
def test_the_next_success_meets_the_failure(failed: str, succeeded: str) -> None:
    (fires,), (ends,) = told(failed).alerts, told(succeeded).alerts
    assert (fires.source, fires.fingerprint) == (ends.source, ends.fingerprint)
    assert fires.alert_id != ends.alert_id


@pytest.mark.parametrize(
    "names",
    [
        ("cloudformation/update_started", "cloudformation/update_complete"),
        ("codedeploy/started", "codedeploy/succeeded"),
        ("github/deployment", "github/deployment_status_success"),
        ("gitlab/deployment_running", "gitlab/deployment_success"),
        ("argocd/synced", "argocd/sync_failed"),
    ],
)
def test_all_events_of_a_change_name_it_alike(names: tuple[str, str]) -> None:
    first, second = map(change, names)
    assert first.change_id == second.change_id


def test_every_detail_of_a_change() -> None:
    assert change("github/deployment_status_success") == Change(
        change_id="ch-ea06e2ef60bf2dec5b2b6de5",
        source="github",
        service="checkout",
        what="deployment to production",
        state=SUCCEEDED,
        at=datetime(2026, 11, 20, 9, 20, 10, tzinfo=UTC),
        state_at=datetime(2026, 11, 20, 9, 24, 40, tzinfo=UTC),
        revision="c4f1e0d2b3a4",
        by="alice-example",
        link="https://github.com/shop/checkout/actions/runs/991/job/3",
        scope=Scope(environment="production"),
    )
    assert change("flux/upgraded").revision == "2.14.0+279484c"
    assert change("codedeploy/failed").scope == Scope(account="123456789012", region="eu-west-1")
    assert change("argocd/synced").scope == Scope(cluster="prod-eu-1", environment="production")


def test_the_alert_of_a_failure_says_what_failed() -> None:
    (alert,) = told("cloudformation/update_rolled_back").alerts
    assert alert.title == "checkout-prod: stack update failed"
    assert alert.message == (
        "UPDATE_ROLLBACK_IN_PROGRESS: The following resource(s) failed to update: "
        "[CheckoutFunction]."
    )
    assert (alert.source, alert.severity) == ("cloudformation", Severity.MEDIUM)
    assert alert.links["change"].startswith("https://eu-west-1.console.aws.amazon.com/")


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("cloudformation/change_set_awaits_review", Reason.NO_CHANGE),
        ("github/ping", Reason.NO_CHANGE),
        ("github/push_of_another_branch", Reason.OTHER_BRANCH),
        ("gitlab/pipeline_of_another_branch", Reason.OTHER_BRANCH),
    ],
)
def test_what_changes_nothing_is_held_with_its_reason(name: str, reason: Reason) -> None:
    assert told(name) == Parcel(nothing=reason)


def test_a_branch_that_breaks_is_an_alert_whichever_it_is() -> None:
    pipeline = body("gitlab/pipeline_of_another_branch")
    pipeline["object_attributes"]["status"] = "failed"
    (alert,) = parcel(pipeline).alerts
    assert alert.status is FIRING


def changed(name: str, path: str, value: object) -> dict[str, Any]:
    whole = body(name)
    part = whole
    *parents, last = path.split("/")
    for parent in parents:
        part = part[parent]
    part[last] = value
    return whole


@pytest.mark.parametrize(
    "doubtful",
    [
        changed("cloudformation/update_complete", "detail/status-details/status", "DRIFTED"),
        changed("cloudformation/update_complete", "detail/stack-id", "no arn"),
        changed("cloudformation/update_complete", "detail-type", DRIFT),
        changed("codedeploy/succeeded", "detail/state", "ON_FIRE"),
        changed("github/deployment_status_success", "deployment_status/state", "melting"),
        changed("github/deployment_status_success", "repository", None),
        changed("github/deployment", "action", "completed"),
        changed("github/release", "action", "revoked"),
        changed("gitlab/deployment_success", "status", "melting"),
        changed("gitlab/deployment_success", "project", {}),
        changed("gitlab/pipeline_success", "object_attributes/status", "melting"),
        changed("argocd/synced", "argocd/phase", "Melting"),
        changed("flux/upgraded", "reportingController", "my-operator"),
        changed("flux/upgraded", "severity", "critical"),
        body("argocd/degraded"),
    ],
)
def test_in_doubt_it_is_an_alert(doubtful: dict[str, Any]) -> None:
    found = parcel(doubtful)
    assert found.changes == ()
    (alert,) = found.alerts
    assert alert.status is FIRING


@pytest.mark.parametrize(
    "other",
    [
        changed("codedeploy/succeeded", "detail-type", INSTANCE),
        changed("codedeploy/succeeded", "source", "my.codedeploy"),
    ],
)
def test_an_event_of_another_kind_is_read_as_eventbridge_reads_any(other: dict[str, Any]) -> None:
    found = parcel(other)
    assert found.changes == ()
    assert [alert.source for alert in found.alerts] == ["eventbridge"]


def test_a_route_that_names_another_tool_wins_where_its_body_agrees() -> None:
    both = {**body("github/deployment"), "title": "disk full", "severity": "HIGH"}
    assert parcel(both).alerts == ()
    (alert,) = parcel(both, "generic").alerts
    assert alert.title == "disk full"


@pytest.mark.parametrize("name", ["gitlab/pipeline_failed", "flux/upgrade_failed", "github/push"])
def test_the_route_of_the_generic_body_takes_no_change_for_an_alert(name: str) -> None:
    assert parcel(body(name), "generic") == parcel(body(name))


def test_alerts_are_told_as_ever() -> None:
    assert told("alertmanager/two_alerts").changes == ()
    assert len(told("alertmanager/two_alerts").alerts) == 2


def test_a_change_cannot_happen_after_it_was_told() -> None:
    ahead = (NOW + timedelta(days=3)).isoformat()
    (found,) = parcel(changed("codedeploy/succeeded", "time", ahead)).changes
    assert (found.at, found.state_at) == (NOW, NOW)


@pytest.mark.parametrize(
    ("link", "kept"),
    [
        ("javascript:alert(1)", ""),
        ("https://ci.example.com/" + "x" * 400, ""),
        ("https://ci.example.com/a b", ""),
        ("https://[", ""),
        ("https://ci.example.com/1", "https://ci.example.com/1"),
    ],
)
def test_a_link_is_whole_or_none(link: str, kept: str) -> None:
    (found,) = parcel(changed("gitlab/deployment_success", "deployable_url", link)).changes
    assert found.link == kept


def test_every_text_is_bounded_and_one_line() -> None:
    long = changed("gitlab/deployment_success", "environment", "prod\n" * 500)
    (found,) = parcel(long).changes
    assert "\n" not in found.what
    assert len(found.model_dump_json()) < 2_500
