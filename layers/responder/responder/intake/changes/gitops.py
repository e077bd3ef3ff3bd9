"""Argo CD (by the template in docs/changes.md) and Flux's notification controller.

What of both is an alert and no change (an application that is not well) is read in ``tools``.

https://argo-cd.readthedocs.io/en/stable/operator-manual/notifications/services/webhook/
https://fluxcd.io/flux/components/notification/events/
"""

from collections.abc import Mapping

from responder.alert import Scope
from responder.change import ChangeState
from responder.intake.changes.news import News
from responder.intake.draft import Request
from responder.intake.errors import Unreadable
from responder.intake.fields import first, mapping, scope_of
from responder.intake.times import read_time

ARGOCD = "argocd"
FLUX = "flux"

_PHASES = {
    "Running": ChangeState.STARTED,
    "Terminating": ChangeState.CANCELLED,
    "Succeeded": ChangeState.SUCCEEDED,
    "Failed": ChangeState.FAILED,
    "Error": ChangeState.FAILED,
}
#: While it is synced an application is not healthy yet; any other health is no news of a sync.
_WELL = ("", "Healthy", "Progressing", "Suspended")
_BEGUN = ("Running", "Terminating")
_SEVERITIES = ("info", "error")

#: Flux's own controllers; other things send events of this shape, too.
_CONTROLLERS = frozenset(
    {
        "kustomize-controller",
        "helm-controller",
        "source-controller",
        "image-reflector-controller",
        "image-automation-controller",
    }
)


def is_argocd(payload: object, request: Request) -> bool:
    """Whether it is a notification by our template."""
    fields = mapping(mapping(payload).get("argocd"))
    return {"app", "phase", "health"} <= fields.keys()


def tells_of_sync(payload: object) -> bool:
    """Whether a notification by our template is read here: a sync, of a well application.

    One that is synced may be anything but well: that is what the sync is to mend.
    """
    fields = mapping(mapping(payload).get("argocd"))
    phase, health = first(fields, ["phase"]), first(fields, ["health"])
    well = health in _WELL or phase in _BEGUN
    return bool(first(fields, ["app"])) and phase in _PHASES and well


def read_argocd(payload: object, request: Request) -> News:
    """What a sync tells. Raises Unreadable."""
    if not tells_of_sync(payload):
        raise Unreadable("an application without a name or a known phase, or one that is not well")
    fields = mapping(mapping(payload)["argocd"])
    app, phase = first(fields, ["app"]), first(fields, ["phase"])
    state, started = _PHASES[phase], read_time(fields.get("started_at"))
    place = (first(fields, ["cluster"]), first(fields, ["namespace"]), app)
    return News(
        source=ARGOCD,
        identity=(*place, first(fields, ["started_at", "revision"])),
        subject=place,
        service=app,
        what="sync",
        state=state,
        at=started if state is ChangeState.STARTED else read_time(fields.get("finished_at")),
        # An application that is well again says so with the times of a sync that was before.
        told_at=read_time(fields.get("at")) or request.received_at,
        began=started,
        revision=first(fields, ["revision"]),
        by=first(fields, ["by"]),
        link=first(fields, ["link"]),
        detail=first(fields, ["message"]),
        scope=Scope(cluster=place[0], environment=first(fields, ["environment"])),
        raw=payload,
    )


def is_flux(payload: object, request: Request) -> bool:
    """Whether it is an event of Flux."""
    body = mapping(payload)
    involved = mapping(body.get("involvedObject"))
    ours = first(body, ["reportingController"]) in _CONTROLLERS
    return ours and {"kind", "name"} <= involved.keys() and "reason" in body


def tells_of_reconciliation(payload: object, request: Request) -> bool:
    """Whether an event of Flux is read here."""
    known = first(mapping(payload), ["severity"]) in _SEVERITIES
    return known and is_flux(payload, request)


def read_flux(payload: object, request: Request) -> News:
    """What an event of an object tells; there is no end to a failure but a later good event."""
    body = mapping(payload)
    involved, metadata = mapping(body["involvedObject"]), mapping(body.get("metadata"))
    kind, name = first(involved, ["kind"]), first(involved, ["name"])
    severity, reason = first(body, ["severity"]), first(body, ["reason"])
    if not kind or not name or not reason or severity not in _SEVERITIES:
        raise Unreadable("an event without an object, a reason or a known severity")
    keys = {key.rpartition("/")[2]: value for key, value in metadata.items()}
    scope = scope_of(keys)
    thing = flux_thing(scope.cluster, involved)
    return News(
        source=FLUX,
        # A revision may come back: each event is a change of its own.
        identity=(*thing, reason, first(body, ["timestamp"])),
        subject=thing,
        service=name,
        what=f"reconciliation of {kind}",
        state=flux_state(severity, reason),
        at=read_time(body.get("timestamp")),
        revision=first(keys, ["revision"]),
        detail=f"{reason}: {first(body, ['message'])}",
        scope=scope,
        raw=payload,
    )


def flux_thing(cluster: str, involved: Mapping[str, object]) -> tuple[str, ...]:
    """What names an object of Flux in all its events."""
    return (cluster, *(first(involved, [part]) for part in ("namespace", "kind", "name")))


def flux_state(severity: str, reason: str) -> ChangeState:
    """A rollback that succeeded is a deployment that failed."""
    if severity == "error" or "Fail" in reason or "Rollback" in reason:
        return ChangeState.FAILED
    return ChangeState.STARTED if reason.startswith("Progressing") else ChangeState.SUCCEEDED
