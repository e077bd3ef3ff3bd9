"""The redaction corpus: made-up secrets in every field, and ordinary texts that must stay readable.

``responder eval redaction`` and the tests measure with it. A secret has leaked when any stretch of
it that is long enough to be of use is found in what would be sent.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from responder.alert import Scope, Severity
from responder.analysis.context import Case, Context, Earlier
from responder.analysis.prompt import Prompt, build
from responder.analysis.redaction import Redactor
from responder.clock import utc_now
from responder_cli.eval.incidents import incident

#: Where the two halves of a planted secret meet; its first half may be a vendor's public prefix.
_SEAM: Final = "~"
#: A stretch of a secret of this length is a leak; a shorter secret must not appear as a whole.
_STRETCH: Final = 12


@dataclass(frozen=True)
class Planted:
    """A made-up secret, and the text that it stands in."""

    name: str
    text: str
    secret: str
    unguessable: str

    def in_every_field(self) -> Case:
        """An incident that tells the secret in each of its fields, and so does its history."""
        now = utc_now()
        return Case(
            incident=incident(
                title=self.text,
                rule=self.text,
                message=f"first line\n{self.text}\nlast line",
                service=self.text,
                resource=self.text,
                scope=Scope(account=self.text, cluster=self.text, environment=self.text),
                labels={"note": self.text, "summary": f"see: {self.text}", self.text: "x"},
                links={
                    "graph": f"https://grafana.example.com/?q={self.text}",
                    self.text: self.text,
                },
                severity=Severity.HIGH,
            ),
            context=Context(earlier=(Earlier(opened_at=now, count=1, verdict=self.text),)),
        )

    def leaks_into(self, sent: str) -> bool:
        """Whether ``sent`` tells the secret, or a stretch of it."""
        size = min(_STRETCH, len(self.unguessable))
        starts = range(len(self.unguessable) - size + 1)
        return any(self.unguessable[start : start + size] in sent for start in starts)


@dataclass(frozen=True)
class Measured:
    """What was found: the names of secrets that leaked, and ordinary texts that were changed."""

    planted: int
    leaked: tuple[str, ...]
    ordinary: int
    changed: tuple[str, ...]

    @property
    def leak_rate(self) -> float:
        """The share of kinds of secrets of which one leaked from any field."""
        return len(self.leaked) / self.planted

    @property
    def over_redaction(self) -> float:
        """The share of ordinary texts of which something was masked."""
        return len(self.changed) / self.ordinary


def planted(corpus: Path) -> Iterator[Planted]:
    """The secrets of ``secrets.json``."""
    for one in _document(corpus / "secrets.json")["secrets"]:
        before, _, after = one["secret"].partition(_SEAM)
        text = one["text"].replace("@@", before + after, 1)
        yield Planted(one["name"], text, before + after, after)


def ordinary(corpus: Path) -> list[str]:
    """The texts of ``ordinary.json``."""
    return list(_document(corpus / "ordinary.json")["texts"])


def measure(corpus: Path) -> Measured:
    """Build the prompt for each secret, and mask each ordinary text."""
    secrets = list(planted(corpus))
    texts = ordinary(corpus)
    return Measured(
        planted=len(secrets),
        leaked=tuple(one.name for one in secrets if one.leaks_into(_sent(one))),
        ordinary=len(texts),
        changed=tuple(text for text in texts if Redactor().mask(text) != text),
    )


def _sent(one: Planted) -> str:
    """As sent, and with the JSON's escapes undone, which could hide it from a search."""
    asked: Prompt = build(one.in_every_field())
    told = "\n".join(f"{name}\n{value}" for name, value in asked.facts.items())
    return f"{asked.user}\n{told}"


def _document(file: Path) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return document
