"""Silences: what operators do not want to be told of, for a while, and why.

An index finds the one that holds an incident among thousands: by a field that must have one value,
else by all the expressions on a field at once.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Annotated, Self

import re2
from pydantic import BaseModel, ConfigDict, Field, model_validator

from responder.alert import Moment
from responder.incident import Hold, Incident
from responder.policy.matching import Matcher, Operator, facts, options

#: Of a set of expressions that are matched at once, in bytes; RE2's own default is for one.
_SET_MEMORY = 256 << 20


class Silence(BaseModel):
    """All ``matchers`` must match, between ``starts_at`` and ``ends_at``."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: Annotated[str, Field(min_length=1, max_length=64)]
    matchers: Annotated[tuple[Matcher, ...], Field(min_length=1, max_length=20)]
    starts_at: Moment
    ends_at: Moment
    comment: Annotated[str, Field(min_length=3, max_length=300)]
    author: Annotated[str, Field(max_length=100)] = ""

    @model_validator(mode="after")
    def _is_meant(self) -> Self:
        if self.ends_at <= self.starts_at:
            raise ValueError("it ends before it begins")
        nothing = {name: "" for matcher in self.matchers for name in (matcher.field,)}
        if all(matcher.matches(nothing) for matcher in self.matchers):
            raise ValueError("it would hold everything: one matcher must ask for something")
        return self

    def holds(self, seen: Mapping[str, str], now: datetime) -> bool:
        """Whether an incident with these facts is silenced now."""
        if not self.starts_at <= now < self.ends_at:
            return False
        return all(matcher.matches(seen) for matcher in self.matchers)

    def as_hold(self) -> Hold:
        """What an incident remembers of it."""
        return Hold(
            silence_id=self.id, until=self.ends_at, comment=self.comment, author=self.author
        )


class Silences:
    """The silences that there are, ready to be asked about many incidents."""

    def __init__(self, silences: Iterable[Silence]) -> None:
        """Index them; expired ones cost nothing but memory."""
        self._by_value: dict[tuple[str, str], list[Silence]] = defaultdict(list)
        expressions: dict[str, list[tuple[str, Silence]]] = defaultdict(list)
        self._others: list[Silence] = []
        for silence in silences:
            if equal := next((m for m in silence.matchers if m.must_equal), None):
                self._by_value[equal.field, equal.value].append(silence)
            elif like := next((m for m in silence.matchers if _finds(m)), None):
                expressions[like.field].append((like.value, silence))
            else:
                self._others.append(silence)
        self._by_expression = {
            name: (_set([text for text, _ in found]), [silence for _, silence in found])
            for name, found in expressions.items()
        }

    def find(self, incident: Incident, now: datetime) -> Silence | None:
        """The silence that holds an incident longest; never for the alerts of our own checks."""
        if incident.synthetic:
            return None
        seen = facts(incident)
        held = [silence for silence in self._candidates(seen) if silence.holds(seen, now)]
        return max(held, key=lambda silence: (silence.ends_at, silence.id), default=None)

    def _candidates(self, seen: Mapping[str, str]) -> list[Silence]:
        found = list(self._others)
        for fact in seen.items():
            found += self._by_value.get(fact, ())
        for name, (expressions, silences) in self._by_expression.items():
            found += [silences[number] for number in expressions.Match(seen.get(name, "")) or ()]
        return found


def _finds(matcher: Matcher) -> bool:
    """Whether an expression says which values it wants, so that a set of them can find it."""
    return matcher.operator is Operator.MATCHES


def _set(expressions: Sequence[str]) -> "re2.Set":
    chosen = options()
    chosen.max_mem = _SET_MEMORY
    found = re2.Set.FullMatchSet(chosen)
    for expression in expressions:
        found.Add(expression)
    found.Compile()
    return found
