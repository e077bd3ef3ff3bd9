"""Masks secrets and personal data before a prompt, and puts personal data back for a card.

The prompt builder makes one ``Redactor`` per prompt. Equal values get equal placeholders, so that
Claude can still reason about them. Credentials and card numbers are never put back.
"""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import re2

from responder.analysis.detectors import (
    DETECTORS,
    PLACEHOLDER,
    PRIVATE,
    SECRET,
    SECRET_NAME,
    Detector,
)

#: Kinds whose values may be shown to people again. ``text`` is data that looked like a placeholder.
RESTORED = frozenset({"email", "phone", "iban", "ip", "account", "text"})


#: Names of fields that hold an account's id as a whole.
_ACCOUNT_FIELDS: Final = frozenset({"scope.account"})


@dataclass(frozen=True)
class Rules:
    """What an operator has masked beyond the usual.

    ``private``: private IP addresses and account ids, which come back on the card. ``patterns``:
    expressions of RE2, which takes linear time whatever they and the text are; what they match is
    treated as a secret.
    """

    private: bool = False
    patterns: Sequence[str] = ()

    def __post_init__(self) -> None:
        """Raises ValueError for a pattern that is none, or that matches nothing at all."""
        for pattern in self.patterns:
            try:
                compiled = re2.compile(pattern, _quiet())
            except re2.error as error:
                raise ValueError(f"RedactPatterns: {pattern!r} is not RE2's: {error}") from error
            if compiled.search("") is not None:
                raise ValueError(f"RedactPatterns: {pattern!r} matches an empty text")

    def detectors(self) -> tuple[Detector, ...]:
        """All of them, in order; the operator's own see the text before anything is masked."""
        own = tuple(Detector(SECRET, re2.compile(text, _quiet())) for text in self.patterns)
        return DETECTORS[:1] + own + DETECTORS[1:] + (PRIVATE if self.private else ())


def _quiet() -> "re2.Options":
    options = re2.Options()
    options.log_errors = False
    return options


class Redactor:
    """The placeholders of one prompt: which value each stands for."""

    def __init__(self, rules: Rules | None = None) -> None:
        """Start without any placeholder; without rules nothing but the usual is masked."""
        self._private = rules is not None and rules.private
        self._detectors = rules.detectors() if rules else DETECTORS
        self._placeholders: dict[tuple[str, str], str] = {}
        self._counts: Counter[str] = Counter()
        self._restored: dict[str, str] = {}

    def mask(self, text: str) -> str:
        """``text`` with every secret and personal datum replaced by its placeholder."""
        for detector in self._detectors:
            text = self._apply(detector, text)
        return text

    def mask_field(self, name: str, value: str) -> str:
        """Like ``mask``, but all of ``value`` goes where the field's name says it is a secret."""
        if value and SECRET_NAME.search(name):
            return self._stand_in(SECRET, value)
        if value and self._private and name in _ACCOUNT_FIELDS:
            return self._stand_in("account", value)
        return self.mask(value)

    def unmask(self, text: str) -> str:
        """``text`` with personal data put back; placeholders of secrets stay as they are."""
        return PLACEHOLDER.sub(lambda match: self._restored.get(match[0], match[0]), text)

    def _apply(self, detector: Detector, text: str) -> str:
        def replacement(match: re.Match[str]) -> str:
            groups = match.groupdict()
            group: str | int = next((name for name in groups if groups[name] is not None), 0)
            value = match[group]
            if not detector.accepts(value):
                return match[0]
            start, end = (position - match.start() for position in match.span(group))
            return match[0][:start] + self._stand_in(detector.kind, value) + match[0][end:]

        return detector.pattern.sub(replacement, text)

    def _stand_in(self, kind: str, value: str) -> str:
        placeholder = self._placeholders.get((kind, value))
        if placeholder is None:
            self._counts[kind] += 1
            placeholder = f"[{kind}-{self._counts[kind]}]"
            self._placeholders[kind, value] = placeholder
            if kind in RESTORED:
                self._restored[placeholder] = value
        return placeholder
