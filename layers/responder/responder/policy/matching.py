"""Matchers on the fields of an incident, as operators write them: ``service=checkout``.

The words are Alertmanager's: ``=``, ``!=``, ``=~`` and ``!~``, regular expressions anchored at both
ends. They are RE2's, which takes linear time whatever the expression and the alert's text are.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import StrEnum
from functools import lru_cache
from heapq import merge
from typing import Annotated, NamedTuple, Self

import re2
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    ValidationInfo,
    field_validator,
    model_validator,
)

from responder.alert import Alert, Severity
from responder.incident import Incident

FIELDS = ("source", "service", "rule", "title", "message", "resource", "severity",
          "environment", "cluster", "region", "account")  # fmt: skip
LABEL = "label."
#: The context in which a file of an operator is validated: what is stored is read as it is.
AS_WRITTEN = "as written"
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

    @field_validator("value")
    @classmethod
    def _as_severities_are_written(cls, value: str, info: ValidationInfo) -> str:
        """``severity=critical`` means CRITICAL: as ``critical`` it would never match."""
        known = info.data.get("field") == "severity" and value.upper() in Severity
        compared = info.data.get("operator") in (Operator.IS, Operator.IS_NOT)
        return value.upper() if known and compared else value

    @model_validator(mode="after")
    def _can_be_matched(self) -> Self:
        if self.operator in (Operator.MATCHES, Operator.MATCHES_NOT):
            try:
                _expression(self.value)
            except re2.error as error:
                said = _said(error)
                raise ValueError(f"{self.value!r} is no expression of RE2: {said}") from error
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


def meant(text: str) -> Matcher:
    """As ``Matcher.parse``, of what an operator writes now.

    Raises ValueError, too, for what can be read but cannot be meant: a severity that no incident
    ever has, which would let everything through, or nothing.
    """
    matcher = Matcher.parse(text)
    if matcher.operator is Operator.IS and matcher.value.startswith("="):
        raise ValueError(f"{text!r}: there are = != =~ and !~, no ==")
    if matcher.field == "severity" and not _tells_severities_apart(matcher):
        raise ValueError(f"{text!r} means no severity; there are {', '.join(Severity)}")
    return matcher


def as_meant(text: str, info: ValidationInfo) -> str:
    """What an operator wrote stays as it is, once it can be read, and meant where he writes it now.

    Raises ValueError.
    """
    if info.context == AS_WRITTEN:
        meant(text)
    else:
        Matcher.parse(text)
    return text


def _tells_severities_apart(matcher: Matcher) -> bool:
    """Whether it finds any, and where it is to leave one out, leaves any out."""
    found = [matcher.matches({matcher.field: severity.value}) for severity in Severity]
    leaves_out = matcher.operator in (Operator.IS_NOT, Operator.MATCHES_NOT)
    return any(found) and not (leaves_out and all(found))


#: What asking one more set of expressions costs, in candidates that it may save to look at.
_ASKING = 20


class Key(NamedTuple):
    """What only some incidents have: a field of one value, or one that an expression matches."""

    field: str
    value: str
    is_expression: bool


class Index[T]:
    """Which of many entries may match, without asking each one.

    An entry is found by what the fewest others share with it: a field that must have one value, or
    an expression, and all the expressions on a field are matched at once. What has neither is
    always a candidate.
    """

    def __init__(self, entries: Iterable[tuple[Sequence[Matcher], T]]) -> None:
        """Index entries by their matchers."""
        given = [(_keys(matchers), entry) for matchers, entry in entries]
        self._entries = [entry for _, entry in given]
        self._others: list[int] = []
        self._by_value: dict[tuple[str, str], list[int]] = defaultdict(list)
        expressions: dict[str, dict[str, list[int]]] = defaultdict(lambda: defaultdict(list))
        shared = Counter(key for keys, _ in given for key in keys)
        for number, (keys, _) in enumerate(given):
            key = min(keys, key=lambda one: shared[one] + _ASKING * one.is_expression, default=None)
            if key is None:
                self._others.append(number)
            elif key.is_expression:
                expressions[key.field][key.value].append(number)
            else:
                self._by_value[key.field, key.value].append(number)
        self._by_expression = {
            field: (_set(list(found)), list(found.values())) for field, found in expressions.items()
        }

    def __bool__(self) -> bool:
        """Whether there is any entry: mostly there is none, and the facts need not be known."""
        return bool(self._entries)

    def candidates(self, seen: Mapping[str, str]) -> Iterator[T]:
        """The entries that may match these facts, as ordered as they were given.

        Their matchers have the last word.
        """
        found = [self._others, *(self._by_value.get(fact, ()) for fact in seen.items())]
        for field, (expressions, numbers) in self._by_expression.items():
            found += [numbers[one] for one in expressions.Match(seen.get(field, "")) or ()]
        return (self._entries[number] for number in merge(*found))


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
    found |= {name: getattr(one.scope, name) for name in FIELDS[7:11]}
    return found | {f"{LABEL}{name}": value for name, value in one.labels.items()}


def _keys(matchers: Iterable[Matcher]) -> set[Key]:
    return {
        Key(one.field, one.value, is_expression=not one.must_equal)
        for one in matchers
        if one.must_equal or one.operator is Operator.MATCHES
    }


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


def _said(error: Exception) -> str:
    """RE2 tells bytes."""
    said = error.args[0] if error.args else ""
    return said.decode(errors="replace") if isinstance(said, bytes) else str(said)


def options() -> "re2.Options":
    """How expressions are read: a dot is any character, and errors are ours to tell."""
    chosen = re2.Options()
    chosen.dot_nl = True
    chosen.log_errors = False
    return chosen
