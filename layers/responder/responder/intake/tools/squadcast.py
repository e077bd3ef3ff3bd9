"""Squadcast's outgoing webhooks, version 2 and 1.

https://developers.squadcast.com/outgoing-webhooks/

``resolved`` resolves; triggered, acknowledged and reassigned incidents fire; notes, tags, tasks
and objectives are no alerts.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

from responder.alert import Status
from responder.intake.draft import Draft, Request
from responder.intake.errors import NotAnAlert, Unreadable
from responder.intake.fields import first, mapping, place_of
from responder.intake.severity import default_of, read_severity, severity_of_labels
from responder.intake.times import read_time

NAME = "squadcast"

_STATES = {
    "triggered": Status.FIRING,
    "acknowledged": Status.FIRING,
    "reassigned": Status.FIRING,
    "resolved": Status.RESOLVED,
}


def split(payload: object) -> Sequence[object]:
    """One event each."""
    return (payload,)


def read(element: object, whole: object, request: Request) -> Draft:
    """The alert of an incident's event. Raises NotAnAlert for other events."""
    fields = mapping(element)
    if event := mapping(fields.get("event")):
        about = mapping(mapping(fields.get("data")).get("resource_data"))
        at, delivery = read_time(event.get("timestamp")), first(event, ("id",))
        kind = first(event, ("type",)).partition(".")[2]
    else:
        about, at, delivery = fields, None, ""
        kind = first(fields, ("event_type",)).partition("_")[2]
    if not kind:
        raise Unreadable("no event")
    if kind not in _STATES:
        raise NotAnAlert(f"an event without a state: {kind}")
    return _draft(about, _STATES[kind], at, delivery, element)


def _draft(
    about: Mapping[str, object],
    status: Status,
    at: datetime | None,
    delivery: str,
    element: object,
) -> Draft:
    incident_id, title = first(about, ("id",)), first(about, ("message", "title"))
    if not incident_id or not title:
        raise Unreadable("an incident without an id or a message")
    labels = _tags(about.get("tags"))
    place = place_of(labels)
    began, ended = read_time(about.get("created_at")), read_time(about.get("resolved_at"))
    resolved = status is Status.RESOLVED
    return Draft(
        source=NAME,
        fingerprint=incident_id,
        native_id=incident_id,
        title=title,
        message=first(about, ("description",)),
        severity=severity_of_labels(labels)
        or read_severity(first(about, ("priority",)))
        or default_of(NAME),
        status=status,
        service=first(mapping(about.get("service")), ("name",)) or place.service,
        resource=place.resource,
        scope=place.scope,
        labels=labels,
        links={"source": first(about, ("url",))},
        happened_at=at or (ended if resolved else None),
        starts_at=began,
        ends_at=(ended or at) if resolved else None,
        delivery_id=delivery,
        raw=element,
    )


def _tags(value: object) -> dict[str, str]:
    """Tags as labels; each is a text, or an object with a colour and a value."""
    labels = {}
    for name, item in mapping(value).items():
        text = first(item, ("value",)) if isinstance(item, dict) else first({name: item}, (name,))
        if name and text:
            labels[name] = text
    return labels
