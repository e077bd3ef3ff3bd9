"""Sentry's older bodies: the WebHooks plugin of a project, and service hooks.

https://docs.sentry.io/organization/integrations/integration-platform/webhooks/ (their successor)

They tell of events only and never resolve; the fingerprint is the issue's, as in ``sentry``.
"""

from collections.abc import Sequence

from responder.alert import Status
from responder.intake.draft import Draft, Request
from responder.intake.errors import Unreadable
from responder.intake.fields import (
    first,
    mapping,
    place_of,
    scope_of,
    sequence,
)
from responder.intake.text import as_text
from responder.intake.times import read_time
from responder.intake.tools.sentry import (
    project_of,
    request_without_secrets,
    severity_of,
    tags_of,
)

NAME = "sentry"


def split(payload: object) -> Sequence[object]:
    """One event each."""
    return (payload,)


def read(element: object, whole: object, request: Request) -> Draft:
    """The alert of an event."""
    fields = mapping(element)
    event, group = mapping(fields.get("event")), mapping(fields.get("group"))
    issue_id = first(fields, ("id",)) or first(group, ("id",)) or first(event, ("issue_id",))
    message = first(fields, ("message",)) or first(event, ("message",))
    title = first(event, ("title",)) or first(mapping(event.get("metadata")), ("title", "type"))
    title = title or first(group, ("title",)) or message.partition("\n")[0]
    if not issue_id or not title:
        raise Unreadable("an event without an issue or a title")
    tags = tags_of(event.get("tags"))
    level = {"level": first(fields, ("level",)) or first(event, ("level",))}
    at = read_time(event.get("datetime")) or read_time(event.get("timestamp"))
    place = place_of(tags)
    return Draft(
        source=NAME,
        fingerprint=issue_id,
        native_id=issue_id,
        title=title,
        message=message if message != title else first(fields, ("culprit",)),
        rule=as_text(next(iter(sequence(fields.get("triggering_rules"))), None)),
        severity=severity_of(level, tags),
        status=Status.FIRING,
        service=place.service or project_of(fields),
        resource=tags.get("server_name") or place.resource or first(fields, ("culprit",)),
        scope=scope_of({"environment": first(event, ("environment",)), **tags}),
        labels=tags,
        links={"source": first(fields, ("url",)) or first(group, ("url", "permalink"))},
        happened_at=at or read_time(event.get("received")),
        starts_at=at,
        raw={**fields, "event": request_without_secrets(event)} if "request" in event else element,
    )
