"""What is known around an incident: what Claude is told of besides the alert itself.

``protocols.context`` gathers it from the tables, ``prompt`` tells it, and a case of ``tests/evals``
is one value of it. All texts are untrusted, as the alert's own are.
"""

import hashlib
from collections.abc import Iterator

from pydantic import BaseModel, ConfigDict

from responder.alert import Moment
from responder.incident import Incident

#: Between a file and the headings that lead to a passage of it.
BETWEEN_HEADINGS = " › "  # noqa: RUF001 - as Slack and editors show a path


class Earlier(BaseModel):
    """An earlier incident of the same problem in the same place, with what was made of it."""

    model_config = ConfigDict(frozen=True)

    opened_at: Moment
    ended_at: Moment | None = None
    count: int
    verdict: str = ""

    def told(self) -> str:
        """In one line."""
        lasted = f", over at {_time(self.ended_at)}" if self.ended_at else ""
        verdict = f"; analysis then: {self.verdict}" if self.verdict else ""
        return f"opened {_time(self.opened_at)}{lasted}, {self.count} alerts{verdict}"


class Passage(BaseModel):
    """A part of a runbook: its file, the headings above it, what it says, and the hash of that.

    ``changed_at`` is when the file was last written.
    """

    model_config = ConfigDict(frozen=True)

    file: str
    heading: str
    text: str
    changed_at: Moment | None = None

    @property
    def hash(self) -> str:
        """Of what it says: it stays when only the file is renamed."""
        return hashlib.sha256(f"{self.heading}\n{self.text}".encode()).hexdigest()[:16]

    @property
    def place(self) -> str:
        """Where it stands, as people look it up."""
        return BETWEEN_HEADINGS.join(filter(None, (self.file, self.heading)))

    def told(self) -> str:
        """With its place first, whatever is cut of it."""
        return f"{self.place}\n{self.text}"


class Retrieved(BaseModel):
    """The passages of runbooks that fit an incident, and the hashes of all that there are."""

    model_config = ConfigDict(frozen=True)

    passages: tuple[Passage, ...] = ()
    known: frozenset[str] = frozenset()


class Context(BaseModel):
    """Everything that was found; the most telling of each kind comes first."""

    model_config = ConfigDict(frozen=True)

    earlier: tuple[Earlier, ...] = ()
    runbooks: tuple[Passage, ...] = ()

    def fields(self) -> Iterator[tuple[str, str]]:
        """As fields beside those of the alert, the most telling first."""
        for number, one in enumerate(self.earlier, 1):
            yield f"earlier.{number}", one.told()
        for number, passage in enumerate(self.runbooks, 1):
            yield f"runbook.{number}", passage.told()


class Case(BaseModel):
    """What Claude is asked about."""

    model_config = ConfigDict(frozen=True)

    incident: Incident
    context: Context = Context()


def _time(moment: Moment) -> str:
    return moment.isoformat(timespec="seconds")
