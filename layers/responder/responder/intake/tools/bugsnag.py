"""Bugsnag (Insight Hub): errors, and spikes and limits of whole projects.

https://docs.bugsnag.com/product/integrations/webhook/

Resolved is an error whose status is ``fixed``. Releases and comments say neither.
"""

from collections.abc import Mapping, Sequence

from responder.alert import Scope, Status
from responder.intake.draft import Draft, Request
from responder.intake.errors import NotAnAlert, Unreadable
from responder.intake.fields import first, mapping, string_map
from responder.intake.severity import default_of, read_severity
from responder.intake.times import read_time

NAME = "bugsnag"

_NEITHER = frozenset({"release", "comment", "test"})
_FIXED = "fixed"
_CHANGED = "errorStateManualChange"


def split(payload: object) -> Sequence[object]:
    """One trigger each."""
    return (payload,)


def read(element: object, whole: object, request: Request) -> Draft:
    """The alert of a trigger."""
    body = mapping(element)
    trigger, project = mapping(body.get("trigger")), mapping(body.get("project"))
    kind, error = first(trigger, ["type"]), mapping(body.get("error"))
    if not kind or not project:
        raise Unreadable("no trigger, or no project")
    if kind in _NEITHER:
        raise NotAnAlert(f"a trigger of the type {kind}")
    account = first(mapping(body.get("account")), ["id", "name"])
    home = first(project, ["id", "name"])
    name = first(project, ["name"])
    app, device = mapping(error.get("app")), mapping(error.get("device"))
    number = first(error, ["errorId", "id"])
    title = _title(error) or f"{name}: {first(trigger, ['message']) or kind}"
    fixed = _FIXED in (first(error, ["status"]).lower(), first(trigger, ["stateChange"]).lower())
    received = read_time(error.get("receivedAt"))
    return Draft(
        source=NAME,
        fingerprint=f"{account}/{home}/{number or kind}",
        native_id=number,
        title=title,
        message=_message(trigger, error),
        rule=first(error, ["exceptionClass"]) or kind,
        severity=read_severity(first(error, ["severity"])) or default_of(NAME),
        status=Status.RESOLVED if fixed else Status.FIRING,
        service=name,
        resource=first(error, ["context"]) or first(device, ["hostname"]),
        scope=Scope(environment=first(app, ["releaseStage"]) or first(error, ["releaseStage"])),
        labels=string_map({"trigger": kind, "version": app.get("version"),
                           "context": error.get("context"), "host": device.get("hostname"),
                           "unhandled": error.get("unhandled")}),
        links={link: url for link, url in (("source", first(error, ["url"])),
                                           ("project", first(project, ["url"]))) if url},
        # A person changed the state now, long after the error was received.
        happened_at=request.received_at if fixed or kind == _CHANGED else received,
        starts_at=read_time(error.get("firstReceived")) or received,
        delivery_id=request.delivery_id,
        raw=element,
    )  # fmt: skip


def _title(error: Mapping[str, object]) -> str:
    parts = (first(error, ["exceptionClass"]), first(error, ["message"]).partition("\n")[0])
    return ": ".join(part for part in parts if part)


def _message(trigger: Mapping[str, object], error: Mapping[str, object]) -> str:
    context = first(error, ["context"])
    said = (first(trigger, ["message"]), first(error, ["message"]), f"In {context}")
    return "\n".join(part for part in said if part and part != "In ")
