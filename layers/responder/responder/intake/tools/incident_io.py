"""incident.io's webhooks: incidents and alerts, each under the name of its event.

https://docs.incident.io/integrations/webhooks

An incident's status has a category: closed, learning (what follows it), declined and canceled
resolve. An alert resolves by its status. Follow-ups, actions, escalations and schedules are no
alerts; of a private incident only its id is told, so that it fires and never resolves.
"""

from collections.abc import Mapping, Sequence

from responder.alert import Status
from responder.intake.draft import Draft, Request
from responder.intake.errors import NotAnAlert, Unreadable
from responder.intake.fields import first, mapping, place_of, sequence
from responder.intake.severity import default_of, read_severity
from responder.intake.times import read_time

NAME = "incident-io"

_OVER = frozenset({"closed", "learning", "declined", "canceled", "cancelled"})


def split(payload: object) -> Sequence[object]:
    """One event each."""
    return (payload,)


def read(element: object, whole: object, request: Request) -> Draft:
    """The alert of an event. Raises NotAnAlert for what is neither an incident nor an alert."""
    fields = mapping(element)
    kind = first(fields, ("event_type",))
    if not kind:
        raise Unreadable("no event")
    about = mapping(fields.get(kind))
    delivery = request.headers.get("webhook-id") or request.headers.get("svix-id", "")
    if "_alert." in kind:
        return _alert(mapping(about.get("alert")) or about, delivery, element)
    if "_incident.incident_" in kind:
        incident = mapping(about.get("incident")) or about
        if not kind.startswith("public_") and "incident_created" not in kind:
            raise NotAnAlert(f"a private incident: {kind}")
        return _incident(incident, kind, delivery, element)
    raise NotAnAlert(f"an event of no incident: {kind}")


def _incident(incident: Mapping[str, object], kind: str, delivery: str, element: object) -> Draft:
    incident_id = first(incident, ("id",))
    if not incident_id:
        raise Unreadable("an incident without an id")
    state = mapping(incident.get("incident_status")) or mapping(incident.get("status"))
    over = first(state, ("category",)).lower() in _OVER
    at = read_time(incident.get("updated_at"))
    labels = _custom_fields(incident)
    place = place_of(labels)
    severity = mapping(incident.get("severity"))
    return Draft(
        source=NAME,
        fingerprint=incident_id,
        native_id=first(incident, ("reference",)) or incident_id,
        title=first(incident, ("name",)) or f"Private incident {incident_id}",
        message=first(incident, ("summary",)),
        severity=read_severity(first(severity, ("name",))) or default_of(NAME),
        status=Status.RESOLVED if over else Status.FIRING,
        service=place.service,
        resource=place.resource,
        scope=place.scope,
        labels=labels,
        links={"source": first(incident, ("permalink",))},
        happened_at=at,
        starts_at=read_time(incident.get("created_at")),
        ends_at=at if over else None,
        delivery_id=delivery,
        raw=element,
    )


def _alert(alert: Mapping[str, object], delivery: str, element: object) -> Draft:
    alert_id, title = first(alert, ("id", "deduplication_key")), first(alert, ("title",))
    if not alert_id or not title:
        raise Unreadable("an alert without an id or a title")
    resolved = first(alert, ("status",)).lower() == "resolved"
    began, ended = read_time(alert.get("created_at")), read_time(alert.get("resolved_at"))
    labels = _attributes(alert)
    place = place_of(labels)
    return Draft(
        source=NAME,
        fingerprint=f"alert/{alert_id}",
        native_id=first(alert, ("deduplication_key",)) or alert_id,
        title=title,
        message=first(alert, ("description",)),
        severity=read_severity(labels.get("priority") or labels.get("severity"))
        or default_of(NAME),
        status=Status.RESOLVED if resolved else Status.FIRING,
        service=place.service,
        resource=place.resource,
        scope=place.scope,
        labels=labels,
        links={"source": first(alert, ("source_url",))},
        happened_at=(ended or read_time(alert.get("updated_at"))) if resolved else began,
        starts_at=began,
        ends_at=ended,
        delivery_id=delivery,
        raw=element,
    )


def _custom_fields(incident: Mapping[str, object]) -> dict[str, str]:
    """The custom fields as labels, each by its first value."""
    labels = {}
    for entry in map(mapping, sequence(incident.get("custom_field_entries"))):
        name = first(mapping(entry.get("custom_field")), ("name",)).lower()
        value = mapping(next(iter(sequence(entry.get("values"))), None))
        chosen = mapping(value.get("value_catalog_entry")) or mapping(value.get("value_option"))
        text = first(chosen, ("name", "value")) or first(value, ("value_text", "label"))
        if name and text:
            labels[name] = text
    return labels


def _attributes(alert: Mapping[str, object]) -> dict[str, str]:
    """An alert's attributes as labels, each by its first value."""
    labels = {}
    for item in map(mapping, sequence(alert.get("attributes"))):
        name = first(mapping(item.get("attribute")), ("name",)).lower()
        values = [item.get("value"), *sequence(item.get("array_value"))]
        text = next((text for text in (first(mapping(v), ("label", "literal")) for v in values)
                     if text), "")  # fmt: skip
        if name and text:
            labels[name] = text
    return labels
