"""Dead Man's Snitch's webhook.

https://deadmanssnitch.com/docs/integrations/webhooks

``snitch.reporting`` resolves; missing and errored fire; paused is neither.
"""

from collections.abc import Sequence

from responder.alert import Status
from responder.intake.draft import Draft, Request
from responder.intake.errors import NotAnAlert, Unreadable
from responder.intake.fields import first, mapping, place_of, tag_map
from responder.intake.severity import labelled
from responder.intake.times import read_time

NAME = "dead-mans-snitch"

_STATES = {
    "snitch.missing": Status.FIRING,
    "snitch.errored": Status.FIRING,
    "snitch.reporting": Status.RESOLVED,
}


def split(payload: object) -> Sequence[object]:
    """One event each."""
    return (payload,)


def read(element: object, whole: object, request: Request) -> Draft:
    """A snitch that is missing, or reports again."""
    fields = mapping(element)
    snitch = mapping(mapping(fields.get("data")).get("snitch"))
    token, event = first(snitch, ("token",)), first(fields, ("type",))
    name = first(snitch, ("name",))
    if not (token or name) or not event:
        raise Unreadable("no snitch or no type")
    if event not in _STATES:
        raise NotAnAlert(f"an event {event[:40]}")
    status = _STATES[event]
    labels = tag_map(snitch.get("tags"))
    place = place_of(labels)
    at = read_time(fields.get("timestamp"))
    return Draft(
        source=NAME,
        fingerprint=token or name,
        native_id=token,
        title=name or "Snitch without a name",
        message=first(snitch, ("notes",)),
        rule=name,
        severity=labelled(labels, NAME),
        status=status,
        service=place.service or name,
        resource=place.resource,
        scope=place.scope,
        labels=labels,
        links={"snitch": first(snitch, ("href", "url"))},
        happened_at=at,
        starts_at=at if status is Status.FIRING else None,
        ends_at=at,
        raw=element,
    )
