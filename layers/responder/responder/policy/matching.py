"""Matchers on the fields of an incident, as operators write them: ``service=checkout``.

The words are Alertmanager's: ``=``, ``!=``, ``=~`` and ``!~``, regular expressions anchored at both
ends. They are RE2's, which takes linear time whatever the expression and the alert's text are.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from functools import lru_cache
from typing import Annotated, Self

import re2
from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from responder.alert import Alert
from responder.incident import Incident

FIELDS = ("source", "service", "rule", "title", "message", "resource", "severity",
          "environment", "cluster", "region", "account")  # fmt: skip
LABEL = "label."
#: Of a set of expressions that are matched at once, in bytes; RE2's own default is for one.
_SET_MEMORY = 256 << 20

_WRITTEN = re.compile(r"\s*([\w.:/-]{1,140})\s*(=~|!~|!=|=)\s*(.*?)\s*", re.DOTALL)


class Operator(StrEnum):
    """How a field is compared."""

    IS = "="
    IS_NOT = "!="
    MATCHES = "=~"
    MATCHES_NOT = "!~"


class Matcher(BaseModel):
    """One comparison of one field: one of ``FIELDS``, or ``label.NAME``."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    field: Annotated[str, Field(max_length=140)]
    operator: Operator
    value: Annotated[str, Field(max_length=1_000)]

    @classmethod
    def parse(cls, text: str) -> Self:
        """From ``field OPERATOR value``; quotes around the value are optional.

        Raises ValueError that says what is wrong.
        """
        found = _WRITTEN.fullmatch(text)
        if found is None:
            raise ValueError(f"{text!r} is not written FIELD=VALUE (or != =~ !~)")
        field, operator, value = found.groups()
        if len(value) >= 2 and value[0] == value[-1] == '"':
            value = value[1:-1]
        return cls(field=field, operator=Operator(operator), value=value)

    @field_validator("field")
    @classmethod
    def _is_known(cls, field: str) -> str:
        return known_field(field)

    @model_validator(mode="after")
    def _can_be_matched(self) -> Self:
        if self.operator in (Operator.MATCHES, Operator.MATCHES_NOT):
            try:
                _expression(self.value)
            except re2.error as error:
                raise ValueError(f"{self.value!r} is no expression of RE2: {error}") from error
        return self

    @property
    def must_equal(self) -> bool:
        """Whether only one value of its field matches, which is not the empty one."""
        return self.operator is Operator.IS and bool(self.value)

    def matches(self, facts: Mapping[str, str]) -> bool:
        """Whether the facts of an incident match; a field that is absent is empty."""
        fact = facts.get(self.field, "")
        match self.operator:
            case Operator.IS:
                return fact == self.value
            case Operator.IS_NOT:
                return fact != self.value
            case Operator.MATCHES:
                return _expression(self.value).fullmatch(fact) is not None
            case Operator.MATCHES_NOT:
                return _expression(self.value).fullmatch(fact) is None

    def __str__(self) -> str:
        """As ``parse`` takes it."""
        return f"{self.field}{self.operator.value}{self.value}"


class Index[T]:
    """Which of many entries may match, without asking each one.

    They are found by a field that must have one value, else by all the expressions on a field at
    once; what has neither is always a candidate.
    """

    def __init__(self, entries: Iterable[tuple[Sequence[Matcher], T]]) -> None:
        """Index entries by their matchers."""
        self._by_value: dict[tuple[str, str], list[T]] = defaultdict(list)
        expressions: dict[str, list[tuple[str, T]]] = defaultdict(list)
        self._others: list[T] = []
        for matchers, entry in entries:
            if equal := next((one for one in matchers if one.must_equal), None):
                self._by_value[equal.field, equal.value].append(entry)
            elif like := next((one for one in matchers if _finds(one)), None):
                expressions[like.field].append((like.value, entry))
            else:
                self._others.append(entry)
        self._by_expression = {
            name: (_set([text for text, _ in found]), [entry for _, entry in found])
            for name, found in expressions.items()
        }

    def candidates(self, seen: Mapping[str, str]) -> list[T]:
        """The entries that may match these facts; their matchers have the last word."""
        found = list(self._others)
        for fact in seen.items():
            found += self._by_value.get(fact, ())
        for name, (expressions, entries) in self._by_expression.items():
            found += [entries[number] for number in expressions.Match(seen.get(name, "")) or ()]
        return found


def known_field(field: str) -> str:
    """The field, if matchers can see it. Raises ValueError that names those that there are."""
    if field not in FIELDS and not (field.startswith(LABEL) and field != LABEL):
        raise ValueError(f"there is no field {field!r}; there are {', '.join(FIELDS)}, {LABEL}NAME")
    return field


def matches_all(matchers: Iterable[Matcher], seen: Mapping[str, str]) -> bool:
    """Whether all matchers match the facts."""
    return all(matcher.matches(seen) for matcher in matchers)


def asks_for_nothing(matchers: Sequence[Matcher]) -> bool:
    """Whether an incident that says nothing matches: then nearly everything does."""
    return matches_all(matchers, {})


def facts(one: Incident | Alert) -> dict[str, str]:
    """What matchers see of an incident, or of the alert that would open it, by field."""
    found = {name: str(getattr(one, name)) for name in FIELDS[:6]}
    found["severity"] = one.severity.value
    found |= one.scope.model_dump()
    return found | {f"{LABEL}{name}": value for name, value in one.labels.items()}


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


@lru_cache(maxsize=20_000)
def _expression(text: str) -> "re2._Regexp":
    return re2.compile(text, options())


def options() -> "re2.Options":
    """How expressions are read: a dot is any character, and errors are ours to tell."""
    chosen = re2.Options()
    chosen.dot_nl = True
    chosen.log_errors = False
    return chosen
