"""Flux: events of controllers that ``changes.gitops`` does not know, or of an unknown severity.

https://fluxcd.io/flux/components/notification/events/

There is no resolve: a later good event of the same object ends its alert. The fingerprint is that
of ``changes.gitops``.
"""

from collections.abc import Sequence

from responder.alert import Status
from responder.change import ChangeState
from responder.intake.changes.gitops import flux_state, flux_thing
from responder.intake.draft import Draft, Request, digest
from responder.intake.errors import NotAnAlert, Unreadable
from responder.intake.fields import first, mapping, scope_of, string_map
from responder.intake.severity import default_of, read_severity
from responder.intake.times import read_time

NAME = "flux"

_GOOD = ("info", "trace")


def split(payload: object) -> Sequence[object]:
    """One event each."""
    return (payload,)


def read(element: object, whole: object, request: Request) -> Draft:
    """The alert of an event."""
    body = mapping(element)
    involved = mapping(body.get("involvedObject"))
    kind, name = first(involved, ["kind"]), first(involved, ["name"])
    if not kind or not name:
        raise Unreadable("an event without an object")
    metadata = {key.rpartition("/")[2]: value for key, value in
                string_map(body.get("metadata")).items()}  # fmt: skip
    scope = scope_of(metadata)
    status = _status(first(body, ["severity"]).lower(), first(body, ["reason"]), request)
    at = read_time(body.get("timestamp"))
    thing = flux_thing(scope.cluster, involved)
    reason = first(body, ["reason"])
    return Draft(
        source=NAME,
        fingerprint=digest(NAME, *thing),
        native_id="/".join(thing),
        title=f"{name}: reconciliation of {kind} failed",
        message=": ".join(part for part in (reason, first(body, ["message"])) if part),
        rule=f"{NAME} {kind}",
        severity=read_severity(first(metadata, ["severity"])) or default_of(NAME),
        status=status,
        service=name,
        resource="/".join(thing),
        scope=scope,
        labels=metadata | string_map({"controller": body.get("reportingController")}),
        happened_at=at,
        starts_at=at if status is Status.FIRING else None,
        ends_at=at,
        delivery_id=request.delivery_id,
        raw=element,
    )


def _status(severity: str, reason: str, request: Request) -> Status:
    if severity not in _GOOD:
        return Status.FIRING
    # Others send events of this shape: only Flux itself is believed that all is well.
    if "gotk-component" not in request.headers and request.tool != NAME:
        raise Unreadable("a good event of an unknown controller")
    state = flux_state("info", reason)
    if severity == "trace" or state is ChangeState.STARTED:
        raise NotAnAlert("a reconciliation that goes on")
    return Status.RESOLVED if state is ChangeState.SUCCEEDED else Status.FIRING
