"""Kubernetes events, as event exporters and Knative's sources send them.

https://kubernetes.io/docs/reference/kubernetes-api/cluster-resources/event-v1/

Warnings fire. A ``Normal`` event is no alert, but where it tells of a node that comes or goes.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

from responder.alert import Severity, Status
from responder.intake.draft import Draft, Request
from responder.intake.errors import NotAnAlert, Unreadable
from responder.intake.fields import SERVICE_NAMES, first, mapping, scope_of, string_map
from responder.intake.severity import default_of
from responder.intake.times import read_time

NAME = "kubernetes"

_HIGH = frozenset({"BackOff", "CrashLoopBackOff", "Failed", "FailedScheduling", "OOMKilling",
                   "SystemOOM", "Evicted", "FailedMount", "FailedCreate", "NodeNotReady",
                   "Rebooted", "NetworkNotReady", "FailedCreatePodSandBox"})  # fmt: skip
# Reasons of Normal events that say a state, and the reason whose alert they are.
_STATES = {
    "NodeNotReady": Status.FIRING,
    "NodeReady": Status.RESOLVED,
}
_SAME = {"NodeReady": "NodeNotReady"}


def split(payload: object) -> Sequence[object]:
    """One event each, out of what an exporter put around it."""
    fields = mapping(payload)
    inside = fields.get("event")
    return (inside,) if isinstance(inside, dict) and "reason" in inside else (payload,)


def read(element: object, whole: object, request: Request) -> Draft:
    """The alert of an event. Raises NotAnAlert for one of routine."""
    event = mapping(element)
    thing = mapping(event.get("involvedObject")) or mapping(event.get("regarding"))
    reason, name = first(event, ("reason",)), first(thing, ("name",))
    if not reason or not name:
        raise Unreadable("an event without a reason or an object")
    status = Status.FIRING
    if first(event, ("type",)) == "Normal":
        if reason not in _STATES:
            raise NotAnAlert(f"a normal event ({reason[:60]})")
        status = _STATES[reason]
    kind, namespace = first(thing, ("kind",)), first(thing, ("namespace",))
    reason = _SAME.get(reason, reason)
    labels = string_map(thing.get("labels"))
    where = scope_of({**labels, **string_map(mapping(whole).get("labels"))}
                     | {"cluster": first(event, ("clusterName",))})  # fmt: skip
    at = _time(event)
    about = "/".join(part for part in (namespace, name) if part)
    return Draft(
        source=NAME,
        fingerprint=f"{where.key()}/{kind}/{about}/{reason}",
        native_id=first(mapping(event.get("metadata")), ("uid",)),
        title=f"{reason}: {kind} {about}".strip(),
        message=first(event, ("message", "note")),
        rule=reason,
        severity=Severity.HIGH if reason in _HIGH else default_of(NAME),
        status=status,
        service=first(labels, SERVICE_NAMES) or name,
        resource=f"{kind}/{about}" if kind else about,
        scope=where,
        labels={**labels, "namespace": namespace, "kind": kind} if namespace else labels,
        happened_at=at,
        starts_at=read_time(event.get("firstTimestamp")) or at,
        ends_at=at,
        raw=element,
    )


def _time(event: Mapping[str, object]) -> datetime | None:
    series = mapping(event.get("series"))
    found = (event.get("lastTimestamp"), series.get("lastObservedTime"), event.get("eventTime"),
             event.get("deprecatedLastTimestamp"), event.get("firstTimestamp"))  # fmt: skip
    return next((at for at in map(read_time, found) if at), None)
