"""New Relic: workflows by their default template, and the older incident webhook.

https://docs.newrelic.com/docs/alerts/get-notified/notification-integrations/
https://docs.newrelic.com/docs/alerts/get-notified/message-templates/

A workflow's issue is one alert, however many incidents it bundles. ``CLOSED`` and ``DEACTIVATED``
resolve, ``closed`` does for an incident; acknowledged ones still fire.
"""

from collections.abc import Mapping, Sequence

from responder.alert import Scope, Status
from responder.intake.draft import Draft, Request
from responder.intake.errors import Unreadable
from responder.intake.fields import (
    first,
    mapping,
    place_of,
    sequence,
    tag_map,
)
from responder.intake.severity import default_of, read_severity
from responder.intake.text import as_text
from responder.intake.times import read_time

NAME = "newrelic"

_RESOLVED = frozenset({"closed", "resolved", "deactivated", "close", "issue_closed"})


def split(payload: object) -> Sequence[object]:
    """One issue or incident each."""
    return (payload,)


def read(element: object, whole: object, request: Request) -> Draft:
    """The alert of an issue or an incident."""
    fields = mapping(element)
    if "current_state" in fields or "incident_id" in fields:
        return _incident(fields)
    return _issue(fields)


def _issue(fields: Mapping[str, object]) -> Draft:
    issue_id = first(fields, ("id", "issueId", "issue_id"))
    title = _first(fields, ("title", "issueTitle", "alertConditionNames", "alertPolicyNames"))
    state = first(fields, ("state", "issueState", "status")).lower()
    title = title or (f"New Relic issue {issue_id}" if issue_id and state else "")
    if not title:
        raise Unreadable("an issue without a title or an id")
    labels = tag_map(fields.get("labels")) | tag_map(fields.get("tags"))
    labels |= _named(fields, {"policy": "alertPolicyNames", "condition": "alertConditionNames"})
    entity = _first(fields, ("impactedEntities", "entitiesData", "entities"))
    resolved = state in _RESOLVED
    ended = read_time(fields.get("closedAt"))
    at = (ended if resolved else None) or read_time(fields.get("updatedAt"))
    began = next(
        (time for name in ("activatedAt", "createdAt") if (time := read_time(fields.get(name)))),
        None,
    )
    account = first(fields, ("accountId", "account_id", "nrAccountId"))
    place = place_of(labels)
    return Draft(
        source=NAME,
        fingerprint=issue_id or title,
        native_id=issue_id,
        title=title,
        message=_first(fields, ("description", "descriptions", "details")),
        rule=labels.get("condition", ""),
        severity=read_severity(first(fields, ("priority", "severity"))) or default_of(NAME),
        status=Status.RESOLVED if resolved else Status.FIRING,
        service=place.service or entity,
        resource=place.resource or entity,
        scope=_scope(account, place.scope),
        labels=labels,
        links={
            "source": first(fields, ("issueUrl", "issuePageUrl", "url")),
            "chart": first(fields, ("violationChartUrl",)),
            "runbook": _first(fields, ("runbookUrl", "runbook_url")),
        },
        happened_at=at or began,
        starts_at=began,
        ends_at=at if resolved else None,
        raw=fields,
    )


def _incident(fields: Mapping[str, object]) -> Draft:
    incident_id = first(fields, ("incident_id",))
    condition, details = first(fields, ("condition_name",)), first(fields, ("details",))
    if not condition and not details:
        raise Unreadable("an incident without a condition or details")
    target = mapping(next(iter(sequence(fields.get("targets"))), None))
    labels = tag_map(target.get("labels")) | _named(
        fields, {"policy": "policy_name", "condition": "condition_name"}
    )
    account = first(fields, ("account_id",))
    name = first(target, ("name",))
    at = read_time(fields.get("timestamp"))
    state = first(fields, ("current_state",)).lower()
    resolved = state in _RESOLVED
    place = place_of(labels)
    return Draft(
        source=NAME,
        fingerprint=f"{account}/{incident_id or condition or details}",
        native_id=incident_id,
        title=condition or details,
        message=details,
        rule=condition,
        severity=read_severity(first(fields, ("severity",))) or default_of(NAME),
        status=Status.RESOLVED if resolved else Status.FIRING,
        service=place.service or name,
        resource=place.resource or name,
        scope=_scope(account, place.scope),
        labels=labels,
        links={
            "source": first(fields, ("incident_url",)),
            "chart": first(fields, ("violation_chart_url",)),
            "runbook": first(fields, ("runbook_url",)),
            "policy": first(fields, ("policy_url",)),
        },
        happened_at=at,
        starts_at=at if state == "open" else None,
        ends_at=at if resolved else None,
        raw=fields,
    )


def _first(fields: Mapping[str, object], names: Sequence[str]) -> str:
    """The first text under one of the names, whose value may be a text or a list of them."""
    for name in names:
        value = fields.get(name)
        items = value if isinstance(value, list) else (value,)
        for item in items:
            text = first(item, ("name",)) if isinstance(item, dict) else as_text(item)
            if text:
                return text
    return ""


def _named(fields: Mapping[str, object], names: Mapping[str, str]) -> dict[str, str]:
    found = {label: _first(fields, (name,)) for label, name in names.items()}
    return {label: text for label, text in found.items() if text}


def _scope(account: str, named: Scope) -> Scope:
    return named.model_copy(update={"account": account}) if account else named
