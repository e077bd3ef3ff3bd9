"""The documented generic body, and the best effort on bodies of unknown format.

The generic body is ``{"source", "title", "message", "severity", "timestamp"}`` and the common
names beside them. What no reader knows is read here too: it is accepted, marked and never dropped.
"""

from collections import deque
from collections.abc import Iterable, Mapping
from datetime import datetime

from responder.alert import Severity, Status
from responder.intake.draft import Draft, Request, digest
from responder.intake.fields import (
    RESOURCE_NAMES,
    SERVICE_NAMES,
    first,
    mapping,
    scope_of,
    string_map,
    tag_map,
)
from responder.intake.secret_fields import without_secrets
from responder.intake.severity import read_severity
from responder.intake.text import as_json, one_line
from responder.intake.times import read_time

NAME = "generic"

_DEFAULT_SEVERITY = Severity.MEDIUM
_TITLES = ("title", "alert_name", "alertname", "alertName", "name", "summary", "subject",
           "headline", "detail-type")  # fmt: skip
_MESSAGES = ("message", "description", "text", "body", "msg", "details", "reason", "content",
             "summary", "output", "error")  # fmt: skip
_SEVERITIES = ("severity", "priority", "level", "urgency")
_STATES = ("status", "state", "alert_status", "alert_state", "current_state", "event_action")
_IDS = ("fingerprint", "dedup_key", "dedupKey", "incident_key", "alias", "alert_id", "alertId",
        "incident_id", "id", "uid", "uuid", "key")  # fmt: skip
_RULES = ("rule", "rule_name", "ruleName", "alertname", "monitor", "check")
_TIMES = ("timestamp", "@timestamp", "event_at", "occurred_at", "time", "datetime", "date", "ts",
          "updated_at", "created_at", "createdAt")  # fmt: skip
_STARTS = ("starts_at", "startsAt", "started_at", "start_time", "startTime")
_ENDS = ("ends_at", "endsAt", "ended_at", "end_time", "endTime", "resolved_at", "resolvedAt")
_LINKS = ("url", "link", "runbook_url", "runbook", "dashboard_url", "dashboard")
_RESOLVED = frozenset({"resolved", "resolve", "ok", "recovered", "recovery", "closed", "close",
                       "clear", "cleared", "normal", "healthy", "up"})  # fmt: skip
# How far the search for a title goes in a body of unknown format.
_MAX_NODES = 300


def matches(payload: list[object]) -> bool:
    """Whether an array holds objects, each an alert of its own."""
    return any(isinstance(item, dict) for item in payload)


def read(element: object, whole: object, request: Request) -> Draft:
    """A generic alert, or one of unknown format where the names are not the generic ones."""
    fields = mapping(element)
    if not _is_generic(fields):
        return read_unknown(element, whole, request)
    return _draft(fields, request, status=_status(fields))


def read_unknown(element: object, whole: object, request: Request) -> Draft:
    """Anything at all as an alert; it always fires, since only a known tool can say resolved."""
    if isinstance(element, dict):
        return _draft(element, request, status=Status.FIRING, unknown=True)
    text = element if isinstance(element, str) else as_json(element)
    title = request.subject or next((one_line(line) for line in text.splitlines() if line), "")
    return Draft(
        source=request.tool or "unknown",
        fingerprint=digest(text),
        title=title or "Alert of unknown format",
        message=text,
        severity=_DEFAULT_SEVERITY,
        status=Status.FIRING,
        delivery_id=request.delivery_id,
        raw=element,
        unknown_format=True,
    )


def _is_generic(fields: Mapping[str, object]) -> bool:
    if first(fields, ["title"]):
        return True
    has_state = bool(first(fields, _SEVERITIES) or first(fields, _STATES))
    return has_state and bool(first(fields, _TITLES) or first(fields, ["message"]))


def _draft(
    fields: Mapping[str, object], request: Request, *, status: Status, unknown: bool = False
) -> Draft:
    labels = tag_map(fields.get("labels")) | tag_map(fields.get("tags"))
    everything = {**labels, **fields}
    message = _pretty(fields) if unknown else first(fields, _MESSAGES)
    title = _title(fields, request) if unknown else first(fields, _TITLES) or _line(message)
    native_id = first(fields, _IDS)
    service, resource = first(everything, SERVICE_NAMES), first(everything, RESOURCE_NAMES)
    scope = scope_of(everything)
    about = (title, service, resource, scope.key()) if title else (as_json(fields),)
    return Draft(
        source=(request.tool or "unknown")
        if unknown
        else first(fields, ["source"]) or request.tool or NAME,
        fingerprint=native_id or digest(*about),
        native_id=native_id,
        title=title or "Alert of unknown format",
        message="" if message == title else message,
        rule=first(fields, _RULES),
        severity=read_severity(first(fields, _SEVERITIES)) or _DEFAULT_SEVERITY,
        status=status,
        service=service,
        resource=resource,
        scope=scope,
        labels=labels,
        links=_links(fields),
        happened_at=_time(fields, _TIMES),
        starts_at=_time(fields, _STARTS),
        ends_at=_time(fields, _ENDS),
        delivery_id=request.delivery_id,
        raw=fields,
        unknown_format=unknown,
    )


def _source(fields: Mapping[str, object], request: Request, *, unknown: bool) -> str:
    if unknown:
        return request.tool or "unknown"
    return first(fields, ["source"]) or request.tool or NAME


def _status(fields: Mapping[str, object]) -> Status:
    says_so = first(fields, _STATES).lower() in _RESOLVED or fields.get("resolved") is True
    return Status.RESOLVED if says_so else Status.FIRING


def _title(fields: Mapping[str, object], request: Request) -> str:
    """The likeliest title: the outermost of the usual names, found breadth first."""
    if request.subject:
        return request.subject
    found = _nested(fields, _TITLES) or _nested(fields, _MESSAGES)
    return _line(found)


def _nested(value: object, names: Iterable[str]) -> str:
    names = tuple(names)
    waiting: deque[object] = deque([value])
    for _ in range(_MAX_NODES):
        if not waiting:
            break
        item = waiting.popleft()
        if isinstance(item, dict):
            if found := first(item, names):
                return found
            waiting.extend(list(item.values())[:_MAX_NODES])
        elif isinstance(item, list):
            waiting.extend(item[:_MAX_NODES])
    return ""


def _line(text: str) -> str:
    return next((line for line in map(one_line, text[:2_000].splitlines()) if line), "")


def _pretty(fields: Mapping[str, object]) -> str:
    return as_json(without_secrets(fields), indent=2)


def _time(fields: Mapping[str, object], names: Iterable[str]) -> datetime | None:
    return next((time for time in (read_time(fields.get(name)) for name in names) if time), None)


def _links(fields: Mapping[str, object]) -> dict[str, str]:
    links = string_map(fields.get("links"))
    for name in _LINKS:
        if url := first(fields, [name]):
            links[name.removesuffix("_url")] = url
    return links
