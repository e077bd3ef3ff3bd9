"""The operators' routes: where an incident's card goes, whom it calls, and how bad it must be.

Before them stand the operators' severities, for tools that say none, or say them wrongly: the first
that matches an alert decides how bad it is. The routes are an ordered list of which the first match
wins; where none matches, or one names no channel, the configured channels serve (``policy.route``).
Decided where incidents are recorded, as only the analysis function has RE2; ``scripts/responder
route`` checks, tests and stores them.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Annotated, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    PrivateAttr,
    ValidationError,
    model_validator,
)

from responder.alert import Alert, Moment, Severity
from responder.channel import canonical, is_id
from responder.clock import span_of
from responder.document import Document
from responder.incident import Destination, Incident, Mention, QuietHours
from responder.policy.matching import Matcher, Operator, as_meant, facts, matches_all
from responder.recurrence import MAX_LASTS, days_of, time_of
from responder.values import changed

#: Where no route matches.
_ANYWHERE = Destination()

MAX_ROUTES = 500
MAX_TESTS = 500

#: Slack's names of channels: lower case, no spaces or full stops, at most 80 characters.
#: https://slack.com/help/articles/201402297-Create-a-channel
_NAME = re.compile(r"[\w-]{1,80}")
#: Reminders more often than this are noise, and less often nobody waits for one.
MIN_REMINDER, MAX_REMINDER = timedelta(minutes=10), timedelta(days=7)


def _written(channel: str) -> str:
    """A channel in its one form, once it can be one."""
    found = canonical(channel)
    name = found.removeprefix("#")
    if not channel or is_id(found):
        return found
    if not _NAME.fullmatch(name) or name != name.lower():
        raise ValueError(
            f"{channel!r} is neither a channel's name (lower case, no spaces) nor its id (C…)"
        )
    return found


def _span(text: str) -> str:
    """A time as operators write it, like 30m, 4h or 1d12h; empty for none."""
    if text and not MIN_REMINDER <= span_of(text) <= MAX_REMINDER:
        raise ValueError(f"{text!r} is no time between 10m and 7d, like 30m, 4h or 1d12h")
    return text


Channel = Annotated[str, AfterValidator(_written)]
Span = Annotated[str, Field(max_length=20), AfterValidator(_span)]
Written = Annotated[str, Field(max_length=1_200), AfterValidator(as_meant)]


class Quiet(BaseModel):
    """Hours as operators write them: ``every`` mon-fri, ``at`` 18:00, ``lasts`` 14h in ``zone``.

    What is milder than ``below`` waits for their end.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    every: Annotated[str, Field(max_length=40)] = "day"
    at: Annotated[str, Field(max_length=5)]
    lasts: Annotated[str, Field(max_length=20)]
    zone: Annotated[str, Field(min_length=1, max_length=64)]
    below: Severity = Severity.HIGH

    @model_validator(mode="after")
    def _can_be_meant(self) -> Self:
        if self.below is Severity.INFO:
            raise ValueError("nothing is below INFO")
        if not timedelta(0) < span_of(self.lasts) <= MAX_LASTS:
            raise ValueError(f"{self.lasts!r} is no time up to 7d, like 8h, 14h30m or 2d14h")
        try:
            self.hours()
        except ValidationError as error:
            raise ValueError(str(error.errors()[0].get("ctx", {}).get("error"))) from error
        return self

    @property
    def words(self) -> str:
        """All of it in one line."""
        return f"below {self.below} every {self.every} {self.at} for {self.lasts} {self.zone}"

    def hours(self) -> QuietHours:
        """What an incident remembers of them. Raises ValueError."""
        return QuietHours(
            days=days_of(self.every),
            at=time_of(self.at),
            lasts=span_of(self.lasts),
            zone=self.zone,
            below=self.below,
        )


class Rule(BaseModel):
    """What is said of whatever all of ``match`` match, and of everything where it is empty."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Annotated[str, Field(max_length=60)] = ""
    match: Annotated[tuple[Written, ...], Field(max_length=20)] = ()
    _matchers: tuple[Matcher, ...] = PrivateAttr(())

    def model_post_init(self, context: object) -> None:
        """Read the matchers once."""
        self._matchers = tuple(map(Matcher.parse, self.match))

    def matches(self, seen: Mapping[str, str]) -> bool:
        """Whether it is for an alert or incident with these facts."""
        return matches_all(self._matchers, seen)


class Route(Rule):
    """Where the incidents go that it matches.

    Without a ``channel`` they go where they would without routes. ``mentions`` are people (U…, W…)
    and groups (S…) by their ids, ``here`` or ``channel``. What is milder than ``minimum_severity``
    gets no card. ``renotify_after`` is how long one that still fires may go on before it is told
    again, and each time after that. In its ``quiet_hours`` it is told of what is bad alone.
    """

    channel: Channel = ""
    mentions: Annotated[tuple[Mention, ...], Field(max_length=10)] = ()
    minimum_severity: Severity = Severity.INFO
    renotify_after: Span = ""
    quiet_hours: Annotated[tuple[Quiet, ...], Field(max_length=10)] = ()


class Rating(Rule):
    """How bad the alerts are that it matches, whatever their tool says."""

    match: Annotated[tuple[Written, ...], Field(min_length=1, max_length=20)]
    severity: Severity


class Expectation(BaseModel):
    """An entry of a file's own tests: where an incident with these facts must go.

    An empty ``channel`` is the configured one; ``held``: it must get no card, as it is too mild,
    or as there are quiet hours ``at`` that moment; ``rated``: the severity that it must be given,
    without: the one of its facts.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    facts: dict[str, str]
    channel: Channel = ""
    held: bool = False
    at: Moment | None = None
    rated: Severity | None = None

    @model_validator(mode="after")
    def _can_happen(self) -> Self:
        for name, value in self.facts.items():
            Matcher(field=name, operator=Operator.IS, value=value)
        if self.facts.get("severity") not in list(Severity):
            raise ValueError(f"its facts need a severity, one of {', '.join(Severity)}")
        return self

    @property
    def severity(self) -> Severity:
        """How bad its incident is."""
        return Severity(self.facts["severity"])


class Routes(Document):
    """All severities and routes, each in the order of trying, and what they are tested by."""

    severities: Annotated[tuple[Rating, ...], Field(max_length=MAX_ROUTES)] = ()
    routes: Annotated[tuple[Route, ...], Field(max_length=MAX_ROUTES)] = ()
    tests: Annotated[tuple[Expectation, ...], Field(max_length=MAX_TESTS)] = ()

    @model_validator(mode="after")
    def _each_can_be_reached(self) -> Self:
        for number, route in enumerate(self.routes[:-1], 1):
            if not route.match:
                raise ValueError(f"route {number} matches everything: nothing after it is reached")
        return self

    def rating(self, seen: Mapping[str, str]) -> tuple[str, Severity] | None:
        """The severity of an alert with these facts, and the name of its rule; None: the tool's."""
        found = _first(self.severities, "severity", seen)
        return (found[0], found[1].severity) if found else None

    def rated(self, alert: Alert) -> Alert:
        """The alert with the severity that the operators give it."""
        found = self.rating(facts(alert)) if self.severities else None
        if found is None:
            return alert
        name, severity = found
        told = f"{name} (the tool said {alert.severity.value})"
        return alert.model_copy(update={"severity": severity, "rated": told})

    def find(self, seen: Mapping[str, str]) -> tuple[str, Route] | None:
        """The route of an incident with these facts, and what it is called; None: none matches."""
        return _first(self.routes, "route", seen)

    def destination(self, seen: Mapping[str, str]) -> Destination:
        """Where an incident with these facts goes; an empty destination where no route matches."""
        found = self.find(seen)
        if found is None:
            return _ANYWHERE
        name, route = found
        return Destination(
            route=name,
            channel=route.channel,
            mentions=route.mentions,
            minimum_severity=route.minimum_severity,
            renotify_after=span_of(route.renotify_after) or None,
            quiet_hours=tuple(one.hours() for one in route.quiet_hours),
        )


def _first[R: Rule](rules: Sequence[R], kind: str, seen: Mapping[str, str]) -> tuple[str, R] | None:
    """The first rule that matches, and its name, or else its kind and number."""
    for number, rule in enumerate(rules, 1):
        if rule.matches(seen):
            return rule.name or f"{kind} {number}", rule
    return None


def no_routes() -> Routes:
    """Where no operator ever wrote any."""
    return Routes()


def routed(incident: Incident, before: Incident | None, routes: Routes) -> Incident:
    """The incident with its destination, decided when it opens and when its severity changes.

    While it is held, every change is a chance to leave by newer routes. What is shown keeps its
    destination otherwise; the alerts of our own checks have none, a storm has its incidents'.
    """
    if incident.synthetic or incident.storm is not None:
        return incident
    decided = before is not None and not before.held and before.severity is incident.severity
    if decided:
        return incident
    found = routes.destination(facts(incident)) if routes.routes else _ANYWHERE
    return changed(incident, {"route": found})
