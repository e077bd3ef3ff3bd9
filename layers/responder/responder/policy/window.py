"""Maintenance windows and quiet hours: what operators do not want to be told of at certain hours.

A window is asked for by itself, or as the quiet hours of a route (``quiet``).
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Annotated, Self

from pydantic import Field, model_validator

from responder.alert import Severity
from responder.errors import Reason
from responder.incident import Destination, Hold, Incident
from responder.policy.matching import Index, Matcher, asks_for_nothing, facts, matches_all
from responder.policy.silence import MAX_COMMENT, MIN_COMMENT
from responder.recurrence import Recurrence, Span, knows_zone


class Window(Recurrence):
    """``matchers`` must match, and the severity be below ``below``, whenever it recurs.

    Without matchers everything below ``below`` is meant.
    """

    id: Annotated[str, Field(min_length=1, max_length=64)]
    matchers: Annotated[tuple[Matcher, ...], Field(max_length=20)] = ()
    below: Severity = Severity.CRITICAL
    comment: Annotated[str, Field(min_length=MIN_COMMENT, max_length=MAX_COMMENT)]
    author: Annotated[str, Field(max_length=100)] = ""

    @model_validator(mode="after")
    def _is_meant(self) -> Self:
        if self.below is Severity.CRITICAL and asks_for_nothing(self.matchers):
            raise ValueError("it would hold everything: one matcher must ask for something")
        if self.below is Severity.INFO:
            raise ValueError("nothing is below INFO")
        return self

    @property
    def reason(self) -> Reason:
        """Quiet hours are a window for what is mild."""
        quiet = self.below is not Severity.CRITICAL
        return Reason.QUIET_HOURS if quiet else Reason.MAINTENANCE

    def means(self, incident: Incident, seen: Mapping[str, str]) -> bool:
        """Whether an incident with these facts is held while the window lasts."""
        return self.below.worse_than(incident.severity) and matches_all(self.matchers, seen)

    def as_hold(self, span: Span) -> Hold:
        """What an incident remembers of it."""
        return Hold(
            silence_id=self.id,
            reason=self.reason.value,
            until=span.ends,
            comment=self.comment,
            author=self.author,
        )


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
        if not self._index:
            return None
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


def of_route(incident: Incident, now: datetime) -> Hold | None:
    """What the quiet hours of an incident's route make it remember."""
    return quiet(incident.route, incident.severity, now) if incident.route else None


def quiet(route: Destination, severity: Severity, now: datetime) -> Hold | None:
    """The quiet hours of a route that hold an incident of this severity longest."""
    spans = (
        hours.running(now)
        for hours in route.quiet_hours
        if hours.below.worse_than(severity) and knows_zone(hours.zone)
    )
    ends = max((span.ends for span in spans if span), default=None)
    if ends is None:
        return None
    return Hold(silence_id=route.route, reason=Reason.QUIET_HOURS.value, until=ends)
