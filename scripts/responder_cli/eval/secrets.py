"""The redaction corpus: made-up secrets in every field, and ordinary texts that must stay readable.

``responder eval redaction`` and the tests measure with it. A secret has leaked when any stretch of
it that is long enough to be of use is found in what would be sent.
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from responder.alert import Scope, Severity
from responder.analysis.context import Case, Context, Earlier, Passage, Preceding, Sibling
from responder.analysis.prompt import Prompt, build
from responder.analysis.redaction import Redactor
from responder.change import Change, ChangeState
from responder.clock import utc_now
from responder.incident import Feedback, Firing, Mark, Worst
from responder_cli.eval.incidents import incident

#: The corpus that the detectors were written with, and the one that they were not.
KNOWN: Final = "secrets.json"
HELD_OUT: Final = "held_out.json"
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
                worst=Worst(
                    alert_id="a2", at=now, severity=Severity.HIGH,
                    title=self.text, message=f"first line\n{self.text}", resource=self.text,
                ),
                firing_now=(Firing(name="n", severity=Severity.HIGH, at=now, what=self.text),),
            ),
            context=self._around(now),
        )  # fmt: skip

    def _around(self, now: datetime) -> Context:
        """What is known around it, of each kind one, which tells the secret wherever it can."""
        text = self.text
        change = Change(
            change_id="c", source=text, service=text, what=text, state=ChangeState.SUCCEEDED,
            at=now, state_at=now, revision=text, by=text, link=text,
        )  # fmt: skip
        said = Feedback.model_construct(
            mark=Mark.WRONG, by=text, at=now, note=text, incident_id="i", headline=text,
            made_at=now, made_by="m",
        )  # fmt: skip
        return Context(
            earlier=(Earlier(opened_at=now, count=1, verdict=text),),
            feedback=(said,),
            changes=(Preceding(change=change, seconds_before=60),),
            siblings=(
                Sibling(severity=Severity.LOW, service=text, title=text, opened_at=now, count=1),
            ),
            runbooks=(Passage(file=f"{text}.md", heading=text, text=f"1. Look\n{text}\n2. Go"),),
        )

    def leaks_into(self, sent: str) -> bool:
        """Whether ``sent`` tells the secret, or a stretch of it."""
        size = min(_STRETCH, len(self.unguessable))
        starts = range(len(self.unguessable) - size + 1)
        return any(self.unguessable[start : start + size] in sent for start in starts)


@dataclass(frozen=True)
class Measured:
    """What was found: the names of secrets that leaked, and ordinary texts that were changed.

    ``held_out`` are secrets that no detector had been written for when they were first run.
    """

    planted: int
    leaked: tuple[str, ...]
    ordinary: int
    changed: tuple[str, ...]
    held_out: int
    held_out_leaked: tuple[str, ...]

    @property
    def leak_rate(self) -> float:
        """The share of kinds of secrets of which one leaked from any field."""
        return len(self.leaked) / self.planted

    @property
    def over_redaction(self) -> float:
        """The share of ordinary texts of which something was masked."""
        return len(self.changed) / self.ordinary


def planted(file: Path) -> Iterator[Planted]:
    """The secrets of a file."""
    for one in _document(file)["secrets"]:
        before, _, after = one["secret"].partition(_SEAM)
        text = one["text"].replace("@@", before + after, 1)
        yield Planted(one["name"], text, before + after, after)


def ordinary(corpus: Path) -> list[str]:
    """The texts of ``ordinary.json``."""
    return list(_document(corpus / "ordinary.json")["texts"])


def measure(corpus: Path) -> Measured:
    """Build the prompt for each secret, and mask each ordinary text."""
    secrets, held_out = (list(planted(corpus / name)) for name in (KNOWN, HELD_OUT))
    texts = ordinary(corpus)
    return Measured(
        planted=len(secrets),
        leaked=_leaked(secrets),
        ordinary=len(texts),
        changed=tuple(text for text in texts if Redactor().mask(text) != text),
        held_out=len(held_out),
        held_out_leaked=_leaked(held_out),
    )


def _leaked(secrets: Iterable[Planted]) -> tuple[str, ...]:
    return tuple(one.name for one in secrets if one.leaks_into(_sent(one)))


def _sent(one: Planted) -> str:
    """As sent, and with the JSON's escapes undone, which could hide it from a search."""
    asked: Prompt = build(one.in_every_field())
    told = "\n".join(f"{name}\n{value}" for name, value in asked.facts.items())
    return f"{asked.user}\n{told}"


def _document(file: Path) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return document
