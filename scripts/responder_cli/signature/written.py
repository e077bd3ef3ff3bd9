"""Rules as a file has them: refused, too, for what is readable and would silently do nothing.

Stored rules are not: a version that is obeyed stays readable.
"""

from typing import Self

from pydantic import model_validator

from responder.signature import Rules
from responder.signature.rules import ANY_WORD


class WrittenRules(Rules):
    """The rules of a file."""

    @model_validator(mode="after")
    def _can_be_found(self) -> Self:
        for number, rule in enumerate(self.rules, 1):
            for pattern in (*rule.ignore_text, *rule.keep_text):
                if any(ANY_WORD in word and word != ANY_WORD for word in pattern.split()):
                    raise ValueError(
                        f"rule {number}: {pattern!r} has a * inside a word, which finds nothing: "
                        "in text, * is exactly one whole word"
                    )
        return self
