"""Alerts, incidents and answers that the tests of the analysis start from."""

from datetime import UTC, datetime, timedelta
from typing import Any

from responder.alert import Alert, Scope, Severity, Status
from responder.analysis.context import Case
from responder.analysis.fallback import triage
from responder.analysis.prompt import Prompt, build
from responder.analysis.reading import Call
from responder.analysis.verdict import Analysis, Confidence
from responder.incident import Incident

NOW = datetime(2026, 11, 21, 10, 0, tzinfo=UTC)


def alert(**changes: Any) -> Alert:
    fields: dict[str, Any] = {
        "alert_id": "a1",
        "source": "alertmanager",
        "fingerprint": "f1",
        "title": "DiskWillFillIn4Hours",
        "rule": "DiskWillFillIn4Hours",
        "message": "Filesystem /var on db-1 has 3.2% left.",
        "severity": Severity.HIGH,
        "status": Status.FIRING,
        "event_at": NOW - timedelta(minutes=7),
        "received_at": NOW,
        "service": "orders",
        "scope": Scope(environment="prod", region="eu-central-1"),
        "labels": {"mountpoint": "/var", "instance": "db-1:9100"},
        "links": {"graph": "https://prometheus.example.com/graph?g0=disk"},
    }
    return Alert.model_validate(fields | changes)


def incident(**changes: Any) -> Incident:
    first = alert()
    fields: dict[str, Any] = {
        "incident_id": "k#1",
        "key": "k",
        "episode": 1,
        "signature": "v1:abc",
        "cache_key": "v1:abc",
        "source": first.source,
        "rule": first.rule,
        "title": first.title,
        "message": first.message,
        "service": first.service,
        "scope": first.scope,
        "labels": first.labels,
        "links": first.links,
        "severity": first.severity,
        "first_alert_id": first.alert_id,
        "count": 3,
        "firing": 2,
        "first_seen": first.event_at,
        "last_seen": NOW,
        "opened_at": NOW,
        "first_received_at": NOW,
        "analysis": triage(first, reason="", now=NOW),
    }
    return Incident.model_validate(fields | changes)


def case(**changes: Any) -> Case:
    return Case(incident=incident(**changes))


def prompt(**changes: Any) -> Prompt:
    return build(case(**changes))


def analysis(**changes: Any) -> Analysis:
    fields: dict[str, Any] = {
        "headline": "orders: /var on db-1 is nearly full",
        "confidence": Confidence.HIGH,
        "made_by": "claude-haiku-5-5",
        "tier": "small",
        "made_at": NOW,
        "prompt_version": "v1",
        "cost_usd": 0.0005,
    }
    return Analysis.model_validate(fields | changes)


CALL = Call(
    model="claude-haiku-5-5",
    tier="small",
    prompt_version="v1",
    made_at=NOW,
    cost_usd=0.0006,
    input_tokens=1800,
    output_tokens=300,
)


def answer(**changes: Any) -> dict[str, Any]:
    """A good answer, written by hand for these tests, in the form of the schema."""
    fields: dict[str, Any] = {
        "headline": "orders: /var on db-1 is nearly full",
        "summary": "3.2% are left. Probably logs, but nothing shows it.",
        "causes": [
            {
                "text": "/var runs out of space",
                "confidence": "high",
                "evidence": [{"field": "message", "quote": "has 3.2% left"}],
            }
        ],
        "impact": None,
        "checks": [{"text": "What fills it", "command": "du -xhd1 /var"}],
        "actions": [{"text": "Rotate the logs", "risk": "low"}],
        "severity_opinion": "HIGH",
        "severity_reason": "it fills within hours",
        "confidence": "medium",
        "category": "disk",
        "runbook": None,
        "noise_likelihood": 0.1,
        "noise_fix": None,
        "would_change": "Space that was freed meanwhile",
    }
    return fields | changes
