"""Maintenance windows and quiet hours: what operators do not want to be told of at certain hours.

A window recurs by days of the week and dates of the month, by the clocks of its time zone. It
lasts exactly its duration, also when the clocks change meanwhile; a begin that clocks skip is as
much later as they skip, one that they show twice is the first.
"""

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from itertools import pairwise
from typing import Annotated, NamedTuple, Self
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, model_validator

from responder.alert import Severity
from responder.errors import Reason
from responder.incident import Hold, Incident
from responder.policy.matching import Index, Matcher, asks_for_nothing, facts, matches_all

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


class Window(BaseModel):
    """``matchers`` must match, and the severity be below ``below``, for ``lasts`` from ``at`` on.

    ``days`` are days of the week (0 is Monday), ``dates`` of the month; empty for all, and a begin
    needs both. Without matchers everything below ``below`` is meant.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: Annotated[str, Field(min_length=1, max_length=64)]
    matchers: Annotated[tuple[Matcher, ...], Field(max_length=20)] = ()
    days: tuple[Annotated[int, Field(ge=0, le=6)], ...] = ()
    dates: tuple[Annotated[int, Field(ge=1, le=31)], ...] = ()
    at: time
    lasts: Annotated[timedelta, Field(ge=timedelta(minutes=1), le=MAX_LASTS)]
    zone: Annotated[str, Field(max_length=64)]
    below: Severity = Severity.CRITICAL
    comment: Annotated[str, Field(min_length=3, max_length=300)]
    author: Annotated[str, Field(max_length=100)] = ""

    @model_validator(mode="after")
    def _is_meant(self) -> Self:
        if self.below is Severity.CRITICAL and asks_for_nothing(self.matchers):
            raise ValueError("it would hold everything: one matcher must ask for something")
        if self.below is Severity.INFO:
            raise ValueError("nothing is below INFO")
        if self.at.second or self.at.microsecond or self.at.tzinfo or self.lasts % MINUTE:
            raise ValueError("it begins and ends with a minute")
        if self.lasts >= DAY and self.lasts >= _longest_gap(self.days, self.dates):
            raise ValueError("it would never end: it begins again before it is over")
        return self

    @property
    def reason(self) -> Reason:
        """Quiet hours are a window for what is mild."""
        quiet = self.below is not Severity.CRITICAL
        return Reason.QUIET_HOURS if quiet else Reason.MAINTENANCE

    def means(self, incident: Incident, seen: Mapping[str, str]) -> bool:
        """Whether an incident with these facts is held while the window lasts."""
        return self.below.worse_than(incident.severity) and matches_all(self.matchers, seen)

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

    def as_hold(self, span: Span) -> Hold:
        """What an incident remembers of it."""
        return Hold(
            silence_id=self.id,
            reason=self.reason.value,
            until=span.ends,
            comment=self.comment,
            author=self.author,
        )

    def _on(self, day: date) -> Span | None:
        """The occurrence that begins on a local day."""
        if self.days and day.weekday() not in self.days:
            return None
        if self.dates and day.day not in self.dates:
            return None
        begins = datetime.combine(day, self.at, ZoneInfo(self.zone)).astimezone(UTC)
        return Span(begins, begins + self.lasts)


class Windows:
    """The windows that there are, ready to be asked about many incidents."""

    def __init__(self, windows: Iterable[Window]) -> None:
        """Index them; ``homeless`` are those whose time zone this machine does not know."""
        every = list(windows)
        unknown = {name for name in {one.zone for one in every} if not knows_zone(name)}
        self.homeless = [one for one in every if one.zone in unknown]
        usable = [one for one in every if one.zone not in unknown]
        self._index = Index((window.matchers, window) for window in usable)
        self._minute: datetime | None = None
        self._running: dict[str, Span | None] = {}

    def hold(self, incident: Incident, now: datetime) -> Hold | None:
        """What the window that holds an incident longest makes it remember."""
        seen = facts(incident)
        held = [
            (span, window)
            for window in self._index.candidates(seen)
            if window.means(incident, seen) and (span := self._span(window, now))
        ]
        if not held:
            return None
        span, window = max(held, key=lambda found: (found[0].ends, found[1].id))
        return window.as_hold(span)

    def _span(self, window: Window, now: datetime) -> Span | None:
        """Windows begin and end with a minute, so that within one nothing changes."""
        minute = now.replace(second=0, microsecond=0)
        if minute != self._minute:
            self._minute, self._running = minute, {}
        if window.id not in self._running:
            self._running[window.id] = window.running(now)
        return self._running[window.id]


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
