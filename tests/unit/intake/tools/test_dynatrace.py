"""Dynatrace: templates of users, and problems as JSON of both versions."""

import json
from datetime import UTC, datetime

import pytest

from responder.alert import Severity, Status
from responder.intake import parse
from samples import NOW, only, sample

AT_0912 = datetime(2026, 11, 20, 9, 12, tzinfo=UTC)
AT_0940 = datetime(2026, 11, 20, 9, 40, tzinfo=UTC)
PROBLEM = "-4638826838889583423_1795165920000V2"


def test_problem_is_understood() -> None:
    alert = only("dynatrace/open.json")
    assert alert.source == "dynatrace"
    assert alert.title == "Failure rate increase"
    assert alert.message.startswith("OPEN Problem P-26118")
    assert (alert.severity, alert.status) == (Severity.HIGH, Status.FIRING)
    assert (alert.service, alert.resource) == ("checkout", "checkout")
    assert alert.scope.environment == "prod"
    assert alert.labels == {"env": "prod", "app": "checkout", "team": "shop", "impact": "SERVICE"}
    assert (alert.native_id, alert.fingerprint) == ("P-26118", PROBLEM)
    assert alert.links["source"].startswith("https://abc12345.live.dynatrace.com/")


def test_resolve_meets_its_trigger() -> None:
    resolved = only("dynatrace/resolved.json")
    assert resolved.status is Status.RESOLVED
    assert resolved.fingerprint == only("dynatrace/open.json").fingerprint


@pytest.mark.parametrize(
    ("state", "status"),
    [
        ("OPEN", Status.FIRING),
        ("MERGED", Status.FIRING),
        ("resolved", Status.RESOLVED),
        ("CLOSED", Status.RESOLVED),
        ("{State}", Status.FIRING),
    ],
)
def test_states(state: str, status: Status) -> None:
    body = json.loads(sample("dynatrace/open.json")) | {"State": state}
    (alert,) = parse(json.dumps(body).encode(), {}, received_at=NOW)
    assert alert.status is status


@pytest.mark.parametrize(
    ("category", "severity"),
    [
        ("AVAILABILITY", Severity.CRITICAL),
        ("ERROR", Severity.HIGH),
        ("PERFORMANCE", Severity.MEDIUM),
        ("RESOURCE_CONTENTION", Severity.MEDIUM),
        ("CUSTOM_ALERT", Severity.MEDIUM),
        ("MONITORING_UNAVAILABLE", Severity.MEDIUM),
        ("{ProblemSeverity}", Severity.MEDIUM),
    ],
)
def test_categories(category: str, severity: Severity) -> None:
    body = json.loads(sample("dynatrace/open.json")) | {"ProblemSeverity": category}
    (alert,) = parse(json.dumps(body).encode(), {}, received_at=NOW)
    assert alert.severity is severity


def test_default_template_is_enough() -> None:
    alert = only("dynatrace/default_template.json")
    assert alert.title == "Host or monitoring unavailable"
    assert alert.fingerprint == "P-26120"


def test_problem_as_json_tells_what_the_template_leaves_out() -> None:
    alert = only("dynatrace/details_json_v2.json")
    assert (alert.service, alert.scope.environment) == ("checkout", "prod")
    assert alert.starts_at == alert.event_at == AT_0912
    assert alert.ends_at is None
    older = only("dynatrace/details_json_v1.json")
    assert (older.title, older.resource, older.severity) == (
        "CPU saturation",
        "db-3",
        Severity.MEDIUM,
    )
    assert older.starts_at == AT_0912
    assert older.labels["zone"] == "eu-1"


def test_problem_as_json_in_a_text_resolves() -> None:
    resolved = only("dynatrace/details_json_v2_resolved_as_text.json")
    assert resolved.status is Status.RESOLVED
    assert resolved.fingerprint == only("dynatrace/details_json_v2.json").fingerprint
    assert resolved.event_at == resolved.ends_at == AT_0940


def test_problem_itself_is_understood() -> None:
    alert = only("dynatrace/problem_itself.json")
    assert (alert.title, alert.severity) == ("Host unavailable", Severity.CRITICAL)
    assert (alert.native_id, alert.fingerprint) == ("P-26118", PROBLEM)
    assert alert.starts_at == AT_0912


@pytest.mark.parametrize("tool", ["dynatrace", "sentry", None])
def test_any_route(tool: str | None) -> None:
    for name in ("open", "default_template", "problem_itself", "details_json_v1"):
        assert only(f"dynatrace/{name}.json", tool).source == "dynatrace"
