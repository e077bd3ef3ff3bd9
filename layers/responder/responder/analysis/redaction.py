"""Masks secrets and personal data before a prompt, and puts personal data back for a card.

The prompt builder makes one ``Redactor`` per prompt. Equal values get equal placeholders, so that
Claude can still reason about them. Credentials and card numbers are never put back.
"""

import re
from collections import Counter

from responder.analysis.detectors import DETECTORS, PLACEHOLDER, SECRET, SECRET_NAME, Detector

#: Kinds whose values may be shown to people again. ``text`` is data that looked like a placeholder.
RESTORED = frozenset({"email", "phone", "iban", "text"})


class Redactor:
    """The placeholders of one prompt: which value each stands for."""

    def __init__(self) -> None:
        """Start without any placeholder."""
        self._placeholders: dict[tuple[str, str], str] = {}
        self._counts: Counter[str] = Counter()
        self._restored: dict[str, str] = {}

    def mask(self, text: str) -> str:
        """``text`` with every secret and personal datum replaced by its placeholder."""
        for detector in DETECTORS:
            text = self._apply(detector, text)
        return text

    def mask_field(self, name: str, value: str) -> str:
        """Like ``mask``, but all of ``value`` goes where the field's name says it is a secret."""
        if value and SECRET_NAME.search(name):
            return self._stand_in(SECRET, value)
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
