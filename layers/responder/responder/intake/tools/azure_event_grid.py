"""Azure Event Grid: events in its own schema, such as of resources, health and key vaults.

https://learn.microsoft.com/azure/event-grid/event-schema

An event whose type ends in a word of failure fires, and the like one of success ends it; of a
resource's health the new state decides. Azure Monitor's alerts inside are read as such.
"""

import re
from collections.abc import Mapping, Sequence

from responder.alert import Scope, Severity, Status
from responder.intake.draft import Draft, Request
from responder.intake.errors import NotAnAlert, Unreadable
from responder.intake.fields import SERVICE_NAMES, first, mapping
from responder.intake.secret_fields import without_secrets
from responder.intake.severity import azure_severity, default_of
from responder.intake.text import as_json
from responder.intake.times import read_time

NAME = "azure-event-grid"

_OWN = "Microsoft.EventGrid."
_OUTCOME = re.compile(r"(Failure|Failed|Success|Succeeded|Resolved|Completed|Cancel)$")
_ENDS = frozenset({"Success", "Succeeded", "Resolved", "Completed"})
_WELL = frozenset({"available", "compliant", "resolved", "succeeded", "healthy", "ok", "closed"})
_STATES = ("availabilityState", "currentHealthStatus", "complianceState", "status", "state")
_WORDS = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_REASONS = ("message", "description", "summary", "title", "reason", "error", "statusMessage")
_LONGEST_TYPE = 200


def split(payload: object) -> Sequence[object]:
    """One event each; intake takes the array of a delivery apart."""
    return (payload,)


def read(element: object, whole: object, request: Request) -> Draft:
    """The alert of an event. Raises NotAnAlert for those of subscriptions."""
    event = mapping(element)
    kind, subject = first(event, ("eventType",))[:_LONGEST_TYPE], first(event, ("subject",))
    if not kind:
        raise Unreadable("an event without a type")
    if kind.startswith(_OWN):
        raise NotAnAlert("an event of the subscription itself")
    data, topic = mapping(event.get("data")), first(event, ("topic",))
    base = _OUTCOME.sub("", kind)
    status = _status(kind.removeprefix(base), data)
    at = read_time(event.get("eventTime"))
    where = first(data, ("resourceUri", "resourceId")) or subject or topic
    resource = where.rstrip("/").rpartition("/")[2]
    named = _WORDS.sub(" ", base.rpartition(".")[2])
    return Draft(
        source=NAME,
        fingerprint=f"{topic}/{subject}/{base}".lower(),
        native_id=where,
        title=f"{named}: {resource}" if resource else named,
        message=_message(data),
        rule=kind,
        severity=azure_severity(first(data, ("severity", "priority", "level"))) or _default(base),
        status=status,
        service=first(data, SERVICE_NAMES) or resource,
        resource=where,
        scope=Scope(account=_subscription(topic) or _subscription(where)),
        labels={"event_type": kind},
        happened_at=at,
        starts_at=at if status is Status.FIRING else None,
        ends_at=at if status is Status.RESOLVED else None,
        delivery_id=first(event, ("id",)) or request.delivery_id,
        raw=element,
    )


def _status(outcome: str, data: Mapping[str, object]) -> Status:
    """By the outcome in the type, else by the state that the data, or what it is about, is in."""
    info = mapping(mapping(data.get("resourceInfo")).get("properties"))
    state = (first(info, _STATES) or first(data, _STATES)).lower()
    if outcome in _ENDS or (not outcome and state in _WELL):
        return Status.RESOLVED
    return Status.FIRING


def _default(base: str) -> Severity:
    return Severity.HIGH if "HealthResources" in base else default_of(NAME)


def _message(data: Mapping[str, object]) -> str:
    reasons = [text for name in _REASONS if (text := first(data, (name,)))]
    return "\n".join(reasons) if reasons else as_json(without_secrets(data), indent=2)


def _subscription(path: str) -> str:
    parts = path.split("/", 3)
    return parts[2] if len(parts) > 2 and parts[1].lower() == "subscriptions" else ""
