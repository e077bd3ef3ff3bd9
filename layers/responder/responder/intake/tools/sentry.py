"""Sentry's integration platform: issue alerts, issues, errors and metric alerts.

https://docs.sentry.io/organization/integrations/integration-platform/webhooks/

Issues resolve (action ``resolved``), and so do metric alerts; an issue alert never does, but its
fingerprint is its issue's, which may. Archived, assigned and commented issues change no state.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

from responder.alert import Severity, Status
from responder.intake.draft import Draft, Request
from responder.intake.errors import NotAnAlert, Unreadable
from responder.intake.fields import (
    first,
    mapping,
    place_of,
    scope_of,
    sequence,
    string_map,
)
from responder.intake.severity import default_of, read_severity
from responder.intake.text import as_text
from responder.intake.times import read_time

NAME = "sentry"

_ISSUE_STATES = {
    "created": Status.FIRING,
    "unresolved": Status.FIRING,
    "resolved": Status.RESOLVED,
}
_METRIC_SEVERITIES = {"critical": Severity.CRITICAL, "warning": Severity.MEDIUM}
_HARMLESS = ("url", "method")
_METRIC_PREFIXES = ("critical: ", "warning: ", "resolved: ", "open: ")


def split(payload: object) -> Sequence[object]:
    """One event each."""
    return (payload,)


def read(element: object, whole: object, request: Request) -> Draft:
    """The alert of an event. Raises NotAnAlert for what is neither an error nor an alert."""
    fields = mapping(element)
    data, action = mapping(fields.get("data")), first(fields, ("action",)).lower()
    if metric := mapping(data.get("metric_alert")):
        return _metric(data, metric, action, request, element)
    if issue := mapping(data.get("issue")):
        return _issue(issue, action, request, element)
    if event := mapping(data.get("event")) or mapping(data.get("error")):
        return _event(event, data, request, element)
    resource = request.headers.get("sentry-hook-resource", "")
    if resource and resource not in ("event_alert", "issue", "metric_alert", "error"):
        raise NotAnAlert(f"an event of a {resource}")
    if not resource and not {"comment", "comment_id", "installation"}.isdisjoint(data):
        raise NotAnAlert("a comment or an installation")
    raise Unreadable("neither an issue nor an alert")


def _event(
    event: Mapping[str, object], data: Mapping[str, object], request: Request, element: object
) -> Draft:
    """An issue alert, or a single error: the fingerprint is the issue's."""
    rule = first(data, ("triggered_rule",)) or first(mapping(data.get("issue_alert")), ("title",))
    issue_id = first(event, ("issue_id", "groupID", "group_id", "event_id"))
    tags = tags_of(event.get("tags"))
    title = first(event, ("title",)) or first(mapping(event.get("metadata")), ("title", "type"))
    if not issue_id:
        raise Unreadable("an event without an issue")
    at = read_time(event.get("datetime")) or read_time(event.get("timestamp"))
    place = place_of(tags)
    return Draft(
        source=NAME,
        fingerprint=issue_id,
        native_id=issue_id,
        title=title or f"Sentry issue {issue_id}",
        message=_event_message(event, title),
        rule=rule,
        severity=severity_of(event, tags),
        status=Status.FIRING,
        service=place.service or project_of(event) or _project_in(event),
        resource=tags.get("server_name") or place.resource or first(event, ("culprit",)),
        scope=scope_of({**tags, **_environment(event)}),
        labels=tags,
        links={"source": first(event, ("web_url", "permalink"))},
        happened_at=at or _sent_at(request),
        starts_at=at,
        delivery_id=request.headers.get("request-id", ""),
        raw=_kept(element, data, event),
    )


def _issue(issue: Mapping[str, object], action: str, request: Request, element: object) -> Draft:
    issue_id = first(issue, ("id", "shortId"))
    title = first(issue, ("title",)) or first(mapping(issue.get("metadata")), ("title", "type"))
    if not issue_id:
        raise Unreadable("an issue without an id")
    action = action or first(issue, ("status",)).lower()
    if action not in _ISSUE_STATES:
        raise NotAnAlert(f"an issue was {action or 'touched'}")
    began, seen = read_time(issue.get("firstSeen")), read_time(issue.get("lastSeen"))
    status = _ISSUE_STATES[action]
    firing_at = began if action == "created" else seen
    at = _sent_at(request) or (firing_at if status is Status.FIRING else None)
    labels = {"issue": first(issue, ("shortId",)), "platform": first(issue, ("platform",))}
    return Draft(
        source=NAME,
        fingerprint=issue_id,
        native_id=issue_id,
        title=title or f"Sentry issue {issue_id}",
        message=_issue_message(issue, title),
        severity=severity_of(issue, {}),
        status=status,
        service=project_of(issue),
        resource=first(issue, ("culprit",)),
        labels={name: text for name, text in labels.items() if text},
        links={"source": first(issue, ("web_url", "permalink"))},
        happened_at=at,
        starts_at=began,
        ends_at=at if status is Status.RESOLVED else None,
        delivery_id=request.headers.get("request-id", ""),
        raw=element,
    )


def _metric(
    data: Mapping[str, object],
    metric: Mapping[str, object],
    action: str,
    request: Request,
    element: object,
) -> Draft:
    rule = mapping(metric.get("alert_rule"))
    metric_id = first(metric, ("id", "identifier")) or first(rule, ("id",))
    title = first(metric, ("title",)) or first(rule, ("name",))
    title = title or _without_state(first(data, ("description_title",)))
    if not metric_id:
        raise Unreadable("a metric alert without an id")
    # The heading says the same: "Resolved: High latency".
    action = action or first(data, ("description_title",)).partition(":")[0].lower()
    resolved = action == "resolved"
    began, ended = read_time(metric.get("date_started")), read_time(metric.get("date_closed"))
    projects = sequence(metric.get("projects")) or sequence(rule.get("projects"))
    labels = {"environment": first(rule, ("environment",))}
    return Draft(
        source=NAME,
        # Issues and metric alerts count separately.
        fingerprint=f"metric-alert/{metric_id}",
        native_id=metric_id,
        title=title or f"Sentry metric alert {metric_id}",
        message=first(data, ("description_text", "description_title")),
        rule=first(rule, ("name",)),
        severity=_METRIC_SEVERITIES.get(action) or default_of(NAME),
        status=Status.RESOLVED if resolved else Status.FIRING,
        service=next((name for name in projects if isinstance(name, str)), ""),
        scope=scope_of(labels),
        labels={name: text for name, text in labels.items() if text},
        links={"source": first(data, ("web_url",))},
        # By one clock: Sentry dates the end back by the window of its rule, before the firing's.
        happened_at=_sent_at(request) or (ended if resolved else began) or began,
        starts_at=began,
        ends_at=ended,
        delivery_id=request.headers.get("request-id", ""),
        raw=element,
    )


def request_without_secrets(event: Mapping[str, object]) -> dict[str, object]:
    """The event without what its failed request carried: headers, cookies, fields of forms."""
    request = mapping(event.get("request"))
    return {**event, "request": {name: request[name] for name in _HARMLESS if name in request}}


def tags_of(value: object) -> dict[str, str]:
    """Tags as labels: a list of pairs, or of ``{"key", "value"}``, or an object."""
    if isinstance(value, dict):
        return string_map(value)
    tags = {}
    for item in sequence(value):
        pair = [item.get("key"), item.get("value")] if isinstance(item, dict) else sequence(item)
        if len(pair) == 2 and isinstance(pair[0], str):
            tags[pair[0]] = as_text(pair[1])
    return {name: text for name, text in tags.items() if text}


def severity_of(event: Mapping[str, object], tags: Mapping[str, str]) -> Severity:
    """By the level: fatal, error, warning, info, debug."""
    level = first(event, ("level",)) or tags.get("level", "")
    return read_severity(level) or default_of(NAME)


def project_of(fields: Mapping[str, object]) -> str:
    """The slug of the project, which some events have only as a number."""
    project = fields.get("project")
    named = first(mapping(project), ("slug", "name")) or first(
        fields, ("project_slug", "project", "project_name")
    )
    return "" if named.isdigit() else named


def _project_in(event: Mapping[str, object]) -> str:
    """The project's slug in the address of the API: ``/projects/{organisation}/{project}/``."""
    parts = first(event, ("url",)).partition("/projects/")[2].split("/", 2)
    return parts[1] if len(parts) > 1 else ""


def _environment(event: Mapping[str, object]) -> dict[str, str]:
    environment = first(event, ("environment",))
    return {"environment": environment} if environment else {}


def _kept(element: object, data: Mapping[str, object], event: Mapping[str, object]) -> object:
    if "request" not in event:
        return element
    name = "event" if data.get("event") is event else "error"
    shown = {**data, name: request_without_secrets(event)}
    return {**mapping(element), "data": shown}


def _event_message(event: Mapping[str, object], title: str) -> str:
    culprit, metadata = first(event, ("culprit",)), mapping(event.get("metadata"))
    said = first(event, ("message",)) or first(mapping(event.get("logentry")), ("formatted",))
    said = said or first(metadata, ("value",))
    parts = (said if said != title else "", f"In {culprit}" if culprit else "")
    return "\n".join(part for part in parts if part)


def _issue_message(issue: Mapping[str, object], title: str) -> str:
    culprit, value = first(issue, ("culprit",)), first(mapping(issue.get("metadata")), ("value",))
    parts = (value if value != title else "", f"In {culprit}" if culprit else "")
    return "\n".join(part for part in parts if part)


def _without_state(title: str) -> str:
    prefix = next((one for one in _METRIC_PREFIXES if title.lower().startswith(one)), "")
    return title[len(prefix) :]


def _sent_at(request: Request) -> datetime | None:
    return read_time(request.headers.get("sentry-hook-timestamp"))
