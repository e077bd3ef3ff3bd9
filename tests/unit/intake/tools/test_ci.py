"""Builds, runs and deployments of services for CI, and issues that their scans find."""

import json
from typing import Any

import pytest

from responder.intake.registry import Parcel, read
from samples import JSON, NOW, alerts, only
from unit.intake.tools.expected import (
    CRITICAL,
    FIRING,
    HIGH,
    LOW,
    MEDIUM,
    RESOLVED,
    at,
    body,
    told,
)

EXPECTED: dict[str, dict[str, Any]] = {
    "bitbucket/pipeline_failed.json": {
        "source": "bitbucket", "title": "checkout: pipeline failed on main", "severity": HIGH,
        "status": FIRING, "service": "checkout", "resource": "shop/checkout",
        "event_at": at("09:23:28.123456"),
    },
    "bitbucket/pipeline_successful.json": {"status": RESOLVED, "ends_at": at("09:43:28")},
    "bitbucket/other_ci_failed.json": {"title": "checkout: Example CI failed on main"},
    "circleci/workflow_failed.json": {
        "source": "circleci", "title": "checkout: build-and-deploy failed on main",
        "severity": HIGH, "status": FIRING, "service": "checkout",
        "event_at": at("09:23:28.733348"), "message": "Retry the card provider five times",
    },
    "circleci/workflow_success.json": {"status": RESOLVED, "ends_at": at("09:43:28")},
    "circleci/job_failed_on_gitlab.json": {
        "title": "checkout: build-and-deploy / test failed on main", "status": FIRING,
    },
    "azure-devops/build_failed.json": {
        "source": "azure-devops", "title": "checkout-ci failed on main", "severity": HIGH,
        "status": FIRING, "service": "checkout-ci", "resource": "Shop",
        "event_at": at("09:23:28.733129"), "message": "Build 20261120.1 failed: 2 errors",
    },
    "azure-devops/build_succeeded.json": {"status": RESOLVED, "ends_at": at("09:43:28.733129")},
    "azure-devops/build_partly.json": {"severity": MEDIUM, "status": FIRING},
    "azure-devops/build_of_version_one.json": {"severity": HIGH, "status": FIRING},
    "azure-devops/deployment_rejected.json": {
        "title": "checkout / prod failed", "severity": HIGH, "status": FIRING,
        "service": "checkout", "event_at": at("09:33:30"),
    },
    "azure-devops/run_failed.json": {
        "title": "checkout-yaml failed on main", "status": FIRING, "event_at": at("09:25:00"),
    },
    "terraform-cloud/run_errored.json": {
        "source": "terraform-cloud", "title": "network: run errored", "severity": HIGH,
        "status": FIRING, "service": "network", "event_at": at("09:20:00"),
        "links": {"source": "https://app.terraform.io/app/shop/network/runs/run-1"},
    },
    "terraform-cloud/run_completed.json": {"status": RESOLVED, "ends_at": at("09:40:00")},
    "terraform-cloud/drifted.json": {
        "title": "network: assessment: drifted", "severity": MEDIUM, "status": FIRING,
        "event_at": at("09:50:00"),
    },
    "vercel/error.json": {
        "source": "vercel", "title": "storefront: deployment to production failed",
        "severity": HIGH, "status": FIRING, "service": "storefront", "event_at": at("09:23:28"),
    },
    "vercel/succeeded.json": {"status": RESOLVED, "ends_at": at("10:23:28")},
    "vercel/preview_error.json": {"severity": LOW, "status": FIRING},
    "heroku/release_failed.json": {
        "source": "heroku", "title": "shop-api: release failed", "severity": HIGH,
        "status": FIRING, "service": "shop-api", "event_at": at("09:20:01"),
    },
    "heroku/release_succeeded.json": {"status": RESOLVED, "ends_at": at("09:40:01")},
    "heroku/dyno_crashed.json": {"title": "shop-api: dyno web.1 crashed", "resource": "web.1"},
    "snyk/later_fixed.json": {
        "source": "snyk", "title": "lodash: Prototype Pollution", "severity": HIGH,
        "status": RESOLVED, "service": "checkout",
    },
}  # fmt: skip


def parcel(value: object, headers: dict[str, str] | None = None) -> Parcel:
    return read(json.dumps(value).encode(), JSON | (headers or {}), received_at=NOW)


test_what_is_told_is_understood = told(EXPECTED)


@pytest.mark.parametrize(
    ("fired", "ended"),
    [
        ("bitbucket/pipeline_failed", "bitbucket/pipeline_successful"),
        ("circleci/workflow_failed", "circleci/workflow_success"),
        ("azure-devops/build_failed", "azure-devops/build_succeeded"),
        ("terraform-cloud/run_errored", "terraform-cloud/run_completed"),
        ("vercel/error", "vercel/succeeded"),
        ("heroku/release_failed", "heroku/release_succeeded"),
    ],
)
def test_the_next_success_meets_the_failure(fired: str, ended: str) -> None:
    first, last = only(f"{fired}.json"), only(f"{ended}.json")
    assert (first.source, first.fingerprint) == (last.source, last.fingerprint)
    assert first.alert_id != last.alert_id


@pytest.mark.parametrize(
    "names",
    [
        ("bitbucket/pipeline_failed", "bitbucket/other_ci_failed"),
        ("circleci/workflow_failed", "circleci/job_failed_on_gitlab"),
        ("azure-devops/build_failed", "azure-devops/run_failed"),
        ("terraform-cloud/run_errored", "terraform-cloud/drifted"),
        ("vercel/error", "vercel/preview_error"),
        ("heroku/release_failed", "heroku/dyno_crashed"),
    ],
)
def test_what_can_fail_alone_has_a_fingerprint_of_its_own(names: tuple[str, str]) -> None:
    assert len({only(f"{name}.json").fingerprint for name in names}) == 2


@pytest.mark.parametrize(
    "name",
    [
        "bitbucket/in_progress", "circleci/canceled", "azure-devops/work_item",
        "terraform-cloud/needs_attention", "terraform-cloud/verification", "vercel/created",
        "heroku/formation", "snyk/nothing_new",
    ],
)  # fmt: skip
def test_what_neither_failed_nor_succeeded_is_no_alert(name: str) -> None:
    assert parcel(body(f"{name}.json")) == Parcel(not_alerts=1)


@pytest.mark.parametrize(
    ("headers", "value"),
    [
        ({"X-Event-Key": "repo:push"}, {"actor": {}, "repository": {}, "push": {}}),
        ({"X-Event-Key": "diagnostics:ping"}, {"test": True}),
        ({"Circleci-Event-Type": "ping"}, {"type": "ping", "id": "1", "webhook": {}}),
        ({"X-Snyk-Event": "ping/v0"}, {"webhookId": "d3cf26b3"}),
    ],
)
def test_pings_and_other_events_are_no_alerts(
    headers: dict[str, str], value: dict[str, object]
) -> None:
    assert parcel(value, headers) == Parcel(not_alerts=1)


def test_every_issue_of_a_scan_is_one_alert() -> None:
    found = alerts("snyk/project_snapshot.json")
    assert [alert.status for alert in found] == [FIRING, FIRING, RESOLVED]
    assert [alert.severity for alert in found] == [HIGH, CRITICAL, MEDIUM]
    assert len({alert.fingerprint for alert in found}) == 3
    assert found[0].fingerprint == only("snyk/later_fixed.json").fingerprint
