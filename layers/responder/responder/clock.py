"""Time as the product uses it: aware UTC everywhere, ISO 8601 in storage."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

Clock = Callable[[], datetime]

#: More digits are meant by nobody, and some of them are more than a date can hold.
_SPAN = re.compile(r"(?:(\d{1,6})d)?(?:(\d{1,6})h)?(?:(\d{1,6})m)?")


def utc_now() -> datetime:
    """The present moment, aware, in UTC."""
    return datetime.now(UTC)


def to_utc(moment: datetime) -> datetime:
    """The same moment expressed in UTC; ``moment`` must be aware."""
    return moment if moment.tzinfo is UTC else moment.astimezone(UTC)


def span_of(text: str) -> timedelta:
    """How long a time is that is written like 30m, 4h or 1d12h; nothing where it is not one."""
    found = _SPAN.fullmatch(text)
    days, hours, minutes = (int(part or 0) for part in found.groups()) if found else (0, 0, 0)
    return timedelta(days=days, hours=hours, minutes=minutes)
