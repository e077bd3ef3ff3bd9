"""Matchers on the fields of an incident, as operators write them: ``service=checkout``.

The words are Alertmanager's: ``=``, ``!=``, ``=~`` and ``!~``, regular expressions anchored at both
ends. They are RE2's, which takes linear time whatever the expression and the alert's text are.
"""

import re
from collections.abc import Mapping
from enum import StrEnum
from functools import lru_cache
from typing import Annotated, Self

import re2
from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from responder.incident import Incident

FIELDS = ("source", "service", "rule", "title", "message", "resource", "severity",
          "environment", "cluster", "region", "account")  # fmt: skip
LABEL = "label."

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
        if field not in FIELDS and not (field.startswith(LABEL) and field != LABEL):
            raise ValueError(f"there is no field {field!r}; there are {', '.join(FIELDS)}, "
                             f"{LABEL}NAME")  # fmt: skip
        return field

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


def facts(incident: Incident) -> dict[str, str]:
    """What matchers see of an incident, by field."""
    found = {name: str(getattr(incident, name)) for name in FIELDS[:6]}
    found["severity"] = incident.severity.value
    found |= incident.scope.model_dump()
    return found | {f"{LABEL}{name}": value for name, value in incident.labels.items()}


@lru_cache(maxsize=20_000)
def _expression(text: str) -> "re2._Regexp":
    return re2.compile(text, options())


def options() -> "re2.Options":
    """How expressions are read: a dot is any character, and errors are ours to tell."""
    chosen = re2.Options()
    chosen.dot_nl = True
    chosen.log_errors = False
    return chosen
