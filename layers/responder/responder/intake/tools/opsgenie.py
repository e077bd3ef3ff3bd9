"""Opsgenie, and Jira Service Management's alerts, which have the same shape.

https://support.atlassian.com/opsgenie/docs/opsgenie-edge-connector-alert-action-data/

``Close`` and ``Delete`` resolve. What can only happen to an open alert (acknowledged, escalated,
snoozed, ...) fires; notes, tags and details change no state.
"""

from collections.abc import Sequence

from responder.alert import Status
from responder.intake.draft import Draft, Request
from responder.intake.errors import NotAnAlert, Unreadable
from responder.intake.fields import (
    first,
    mapping,
    place_of,
    string_map,
    tag_map,
)
from responder.intake.severity import default_of, read_severity, severity_of_labels
from responder.intake.times import read_time

NAME = "opsgenie"

_RESOLVED = frozenset({"close", "delete"})
_FIRING = frozenset(
    {"create", "acknowledge", "unacknowledge", "snooze", "snoozeended", "escalate", "escalatenext",
     "assignownership", "assign", "takeownership", "updatepriority", "addrecipient", "addteam",
     "addresponder"}
)  # fmt: skip


def split(payload: object) -> Sequence[object]:
    """One action each."""
    return (payload,)


def read(element: object, whole: object, request: Request) -> Draft:
    """The alert that an action is about. Raises NotAnAlert for actions without a state."""
    fields = mapping(element)
    alert, action = mapping(fields.get("alert")), first(fields, ("action",)).lower()
    alert_id = first(alert, ("alertId", "id", "alias"))
    if not alert_id or not action:
        raise Unreadable("an action without an alert")
    if action not in _RESOLVED and action not in _FIRING:
        raise NotAnAlert(f"an action without a state: {action}")
    status = Status.RESOLVED if action in _RESOLVED else Status.FIRING
    details = string_map(alert.get("details"))
    labels = tag_map(alert.get("tags")) | details
    began, at = read_time(alert.get("createdAt")), read_time(alert.get("updatedAt"))
    message = first(alert, ("message",))
    place = place_of(labels)
    return Draft(
        source=NAME,
        fingerprint=alert_id,
        native_id=alert_id,
        title=message or f"Opsgenie alert {first(alert, ('tinyId',)) or alert_id}",
        message=first(alert, ("description",)),
        severity=read_severity(first(alert, ("priority",)))
        or severity_of_labels(labels)
        or default_of(NAME),
        status=status,
        service=place.service,
        resource=first(alert, ("entity",)) or place.resource,
        scope=place.scope,
        labels=labels,
        links={
            **{name: text for name, text in details.items() if text.startswith("http")},
            "source": first(alert, ("url", "link")),
        },
        # A team that is added later gets Create again: by the start it is known as the same.
        happened_at=began if action == "create" else at,
        starts_at=began,
        ends_at=at if status is Status.RESOLVED else None,
        raw=element,
    )
