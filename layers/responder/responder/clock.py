"""Time as the product uses it: aware UTC everywhere, ISO 8601 in storage."""

from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], datetime]


def utc_now() -> datetime:
    """The present moment, aware, in UTC."""
    return datetime.now(UTC)


def to_utc(moment: datetime) -> datetime:
    """The same moment expressed in UTC; ``moment`` must be aware."""
    return moment.astimezone(UTC)
