"""Freshping's webhook.

https://support.freshping.io/en/support/solutions/articles/50000003709-freshping-webhooks

The state "Available" resolves; any other, but a paused check's, fires.
"""

from collections.abc import Sequence

from responder.alert import Status
from responder.intake.draft import Draft, Request
from responder.intake.errors import NotAnAlert, Unreadable
from responder.intake.fields import first, mapping
from responder.intake.severity import default_of
from responder.intake.times import read_time

NAME = "freshping"

_UP = "available"
_PERFORMANCE = "PE"


def split(payload: object) -> Sequence[object]:
    """One change of state each."""
    return (payload,)


def read(element: object, whole: object, request: Request) -> Draft:
    """A check that cannot be reached, or can be again."""
    fields = mapping(element)
    event = mapping(fields.get("webhook_event_data"))
    name, state = first(event, ("check_name",)), first(event, ("check_state_name",))
    if not name or not state:
        raise Unreadable("no check or no state")
    if state.lower().startswith("paused"):
        raise NotAnAlert("a paused check")
    is_over = state.lower() == _UP
    check, organization = first(event, ("check_id",)), first(fields, ("organization_id",))
    url, application = first(event, ("request_url",)), first(event, ("application_name",))
    kind = first(fields, ("webhook_type",))
    at = read_time(event.get("request_start_time"))
    at = at or read_time(fields.get("webhook_event_created_on"))
    identity = f"{organization}/{check or name}"
    code = first(event, ("http_status_code",))
    return Draft(
        source=NAME,
        fingerprint=f"{identity}#performance" if kind == _PERFORMANCE else identity,
        native_id=check,
        title=name,
        message=f"{state} (HTTP status {code})" if code else state,
        rule=name,
        severity=default_of(NAME),
        status=Status.RESOLVED if is_over else Status.FIRING,
        service=application or name,
        resource=url,
        labels={"organization": first(fields, ("organization_name",)), "application": application},
        links={"check": url},
        happened_at=at,
        starts_at=None if is_over else at,
        ends_at=at,
        delivery_id=first(fields, ("webhook_event_id",)),
        raw=element,
    )
