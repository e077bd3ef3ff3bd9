"""Argo CD (by the template in docs/changes.md) and Flux's notification controller.

https://argo-cd.readthedocs.io/en/stable/operator-manual/notifications/services/webhook/
https://fluxcd.io/flux/components/notification/events/
"""

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


def read_argocd(payload: object, request: Request) -> News:
    """What a sync tells. Raises Unreadable."""
    fields = mapping(mapping(payload)["argocd"])
    app, phase = first(fields, ["app"]), first(fields, ["phase"])
    if not app or phase not in _PHASES:
        raise Unreadable("an application without a name or a known phase")
    if first(fields, ["health"]) not in _WELL:
        raise Unreadable("an application that is not well")
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


def read_flux(payload: object, request: Request) -> News:
    """What an event of an object tells; there is no end to a failure but a later good event."""
    body = mapping(payload)
    involved, metadata = mapping(body["involvedObject"]), mapping(body.get("metadata"))
    kind, name = first(involved, ["kind"]), first(involved, ["name"])
    severity, reason = first(body, ["severity"]), first(body, ["reason"])
    if not kind or not name or not reason or severity not in ("info", "error"):
        raise Unreadable("an event without an object, a reason or a known severity")
    keys = {key.rpartition("/")[2]: value for key, value in metadata.items()}
    scope = scope_of(keys)
    thing = (scope.cluster, first(involved, ["namespace"]), kind, name)
    return News(
        source=FLUX,
        # A revision may come back: each event is a change of its own.
        identity=(*thing, reason, first(body, ["timestamp"])),
        subject=thing,
        service=name,
        what=f"reconciliation of {kind}",
        state=_flux_state(severity, reason),
        at=read_time(body.get("timestamp")),
        revision=first(keys, ["revision"]),
        detail=f"{reason}: {first(body, ['message'])}",
        scope=scope,
        raw=payload,
    )


def _flux_state(severity: str, reason: str) -> ChangeState:
    """A rollback that succeeded is a deployment that failed."""
    if severity == "error" or "Fail" in reason or "Rollback" in reason:
        return ChangeState.FAILED
    return ChangeState.STARTED if reason.startswith("Progressing") else ChangeState.SUCCEEDED
