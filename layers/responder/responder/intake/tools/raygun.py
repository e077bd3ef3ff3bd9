"""Raygun: errors that are new, come back or go on, and changes of their status.

https://raygun.com/documentation/integrations/webhooks/

Resolved is a status changed to Resolved. Comments, assignments and ignored errors say neither.
"""

from collections.abc import Sequence

from responder.alert import Status
from responder.intake.draft import Draft, Request
from responder.intake.errors import NotAnAlert, Unreadable
from responder.intake.fields import first, mapping, place_of, string_map, tag_map
from responder.intake.severity import default_of, read_severity
from responder.intake.times import read_time

NAME = "raygun"

_ACTIVITY = "error_activity"
_STATUS_CHANGED = "statuschanged"


def split(payload: object) -> Sequence[object]:
    """One error each."""
    return (payload,)


def read(element: object, whole: object, request: Request) -> Draft:
    """The alert of an error."""
    body = mapping(element)
    error, application = mapping(body.get("error")), mapping(body.get("application"))
    event, kind = first(body, ["event"]), first(body, ["eventType"])
    page, message = first(error, ["url"]), first(error, ["message"])
    if not event or not (page or message):
        raise Unreadable("no error")
    status = _status(event, kind, first(error, ["status"]))
    name = first(application, ["name"])
    instance = mapping(error.get("instance"))
    labels = tag_map(instance.get("tags"))
    place = place_of(labels)
    seen = read_time(error.get("activityDate")) or read_time(error.get("lastOccurredOn"))
    return Draft(
        source=NAME,
        fingerprint=page or f"{name}/{message}",
        native_id=page,
        title=message or f"Error of {name or 'an application'}",
        message=first(error, ["description"]),
        rule=message,
        severity=read_severity(first(labels, ("severity", "priority"))) or default_of(NAME),
        status=status,
        service=name or place.service,
        resource=place.resource,
        scope=place.scope,
        labels=labels | string_map({"event": kind, "occurrences": error.get("totalOccurrences"),
                                    "users_affected": error.get("usersAffected")}),
        links={link: url for link, url in (("source", page),
                                           ("application", first(application, ["url"]))) if url},
        happened_at=seen,
        starts_at=read_time(error.get("firstOccurredOn")),
        ends_at=seen,
        delivery_id=request.delivery_id,
        raw=element,
    )  # fmt: skip


def _status(event: str, kind: str, state: str) -> Status:
    if event != _ACTIVITY:
        return Status.FIRING
    state = state.lower()
    if kind.lower() == _STATUS_CHANGED and state.startswith("resolved"):
        return Status.RESOLVED
    if kind.lower() == _STATUS_CHANGED and state == "active":
        return Status.FIRING
    raise NotAnAlert(f"an activity {kind} {state}".strip()[:80])
