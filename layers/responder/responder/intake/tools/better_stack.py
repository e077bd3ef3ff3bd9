"""Better Stack: uptime incidents, errors, and subscriptions to its status pages.

https://betterstack.com/docs/uptime/webhooks/
https://betterstack.com/docs/errors/integrations/outgoing-webhooks/
https://betterstack.com/docs/uptime/status-pages/subscribing-to-status-updates/subscribing-with-webhooks/

An incident is resolved where ``resolved_at`` is set or its status or event says so; an
acknowledgement leaves it open. Webhooks of monitors and on-call calendars tell of no incident.
"""

from collections.abc import Mapping, Sequence

from responder.alert import Severity, Status
from responder.intake.draft import Draft, Request
from responder.intake.errors import NotAnAlert, Unreadable
from responder.intake.fields import first, mapping, place_of, string_map
from responder.intake.severity import default_of, read_severity
from responder.intake.times import read_time
from responder.intake.tools import statuspage

NAME = "better-stack"

_RESOLVED = frozenset({"resolved", "incident.resolved"})
_CLOSED_ERRORS = frozenset({"resolved", "ignored"})


def split(payload: object) -> Sequence[object]:
    """One event each."""
    return (payload,)


def read(element: object, whole: object, request: Request) -> Draft:
    """An incident or an error, each by its own shape."""
    fields = mapping(element)
    if "page" in fields:
        return statuspage.read_as(NAME, element)
    data = mapping(fields.get("data"))
    attributes = mapping(data.get("attributes"))
    kind = first(data, ("type",))
    if not attributes:
        raise Unreadable("no attributes")
    if kind == "error":
        return _error(data, attributes, element)
    if kind not in ("incident", ""):
        raise NotAnAlert(f"an event of a {kind[:40]}")
    return _incident(first(fields, ("event",)).lower(), data, attributes, element)


def _incident(
    event: str, data: Mapping[str, object], attributes: Mapping[str, object], raw: object
) -> Draft:
    native_id = first(data, ("id",))
    name = first(attributes, ("name", "url")) or f"Incident {native_id}"
    ends_at = read_time(attributes.get("resolved_at"))
    said = (event, first(attributes, ("status",)).lower())
    is_over = ends_at is not None or not _RESOLVED.isdisjoint(said)
    starts_at = read_time(attributes.get("started_at"))
    labels = string_map(attributes.get("metadata"))
    if team := first(attributes, ("team_name",)):
        labels.setdefault("team", team)
    place = place_of(labels)
    named = first(labels, ("severity", "priority")) or first(attributes, ("severity", "priority"))
    url = first(attributes, ("url",))
    return Draft(
        source=NAME,
        fingerprint=native_id or f"{name}/{url}",
        native_id=native_id,
        title=name,
        message=first(attributes, ("cause",)),
        rule=name,
        severity=read_severity(named) or default_of(NAME),
        status=Status.RESOLVED if is_over else Status.FIRING,
        service=place.service or name,
        resource=place.resource or url,
        scope=place.scope,
        labels=labels,
        links={
            "incident": first(attributes, ("origin_url", "incident_url")),
            "monitor": url,
            "screenshot": first(attributes, ("screenshot_url",)),
        },
        happened_at=ends_at if is_over else starts_at,
        starts_at=starts_at,
        ends_at=ends_at,
        raw=raw,
    )


def _error(data: Mapping[str, object], attributes: Mapping[str, object], raw: object) -> Draft:
    event = first(attributes, ("event",)).lower()
    native_id = first(data, ("id",))
    application = first(attributes, ("application_name",))
    kind = first(attributes, ("error_type",))
    message = first(attributes, ("error_message",))
    labels = {"application": application} if application else {}
    environment = first(attributes, ("environment",))
    place = place_of(labels | ({"environment": environment} if environment else {}))
    at = read_time(first(attributes, ("occurred_at", "last_seen_at", "timestamp", "created_at")))
    return Draft(
        source=NAME,
        fingerprint=f"error:{native_id}" if native_id else f"error:{application}/{kind}/{message}",
        native_id=native_id,
        title=f"{kind}: {message}" if kind and message else kind or message or "Error",
        message=message,
        rule=kind,
        severity=read_severity(first(attributes, ("severity", "level"))) or Severity.HIGH,
        status=Status.RESOLVED if event in _CLOSED_ERRORS else Status.FIRING,
        service=place.service,
        resource=first(attributes, ("call_site_function",)),
        scope=place.scope,
        labels=labels,
        links={"error": first(attributes, ("error_url",))},
        happened_at=at,
        raw=raw,
    )
