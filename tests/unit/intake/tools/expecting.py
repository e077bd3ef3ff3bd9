"""What a sample must be read as, field by field."""

from collections.abc import Mapping
from datetime import UTC, datetime

from responder.alert import Alert
from responder.intake.registry import Parcel, read
from samples import NOW, only, sample

#: The moments of the samples: when something broke, and when it was well again.
BROKE = datetime(2026, 11, 20, 9, 12, 43, tzinfo=UTC)
MENDED = datetime(2026, 11, 20, 9, 20, 1, tzinfo=UTC)


def read_as(name: str, tool: str | None = None, **expected: object) -> Alert:
    """The one alert of a sample, once every field named is as expected (times to the second)."""
    alert = only(name, tool)
    found = {field: _seconds(getattr(alert, field)) for field in expected}
    assert found == expected
    assert not alert.unknown_format
    return alert


def same_problem(firing: Alert, resolved: Alert) -> None:
    """Whether a resolve meets its trigger, and comes after it."""
    assert (firing.status, resolved.status) == ("firing", "resolved")
    assert (resolved.source, resolved.fingerprint) == (firing.source, firing.fingerprint)
    assert resolved.title == firing.title
    assert resolved.alert_id != firing.alert_id
    assert resolved.event_at >= firing.event_at


def nothing(name: str, headers: Mapping[str, str] | None = None) -> None:
    """Whether a sample is known, and is no alert."""
    parcel = read(sample(name), headers or {}, received_at=NOW)
    assert parcel == Parcel(not_alerts=1)


def _seconds(value: object) -> object:
    return value.replace(microsecond=0) if isinstance(value, datetime) else value
