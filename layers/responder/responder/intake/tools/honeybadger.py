"""Honeybadger: errors, sites, check-ins and alarms.

https://docs.honeybadger.io/guides/integrations/webhook/

Comments, assignments and deployments say neither.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

from responder.alert import Scope, Severity, Status
from responder.intake.draft import Draft, Request
from responder.intake.errors import Unreadable
from responder.intake.fields import first, mapping, string_map, tag_map
from responder.intake.severity import default_of, read_severity
from responder.intake.states import status_by, words
from responder.intake.times import read_time

NAME = "honeybadger"

_EVENTS = words(
    "occurred rate_exceeded unresolved volume_spike down cert_will_expire check_in_missing "
    "alarm_alert",
    "resolved up check_in_reporting alarm_ok",
    "assigned commented deployed",
)
_CERTIFICATE = "cert_will_expire"
_THINGS = ("fault", "site", "check_in", "alarm")
# The words by which people name what happened to each kind of thing.
_TITLES = {
    "down": "{} is down",
    "up": "{} is down",
    "cert_will_expire": "certificate of {} expires",
    "check_in_missing": "check-in {} is missing",
    "check_in_reporting": "check-in {} is missing",
}


def split(payload: object) -> Sequence[object]:
    """One event each."""
    return (payload,)


def read(element: object, whole: object, request: Request) -> Draft:
    """The alert of an event."""
    body = mapping(element)
    event = first(body, ["event"])
    status = status_by(_EVENTS, event)
    project = mapping(body.get("project"))
    kind = next((name for name in _THINGS if mapping(body.get(name))), "project")
    thing = mapping(body.get(kind))
    name, home = _name(kind, thing), first(project, ["id", "name"])
    number = first(thing, ["id"]) or name
    if not number and not home:
        raise Unreadable("an event of nothing")
    at = _time(event, body, thing)
    certificate = event == _CERTIFICATE
    labels = tag_map(thing.get("tags")) | string_map(
        {"event": event, "component": thing.get("component"), "action": thing.get("action")}
    )
    link = first(thing, ["url", "details_url"]) or first(mapping(body.get("links")), [kind])
    return Draft(
        source=NAME,
        fingerprint="/".join(part for part in (
            home, kind, number, event if certificate or kind == "project" else "") if part),
        native_id=number,
        title=_TITLES.get(event, "{}").format(name) if name else first(body, ["message"]),
        message=first(body, ["message"]),
        rule=first(thing, ["klass"]) or name,
        severity=Severity.MEDIUM if certificate
        else read_severity(first(labels, ("severity", "priority"))) or default_of(NAME),
        status=status,
        service=first(project, ["name"]),
        resource=first(thing, ["component"]) or (name if kind != "fault" else ""),
        scope=Scope(environment=first(thing, ["environment"])),
        labels=labels,
        links={"source": link},
        happened_at=at,
        starts_at=at if status is Status.FIRING else None,
        ends_at=at,
        delivery_id=first(mapping(body.get("notice")), ["id"]) or request.delivery_id,
        raw=element,
    )  # fmt: skip


def _name(kind: str, thing: Mapping[str, object]) -> str:
    if kind != "fault":
        return first(thing, ["name", "url"])
    parts = (first(thing, ["klass"]), first(thing, ["message"]).partition("\n")[0])
    return ": ".join(part for part in parts if part)


def _time(event: str, body: Mapping[str, object], thing: Mapping[str, object]) -> datetime | None:
    """When it became so. What people resolve and reopen, and what is missing, became so now."""
    outage, notice = mapping(body.get("outage")), mapping(body.get("notice"))
    times = {
        "down": outage.get("down_at"),
        "up": outage.get("up_at"),
        "occurred": notice.get("created_at") or thing.get("last_notice_at"),
        "rate_exceeded": notice.get("created_at") or thing.get("last_notice_at"),
        "check_in_reporting": thing.get("reported_at"),
    }
    return read_time(times.get(event))
