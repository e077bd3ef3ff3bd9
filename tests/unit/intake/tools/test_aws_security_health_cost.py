"""GuardDuty, Security Hub, AWS Health, budgets and anomalies of cost, and prose by SNS."""

import json
from typing import Any

import pytest

from responder.alert import Alert, Scope, Severity
from responder.intake.registry import read
from samples import JSON, NOW, alerts, only, sample
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

ACCOUNT, REGION = "123456789012", "eu-west-1"
HERE = Scope(account=ACCOUNT, region=REGION)
ISSUE = "arn:aws:health:eu-west-1::event/EC2/AWS_EC2_OPERATIONAL_ISSUE/"


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("guardduty/mining", {
            "source": "guardduty", "severity": HIGH, "status": FIRING, "service": "checkout",
            "title": "EC2 instance i-0abc123 is querying a domain name of Bitcoin activity",
            "resource": "i-0abc123", "rule": "CryptoCurrency:EC2/BitcoinTool.B!DNS",
            "event_at": at("09:28:00"), "starts_at": at("08:55:00"), "ends_at": None,
            "scope": HERE, "native_id": "b0c1d2e3f4a5b6c7d8e9f0a1b2c3d4e5",
        }),
        ("guardduty/attack_sequence", {"severity": CRITICAL, "resource": "customer-exports"}),
        ("guardduty/bare_finding", {
            "source": "guardduty", "severity": MEDIUM, "resource": "audit", "scope": HERE,
        }),
        ("security-hub/imported", {
            "source": "security-hub", "severity": HIGH, "status": FIRING, "service": "exports",
            "title": "S3.8 S3 buckets should block public access", "scope": HERE,
            "resource": "arn:aws:s3:::customer-exports", "rule": "security-control/S3.8",
            "event_at": at("09:25:00"), "starts_at": at("08:00:00"),
            "links": {"runbook": "https://docs.aws.amazon.com/console/securityhub/S3.8/remediation"},
        }),
        ("security-hub/ocsf_new", {
            "source": "security-hub", "severity": CRITICAL, "status": FIRING, "native_id": "f-77",
            "title": "Publicly readable bucket with customer data", "scope": HERE,
            "service": "customer-exports", "event_at": at("09:30:00"), "starts_at": at("09:00:00"),
            "message": "The bucket is readable by anybody.\nBlock public access.",
        }),
        ("aws-health/issue_open", {
            "source": "aws-health", "severity": HIGH, "status": FIRING, "service": "EC2",
            "title": "AWS Health: AWS_EC2_OPERATIONAL_ISSUE", "resource": "i-0abc123",
            "native_id": f"{ISSUE}AWS_EC2_OPERATIONAL_ISSUE_7f35c8ae", "scope": HERE,
            "message": "We are investigating increased error rates in eu-west-1.\n"
            "Affected: i-0abc123, i-0def456",
            "starts_at": at("08:02:05"), "event_at": at("09:11:00"), "ends_at": None,
        }),
        ("aws-health/scheduled_change", {"severity": MEDIUM, "status": FIRING, "service": "RDS"}),
        ("aws-health/old_and_sparse", {
            "title": "AWS Health: AWS_RISK_CREDENTIALS_EXPOSED", "starts_at": None,
            "event_at": at("09:30:00"), "severity": HIGH,
        }),
        ("aws-cost/budget_by_sns", {
            "source": "aws-cost", "title": "AWS Budgets: Monthly has exceeded your alert threshold",
            "severity": MEDIUM, "status": FIRING, "native_id": "Monthly",
            "scope": Scope(account=ACCOUNT), "event_at": at("09:30:05"),
        }),
        ("aws-cost/anomaly_event", {
            "source": "aws-cost", "title": "AWS cost anomaly: Amazon EC2", "rule": "All services",
            "message": "Total impact: 1001.5 USD\n"
            "Cause: Amazon EC2, eu-west-1, 123456789012, BoxUsage:c7g.16xlarge",
        }),
        ("sns/prose", {
            "source": "sns", "title": "[Warning] Nightly export late", "severity": MEDIUM,
            "service": "exports", "scope": HERE, "event_at": at("09:30:05"),
            "message": "The nightly export has not finished.\nSee the runbook.",
        }),
        ("sns/prose_without_subject", {"title": "Disk of db-1 is full", "service": "db-team"}),
    ],
)  # fmt: skip
def test_what_is_told_is_understood(name: str, expected: dict[str, Any]) -> None:
    assert differs(only(f"{name}.json"), expected) == {}


@pytest.mark.parametrize(
    ("firing", "resolved", "end"),
    [
        ("guardduty/mining", "guardduty/mining_archived", "11:00:00"),
        ("security-hub/imported", "security-hub/archived", "09:25:00"),
        ("security-hub/ocsf_new", "security-hub/ocsf_resolved", "09:30:00"),
        ("aws-health/issue_open", "aws-health/issue_closed", "10:40:00"),
    ],
)
def test_the_end_meets_the_trouble(firing: str, resolved: str, end: str) -> None:
    begun, ended = only(f"{firing}.json"), only(f"{resolved}.json")
    assert (begun.status, ended.status) == (FIRING, RESOLVED)
    assert (begun.fingerprint, begun.title) == (ended.fingerprint, ended.title)
    assert ended.ends_at == at(end)
    assert begun.alert_id != ended.alert_id


def test_each_finding_of_an_event_is_an_alert() -> None:
    found = alerts("security-hub/three_findings.json")
    assert [alert.severity for alert in found] == [CRITICAL, MEDIUM, INFO]
    assert [alert.status for alert in found] == [FIRING, RESOLVED, RESOLVED]
    assert len({alert.fingerprint for alert in found}) == 3


def test_one_bad_finding_does_not_lose_the_others() -> None:
    event = json.loads(sample("security-hub/three_findings.json"))
    event["detail"]["findings"][1] = "nonsense"
    found = read(json.dumps(event).encode(), JSON, received_at=NOW).alerts
    assert [alert.unknown_format for alert in found] == [False, True, False]


def changed(name: str, *path: str, to: object) -> Alert:
    whole = json.loads(sample(name))
    part = whole
    for step in path[:-1]:
        part = part[int(step) if isinstance(part, list) else step]
    part[path[-1]] = to
    (alert,) = read(json.dumps(whole).encode(), JSON, received_at=NOW).alerts
    return alert


@pytest.mark.parametrize(
    ("number", "severity"),
    [(10, CRITICAL), (9.0, CRITICAL), (8.9, HIGH), (7, HIGH), (6.9, MEDIUM), (4, MEDIUM),
     (3.9, LOW), (1, LOW), ("5.5", MEDIUM), ("High", HIGH), (None, MEDIUM), (0, MEDIUM)],
)  # fmt: skip
def test_guardduty_s_numbers(number: object, severity: Severity) -> None:
    assert changed("guardduty/mining.json", "detail", "severity", to=number).severity is severity


def test_a_suppressed_finding_is_as_open_as_before() -> None:
    path = ("detail", "findings", "0", "Workflow")
    alert = changed("security-hub/imported.json", *path, to={"Status": "SUPPRESSED"})
    assert alert.status is FIRING


@pytest.mark.parametrize(("number", "severity"), [(0, INFO), (39, LOW), (70, HIGH), (90, CRITICAL)])
def test_a_finding_of_an_older_product_has_a_number(number: int, severity: Severity) -> None:
    path = ("detail", "findings", "0", "Severity")
    alert = changed("security-hub/imported.json", *path, to={"Normalized": number})
    assert alert.severity is severity


def test_pages_of_one_health_event_meet_and_accounts_do_not() -> None:
    first = only("aws-health/issue_open.json")
    assert changed("aws-health/issue_open.json", "detail", "page", to="2").fingerprint == (
        first.fingerprint
    )
    other = changed("aws-health/issue_open.json", "detail", "affectedAccount", to="210987654321")
    assert other.fingerprint != first.fingerprint


def test_an_anomaly_is_the_same_by_both_ways() -> None:
    by_event, by_sns = only("aws-cost/anomaly_event.json"), only("aws-cost/anomaly_by_sns.json")
    assert by_event.fingerprint == by_sns.fingerprint
    assert by_event.message == by_sns.message


@pytest.mark.parametrize(
    ("subject", "severity"),
    [("CRITICAL: disk full", CRITICAL), ("[High] disk full", HIGH), ("P4: disk", LOW),
     ("ALERT: disk full", MEDIUM), ("disk full", MEDIUM), ("Error: disk", MEDIUM)],
)  # fmt: skip
def test_a_subject_may_begin_with_a_severity(subject: str, severity: Severity) -> None:
    assert changed("sns/prose.json", "Subject", to=subject).severity is severity


def test_the_same_subject_on_another_topic_is_another_alert() -> None:
    first = only("sns/prose.json")
    assert changed("sns/prose.json", "Message", to="again").fingerprint == first.fingerprint
    topic = first.resource.replace("exports", "imports")
    assert changed("sns/prose.json", "TopicArn", to=topic).fingerprint != first.fingerprint


@pytest.mark.parametrize("tool", [None, "grafana", "securityhub", "guardduty"])
def test_the_route_does_not_matter(tool: str | None) -> None:
    assert only("guardduty/mining.json", tool).source == "guardduty"
    assert only("security-hub/imported.json", tool).source == "security-hub"
    assert only("aws-health/issue_open.json", tool).source == "aws-health"
