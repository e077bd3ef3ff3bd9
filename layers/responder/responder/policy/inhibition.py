"""Inhibition: while a cause is open, what it explains need not be told of.

The words are Alertmanager's: an open incident that ``source`` matches mutes the incidents that
``target`` matches where all fields of ``equal`` have the same values (absent is empty). What
matches both sides of a rule is not muted by what does so, too. Unlike there, only an older
incident mutes: so none mutes itself, and no circle of rules mutes all of its incidents.
"""

import hashlib
from collections.abc import Mapping
from datetime import datetime
from functools import cached_property
from typing import Annotated, NamedTuple, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    PrivateAttr,
    model_validator,
)

from responder.alert import Alert, Moment
from responder.document import Document
from responder.errors import Reason
from responder.incident import Hold, Incident
from responder.policy.matching import (
    Index,
    Matcher,
    as_meant,
    asks_for_nothing,
    facts,
    known_field,
    matches_all,
)

MAX_RULES, MAX_TESTS = 100, 200
#: Open causes kept per rule and equal values, the oldest: one is enough to mute.
MAX_CAUSES = 20
#: Of an alert's title, that a muted incident remembers.
_TITLE = 240


Written = Annotated[str, Field(max_length=1_200), AfterValidator(as_meant)]
Side = Annotated[tuple[Written, ...], Field(min_length=1, max_length=20)]


KnownField = Annotated[str, AfterValidator(known_field)]
Facts = Annotated[dict[KnownField, str], Field(min_length=1, max_length=60)]


class Rule(BaseModel):
    """While an incident that ``source`` matches is open, those that ``target`` matches are muted.

    Only where all fields of ``equal`` have the same values. ``why`` is for whoever reads the card.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    # Its length by itself: {1,64} would repeat all of Unicode's letters 64 times, 25 ms of a start.
    name: Annotated[str, Field(pattern=r"^[\w.-]+$", max_length=64)]
    why: Annotated[str, Field(min_length=3, max_length=300)]
    source: Side
    target: Side
    equal: Annotated[tuple[KnownField, ...], Field(max_length=20)] = ()

    @model_validator(mode="after")
    def _is_meant(self) -> Self:
        for side, matchers in (("source", self.sources), ("target", self.targets)):
            if asks_for_nothing(matchers):
                raise ValueError(f"{side} would be everything: one matcher must ask for something")
        return self

    @cached_property
    def sources(self) -> tuple[Matcher, ...]:
        """What makes an incident a cause."""
        return tuple(map(Matcher.parse, self.source))

    @cached_property
    def targets(self) -> tuple[Matcher, ...]:
        """What makes an incident one that a cause mutes."""
        return tuple(map(Matcher.parse, self.target))

    @cached_property
    def digest(self) -> str:
        """Tells what the rule means; another wording of ``why`` means the same."""
        return _digest(self.model_dump_json(exclude={"why"}))


class Expectation(BaseModel):
    """A test of the rules: which one, by name, lets ``cause`` mute ``symptom``; empty: none does.

    Both are incidents by their fields, as matchers see them.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    cause: Facts
    symptom: Facts
    muted_by: Annotated[str, Field(max_length=64)] = ""


class Inhibitions(Document):
    """The operators' rules, and the tests that they must pass."""

    rules: Annotated[tuple[Rule, ...], Field(max_length=MAX_RULES)] = ()
    tests: Annotated[tuple[Expectation, ...], Field(max_length=MAX_TESTS)] = ()
    _sources: Index[Rule] = PrivateAttr()
    _targets: Index[Rule] = PrivateAttr()

    @model_validator(mode="after")
    def _are_told_apart(self) -> Self:
        names = [rule.name for rule in self.rules]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(f"two rules have one name: {', '.join(twice)}")
        self._sources = Index((rule.sources, rule) for rule in self.rules)
        self._targets = Index((rule.targets, rule) for rule in self.rules)
        return self

    def between(self, cause: Mapping[str, str], symptom: Mapping[str, str]) -> str:
        """The name of the rule by which an older incident mutes a younger one; empty: none."""
        for rule in sorted(self.rules, key=lambda rule: rule.name):
            if (
                matches_all(rule.sources, cause)
                and matches_all(rule.targets, symptom)
                and _list_name(rule, cause) == _list_name(rule, symptom)
                and not (matches_all(rule.targets, cause) and matches_all(rule.sources, symptom))
            ):
                return rule.name
        return ""

    def may_mute(self, alert: Alert) -> bool:
        """Whether the incident of an alert would be a cause."""
        if not self.rules:
            return False
        seen = facts(alert)
        found = self._sources.candidates(seen)
        return any(matches_all(rule.sources, seen) for rule in found)

    def as_cause(self, incident: Incident) -> dict[str, "Cause"]:
        """What an incident is a cause of while it is open, by the list that it stands in."""
        if not self.rules:
            return {}
        seen = facts(incident)
        found = (rule for rule in self._sources.candidates(seen) if matches_all(rule.sources, seen))
        return {
            _list_name(rule, seen): Cause(
                incident_id=incident.incident_id,
                opened_at=incident.opened_at,
                title=incident.title[:_TITLE],
                is_target=matches_all(rule.targets, seen),
            )
            for rule in found
        }

    def as_target(self, incident: Incident) -> list["Suspect"]:
        """Where the causes stand that would mute an incident, in the order of the rules' names."""
        if not self.rules:
            return []
        seen = facts(incident)
        found = (rule for rule in self._targets.candidates(seen) if matches_all(rule.targets, seen))
        return [
            Suspect(_list_name(rule, seen), rule, matches_all(rule.sources, seen))
            for rule in sorted(found, key=lambda rule: rule.name)
        ]


NO_INHIBITIONS = Inhibitions()


class Cause(BaseModel):
    """An open incident that mutes others; ``is_target``: its rule would mute it, too."""

    model_config = ConfigDict(frozen=True)

    incident_id: str
    opened_at: Moment
    title: str = ""
    is_target: bool = False


class Causes(BaseModel):
    """The open causes of one rule and one set of equal values, the oldest first."""

    model_config = ConfigDict(frozen=True)

    causes: tuple[Cause, ...] = ()

    def without(self, incident_id: str) -> Self:
        """Where an incident is a cause no more."""
        left = tuple(one for one in self.causes if one.incident_id != incident_id)
        return self.model_copy(update={"causes": left})

    def joined(self, cause: Cause) -> Self:
        """With one more cause, as long as there is room."""
        if len(self.causes) >= MAX_CAUSES:
            return self
        every = sorted((*self.causes, cause), key=_age)
        return self.model_copy(update={"causes": tuple(every)})

    def knows(self, incident_id: str) -> bool:
        """Whether an incident stands here."""
        return any(one.incident_id == incident_id for one in self.causes)


class Suspect(NamedTuple):
    """A list of causes that would mute an incident; ``is_source``: which would be one itself."""

    name: str
    rule: Rule
    is_source: bool

    def hold(self, causes: Causes, incident: Incident) -> Hold | None:
        """What the oldest cause that mutes an incident makes it remember."""
        own = (incident.opened_at, incident.incident_id)
        for cause in causes.causes:
            if _age(cause) < own and not (cause.is_target and self.is_source):
                return Hold(
                    silence_id=self.rule.name,
                    reason=Reason.INHIBITED.value,
                    comment=self.rule.why,
                    cause=cause.incident_id,
                    subject=cause.title,
                )
        return None


def _age(cause: Cause) -> tuple[datetime, str]:
    return cause.opened_at, cause.incident_id


def _list_name(rule: Rule, seen: Mapping[str, str]) -> str:
    values = (f"{name}={seen.get(name, '')}" for name in rule.equal)
    return f"{rule.digest}#{_digest(chr(0).join(values))}"


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:24]
