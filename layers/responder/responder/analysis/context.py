"""What is known around an incident: what Claude is told of besides the alert itself.

``protocols.context`` gathers it from the tables, ``prompt`` tells it, and a case of ``tests/evals``
is one value of it. All texts are untrusted, as the alert's own are.
"""

import hashlib
from collections.abc import Iterator, Mapping
from typing import Final

from pydantic import BaseModel, ConfigDict

from responder.alert import Moment, Severity
from responder.analysis.text import one_line
from responder.change import Change
from responder.incident import Feedback, Incident, Mark

_SAID: Final = {
    Mark.RIGHT: "the analysis was right",
    Mark.WRONG: "the analysis was wrong",
    Mark.NOISE: "the alert was noise",
}
#: A longer link would be cut in the facts, and half a link leads nowhere.
MAX_LINK_TOLD = 120

#: Between a passage's place and its text; between a file and the headings that lead to the passage.
AFTER_PLACE = ":\n"
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


class Sibling(BaseModel):
    """Another incident that is open in the same place, opened shortly before or after."""

    model_config = ConfigDict(frozen=True)

    severity: Severity
    service: str = ""
    title: str
    opened_at: Moment
    count: int

    def told(self) -> str:
        """In one line."""
        of = f" of {self.service}" if self.service else ""
        opened = f"opened {_time(self.opened_at)}, {self.count} alerts"
        return f"{self.severity.value}{of}, {opened}: {self.title}"


class Preceding(BaseModel):
    """A change of the service or its place; negative seconds came after the incident began."""

    model_config = ConfigDict(frozen=True)

    change: Change
    seconds_before: int

    def told(self) -> str:
        """In one line."""
        one = self.change
        when = "before" if self.seconds_before >= 0 else "after"
        parts = (
            f"began {_span(abs(self.seconds_before))} {when} the incident",
            f"{one.what} of {one.service}: {one.state.value} {_time(one.state_at)}",
            f"version {one.revision}" if one.revision else "",
            f"by {one.by}" if one.by else "",
            f"told by {one.source}",
            one.link if len(one.link) <= MAX_LINK_TOLD else "",
        )
        return ", ".join(part for part in parts if part)


class Passage(BaseModel):
    """A part of a runbook: its file, the headings above it, what it says, and the hash of that.

    ``changed_at`` is when the file was last written, ``url`` where people read it, if it says so.
    """

    model_config = ConfigDict(frozen=True)

    file: str
    heading: str
    text: str
    changed_at: Moment | None = None
    url: str = ""

    @property
    def hash(self) -> str:
        """Of what it says: it stays when only the file is renamed."""
        return hashlib.sha256(f"{self.heading}\n{self.text}".encode()).hexdigest()[:16]

    @property
    def place(self) -> str:
        """Where it stands, as people look it up."""
        return BETWEEN_HEADINGS.join(filter(None, (self.file, self.heading)))

    def told(self) -> str:
        """With its place first, whatever is cut of it, on a line of its own."""
        return f"{one_line(self.place)}{AFTER_PLACE}{self.text}"


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
    changes: tuple[Preceding, ...] = ()
    siblings: tuple[Sibling, ...] = ()
    runbooks: tuple[Passage, ...] = ()

    def fields(self) -> Iterator[tuple[str, str]]:
        """As fields beside those of the alert, the most telling first."""
        yield from self._feedback()
        for number, one in enumerate(self.earlier, 1):
            yield f"earlier.{number}", one.told()
        for number, change in enumerate(self.changes, 1):
            yield f"change.{number}", change.told()
        for number, sibling in enumerate(self.siblings, 1):
            yield f"open.{number}", sibling.told()
        for number, passage in enumerate(self.runbooks, 1):
            yield f"runbook.{number}", passage.told()

    def quotable(self) -> Iterator[str]:
        """The texts whose addresses an answer may repeat.

        Not those of other incidents, nor what a change says of itself: whoever can raise a mild
        alert, or name a branch, would have an address on the card of this incident.
        """
        yield from (one.verdict for one in self.earlier)
        yield from (text for one in self.feedback for text in (one.note, one.headline))
        yield from (one.change.link for one in self.changes)
        yield from (one.told() for one in self.runbooks)

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


def _span(seconds: int) -> str:
    """In the two largest units."""
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {seconds} s" if minutes else f"{seconds} s"
