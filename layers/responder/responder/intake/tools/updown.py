"""updown.io's webhook: an array of events.

https://updown.io/api#webhooks

``check.up``, ``check.ssl_valid`` and ``check.ssl_renewed`` each resolve what their counterparts
fired; a drop of performance is never resolved.
"""

from collections.abc import Sequence

from responder.alert import Severity, Status
from responder.intake.draft import Draft, Request
from responder.intake.errors import NotAnAlert, Unreadable
from responder.intake.fields import first, mapping, sequence
from responder.intake.severity import default_of
from responder.intake.times import read_time

NAME = "updown"

# What an event is about (a suffix of the fingerprint and of the title), and its state.
_EVENTS = {
    "check.down": ("", Status.FIRING),
    "check.still_down": ("", Status.FIRING),
    "check.up": ("", Status.RESOLVED),
    "check.ssl_invalid": ("certificate", Status.FIRING),
    "check.ssl_valid": ("certificate", Status.RESOLVED),
    "check.ssl_expiration": ("certificate expiry", Status.FIRING),
    "check.ssl_renewed": ("certificate expiry", Status.RESOLVED),
    "check.performance_drop": ("performance", Status.FIRING),
}
_MILD = frozenset({"certificate expiry", "performance"})


def split(payload: object) -> Sequence[object]:
    """The events."""
    return sequence(payload) if isinstance(payload, list) else (payload,)


def read(element: object, whole: object, request: Request) -> Draft:
    """One event of a check."""
    fields = mapping(element)
    check, downtime = mapping(fields.get("check")), mapping(fields.get("downtime"))
    event = first(fields, ("event",))
    if not check or not event:
        raise Unreadable("no event or no check")
    url = first(check, ("url",))
    token = first(check, ("token",))
    if not url and not token:
        raise Unreadable("a check without a URL and a token")
    if event not in _EVENTS:
        raise NotAnAlert(f"an event {event[:40]}")
    about, status = _EVENTS[event]
    name = first(check, ("alias",)) or url or token
    starts_at = read_time(downtime.get("started_at")) or read_time(check.get("down_since"))
    ends_at = read_time(downtime.get("ended_at"))
    told_at = read_time(fields.get("time"))
    changed_at = ends_at if status is Status.RESOLVED else starts_at
    return Draft(
        source=NAME,
        fingerprint=f"{token or url}#{about}" if about else token or url,
        native_id=token,
        title=f"{name}: {about}" if about else name,
        message=first(fields, ("description",))
        or first(downtime, ("error",))
        or first(check, ("error",)),
        rule=name,
        severity=Severity.MEDIUM if about in _MILD else default_of(NAME),
        status=status,
        service=name,
        resource=url,
        links={"check": url},
        happened_at=told_at if about else changed_at or told_at,
        starts_at=None if about else starts_at,
        ends_at=ends_at or told_at,
        raw=element,
    )
