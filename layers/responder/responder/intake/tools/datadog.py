"""Datadog's webhooks: the default payload, the template that we ship, and those of users.

https://docs.datadoghq.com/integrations/webhooks/

A user's template may name its fields as it likes; read are the variables' own names in any case
("$ALERT_ID" as ``alert_id``, ``alertId`` or ``ALERT_ID``). The transition is the state, else the
title's prefix ("[Recovered on {host:web-1}]"), else the type ``success``: only these resolve.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from responder.alert import Severity, Status
from responder.intake.draft import Draft, Request, digest
from responder.intake.errors import Unreadable
from responder.intake.fields import (
    first,
    mapping,
    place_of,
    squeezed,
    tag_map,
)
from responder.intake.severity import default_of, read_severity, severity_of_labels
from responder.intake.text import as_text
from responder.intake.times import read_time

NAME = "datadog"

# What stands in brackets before the title of a monitor's event, often more than one.
_MAX_PREFIXES = 6
_LONGEST_PREFIX = 600
_PRIORITIES = frozenset({"p1", "p2", "p3", "p4", "p5"})
_OTHER_PREFIXES = frozenset({"test", "monitoralert"})

_RESOLVED = frozenset({"recovered", "resolved", "completed", "ok", "success"})
_FIRING = frozenset(
    {"triggered", "retriggered", "warn", "rewarn", "nodata", "renodata", "renotify", "renotified",
     "alert", "error", "active", "stable"}
)  # fmt: skip
# Those that also stand before a title without brackets.
_TRANSITIONS = frozenset({"triggered", "retriggered", "recovered", "nodata", "renotify"})
_STATES = ("alerttransition", "transition", "alertstate", "incidentstatus", "state", "status",
           "alertstatus")  # fmt: skip
# https://docs.datadoghq.com/monitors/notify/#overview: an alert's event has the type error.
_SEVERITIES = {
    "error": Severity.HIGH,
    "warning": Severity.MEDIUM,
    "info": Severity.INFO,
    "triggered": Severity.HIGH,
    "retriggered": Severity.HIGH,
    "warn": Severity.MEDIUM,
    "rewarn": Severity.MEDIUM,
    "nodata": Severity.MEDIUM,
    "renodata": Severity.MEDIUM,
}
# https://docs.datadoghq.com/service_management/incident_management/#severity: 1 is the worst of 5.
_BY_NUMBER = dict(zip("12345", Severity, strict=True))

_TITLES = ("alerttitle", "eventtitle", "incidenttitle", "securitysignaltitle", "securityrulename",
           "synthetictestname", "syntheticstestname", "monitorname", "title", "name")  # fmt: skip
_MESSAGES = ("textonlymsg", "eventmsg", "incidentmsg", "securitysignalmsg", "body", "message",
             "text", "description", "alertstatus", "syntheticssummary")  # fmt: skip
_TIMES = ("date", "dateposix", "timestamp", "lastupdated", "lastupdatedposix", "time")
_MONITORS = ("alertid", "monitorid", "incidentpublicid", "incidentuuid", "securitysignalid")


class _Heading(NamedTuple):
    """A title, and what its prefixes said."""

    title: str
    state: str = ""
    priority: str = ""
    scope: str = ""


def split(payload: object) -> Sequence[object]:
    """One event each."""
    return (payload,)


def read(element: object, whole: object, request: Request) -> Draft:
    """The alert of an event. Raises Unreadable for one without a title and a monitor."""
    fields = squeezed(mapping(element))
    heading = _heading(first(fields, _TITLES))
    monitor = first(fields, _MONITORS)
    message = _message(fields)
    if not heading.title and not monitor and not message:
        raise Unreadable("an event without a title or a monitor")
    state = _state(fields, heading)
    on = first(fields, ("alertscope", "scope", "scopes")) or heading.scope
    labels = _tags(fields.get("tags")) | _tags(on)
    status = Status.RESOLVED if state in _RESOLVED else Status.FIRING
    at = _time(fields)
    host = first(fields, ("hostname", "host"))
    place = place_of(labels)
    return Draft(
        source=NAME,
        fingerprint=_fingerprint(fields, heading, monitor, on or host),
        native_id=monitor,
        title=heading.title or (f"Monitor {monitor}" if monitor else message.partition("\n")[0]),
        message=message,
        rule=first(fields, ("monitorname", "securityrulename")),
        severity=_severity(fields, heading, state, labels),
        status=status,
        service=first(fields, ("service",)) or place.service,
        resource=host or place.resource,
        scope=place.scope,
        labels=labels,
        links={
            "source": first(fields, ("link", "url", "alerturl", "eventurl")),
            "snapshot": first(fields, ("snapshot", "snapshoturl")),
            "incident": first(fields, ("incidenturl",)),
        },
        happened_at=at,
        starts_at=at if state in ("triggered", "warn", "nodata") else None,
        ends_at=at if status is Status.RESOLVED else None,
        delivery_id=first(fields, ("eventid",)),
        raw=element,
    )


def _heading(title: str) -> _Heading:
    state = priority = scope = ""
    for _ in range(_MAX_PREFIXES):
        inside, closed, rest = title[1:].partition("]") if title[:1] == "[" else ("", "", "")
        if not closed or len(inside) > _LONGEST_PREFIX:
            break
        said, _, where = inside.partition(" on {")
        word = _word(said)
        if word in _FIRING or word in _RESOLVED:
            state, scope = state or word, scope or where.removesuffix("}")
        elif word in _PRIORITIES:
            priority = priority or word
        elif word not in _OTHER_PREFIXES:
            break
        title = rest.lstrip()
    said, colon, rest = title.partition(": ")
    if colon and (word := _word(said)) in _TRANSITIONS:
        state, title = state or word, rest.lstrip()
    return _Heading(title, state, priority, scope)


def _word(text: str) -> str:
    return text.lower().replace("-", "").replace(" ", "").replace("_", "")


def _state(fields: Mapping[str, object], heading: _Heading) -> str:
    """The transition as one bare word; empty where nothing tells it."""
    for name in _STATES:
        if name in fields:
            word = _word(first(fields, (name,))[:40])
            if word in _RESOLVED or word in _FIRING:
                return word
    kind = first(fields, ("alerttype", "severity")).lower()
    return heading.state or ("success" if kind == "success" else "")


def _severity(
    fields: Mapping[str, object], heading: _Heading, state: str, labels: Mapping[str, str]
) -> Severity:
    own = first(fields, ("alertpriority", "incidentseverity", "securitysignalseverity"))
    if found := _ranked(own) or _ranked(heading.priority) or read_severity(own):
        return found
    # The priority of an event is "normal" or "low": how it shows in the stream, not how bad it is.
    if found := _ranked(first(fields, ("priority",))):
        return found
    kind = first(fields, ("alerttype", "severity")).lower()
    return (
        severity_of_labels(labels)
        or _SEVERITIES.get(kind)
        or read_severity(kind)
        or _SEVERITIES.get(state)
        or default_of(NAME)
    )


def _ranked(word: str) -> Severity | None:
    """The severity of a rank: P1, SEV-1 or 1."""
    is_rank = word[:-1].rstrip("-_ ").lower() in ("", "p", "sev")
    return _BY_NUMBER.get(word[-1:]) if is_rank else None


def _tags(value: object) -> dict[str, str]:
    if not value:
        return {}
    tags = tag_map(value if isinstance(value, dict | list) else as_text(value))
    return {name: text for name, text in tags.items() if name not in ("monitor", "*")}


def _fingerprint(fields: Mapping[str, object], heading: _Heading, monitor: str, where: str) -> str:
    if cycle := first(fields, ("alertcyclekey",)):
        return cycle
    if monitor:
        return f"{monitor}/{where}"
    if key := first(fields, ("aggregkey",)):
        return key
    org = first(mapping(fields.get("org")), ("id", "name")) or first(fields, ("orgid", "orgname"))
    return digest(org, heading.title, where)


def _time(fields: Mapping[str, object]) -> datetime | None:
    for name in _TIMES:
        if name in fields and (time := read_time(fields[name])):
            return time
    return None


def _message(fields: Mapping[str, object]) -> str:
    # Datadog fences markdown with three percent signs.
    return first(fields, _MESSAGES).replace("%%%", "").strip()
