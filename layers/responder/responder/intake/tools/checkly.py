"""Checkly: our template, the default one, and others that keep the names of Checkly's variables.

https://www.checklyhq.com/docs/alerting-and-retries/webhooks/

``ALERT_TYPE`` says the state: RECOVERY and DEGRADED_RECOVERY resolve; FAILURE, DEGRADED and what
leads from one to the other fire. An expiring certificate is an alert of its own.
"""

import re
from collections.abc import Sequence

from responder.alert import Severity, Status
from responder.intake.body import load_json
from responder.intake.draft import Draft, Request
from responder.intake.errors import NotAnAlert, Unreadable
from responder.intake.fields import first, folded, place_of, tag_map
from responder.intake.severity import labelled
from responder.intake.times import read_time

NAME = "checkly"

_OVER = frozenset({"RECOVERY", "DEGRADED_RECOVERY"})
_DEGRADED = frozenset({"DEGRADED", "DEGRADED_RECOVERY", "DEGRADED_REMAIN", "FAILURE_DEGRADED"})
_CERTIFICATE = "SSL"
_NONE = "NO_ALERT"
# Checkly's titles end in the state: "Checkout API has failed".
_SUFFIX = re.compile(r" (?:has|is) (?:failed|failing|recovered|degraded)\b[^\n]{0,200}$")


def split(payload: object) -> Sequence[object]:
    """One alert each."""
    return (payload,)


def read(element: object, whole: object, request: Request) -> Draft:
    """A check that fails, is degraded, or recovered."""
    fields = folded(element)
    said = first(fields, ("alerttype", "type", "status")).upper()
    kind = said.removeprefix("ALERT_")
    check, name = first(fields, ("checkid",)), first(fields, ("checkname", "name"))
    title = name or _SUFFIX.sub("", first(fields, ("alerttitle", "event", "title")))
    is_checkly = check or "checkname" in fields or said.startswith("ALERT_")
    if not said or not (check or title) or not is_checkly:
        raise Unreadable("no check or no type of alert")
    if said == _NONE:
        raise NotAnAlert("no alert")
    status = Status.RESOLVED if kind in _OVER else Status.FIRING
    labels = tag_map(_tags(fields.get("tags")))
    if group := first(fields, ("groupname",)):
        labels.setdefault("group", group)
    place = place_of(labels)
    is_mild = kind in _DEGRADED or kind == _CERTIFICATE
    at = read_time(fields.get("startedat")) or read_time(fields.get("timestamp"))
    at = at or read_time(request.headers.get("x-checkly-timestamp"))
    about = check or title
    return Draft(
        source=NAME,
        fingerprint=f"{about}#certificate" if kind == _CERTIFICATE else about,
        native_id=check,
        title=f"{title}: certificate expires" if kind == _CERTIFICATE else title,
        message=first(fields, ("checkerrormessage", "alerttitle", "event", "message")),
        rule=name,
        severity=Severity.MEDIUM if is_mild else labelled(labels, NAME),
        status=status,
        service=place.service or title,
        resource=place.resource or first(fields, ("sslcheckdomain", "runlocation")),
        scope=place.scope,
        labels=labels,
        links={"result": first(fields, ("resultlink", "link"))},
        happened_at=at,
        starts_at=at if status is Status.FIRING else None,
        ends_at=at,
        delivery_id=first(fields, ("checkresultid",)),
        raw=element,
    )


def _tags(value: object) -> object:
    """Tags: an array, which a template also writes as its text, or names with commas."""
    if isinstance(value, str) and value.lstrip()[:1] == "[":
        try:
            return load_json(value)
        except (ValueError, RecursionError):
            return value.strip("[] ").replace('"', "")
    return value
