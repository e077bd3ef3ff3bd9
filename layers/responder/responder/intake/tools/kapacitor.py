"""Kapacitor's HTTP post handler.

https://docs.influxdata.com/kapacitor/v1/reference/event_handlers/post/

The level OK resolves what another level of the same ``id`` fired.
"""

from collections.abc import Mapping, Sequence

from responder.alert import Status
from responder.intake.draft import Draft, Request
from responder.intake.errors import Unreadable
from responder.intake.fields import first, mapping, place_of, sequence, string_map
from responder.intake.severity import default_of, read_severity
from responder.intake.times import read_time

NAME = "kapacitor"

_OK = "OK"


def split(payload: object) -> Sequence[object]:
    """One event each."""
    return (payload,)


def read(element: object, whole: object, request: Request) -> Draft:
    """A change of level."""
    fields = mapping(element)
    native_id, level = first(fields, ("id",)), first(fields, ("level",)).upper()
    if not native_id or not level:
        raise Unreadable("no id or no level")
    before = first(fields, ("previousLevel",)).upper()
    series = _series(fields.get("data"))
    labels = string_map(series.get("tags") or series.get("Tags"))
    place = place_of(labels)
    measurement = first(series, ("name", "Name"))
    at = read_time(fields.get("time"))
    is_over = level == _OK
    return Draft(
        source=NAME,
        fingerprint=native_id,
        native_id=native_id,
        title=native_id,
        message=first(fields, ("message",)) or first(fields, ("details",)),
        rule=first(fields, ("task", "taskName")) or measurement,
        severity=read_severity("" if is_over else level)
        or read_severity("" if before == _OK else before)
        or default_of(NAME),
        status=Status.RESOLVED if is_over else Status.FIRING,
        service=place.service or measurement,
        resource=place.resource,
        scope=place.scope,
        labels=labels,
        happened_at=at,
        starts_at=None if is_over else at,
        ends_at=at,
        raw=element,
    )


def _series(data: object) -> Mapping[str, object]:
    """The first series of the point that made the event."""
    fields = mapping(data)
    found = sequence(fields.get("series")) or sequence(fields.get("Series"))
    return mapping(next(iter(found), None))
