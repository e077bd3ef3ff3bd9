"""Healthchecks.io: our template around ``$JSON``, a check object itself, or single variables.

https://healthchecks.io/docs/configuring_notifications/
https://github.com/healthchecks/healthchecks/blob/master/hc/integrations/webhook/transport.py

A check that is down fires, one that is up resolves; new, late, started and paused are neither.
"""

from collections.abc import Mapping, Sequence

from responder.alert import Status
from responder.intake.draft import Draft, Request
from responder.intake.errors import NotAnAlert, Unreadable
from responder.intake.fields import first, mapping, place_of, tag_map
from responder.intake.severity import labelled
from responder.intake.times import read_time

NAME = "healthchecks"

_STATES = {"down": Status.FIRING, "up": Status.RESOLVED}
_NEITHER = frozenset({"new", "grace", "started", "paused"})


def split(payload: object) -> Sequence[object]:
    """One check each."""
    return (payload,)


def read(element: object, whole: object, request: Request) -> Draft:
    """A check that went down or up."""
    outer = mapping(element)
    fields = {**mapping(outer.get("check")), **_scalars(outer)}
    check = first(fields, ("uuid", "code", "unique_key", "id", "slug"))
    # A check's whole id is the secret part of its ping URL.
    named = first(fields, ("name", "slug", "check", "check_name"))
    name = named or (f"Check {check[:8]}" if check else "")
    state = first(fields, ("status", "state")).lower()
    if state in _NEITHER:
        raise NotAnAlert(f"a check that is {state}")
    if state not in _STATES or not name:
        raise Unreadable("no check, or neither up nor down")
    status = _STATES[state]
    labels = tag_map(_tags(fields.get("tags")))
    place = place_of(labels)
    at = read_time(fields.get("now"))
    ping = read_time(fields.get("last_ping"))
    return Draft(
        source=NAME,
        fingerprint=check or name,
        native_id=check,
        title=name,
        message=first(fields, ("desc", "description", "body")),
        rule=name,
        severity=labelled(labels, NAME),
        status=status,
        service=place.service or name,
        resource=place.resource,
        scope=place.scope,
        labels=labels,
        links={"check": first(fields, ("details_url", "url"))},
        # The last ping is what brought a check up; it says nothing of when it went down.
        happened_at=at or (ping if status is Status.RESOLVED else None),
        starts_at=at if status is Status.FIRING else None,
        ends_at=at or ping,
        raw=element,
    )


def _scalars(fields: Mapping[str, object]) -> dict[str, object]:
    return {name: value for name, value in fields.items() if not isinstance(value, dict)}


def _tags(value: object) -> object:
    """Tags as a list; Healthchecks writes them as words."""
    return value.split() if isinstance(value, str) else value
