"""An alert, its incident and its analysis, for tests to begin with: each changes what matters."""

from datetime import timedelta
from typing import Any

from faults.world import START
from responder.alert import Alert, Scope, Severity, Status
from responder.analysis.freshness import Makers
from responder.analysis.prompt import PROMPT_VERSION
from responder.analysis.verdict import Analysis, Confidence
from responder.incident import Incident

#: Who is configured; ``verdict`` is made by them.
MAKERS = Makers(frozenset({"model"}), PROMPT_VERSION)


def alert(alert_id: str = "a1", **changes: Any) -> Alert:
    """A firing alert of ``v1:disk`` in prod; ``at`` is seconds after the start."""
    at = START + timedelta(seconds=changes.pop("at", 0))
    fields: dict[str, Any] = {
        "alert_id": alert_id,
        "source": "alertmanager",
        "fingerprint": "f1",
        "title": "disk full",
        "rule": "v1:disk",
        "severity": Severity.HIGH,
        "status": Status.FIRING,
        "event_at": at,
        "received_at": at,
        "scope": Scope(environment="prod"),
    }
    return Alert.model_validate(fields | changes)


def resolve(alert_id: str = "r1", **changes: Any) -> Alert:
    """A resolve, whose text gives another signature than its firing."""
    fields: dict[str, Any] = {"status": Status.RESOLVED, "rule": "v1:disk-ok"}
    return alert(alert_id, **(fields | changes))


def verdict(**changes: Any) -> Analysis:
    """An analysis of Claude."""
    fields: dict[str, Any] = {
        "headline": "the disk is full",
        "confidence": Confidence.HIGH,
        "made_by": "model",
        "tier": "small",
        "made_at": START,
        "prompt_version": PROMPT_VERSION,
        "cost_usd": 0.01,
    }
    return Analysis.model_validate(fields | changes)


def triage(**changes: Any) -> Analysis:
    """The fixed triage, still awaiting Claude."""
    fields: dict[str, Any] = {"made_by": "fallback", "tier": "fallback", "cost_usd": 0}
    return verdict(**({"headline": "disk full"} | fields | changes))


def incident(incident_id: str = "v1:disk|prod.1", **changes: Any) -> Incident:
    """An open incident of one firing alert, awaiting Claude."""
    fields: dict[str, Any] = {
        "incident_id": incident_id,
        "key": incident_id.rpartition(".")[0],
        "episode": 1,
        "signature": "v1:disk",
        "cache_key": "v1:disk@",
        "source": "alertmanager",
        "title": "disk full",
        "severity": Severity.HIGH,
        "first_alert_id": "a1",
        "count": 1,
        "firing": 1,
        "first_seen": START,
        "last_seen": START,
        "opened_at": START,
        "first_received_at": START,
        "analysis": triage(),
    }
    return Incident.model_validate(fields | changes)
