"""Oracle Cloud Infrastructure Monitoring, through its Notifications service.

https://docs.oracle.com/iaas/Content/Monitoring/alarm-message-format.htm

``FIRING_TO_OK`` ends an alarm; ``RESET`` says that its metric is gone, and the alarm's own status
decides.
"""

from collections.abc import Mapping, Sequence

from responder.alert import Status
from responder.intake.draft import Draft, Request
from responder.intake.errors import Unreadable
from responder.intake.fields import (
    SERVICE_NAMES,
    first,
    mapping,
    scope_of,
    sequence,
    string_map,
)
from responder.intake.severity import default_of, read_severity
from responder.intake.times import read_time

NAME = "oracle-cloud"

_ENDS = "FIRING_TO_OK"
_RESET = "RESET"
_RESOURCES = ("resourceDisplayName", "resourceName", "resourceId", "instancePoolId")


def split(payload: object) -> Sequence[object]:
    """One message each; a split alarm sends one for each metric stream."""
    return (payload,)


def read(element: object, whole: object, request: Request) -> Draft:
    """The alert of a message."""
    fields = mapping(element)
    alarm = mapping(next(iter(sequence(fields.get("alarmMetaData"))), None))
    native_id = first(fields, ("dedupeKey", "dedupekey")) or first(alarm, ("id",))
    title = first(fields, ("title",)) or first(alarm, ("alarmSummary",))
    if not native_id and not title:
        raise Unreadable("a message without a key or a title")
    labels = string_map(next(iter(sequence(alarm.get("dimensions"))), None))
    at = read_time(fields.get("timestampEpochMillis")) or read_time(fields.get("timestamp"))
    ended = _has_ended(first(fields, ("type",)).upper(), first(alarm, ("status",)).upper())
    told = first(fields, ("severity",)) or first(alarm, ("severity",))
    resource = first(labels, _RESOURCES)
    return Draft(
        source=NAME,
        fingerprint=native_id or title,
        native_id=native_id,
        title=title or native_id,
        message=_lines(fields, alarm),
        rule=title,
        severity=read_severity(told) or default_of(NAME),
        status=Status.RESOLVED if ended else Status.FIRING,
        service=first(labels, SERVICE_NAMES) or resource,
        resource=resource,
        scope=scope_of(labels),
        labels=labels,
        links={"source": first(alarm, ("alarmUrl",))},
        happened_at=at,
        starts_at=None if ended else at,
        ends_at=at,
        raw=fields,
    )


def _has_ended(kind: str, status: str) -> bool:
    return kind == _ENDS or (kind in ("", _RESET) and status == "OK")


def _lines(fields: Mapping[str, object], alarm: Mapping[str, object]) -> str:
    query = first(alarm, ("query",))
    parts = (
        first(fields, ("body",)),
        first(alarm, ("alarmSummary",)),
        f"Query: {query}" if query else "",
    )
    return "\n".join(part for part in parts if part)
