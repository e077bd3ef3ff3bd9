"""Axiom: the custom webhook of monitors, by its default template.

https://axiom.co/docs/monitor-data/custom-webhook-notifier

Resolved is the action Closed. Match monitors have none.
"""

from collections.abc import Sequence

from responder.alert import Status
from responder.intake.draft import Draft, Request
from responder.intake.errors import Unreadable
from responder.intake.fields import first, mapping, place_of, sequence, string_map
from responder.intake.severity import default_of, read_severity
from responder.intake.states import status_by, words
from responder.intake.times import read_time

NAME = "axiom"

_ACTIONS = words("open opened alert", "closed close resolved")
_STATES = ("Triggered: ", "Resolved: ", "Closed: ", "Test: ")


def split(payload: object) -> Sequence[object]:
    """One monitor each."""
    return (payload,)


def read(element: object, whole: object, request: Request) -> Draft:
    """The alert of a monitor, or of one of its groups."""
    body = mapping(element)
    event = mapping(body.get("event"))
    monitor = first(event, ("monitorID", "monitorId"))
    title = first(event, ["title"])
    if not monitor and not title:
        raise Unreadable("no monitor")
    status = status_by(_ACTIONS, first(body, ["action"]))
    keys, values = sequence(event.get("groupKeys")), sequence(event.get("groupValues"))
    labels = string_map({str(key): value for key, value in zip(keys, values, strict=False)})
    labels |= string_map(event.get("labels"))
    everything = string_map(event.get("matchedEvent")) | labels
    place = place_of(everything)
    at = read_time(event.get("timestamp")) or read_time(event.get("queryEndTime"))
    for state in _STATES:
        title = title.removeprefix(state)
    return Draft(
        source=NAME,
        fingerprint="/".join((monitor or title, *map(str, values))),
        native_id=monitor,
        title=title,
        message="\n".join(part for part in (first(event, ["description"]), first(event, ["body"]))
                          if part),
        rule=title,
        severity=read_severity(first(everything, ("severity", "priority", "level")))
        or default_of(NAME),
        status=status,
        service=place.service,
        resource=place.resource,
        scope=place.scope,
        labels=labels | string_map({"value": event.get("value")}),
        links={"source": first(event, ("url", "monitorURL"))},
        happened_at=at,
        starts_at=at if status is Status.FIRING else None,
        ends_at=at,
        delivery_id=request.delivery_id,
        raw=element,
    )  # fmt: skip
