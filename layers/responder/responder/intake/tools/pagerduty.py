"""PagerDuty's webhooks: version 3, and the older two with their list of messages.

https://developer.pagerduty.com/docs/webhooks/v3-overview/
https://developer.pagerduty.com/docs/webhooks-overview

What can only happen to an open incident (acknowledged, escalated, reassigned, ...) is firing. What
can happen to a resolved one (a note, a status update, a responder) is no alert, and its ``data``
is not the incident.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

from responder.alert import Severity, Status
from responder.intake.draft import Draft, Request
from responder.intake.errors import NotAnAlert, Unreadable
from responder.intake.fields import first, mapping, scope_of, sequence
from responder.intake.severity import default_of, read_severity
from responder.intake.times import read_time

NAME = "pagerduty"

_FIRING = frozenset(
    {"triggered", "reopened", "acknowledged", "unacknowledged", "escalated", "delegated",
     "reassigned", "priority_updated", "trigger", "acknowledge", "unacknowledge", "escalate",
     "delegate", "assign"}
)  # fmt: skip
_RESOLVED = frozenset({"resolved", "resolve"})
# https://support.pagerduty.com/main/docs/configurable-service-settings#service-urgency
_URGENCIES = {"high": Severity.HIGH, "low": Severity.LOW}


def split(payload: object) -> Sequence[object]:
    """The event of version 3, or the messages of the older ones."""
    fields = mapping(payload)
    return sequence(fields.get("messages")) if "messages" in fields else (payload,)


def read(element: object, whole: object, request: Request) -> Draft:
    """The alert of an incident's event. Raises NotAnAlert for other events."""
    fields = mapping(element)
    if event := mapping(fields.get("event")):
        return _version_3(event, element)
    if incident := mapping(fields.get("incident")):
        return _version_2(fields, incident)
    if incident := mapping(mapping(fields.get("data")).get("incident")):
        return _version_1(fields, incident)
    raise Unreadable("neither an event nor an incident")


def _version_3(event: Mapping[str, object], element: object) -> Draft:
    kind, incident = first(event, ("event_type",)), mapping(event.get("data"))
    at = read_time(event.get("occurred_at"))
    return _draft(
        incident,
        _status(kind, incident),
        element,
        title=first(incident, ("title", "summary")),
        service=first(mapping(incident.get("service")), ("summary", "name")),
        at=at,
        began=read_time(incident.get("created_at")),
        delivery_id=first(event, ("id",)),
    )


def _version_2(fields: Mapping[str, object], incident: Mapping[str, object]) -> Draft:
    return _draft(
        incident,
        _status(first(fields, ("event",)), incident),
        fields,
        title=first(incident, ("title", "description", "summary")),
        service=first(mapping(incident.get("service")), ("summary", "name")),
        at=read_time(fields.get("created_on")) or read_time(incident.get("last_status_change_at")),
        began=read_time(incident.get("created_at")),
        delivery_id=first(fields, ("id",)),
    )


def _version_1(fields: Mapping[str, object], incident: Mapping[str, object]) -> Draft:
    trigger = mapping(incident.get("trigger_summary_data"))
    return _draft(
        incident,
        _status(first(fields, ("type",)), incident),
        fields,
        title=first(trigger, ("subject", "description")),
        service=first(mapping(incident.get("service")), ("name",)),
        at=read_time(fields.get("created_on")) or read_time(incident.get("last_status_change_on")),
        began=read_time(incident.get("created_on")),
        delivery_id=first(fields, ("id",)),
    )


def _status(event_type: str, incident: Mapping[str, object]) -> Status:
    group, _, name = (event_type or f"incident.{incident.get('status')}").partition(".")
    if group != "incident":
        raise NotAnAlert(f"an event of no incident: {event_type}")
    if name in _RESOLVED:
        return Status.RESOLVED
    if name not in _FIRING:
        raise NotAnAlert(f"an event without a change of state: {event_type}")
    if incident.get("status") == "resolved":
        raise NotAnAlert(f"a change of what is over: {event_type}")
    return Status.FIRING


def _draft(
    incident: Mapping[str, object],
    status: Status,
    element: object,
    *,
    title: str,
    service: str,
    at: datetime | None,
    began: datetime | None,
    delivery_id: str,
) -> Draft:
    incident_id = first(incident, ("id", "incident_key"))
    if not incident_id:
        raise Unreadable("an incident without an id")
    labels = {
        "urgency": first(incident, ("urgency",)),
        "escalation_policy": _name(incident.get("escalation_policy")),
        "team": _name(next(iter(sequence(incident.get("teams"))), None)),
        **_custom_fields(incident),
    }
    return Draft(
        source=NAME,
        fingerprint=incident_id,
        native_id=incident_id,
        title=title or f"PagerDuty incident {incident_id}",
        message=first(mapping(incident.get("body")), ("details",)),
        severity=_severity(incident),
        status=status,
        service=service,
        scope=scope_of(labels),
        labels={name: text for name, text in labels.items() if text},
        links={
            "source": first(incident, ("html_url",)),
            "service": first(mapping(incident.get("service")), ("html_url",)),
        },
        happened_at=at,
        starts_at=began,
        ends_at=at if status is Status.RESOLVED else None,
        delivery_id=delivery_id,
        raw=element,
    )


def _severity(incident: Mapping[str, object]) -> Severity:
    priority = _name(incident.get("priority"))
    urgency = first(incident, ("urgency",)).lower()
    return read_severity(priority) or _URGENCIES.get(urgency) or default_of(NAME)


def _name(reference: object) -> str:
    return first(mapping(reference), ("summary", "name"))


def _custom_fields(incident: Mapping[str, object]) -> dict[str, str]:
    fields = [mapping(field) for field in sequence(incident.get("custom_fields"))]
    return {first(field, ("name",)): first(field, ("value",)) for field in fields if field}
