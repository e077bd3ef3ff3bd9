"""SignalFx, now Splunk Observability Cloud: its webhook's default body.

https://docs.splunk.com/observability/en/admin/notif-services/webhook.html

``ok``, ``manually resolved`` and ``stopped`` (the detector was) resolve; every other status fires.
"""

import re
from collections.abc import Mapping, Sequence

from responder.alert import Status
from responder.intake.draft import Draft, Request, digest
from responder.intake.errors import Unreadable
from responder.intake.fields import (
    RESOURCE_NAMES,
    SERVICE_NAMES,
    first,
    mapping,
    scope_of,
    string_map,
)
from responder.intake.severity import default_of, read_severity
from responder.intake.times import read_time

NAME = "signalfx"

_RESOLVED = frozenset({"ok", "manually resolved", "stopped", "auto resolved"})
# The default title begins with the severity, or with how the alert ended.
_PREFIX = re.compile(
    r"(?:(?:critical|major|minor|warning|info) alert|(?:manually |auto.)?resolved|cleared|"
    r"stopped|back to normal)\s*:\s*",
    re.IGNORECASE,
)
_MAX_INPUTS = 20


def split(payload: object) -> Sequence[object]:
    """One state change each."""
    return (payload,)


def read(element: object, whole: object, request: Request) -> Draft:
    """The alert of a detector's rule."""
    fields = mapping(element)
    rule, detector = first(fields, ("rule",)), first(fields, ("detector",))
    incident = first(fields, ("incidentId",))
    title = _title(first(fields, ("messageTitle",)), rule, detector)
    title = title or first(fields, ("description",)) or (f"Incident {incident}" if incident else "")
    if not title or not (incident or detector):
        raise Unreadable("an alert without a title or a detector")
    labels = _dimensions(fields)
    status = _status(fields)
    at = read_time(fields.get("timestamp"))
    return Draft(
        source=NAME,
        fingerprint=incident or digest(detector, rule, *sorted(labels.values())),
        native_id=incident,
        title=title,
        message=first(fields, ("messageBody", "description", "tip")),
        rule=rule or detector,
        severity=read_severity(first(fields, ("severity",))) or default_of(NAME),
        status=status,
        service=first(labels, ("sf_service", *SERVICE_NAMES)),
        resource=first(labels, RESOURCE_NAMES),
        scope=scope_of({**labels, "environment": labels.get("sf_environment", "")} | labels),
        labels=labels,
        links={
            "source": first(fields, ("detectorUrl",)),
            "runbook": first(fields, ("runbookUrl",)),
            "image": first(fields, ("imageUrl",)),
        },
        happened_at=at,
        starts_at=at if status is Status.FIRING else None,
        ends_at=at if status is Status.RESOLVED else None,
        raw=element,
    )


def _title(message: str, rule: str, detector: str) -> str:
    found = _PREFIX.match(message)
    title = message[found.end() :] if found else message
    named = f"{rule} ({detector})" if rule and detector else rule or detector
    return title or named


def _status(fields: Mapping[str, object]) -> Status:
    words = (first(fields, (name,)).lower() for name in ("statusExtended", "status"))
    states = {word.replace("_", " ").replace("-", " ") for word in words}
    return Status.RESOLVED if states & _RESOLVED else Status.FIRING


def _dimensions(fields: Mapping[str, object]) -> dict[str, str]:
    """The dimensions of the alert's inputs, each ``{"key": {dimension: value}, "value"}``."""
    labels = string_map(fields.get("dimensions"))
    for one in list(mapping(fields.get("inputs")).values())[:_MAX_INPUTS]:
        labels |= string_map(mapping(one).get("key"))
    return labels
