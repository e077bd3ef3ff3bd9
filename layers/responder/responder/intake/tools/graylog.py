"""Graylog: HTTP notifications of events, and the alarm callbacks of versions before 3.1.

https://go2docs.graylog.org/current/interacting_with_your_log_data/notifications.html

There is no resolve.
"""

from collections.abc import Mapping, Sequence

from responder.alert import Severity, Status
from responder.intake.draft import Draft, Request
from responder.intake.errors import Unreadable
from responder.intake.fields import first, mapping, place_of, sequence, string_map
from responder.intake.severity import default_of, read_severity
from responder.intake.times import read_time

NAME = "graylog"

# Low, Normal, High, and Critical since 6.1.
_PRIORITIES = {"1": Severity.LOW, "2": Severity.MEDIUM, "3": Severity.HIGH, "4": Severity.CRITICAL}
_MAX_BACKLOG = 3


def split(payload: object) -> Sequence[object]:
    """One event each."""
    return (payload,)


def read(element: object, whole: object, request: Request) -> Draft:
    """The alert of an event. Its id is new each time: its definition and key name it."""
    body = mapping(element)
    if isinstance(body.get("check_result"), dict):
        return _callback(body, request)
    event = mapping(body.get("event"))
    definition = first(body, ["event_definition_id"]) or first(event, ["event_definition_id"])
    title = first(body, ["event_definition_title"]) or first(event, ["message"])
    if not definition and not title:
        raise Unreadable("an event without a definition")
    groups = string_map(event.get("group_by_fields"))
    key = first(event, ["key"]) or "|".join(map(str, sequence(event.get("key_tuple"))))
    labels = string_map(event.get("fields")) | groups
    place = place_of(labels)
    at = read_time(event.get("timestamp")) or read_time(event.get("timestamp_processing"))
    told = read_severity(first(labels, ("severity", "priority")))
    return Draft(
        source=NAME,
        fingerprint=f"{definition or title}/{key or '|'.join(groups.values())}",
        native_id=definition,
        title=title,
        message=_message(body, event, title),
        rule=title,
        severity=_PRIORITIES.get(first(event, ["priority"])) or told or default_of(NAME),
        status=Status.FIRING,
        service=place.service,
        resource=place.resource or key,
        scope=place.scope,
        labels=labels,
        happened_at=at,
        starts_at=at,
        delivery_id=first(event, ["id"]) or request.delivery_id,
        raw=element,
    )


def _message(body: Mapping[str, object], event: Mapping[str, object], title: str) -> str:
    lines = [first(body, ["event_definition_description"]), first(event, ["message"])]
    backlog = sequence(body.get("backlog"))[:_MAX_BACKLOG]
    lines += [first(mapping(message), ["message"]) for message in backlog]
    return "\n".join(line for line in lines if line not in ("", title))


def _callback(body: Mapping[str, object], request: Request) -> Draft:
    check, stream = mapping(body.get("check_result")), mapping(body.get("stream"))
    condition = mapping(check.get("triggered_condition"))
    title = first(condition, ["title"]) or first(stream, ["title"])
    if not title:
        raise Unreadable("a condition without a title")
    at = read_time(check.get("triggered_at"))
    return Draft(
        source=NAME,
        fingerprint=f"{first(stream, ['id'])}/{first(condition, ['id']) or title}",
        native_id=first(condition, ["id"]),
        title=title,
        message=first(check, ["result_description"]),
        rule=title,
        severity=default_of(NAME),
        status=Status.FIRING,
        labels=string_map({"stream": stream.get("title")}),
        happened_at=at,
        starts_at=at,
        delivery_id=request.delivery_id,
        raw=body,
    )
