"""Samples are known by their bodies alone, and bodies of no tool are left alone."""

import json
from pathlib import Path

import pytest

from responder.intake import parse
from responder.intake.draft import Request
from responder.intake.recognition import tools_of
from samples import EVENTS, NOW

TOOLS = (
    "alertmanager", "grafana", "grafana-legacy", "grafana-oncall", "datadog", "pagerduty",
    "pagerduty-events", "sentry", "sentry-legacy", "newrelic", "opsgenie", "dynatrace", "splunk",
    "victorops", "signalfx", "honeycomb", "instana", "appdynamics", "incident-io", "rootly",
    "firehydrant", "ilert", "squadcast", "jenkins", "elastic", "opensearch", "graylog",
    "sumo-logic", "coralogix", "axiom", "dash0", "rollbar", "bugsnag", "raygun", "bitbucket",
    "circleci", "azure-devops", "terraform-cloud", "vercel", "heroku", "snyk", "logzio",
    "papertrail", "loggly", "airbrake", "honeybadger", "appsignal",
)  # fmt: skip
SAMPLES = [path for tool in TOOLS for path in sorted((EVENTS / tool).glob("*.json"))]
PLAIN = {"source": "cron", "title": "Backup failed", "message": "exit 3", "severity": "high",
         "timestamp": "2026-11-20T09:00:00Z"}  # fmt: skip


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_a_sample_is_known_by_its_body(path: Path) -> None:
    payload = json.loads(path.read_bytes())
    known = list(tools_of(payload, Request(headers={}, received_at=NOW)))
    assert known[:1] == [path.parent.name]


@pytest.mark.parametrize(
    "more",
    [
        {},
        {"status": "firing", "id": "b-1", "service": "backup", "host": "db-3"},
        {"event": "backup.failed", "data": {"job": "nightly"}},
        {"event_type": "backup", "priority": "P2", "state": "open"},
        {"alert": "backup", "action": "page", "labels": {"env": "prod"}, "tags": ["a:b"]},
        {"issue": "JIRA-1", "incident": "INC-1", "alerts": 3, "messages": ["one"]},
        {"incident_id": 7, "group": "db", "rule": "backup", "app": "backup", "result": "3"},
        {"slo": "99.9", "payload": "text", "detector": "x", "State": "bad", "sid": 3},
        {"build": "41", "repository": "shop", "pipeline": "main", "type": "job", "project": "x"},
        {"exception": "E", "error": "bad", "site": "eu", "trigger": "cron", "monitor": "disk"},
        {"rule": "backup", "alert": "bad", "context": "x", "kibana": "k", "text": "Monitor it"},
        {"event_name": "x", "data": "y", "resource": "disk", "eventType": "e", "createdAt": "now"},
    ],
)
def test_generic_bodies_stay_generic(more: dict[str, object]) -> None:
    (alert,) = parse(json.dumps(PLAIN | more).encode(), {}, received_at=NOW)
    assert (alert.source, alert.title, alert.unknown_format) == ("cron", "Backup failed", False)
