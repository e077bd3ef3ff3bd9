"""InfluxDB 2: the HTTP notification of a check.

https://docs.influxdata.com/influxdb/v2/monitor-alert/notification-endpoints/

The level ``ok`` resolves. What has no underscore before its name is a tag or a field of the series.
"""

from collections.abc import Mapping, Sequence

from responder.alert import Status
from responder.intake.draft import Draft, Request, digest
from responder.intake.errors import Unreadable
from responder.intake.fields import first, mapping, place_of
from responder.intake.severity import default_of, read_severity
from responder.intake.times import read_time

NAME = "influxdb"

_OK = "ok"
_TIMES = ("_status_timestamp", "_time", "_source_timestamp")


def split(payload: object) -> Sequence[object]:
    """One status each."""
    return (payload,)


def read(element: object, whole: object, request: Request) -> Draft:
    """The status of a check for one series."""
    fields = mapping(element)
    check, name = first(fields, ("_check_id",)), first(fields, ("_check_name",))
    level = first(fields, ("_level",)).lower()
    if not (check or name) or not level:
        raise Unreadable("no check or no level")
    labels = _tags(fields)
    place = place_of(labels)
    series = digest(*(part for pair in sorted(labels.items()) for part in pair))
    measurement = first(fields, ("_source_measurement",))
    at = next(filter(None, (read_time(fields.get(time)) for time in _TIMES)), None)
    is_over = level == _OK
    return Draft(
        source=NAME,
        fingerprint=f"{check or name}/{series}" if labels else check or name,
        native_id=check,
        title=name or f"Check {check}",
        message=first(fields, ("_message",)),
        rule=name,
        severity=(None if is_over else read_severity(level)) or default_of(NAME),
        status=Status.RESOLVED if is_over else Status.FIRING,
        service=place.service or measurement,
        resource=place.resource,
        scope=place.scope,
        labels=labels | ({"measurement": measurement} if measurement else {}),
        links={"source": first(fields, ("url", "link"))},
        happened_at=at,
        starts_at=None if is_over else at,
        ends_at=at,
        raw=element,
    )


def _tags(fields: Mapping[str, object]) -> dict[str, str]:
    """The tags: texts, while fields of a series are mostly numbers and change."""
    return {
        name: value
        for name, value in fields.items()
        if isinstance(value, str) and value and not name.startswith("_")
    }
