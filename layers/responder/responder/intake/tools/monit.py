"""Monit: what a script sends of Monit's environment.

https://mmonit.com/monit/documentation/monit.html#ENVIRONMENT

An event says its state in its last words: "Connection failed", "Connection succeeded".
"""

from collections.abc import Sequence

from responder.alert import Status
from responder.intake.draft import Draft, Request
from responder.intake.errors import NotAnAlert, Unreadable
from responder.intake.fields import first, folded
from responder.intake.severity import default_of, read_severity
from responder.intake.times import read_time

NAME = "monit"

# https://mmonit.com/monit/documentation/monit.html#SETTING-AN-EVENT-FILTER
_OVER = ("succeeded", "recovery", "recovered", "ok", "link up", "not changed", "not match")
_EXISTS = "exists"
_NEITHER = frozenset({"action done", "monit instance changed", "instance changed"})
# What a failure and its end have in common.
_ENDINGS = ("succeeded", "failed", "recovery", "recovered", "matched", "changed", "match", "not")


def split(payload: object) -> Sequence[object]:
    """One event each."""
    return (payload,)


def read(element: object, whole: object, request: Request) -> Draft:
    """An event of a service."""
    fields = {name.removeprefix("monit"): value for name, value in folded(element).items()}
    service, event = first(fields, ("service",)), first(fields, ("event",))
    host = first(fields, ("host", "hostname", "server"))
    said = event.lower().strip()
    if not service or not event:
        raise Unreadable("no service or no event")
    if said in _NEITHER:
        raise NotAnAlert(f"an event {said}")
    is_over = said == _EXISTS or said.endswith(_OVER)
    about = _about(said)
    at = read_time(fields.get("date"))
    return Draft(
        source=NAME,
        fingerprint=f"{host}/{service}/{about}",
        native_id=f"{host}/{service}",
        title=f"{service} on {host}: {about}" if host else f"{service}: {about}",
        message=first(fields, ("description", "message")),
        rule=about,
        severity=read_severity(first(fields, ("severity",))) or default_of(NAME),
        status=Status.RESOLVED if is_over else Status.FIRING,
        service=service,
        resource=host,
        happened_at=at,
        starts_at=None if is_over else at,
        ends_at=at,
        raw=element,
    )


def _about(said: str) -> str:
    """What an event is about, without its state."""
    if "exist" in said:
        return "existence"
    if said.startswith("link "):
        return "link"
    words = said.split()
    while len(words) > 1 and words[-1] in _ENDINGS:
        words.pop()
    return " ".join(words)
