"""Operators' corrections of the signature, without code: which alerts they mean and what changes.

``scripts/responder signature rules`` checks and stores them; ``protocols.corrections`` reads them.
An alert that no rule matches keeps its signature, whatever else the rules say.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from responder.alert import Alert

MAX_RULES = 200
#: A pattern is words; ``*`` stands for exactly one word, so that matching takes linear time.
ANY_WORD = "*"
_MAX_WORDS = 12
_EDGES = "()[]{}<>,;:.=\"'`"

Name = Annotated[str, Field(min_length=1, max_length=128)]
Names = Annotated[tuple[Name, ...], Field(max_length=20)]
Pattern = Annotated[str, Field(min_length=1, max_length=200)]
Patterns = Annotated[tuple[Pattern, ...], Field(max_length=20)]


class Rule(BaseModel):
    """One correction. ``source`` and ``rule`` are shell patterns (``Kube*``) of what it is for.

    ``keep_labels`` are identity although they look volatile, without their parts that hold a
    digit; ``split_by`` likewise with their whole value; ``ignore_labels`` are identity no more.
    ``ignore_text`` are words that never matter, ``keep_text`` words that do although they look like
    values. ``same_as`` names the rule that this one is a twin of: their texts no longer count.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    why: Annotated[str, Field(min_length=3, max_length=300)]
    source: Name = "*"
    rule: Name = "*"
    keep_labels: Names = ()
    ignore_labels: Names = ()
    split_by: Names = ()
    ignore_text: Patterns = ()
    keep_text: Patterns = ()
    same_as: Annotated[str, Field(max_length=400)] = ""

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        does = (self.keep_labels, self.ignore_labels, self.split_by, self.ignore_text)
        if not any((*does, self.keep_text, self.same_as)):
            raise ValueError("it changes nothing: give it labels, text or same_as")
        both = set(self.ignore_labels) & {*self.keep_labels, *self.split_by}
        if both:
            raise ValueError(f"labels both kept and ignored: {', '.join(sorted(both))}")
        for pattern in (*self.ignore_text, *self.keep_text):
            words = pattern.split()
            if all(word == ANY_WORD for word in words) or len(words) > _MAX_WORDS:
                raise ValueError(
                    f"{pattern!r} needs a word that is not *, and {_MAX_WORDS} at most"
                )
        return self

    def matches(self, alert: Alert) -> bool:
        """Whether it is for this alert."""
        named = alert.rule or alert.title
        return fnmatchcase(alert.source, self.source) and fnmatchcase(named, self.rule)


class Rules(BaseModel):
    """All corrections; ``number`` says which version of them this is (0: there never were any).

    Not ``version``: that attribute of an item is the store's.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    number: Annotated[int, Field(ge=0)] = 0
    rules: Annotated[tuple[Rule, ...], Field(max_length=MAX_RULES)] = ()
    by: str = ""
    at: str = ""

    def for_alert(self, alert: Alert) -> "Corrections | None":
        """What its rules change about an alert; None for nearly all alerts."""
        found = tuple(rule for rule in self.rules if rule.matches(alert))
        return Corrections(self.number, found) if found else None


@dataclass(frozen=True)
class Corrections:
    """The rules that one alert has to obey."""

    number: int
    rules: tuple[Rule, ...]

    def labels(self, alert: Alert, identity: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
        """The identity labels after ``ignore_labels``; what is kept or split by comes by itself."""
        ignored = {name for rule in self.rules for name in rule.ignore_labels}
        kept = {name for rule in self.rules for name in (*rule.keep_labels, *rule.split_by)}
        return [label for label in identity if label[0] not in ignored | (kept & {*alert.labels})]

    def kept_labels(self, alert: Alert) -> dict[str, bool]:
        """The labels of the alert that are identity now, and whether with their whole value."""
        kept = {name: False for rule in self.rules for name in rule.keep_labels}
        kept |= {name: True for rule in self.rules for name in rule.split_by}
        return {name: whole for name, whole in kept.items() if name in alert.labels}

    def cut(self, text: str) -> str:
        """``text`` without the words of ``ignore_text``."""
        for pattern in (pattern for rule in self.rules for pattern in rule.ignore_text):
            words = text.split()
            gone = {at for begin, end in _found(words, pattern) for at in range(begin, end)}
            if gone:
                text = " ".join(word for at, word in enumerate(words) if at not in gone)
        return text

    def kept_text(self, text: str) -> list[str]:
        """What ``keep_text`` finds, as it stands there; each once, in order of the rules."""
        words = text.split()
        patterns = (pattern for rule in self.rules for pattern in rule.keep_text)
        found = (
            " ".join(_bare(word) for word in words[begin:end])
            for pattern in patterns
            for begin, end in _found(words, pattern)
        )
        return list(dict.fromkeys(found))

    @property
    def same_as(self) -> str:
        """The rule that this alert's is a twin of, or empty."""
        return next((rule.same_as for rule in self.rules if rule.same_as), "")

    @property
    def explanation(self) -> str:
        """Which rules were obeyed, and why there are any."""
        reasons = "; ".join(dict.fromkeys(rule.why for rule in self.rules))
        return f"Corrected by rules v{self.number}: {reasons}."


def _found(words: Sequence[str], pattern: str) -> list[tuple[int, int]]:
    """Where the words of a pattern stand, without overlaps."""
    wanted = pattern.split()
    found: list[tuple[int, int]] = []
    for begin in range(len(words) - len(wanted) + 1):
        if found and begin < found[-1][1]:
            continue
        here = words[begin : begin + len(wanted)]
        if all(want in (ANY_WORD, _bare(word)) for want, word in zip(wanted, here, strict=True)):
            found.append((begin, begin + len(wanted)))
    return found


def _bare(word: str) -> str:
    return word.strip(_EDGES) or word
