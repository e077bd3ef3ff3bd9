"""Instana's generic webhook: issues, incidents, and entities that come and go.

https://www.ibm.com/docs/en/instana-observability?topic=alerting-webhooks

``CLOSED`` resolves. An entity that went offline is an alert that never resolves; a change, and an
entity that came online, are none.
"""

from collections.abc import Sequence

from responder.alert import Severity, Status
from responder.intake.draft import Draft, Request
from responder.intake.errors import NotAnAlert, Unreadable
from responder.intake.fields import (
    first,
    mapping,
    place_of,
    scope_of,
    tag_map,
)
from responder.intake.severity import default_of, read_severity
from responder.intake.times import read_time

NAME = "instana"

# https://www.ibm.com/docs/en/instana-observability?topic=references-events: warning and critical.
_SEVERITIES = {"10": Severity.CRITICAL, "5": Severity.MEDIUM, "-1": Severity.INFO}
_LABELS = ("zone", "fqdn", "entity", "entityLabel", "container", "service", "cluster", "namespace")
_RESOURCES = ("fqdn", "entityLabel", "container", "entity")


def split(payload: object) -> Sequence[object]:
    """One event each."""
    return (payload,)


def read(element: object, whole: object, request: Request) -> Draft:
    """The alert of an event. Raises NotAnAlert for changes and for what came online."""
    issue = mapping(mapping(element).get("issue"))
    issue_id = first(issue, ("id",))
    kind, text = first(issue, ("type",)).lower(), first(issue, ("text",))
    state = first(issue, ("state",)).lower()
    if not issue_id:
        raise Unreadable("an event without an id")
    if kind in ("change", "changes") or (kind == "presence" and text.lower() == "online"):
        raise NotAnAlert(f"a {kind} event")
    labels = tag_map(issue.get("tags"))
    labels |= {name: value for name in _LABELS if (value := first(issue, (name,)))}
    entity = first(issue, ("entityLabel", "fqdn", "entity"))
    resolved = state == "closed"
    began, ended = read_time(issue.get("start")), read_time(issue.get("end"))
    severity = first(issue, ("severity",))
    described = first(issue, ("description",))
    place = place_of(labels)
    return Draft(
        source=NAME,
        fingerprint=issue_id,
        native_id=issue_id,
        title=(f"{described or entity} is offline" if kind == "presence" else text)
        or f"Instana {kind or 'issue'} {issue_id}",
        message="\n".join(filter(None, (described, first(issue, ("suggestion",))))),
        severity=_SEVERITIES.get(severity) or read_severity(severity) or default_of(NAME),
        status=Status.RESOLVED if resolved else Status.FIRING,
        service=place.service or first(issue, ("entityLabel",)),
        resource=first(issue, _RESOURCES) or place.resource,
        scope=scope_of({"environment": first(issue, ("zone",)), **labels}),
        labels=labels,
        links={"source": first(issue, ("link",))},
        happened_at=ended if resolved else began,
        starts_at=began,
        ends_at=ended,
        raw=element,
    )
