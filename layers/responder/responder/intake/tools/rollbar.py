"""Rollbar: items that are new, come back, come often, or are resolved.

https://docs.rollbar.com/docs/webhooks

Resolved is ``resolved_item``. Deployments and the test of the integration say neither.
"""

from collections.abc import Mapping, Sequence

from responder.alert import Scope, Severity, Status
from responder.intake.draft import Draft, Request
from responder.intake.errors import Unreadable
from responder.intake.fields import first, mapping, string_map
from responder.intake.severity import default_of, read_severity
from responder.intake.states import status_by, words
from responder.intake.times import read_time

NAME = "rollbar"

_EVENTS = words(
    "new_item occurrence exp_repeat_item item_velocity reactivated_item reopened_item",
    "resolved_item",
    "deploy test",
)
_REOPENED = "reopened_item"
# https://docs.rollbar.com/reference/create-item : the levels as the API has them.
_LEVELS = {"10": Severity.INFO, "20": Severity.INFO, "30": Severity.MEDIUM, "40": Severity.HIGH,
           "50": Severity.CRITICAL}  # fmt: skip


def split(payload: object) -> Sequence[object]:
    """One item each."""
    return (payload,)


def read(element: object, whole: object, request: Request) -> Draft:
    """The alert of an item."""
    body = mapping(element)
    event, data = first(body, ["event_name"]), mapping(body.get("data"))
    status = status_by(_EVENTS, event)
    item = mapping(data.get("item"))
    seen = mapping(data.get("occurrence")) or mapping(item.get("last_occurrence"))
    number, title = first(item, ["id", "hash"]), first(item, ["title"])
    if not number:
        raise Unreadable("an event without an item")
    project = first(item, ["project_id"])
    level = first(item, ["level"]) or first(seen, ["level"])
    fired = read_time(item.get("last_occurrence_timestamp")) or read_time(seen.get("timestamp"))
    ended = read_time(item.get("last_resolved_timestamp"))
    over = status is Status.RESOLVED
    request_of = mapping(seen.get("request"))
    return Draft(
        source=NAME,
        fingerprint=f"{project}/{number}",
        native_id=number,
        title=title or f"Item {number}",
        message=_message(seen, data),
        rule=title,
        severity=_LEVELS.get(level) or read_severity(level) or default_of(NAME),
        status=status,
        service=first(mapping(data.get("project")), ["name"]) or first(seen, ["service"]),
        resource=first(mapping(seen.get("server")), ["host"]) or first(request_of, ["url"]),
        scope=Scope(environment=first(item, ["environment"]) or first(seen, ["environment"])),
        labels=string_map({"event": event, "level": level, "project": project,
                           "framework": seen.get("framework"), "language": seen.get("language"),
                           "version": seen.get("code_version")}),
        links={"source": first(data, ["url"])},
        # What a person reopens may have occurred long before it was resolved.
        happened_at=ended if over else request.received_at if event == _REOPENED else fired,
        starts_at=read_time(item.get("first_occurrence_timestamp")),
        ends_at=ended,
        delivery_id=first(seen, ["uuid"]) if event == "occurrence" else request.delivery_id,
        raw=element,
    )  # fmt: skip


def _message(seen: Mapping[str, object], data: Mapping[str, object]) -> str:
    told = mapping(seen.get("body"))
    exception = mapping(mapping(told.get("trace")).get("exception"))
    text = first(mapping(told.get("message")), ["body"]) or ": ".join(
        part for part in (first(exception, ["class"]), first(exception, ["message"])) if part
    )
    return "\n".join(part for part in (text, first(data, ["comment"])) if part)
