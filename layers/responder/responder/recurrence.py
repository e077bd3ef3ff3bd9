"""What recurs by the clocks of a time zone: maintenance windows, quiet hours.

It recurs by days of the week and dates of the month. It lasts exactly its duration, also when the
clocks change meanwhile; a begin that clocks skip is as much later as they skip, one that they show
twice is the first.
"""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from itertools import pairwise
from typing import Annotated, NamedTuple, Self
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, model_validator

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_RANGE = re.compile(r"(\w+)(?:-(\w+))?")
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
MAX_LASTS = timedelta(days=7)
#: Every day of the week falls on every date of the month within this time.
HORIZON = timedelta(days=3 * 366)
#: From here on the horizon has Februaries of both lengths.
_ANY_DAY = date(2026, 1, 1)


class Span(NamedTuple):
    """One occurrence of a window, in UTC."""

    begins: datetime
    ends: datetime


class Recurrence(BaseModel):
    """``lasts`` from ``at`` on, by the clocks of ``zone``.

    ``days`` are days of the week (0 is Monday), ``dates`` of the month; empty for all, and a begin
    needs both.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    days: tuple[Annotated[int, Field(ge=0, le=6)], ...] = ()
    dates: tuple[Annotated[int, Field(ge=1, le=31)], ...] = ()
    at: time
    lasts: Annotated[timedelta, Field(ge=timedelta(minutes=1), le=MAX_LASTS)]
    zone: Annotated[str, Field(max_length=64)]

    @model_validator(mode="after")
    def _can_recur(self) -> Self:
        if self.at.second or self.at.microsecond or self.at.tzinfo or self.lasts % MINUTE:
            raise ValueError("it begins and ends with a minute")
        if self.lasts >= DAY and self.lasts >= _longest_gap(self.days, self.dates):
            raise ValueError("it would never end: it begins again before it is over")
        return self

    def running(self, now: datetime) -> Span | None:
        """The occurrence that lasts now; of several the newest."""
        today = now.astimezone(ZoneInfo(self.zone)).date()
        for back in range(self.lasts // DAY + 2):
            found = self._on(today - back * DAY)
            if found and found.begins <= now < found.ends:
                return found
        return None

    def coming(self, now: datetime) -> Span:
        """The first occurrence that begins after now."""
        today = now.astimezone(ZoneInfo(self.zone)).date()
        days = (today + ahead * DAY for ahead in range(HORIZON // DAY))
        return next(found for day in days if (found := self._on(day)) and found.begins > now)

    def _on(self, day: date) -> Span | None:
        """The occurrence that begins on a local day."""
        if self.days and day.weekday() not in self.days:
            return None
        if self.dates and day.day not in self.dates:
            return None
        begins = datetime.combine(day, self.at, ZoneInfo(self.zone)).astimezone(UTC)
        return Span(begins, begins + self.lasts)


def days_of(text: str) -> tuple[int, ...]:
    """Days of the week: mon-fri, sat,sun or day for every day. Raises ValueError."""
    try:
        return () if text.lower() == "day" else _numbers(text.lower(), DAYS.index, len(DAYS))
    except ValueError:
        raise ValueError(f"{text!r} is not written like mon-fri, sat,sun or day") from None


def dates_of(text: str) -> tuple[int, ...]:
    """Dates of the month: 1-7 or 1,15. Raises ValueError."""
    try:
        return _numbers(text, int, 0)
    except ValueError:
        raise ValueError(f"{text!r} is not written like 1-7 or 1,15") from None


def time_of(text: str) -> time:
    """A time of the day like 22:00. Raises ValueError."""
    try:
        return datetime.strptime(text, "%H:%M").time()
    except ValueError:
        raise ValueError(f"{text!r} is no time like 22:00") from None


def knows_zone(name: str) -> bool:
    """Whether this machine has the rules of an IANA time zone."""
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return False
    return True


@cache
def _longest_gap(days: tuple[int, ...], dates: tuple[int, ...]) -> timedelta:
    """From one begin to the next, on these days of the week and dates of the month."""
    every = (_ANY_DAY + ahead * DAY for ahead in range(HORIZON // DAY))
    begins = [
        day
        for day in every
        if (not days or day.weekday() in days) and (not dates or day.day in dates)
    ]
    return max(later - one for one, later in pairwise(begins))


def _numbers(text: str, read: Callable[[str], int], turn: int) -> tuple[int, ...]:
    """Single numbers and ranges; after ``turn`` they begin again. Raises ValueError."""
    found: set[int] = set()
    for part in text.split(","):
        written = _RANGE.fullmatch(part.strip())
        if written is None:
            raise ValueError(part)
        first = read(written[1])
        last = read(written[2] or written[1])
        if last < first:
            last += turn
        if last < first:
            raise ValueError(part)
        found |= {number % turn if turn else number for number in range(first, last + 1)}
    return tuple(sorted(found))
