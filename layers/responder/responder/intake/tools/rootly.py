"""Rootly's outgoing webhooks: incidents and alerts.

https://docs.rootly.com/configuration/webhooks
https://docs.rootly.com/configuration/event-payloads

``incident.resolved`` and ``incident.cancelled`` resolve, and so does an alert that has ended. A
mitigated incident is still open. Maintenance, post-mortems, pulses and workflows are no alerts.
"""

from collections.abc import Mapping, Sequence

from responder.alert import Status
from responder.intake.draft import Draft, Request
from responder.intake.errors import NotAnAlert, Unreadable
from responder.intake.fields import first, mapping, place_of, scope_of, sequence, string_map
from responder.intake.severity import default_of, read_severity, severity_of_labels
from responder.intake.times import read_time

NAME = "rootly"

_FIRING = frozenset({"created", "updated", "mitigated", "acknowledged", "triggered"})
_RESOLVED = frozenset({"resolved", "cancelled"})
_CLOSED = frozenset({"resolved", "cancelled", "closed", "completed"})


def split(payload: object) -> Sequence[object]:
    """One event each."""
    return (payload,)


def read(element: object, whole: object, request: Request) -> Draft:
    """The alert of an event. Raises NotAnAlert for what is neither an incident nor an alert."""
    fields = mapping(element)
    event, about = mapping(fields.get("event")), mapping(fields.get("data"))
    kind, _, what = first(event, ("type",)).partition(".")
    if not kind:
        raise Unreadable("no event")
    if kind not in ("incident", "alert") or what not in _FIRING | _RESOLVED:
        raise NotAnAlert(f"an event without a state: {kind}.{what}")
    about_id, title = first(about, ("id", "slug")), first(about, ("title", "summary"))
    if not about_id or not title:
        raise Unreadable("an event without an id or a title")
    ended = read_time(about.get("resolved_at")) or read_time(about.get("ended_at"))
    if what == "updated" and first(about, ("status",)).lower() in _CLOSED:
        raise NotAnAlert("what was closed before was changed")
    resolved = what in _RESOLVED or (kind == "alert" and ended is not None)
    at = read_time(event.get("issued_at"))
    labels = _labels(about)
    place = place_of(labels)
    severity = about.get("severity")
    named = (
        first(severity, ("severity", "slug", "name")) if isinstance(severity, dict) else severity
    )
    return Draft(
        source=NAME,
        fingerprint=f"{kind}/{about_id}",
        native_id=about_id,
        title=title,
        message=first(about, ("summary", "description")),
        severity=read_severity(named) or severity_of_labels(labels) or default_of(NAME),
        status=Status.RESOLVED if resolved else Status.FIRING,
        service=_name(about, "services") or place.service,
        resource=place.resource,
        scope=scope_of({"environment": _name(about, "environments"), **labels}),
        labels=labels,
        links={"source": first(about, ("url", "short_url", "external_url"))},
        # By the clock of all events: people set when it was over.
        happened_at=at or (ended if resolved else None),
        starts_at=read_time(about.get("started_at")) or read_time(about.get("created_at")),
        ends_at=(ended or at) if resolved else None,
        delivery_id=first(event, ("id",)),
        raw=element,
    )


def _labels(about: Mapping[str, object]) -> dict[str, str]:
    """Labels as an object, or as a list of ``{"key", "value"}``; those of an alert's own data."""
    listed = map(mapping, sequence(about.get("labels")))
    labels = {first(item, ("key",)): first(item, ("value",)) for item in listed}
    labels |= string_map(about.get("labels"))
    nested = string_map(mapping(about.get("data")).get("labels"))
    return nested | {name: text for name, text in labels.items() if name}


def _name(about: Mapping[str, object], field: str) -> str:
    return first(mapping(next(iter(sequence(about.get(field))), None)), ("name", "slug"))
