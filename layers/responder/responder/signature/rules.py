"""Operators' corrections of the signature, without code: which alerts they mean and what changes.

``scripts/responder signature rules`` checks and stores them, ``protocols.versions`` reads them.
An alert that no rule matches keeps its signature, whatever else the rules say.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Annotated, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    PrivateAttr,
    model_validator,
)

from responder.alert import Alert
from responder.document import Document
from responder.signature.patterns import EDGES

MAX_RULES = 200
MAX_PATTERNS = 200
#: A pattern is words; ``*`` stands for exactly one word, so that matching takes linear time.
ANY_WORD = "*"
_MAX_WORDS = 12
_MAX_MEMO = 2_000
#: What stands behind this many characters is not looked at.
_MAX_TEXT = 32_768

Name = Annotated[str, Field(min_length=1, max_length=128)]
Names = Annotated[tuple[Name, ...], Field(max_length=20)]
Pattern = Annotated[str, Field(min_length=1, max_length=200)]
Patterns = Annotated[tuple[Pattern, ...], Field(max_length=20)]


class Rule(BaseModel):
    """One correction. ``source`` and ``rule`` are shell patterns (``Kube*``) of what it is for.

    ``keep_labels`` are identity although they look volatile, without their parts that hold a
    digit; ``split_by`` likewise with their whole value; ``ignore_labels`` are identity no more.
    ``ignore_text`` are words that never matter, ``keep_text`` words that do although they look like
    values. ``same_as`` names the rule that this one is a twin of: both are one problem then,
    whatever their texts say, and this rule is for both.
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
    same_as: Annotated[str, Field(max_length=400), AfterValidator(str.strip)] = ""

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
        is_meant = fnmatchcase(named, self.rule) or named == self.same_as != ""
        return is_meant and fnmatchcase(alert.source, self.source)


class Rules(Document):
    """All corrections."""

    rules: Annotated[tuple[Rule, ...], Field(max_length=MAX_RULES)] = ()
    _matching: dict[tuple[str, str], tuple[Rule, ...]] = PrivateAttr(default_factory=dict)

    @model_validator(mode="after")
    def _is_bounded(self) -> Self:
        patterns = sum(len(rule.ignore_text) + len(rule.keep_text) for rule in self.rules)
        if patterns > MAX_PATTERNS:
            raise ValueError(f"{patterns} patterns of text; {MAX_PATTERNS} at most")
        return self

    def for_alert(self, alert: Alert) -> "Corrections | None":
        """What its rules change about an alert; None for nearly all alerts."""
        if not self.rules:
            return None
        key = (alert.source, alert.rule or alert.title)
        found = self._matching.get(key)
        if found is None:
            found = tuple(rule for rule in self.rules if rule.matches(alert))
            if len(self._matching) >= _MAX_MEMO:
                self._matching.clear()
            self._matching[key] = found
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
        patterns = [pattern for rule in self.rules for pattern in rule.ignore_text]
        if not patterns:
            return text
        words = Words(text)
        gone = {
            at
            for pattern in patterns
            for begin, end in words.find(pattern)
            for at in range(begin, end)
        }
        return " ".join(word for at, word in enumerate(words.whole) if at not in gone)

    def kept_text(self, text: str) -> list[str]:
        """What ``keep_text`` finds, as it stands there; each once, in order of the rules."""
        patterns = [pattern for rule in self.rules for pattern in rule.keep_text]
        if not patterns:
            return []
        words = Words(text)
        found = (
            " ".join(words.bare[begin:end])
            for pattern in patterns
            for begin, end in words.find(pattern)
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


class Words:
    """A text's words, as they stand and without their punctuation, and where each one is."""

    def __init__(self, text: str) -> None:
        """Cut it once, however many patterns are looked for."""
        self.whole = text[:_MAX_TEXT].split()
        self.bare = [word.strip(EDGES) or word for word in self.whole]
        self._places: dict[str, list[int]] = {}
        for at, word in enumerate(self.bare):
            self._places.setdefault(word, []).append(at)

    def find(self, pattern: str) -> list[tuple[int, int]]:
        """Where the words of a pattern stand, without overlaps."""
        wanted = pattern.split()
        anchor = next(at for at, word in enumerate(wanted) if word != ANY_WORD)
        found: list[tuple[int, int]] = []
        for place in self._places.get(wanted[anchor], ()):
            begin, end = place - anchor, place - anchor + len(wanted)
            overlaps = bool(found) and begin < found[-1][1]
            if begin >= 0 and not overlaps and self._is_at(begin, end, wanted):
                found.append((begin, end))
        return found

    def _is_at(self, begin: int, end: int, wanted: Sequence[str]) -> bool:
        here = self.bare[begin:end]
        return len(here) == len(wanted) and all(
            want in (ANY_WORD, word) for want, word in zip(wanted, here, strict=True)
        )
