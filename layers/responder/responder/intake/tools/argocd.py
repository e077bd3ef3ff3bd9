"""Argo CD notifications: applications that are not well, or whose sync failed.

https://argo-cd.readthedocs.io/en/stable/operator-manual/notifications/services/webhook/

Argo CD has no body of its own. Understood are the template in docs/changes.md, an application as a
whole (``{"app": {{toJson .app}}}``), and flat bodies with the usual names. All states of one
application have one fingerprint, that of ``changes.gitops``, which reads the syncs of a well one.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from responder.alert import Scope, Severity, Status
from responder.intake.draft import Draft, Request, digest
from responder.intake.errors import NotAnAlert, Unreadable
from responder.intake.fields import first, mapping, string_map
from responder.intake.severity import default_of
from responder.intake.times import read_time

NAME = "argocd"

_FAILED = ("failed", "error")
_BEGUN = ("running", "terminating")
_BAD_HEALTH = {"degraded": default_of(NAME), "missing": Severity.MEDIUM, "unknown": Severity.MEDIUM}
_BAD_SYNC = ("outofsync", "unknown")
# What short bodies say in one word, and Argo CD's own triggers: which of the three states it is.
# https://argo-cd.readthedocs.io/en/stable/operator-manual/notifications/catalog/
_WORDS = {
    "degraded": "health", "healthy": "health", "missing": "health", "suspended": "health",
    "progressing": "health", "synced": "sync", "outofsync": "sync", "unknown": "sync",
    "failed": "phase", "error": "phase", "succeeded": "phase", "running": "phase",
}  # fmt: skip
_TRIGGERS = {
    "health-degraded": "Degraded", "sync-failed": "Failed", "sync-succeeded": "Succeeded",
    "deployed": "Succeeded", "sync-running": "Running", "sync-status-unknown": "Unknown",
}  # fmt: skip


@dataclass(frozen=True)
class _App:
    """An application's state, whatever the template; empty where the template leaves it out."""

    name: str
    namespace: str = ""
    cluster: str = ""
    project: str = ""
    environment: str = ""
    health: str = ""
    sync: str = ""
    phase: str = ""
    message: str = ""
    revision: str = ""
    link: str = ""
    told_at: datetime | None = None
    finished_at: datetime | None = None
    changed_at: datetime | None = None


def split(payload: object) -> Sequence[object]:
    """One application each."""
    return (payload,)


def read(element: object, whole: object, request: Request) -> Draft:
    """The alert of an application."""
    body = mapping(element)
    app = _app(body)
    if not app.name:
        raise Unreadable("no application")
    severity, said = _verdict(app)
    status = Status.FIRING if severity else Status.RESOLVED
    place = (app.cluster, app.namespace, app.name)
    at = _time(app, status)
    return Draft(
        source=NAME,
        fingerprint=digest(NAME, *place),
        native_id="/".join(place),
        title=f"{app.name}: {said}",
        message=app.message,
        rule=f"{NAME} application",
        severity=severity or default_of(NAME),
        status=status,
        service=app.name,
        resource="/".join(place),
        scope=Scope(cluster=app.cluster, environment=app.environment),
        labels=_labels(app),
        links={"source": app.link} if app.link else {},
        happened_at=at,
        starts_at=at if severity else None,
        ends_at=at,
        delivery_id=request.delivery_id,
        raw=element,
    )


def _verdict(app: _App) -> tuple[Severity | None, str]:
    """How bad it is (None: it is well), and what people call it. Raises NotAnAlert, Unreadable."""
    health, sync, phase = app.health.lower(), app.sync.lower(), app.phase.lower()
    if phase not in (*_FAILED, *_BEGUN, "succeeded", ""):
        raise Unreadable(f"a phase {phase[:60]}")
    if phase in _FAILED:
        return default_of(NAME), "sync failed"
    if health == "degraded":
        return _BAD_HEALTH[health], "health is Degraded"
    if phase in _BEGUN or health == "progressing":
        raise NotAnAlert("a sync that goes on")
    if health in _BAD_HEALTH:
        return _BAD_HEALTH[health], f"health is {app.health}"
    if sync in _BAD_SYNC and phase != "succeeded":
        return Severity.MEDIUM, f"sync status is {app.sync}"
    if health == "healthy" or phase == "succeeded" or sync == "synced":
        return None, f"health is {app.health}" if health else "sync succeeded"
    raise Unreadable("an application without a known health, sync status or phase")


def _time(app: _App, status: Status) -> datetime | None:
    """When it became so; where only the sync before is told of, nothing of the health is known."""
    if app.told_at:
        return app.told_at
    if app.phase.lower() in _FAILED:
        return app.finished_at
    if status is Status.RESOLVED and app.changed_at and app.finished_at:
        return max(app.changed_at, app.finished_at)
    return app.changed_at


def _app(body: Mapping[str, object]) -> _App:
    if ours := mapping(body.get("argocd")):
        return replace(_from_names(ours), message=_failure(ours))
    for whole in (mapping(body.get("app")), mapping(body.get("application")), body):
        if isinstance(whole.get("metadata"), dict) and isinstance(whole.get("status"), dict):
            return _from_application(whole, body)
    return _from_names(body)


def _from_application(whole: Mapping[str, object], body: Mapping[str, object]) -> _App:
    metadata, status = mapping(whole.get("metadata")), mapping(whole.get("status"))
    spec, operation = mapping(whole.get("spec")), mapping(status.get("operationState"))
    health, sync = mapping(status.get("health")), mapping(status.get("sync"))
    target = mapping(spec.get("destination"))
    return _App(
        name=first(metadata, ["name"]),
        namespace=first(metadata, ["namespace"]),
        cluster=first(target, ["name", "server"]),
        project=first(spec, ["project"]),
        environment=first(mapping(metadata.get("labels")), ["environment", "env"]),
        health=first(health, ["status"]),
        sync=first(sync, ["status"]),
        phase=first(operation, ["phase"]),
        message=first(body, ["message"]) or first(health, ["message"]) or _failure(operation),
        revision=first(sync, ["revision"]),
        link=first(body, _LINKS),
        told_at=read_time(first(body, _TIMES)),
        finished_at=read_time(operation.get("finishedAt")),
        changed_at=read_time(health.get("lastTransitionTime")),
    )


def _failure(operation: Mapping[str, object]) -> str:
    """What a sync said that failed; that of another would contradict the application's health."""
    failed = first(operation, ["phase"]).lower() in _FAILED
    return first(operation, ["message"]) if failed else ""


_LINKS = ("link", "url", "app_url", "appUrl", "application_url", "argocd_url")
_TIMES = ("at", "timestamp", "time", "sent_at")


def _from_names(fields: Mapping[str, object]) -> _App:
    app = _named(fields)
    if app.health or app.sync or app.phase:
        return app
    word = first(fields, ("status", "state", "trigger", "event"))
    word = _TRIGGERS.get(word.lower().removeprefix("on-").replace("_", "-"), word)
    kind = _WORDS.get(word.lower().replace(" ", ""), "")
    if kind == "health":
        return replace(app, health=word)
    if kind == "sync":
        return replace(app, sync=word)
    return replace(app, phase=word) if kind else app


def _named(fields: Mapping[str, object]) -> _App:
    return _App(
        name=first(fields, ("app", "application", "app_name", "appName", "application_name",
                            "applicationName", "name")),
        namespace=first(fields, ("namespace", "app_namespace", "appNamespace")),
        cluster=first(fields, ("cluster", "destination", "cluster_name", "server")),
        project=first(fields, ("project",)),
        environment=first(fields, ("environment", "env")),
        health=first(fields, ("health", "health_status", "healthStatus")),
        sync=first(fields, ("sync", "sync_status", "syncStatus")),
        phase=first(fields, ("phase", "operation_phase", "operationPhase", "operation_state",
                             "operationState", "operation_status", "sync_phase")),
        message=first(fields, ("message", "health_message", "operation_message", "description")),
        revision=first(fields, ("revision", "sync_revision", "commit")),
        link=first(fields, _LINKS),
        told_at=read_time(first(fields, _TIMES)),
        finished_at=read_time(first(fields, ("finished_at", "finishedAt"))),
    )  # fmt: skip


def _labels(app: _App) -> dict[str, str]:
    found = {"project": app.project, "health": app.health, "sync": app.sync, "phase": app.phase,
             "version": app.revision, "namespace": app.namespace}  # fmt: skip
    return string_map(found)
