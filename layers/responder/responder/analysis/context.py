"""What is known around an incident: what Claude is told of besides the alert itself.

``protocols.context`` gathers it from the tables, ``prompt`` tells it, and a case of ``tests/evals``
is one value of it. All texts are untrusted, as the alert's own are.
"""

import hashlib
from collections.abc import Iterator, Mapping
from typing import Final

from pydantic import BaseModel, ConfigDict

from responder.alert import Moment
from responder.incident import Feedback, Incident, Mark

_SAID: Final = {
    Mark.RIGHT: "the analysis was right",
    Mark.WRONG: "the analysis was wrong",
    Mark.NOISE: "the alert was noise",
}

#: Between a file and the headings that lead to a passage of it.
BETWEEN_HEADINGS = " › "  # noqa: RUF001 - as Slack and editors show a path


class Earlier(BaseModel):
    """An earlier incident of the same problem in the same place, with what was made of it."""

    model_config = ConfigDict(frozen=True)

    opened_at: Moment
    ended_at: Moment | None = None
    count: int
    verdict: str = ""
    marked: Mark | None = None

    def told(self) -> str:
        """In one line."""
        lasted = f", over at {_time(self.ended_at)}" if self.ended_at else ""
        verdict = f"; analysis then: {self.verdict}" if self.verdict else ""
        marked = f"; an operator said: {_SAID[self.marked]}" if self.marked else ""
        return f"opened {_time(self.opened_at)}{lasted}, {self.count} alerts{verdict}{marked}"


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
        """With its place first, whatever is cut of it, and up to the first colon."""
        return f"{self.place.replace(':', '')}:\n{self.text}"


class Retrieved(BaseModel):
    """The passages of runbooks that fit an incident, and the hashes of all that there are."""

    model_config = ConfigDict(frozen=True)

    passages: tuple[Passage, ...] = ()
    known: frozenset[str] = frozenset()


class Context(BaseModel):
    """Everything that was found; the most telling of each kind comes first."""

    model_config = ConfigDict(frozen=True)

    earlier: tuple[Earlier, ...] = ()
    feedback: tuple[Feedback, ...] = ()
    marks: Mapping[Mark, int] = {}
    runbooks: tuple[Passage, ...] = ()

    def fields(self) -> Iterator[tuple[str, str]]:
        """As fields beside those of the alert, the most telling first."""
        yield from self._feedback()
        for number, one in enumerate(self.earlier, 1):
            yield f"earlier.{number}", one.told()
        for number, passage in enumerate(self.runbooks, 1):
            yield f"runbook.{number}", passage.told()

    def _feedback(self) -> Iterator[tuple[str, str]]:
        """What operators said of earlier analyses of the problem: ``marks`` counts all of it."""
        for number, one in enumerate(self.feedback, 1):
            note = f": {one.note}" if one.note else ""
            times = f"made at {_time(one.made_at)}, said at {_time(one.at)}"
            yield f"feedback.{number}", f"an operator said: {_SAID[one.mark]}{note}"
            yield f"feedback.{number}.analysis", f"{times}: {one.headline}"
        if sum(self.marks.values()) > len(self.feedback):
            counts = (f"{number} times {_SAID[mark]}" for mark, number in self.marks.items())
            yield "feedback.all", ", ".join(counts)


class Case(BaseModel):
    """What Claude is asked about."""

    model_config = ConfigDict(frozen=True)

    incident: Incident
    context: Context = Context()


def _time(moment: Moment) -> str:
    return moment.isoformat(timespec="seconds")
