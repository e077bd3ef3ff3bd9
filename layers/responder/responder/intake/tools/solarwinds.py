"""SolarWinds (Orion): its alert action that sends a request, with our template or variables' names.

https://documentation.solarwinds.com/en/success_center/orionplatform/content/core-setting-trigger-actions-and-escalation-levels-sw1031.htm
https://documentation.solarwinds.com/en/success_center/orionplatform/content/core-variable-construction-sw1109.htm

Whether an action is of the trigger or of the reset is told by ``event_type``, else by the state of
the object. ``AlertID`` is of the alert's definition: the object tells its alerts apart.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

from responder.alert import Severity, Status
from responder.intake.draft import Draft, Request
from responder.intake.errors import Unreadable
from responder.intake.fields import first, folded, place_of, tag_map
from responder.intake.severity import default_of, read_severity
from responder.intake.times import read_time

NAME = "solarwinds"

_SERIOUS = "serious"
_OVER = frozenset({"reset", "resolved", "resolve", "cleared", "clear", "up", "ok", "recovered"})
_NODES = ("nodename", "node", "sysname", "hostname", "host", "ip", "ipaddress")
_OBJECTS = ("entitycaption", "objectname", "caption", *_NODES)


def split(payload: object) -> Sequence[object]:
    """One alert each."""
    return (payload,)


def read(element: object, whole: object, request: Request) -> Draft:
    """An alert that was triggered or reset."""
    fields = folded(element)
    name, thing = first(fields, ("alertname", "name", "title")), first(fields, _OBJECTS)
    if not name:
        raise Unreadable("an alert without a name")
    state = first(fields, ("eventtype", "action", "alertstate", "state", "status")).lower()
    is_over = state in _OVER
    labels = _labels(fields)
    place = place_of(labels)
    at = _time(fields, is_over=is_over)
    number = first(fields, ("alertobjectid",))
    node = first(fields, _NODES)
    parts = (first(fields, ("alertid",)) or name, node, thing if thing != node else "")
    identity = number or "/".join(filter(None, parts))
    return Draft(
        source=NAME,
        fingerprint=identity,
        native_id=identity,
        title=f"{name} on {thing}" if thing and thing not in name else name,
        message=first(fields, ("alertmessage", "message", "description", "alertdescription")),
        rule=name,
        severity=_severity(first(fields, ("severity", "alertseverity", "priority"))),
        status=Status.RESOLVED if is_over else Status.FIRING,
        service=place.service or thing,
        resource=node or thing,
        scope=place.scope,
        labels=labels,
        links={"alert": first(fields, ("alertdetailsurl", "alerturl", "detailsurl", "url"))},
        happened_at=at,
        starts_at=None if is_over else at,
        raw=element,
    )


def _severity(word: str) -> Severity:
    if word.lower() == _SERIOUS:
        return Severity.HIGH
    return read_severity(word) or default_of(NAME)


def _time(fields: Mapping[str, object], *, is_over: bool) -> datetime | None:
    """When it came to this state: a reset tells the time of its trigger as well."""
    own = ("resettime",) if is_over else ("alerttriggertime", "triggertime", "timeofalert")
    names = (*own, "timestamp", "datetime", "time")
    return next(filter(None, (read_time(fields.get(name)) for name in names)), None)


def _labels(fields: Mapping[str, object]) -> dict[str, str]:
    names = ("objecttype", "ip", "service", "application", "environment")
    told = {name: first(fields, (name,)) for name in names}
    return tag_map(fields.get("tags")) | {name: text for name, text in told.items() if text}
