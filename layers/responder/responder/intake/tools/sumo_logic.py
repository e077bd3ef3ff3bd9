"""Sumo Logic: monitors and scheduled searches; the body is a template, its names are customary.

https://help.sumologic.com/docs/alerts/webhook-connections/set-up-webhook-connections/

Resolved are the trigger types ResolvedCritical, ResolvedWarning and ResolvedMissingData, each the
alert of its own level: a monitor may be over its critical threshold and not over its warning.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from responder.alert import Severity, Status
from responder.intake.draft import Draft, Request
from responder.intake.errors import Unreadable
from responder.intake.fields import first, mapping, place_of, string_map
from responder.intake.severity import default_of, read_severity
from responder.intake.times import read_time

NAME = "sumo-logic"

_RESOLVED = "resolved"
_LINKS = {
    "source": ("alertresponseurl", "alert_response_url"),
    "query": ("queryurl", "query_url", "searchqueryurl"),
    "monitor": ("sourceurl", "source_url"),
}
_STARTS = ("triggertimestart", "trigger_time_start")
_TIMES = ("triggertime", "trigger_time", "alerttime", "firetime", *_STARTS, "triggertimeend",
          "trigger_time_end")  # fmt: skip
_LABELS = ("monitortype", "detectionmethod", "triggercondition", "triggervalue", "alertgroup",
           "numqueryresults")  # fmt: skip


def split(payload: object) -> Sequence[object]:
    """One trigger each."""
    return (payload,)


def read(element: object, whole: object, request: Request) -> Draft:
    """The alert of a trigger."""
    body = {str(name).lower(): value for name, value in mapping(element).items()}
    name = first(body, ("name", "alertname", "searchname", "monitorname", "search_name"))
    number = first(body, ("id", "monitorid", "alertid"))
    kind = first(body, ("triggertype", "trigger_type", "alertstatus")).lower().replace(" ", "")
    if not name and not number:
        raise Unreadable("neither a monitor nor a search")
    if not kind and not first(body, ("searchname", "search_name")):
        raise Unreadable("a monitor without a trigger type")
    level = kind.removeprefix(_RESOLVED).strip("_-")
    over = kind.startswith(_RESOLVED)
    at = _first_time(body, _TIMES)
    labels = {key: text for key in _LABELS if (text := first(body, [key]))}
    place = place_of(string_map(body))
    return Draft(
        source=NAME,
        fingerprint="/".join(part for part in (
            number or name, level, first(body, ("alertgroup", "groupname"))) if part),
        native_id=number,
        title=name or f"Monitor {number}",
        message=_message(body),
        rule=name,
        severity=_severity(level),
        status=Status.RESOLVED if over else Status.FIRING,
        service=place.service,
        resource=place.resource,
        scope=place.scope,
        labels=labels,
        links={link: url for link, names in _LINKS.items() if (url := first(body, names))},
        happened_at=at,
        starts_at=_first_time(body, _STARTS)
        or (None if over else at),
        ends_at=at,
        delivery_id=request.delivery_id,
        raw=element,
    )  # fmt: skip


def _severity(level: str) -> Severity:
    return read_severity(level) or default_of(NAME)


def _message(body: Mapping[str, object]) -> str:
    condition, value = first(body, ["triggercondition"]), first(body, ["triggervalue"])
    said = f"{condition}: {value}" if condition and value else condition
    parts = (first(body, ("description", "searchdescription", "alertdescription")), said,
             first(body, ("query", "searchquery")))  # fmt: skip
    return "\n".join(part for part in parts if part)


def _first_time(body: Mapping[str, object], names: Sequence[str]) -> datetime | None:
    return next((time for name in names if (time := _time(body.get(name)))), None)


def _time(value: object) -> datetime | None:
    """A time as all tools write it, or as Sumo Logic does (``07/13/2026 03:21:32 PM UTC``)."""
    if (at := read_time(value)) or not isinstance(value, str):
        return at
    try:
        return datetime.strptime(value[:30], "%m/%d/%Y %I:%M:%S %p UTC").replace(tzinfo=UTC)
    except ValueError:
        return None
