"""Dynatrace's problem notifications, whose body is a template of the user's, and problems as such.

https://docs.dynatrace.com/docs/analyze-explore-automate/notifications-and-alerting/problem-notifications/webhook-integration
https://docs.dynatrace.com/docs/dynatrace-api/environment-api/problems-v2/problems/get-problem

Placeholders are read under their own names in any case. ``RESOLVED`` and ``CLOSED`` resolve; a
merged problem goes on under another's id, so it still fires. Severities are categories of problems.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

from responder.alert import Severity, Status
from responder.intake.body import load_json
from responder.intake.draft import Draft, Request, digest
from responder.intake.errors import Unreadable
from responder.intake.fields import (
    first,
    mapping,
    place_of,
    sequence,
    squeezed,
    tag_map,
)
from responder.intake.severity import default_of, read_severity
from responder.intake.text import as_text
from responder.intake.times import read_time

NAME = "dynatrace"

# https://docs.dynatrace.com/docs/discover-dynatrace/references/davis-ai/event-categories
_SEVERITIES = {
    "availability": Severity.CRITICAL,
    "error": Severity.HIGH,
    "slowdown": Severity.MEDIUM,
    "performance": Severity.MEDIUM,
    "resource_contention": Severity.MEDIUM,
    "resource": Severity.MEDIUM,
    "custom_alert": Severity.MEDIUM,
    "custom": Severity.MEDIUM,
    "monitoring_unavailable": Severity.MEDIUM,
    "info": Severity.INFO,
}
_RESOLVED = frozenset({"resolved", "closed"})
_DETAILS = ("problemdetailsjsonv2", "problemdetailsjson", "problemdetails")
_TEXTS = ("problemdetailstext", "problemdetailsmarkdown", "problemdetails", "description")


def split(payload: object) -> Sequence[object]:
    """One problem each."""
    return (payload,)


def read(element: object, whole: object, request: Request) -> Draft:
    """The alert of a problem. Raises Unreadable for a body without an id and a title."""
    fields = squeezed(mapping(element))
    details = _details(fields)
    outer = {} if details is fields else fields
    problem_id = first(outer, ("pid", "eventid")) or first(details, ("problemid", "id"))
    shown_id = first(outer, ("problemid", "displayid"))
    shown_id = shown_id or first(details, ("displayid", "displayname"))
    title = first(fields, ("problemtitle", "eventname", "title")) or _title(details)
    has_state = "state" in fields or "status" in details
    if not (problem_id or shown_id or (title and has_state)) or not (title or has_state):
        raise Unreadable("a problem without an id or a title")
    state = first(fields, ("state", "problemstate", "status", "eventstatus"))
    state = (state or first(details, ("status",))).lower()
    labels = _labels(fields, details)
    entity = _entity(fields, details)
    began, ended = _time(fields, details, "start"), _time(fields, details, "end")
    resolved = state in _RESOLVED
    place = place_of(labels)
    return Draft(
        source=NAME,
        fingerprint=problem_id or shown_id or digest(title, entity),
        native_id=shown_id or problem_id,
        title=title or f"Dynatrace problem {shown_id or problem_id}",
        message=first(fields, _TEXTS) or first(details, ("description",)),
        severity=_severity(fields, details),
        status=Status.RESOLVED if resolved else Status.FIRING,
        service=place.service or entity,
        resource=entity or place.resource,
        scope=place.scope,
        labels=labels,
        links={"source": first(fields, ("problemurl", "url"))},
        happened_at=ended if resolved else began,
        starts_at=began,
        ends_at=ended,
        raw=element,
    )


def _details(fields: Mapping[str, object]) -> Mapping[str, object]:
    """The problem as JSON: under its placeholder's name, inside a text, or the body itself."""
    for name in _DETAILS:
        value = fields.get(name)
        if isinstance(value, str) and value.lstrip()[:1] == "{":
            value = _parsed(value)
        if isinstance(value, dict) and value:
            return squeezed(value)
    return fields if "severitylevel" in fields else {}


def _parsed(text: str) -> object:
    try:
        return load_json(text)
    except (ValueError, RecursionError):
        return None


def _title(details: Mapping[str, object]) -> str:
    """The problem's title; version 1 of its JSON has none but those of its events."""
    events = sequence(details.get("rankedevents")) or sequence(details.get("rankedimpacts"))
    return first(details, ("title",)) or first(mapping(next(iter(events), None)), ("eventType",))


def _severity(fields: Mapping[str, object], details: Mapping[str, object]) -> Severity:
    word = first(fields, ("problemseverity", "severitylevel", "eventcategory", "severity"))
    word = word or first(details, ("severitylevel",))
    return _SEVERITIES.get(word.lower()) or read_severity(word) or default_of(NAME)


def _labels(fields: Mapping[str, object], details: Mapping[str, object]) -> dict[str, str]:
    tags = fields.get("tags")
    labels = tag_map(tags if isinstance(tags, dict | list) else as_text(tags))
    listed = [
        *sequence(details.get("entitytags")),
        *sequence(details.get("tagsofaffectedentities")),
    ]
    for tag in map(mapping, listed):
        if name := first(tag, ("key",)):
            labels[name] = first(tag, ("value",)) or "true"
    impact = first(fields, ("problemimpact", "impactlevel")) or first(details, ("impactlevel",))
    # A tag's context stands before its name: "[Kubernetes]app:shop".
    named = {name.rpartition("]")[2] or name: text for name, text in labels.items()}
    return named | ({"impact": impact} if impact else {})


def _entity(fields: Mapping[str, object], details: Mapping[str, object]) -> str:
    """The name of what is hit: the root cause, else the first thing impacted or affected."""
    lists = (
        fields.get("impactedentities"),
        details.get("impactedentities"),
        details.get("affectedentities"),
        details.get("rankedimpacts"),
        details.get("rankedevents"),
    )
    found = (_name(entity) for entities in lists for entity in sequence(entities)[:1])
    named = ("namesofimpactedentities", "impactedentitynames", "impactedentity")
    return next((name for name in found if name), "") or first(fields, named)


def _name(entity: object) -> str:
    if isinstance(entity, dict):
        return first(entity, ("name", "entityName", "entity"))
    return as_text(entity)


def _time(
    fields: Mapping[str, object], details: Mapping[str, object], which: str
) -> datetime | None:
    names = (f"problem{which}time", f"{which}time", f"event{which}")
    values = [source.get(name) for source in (fields, details) for name in names]
    return next((time for time in map(read_time, values) if time), None)
