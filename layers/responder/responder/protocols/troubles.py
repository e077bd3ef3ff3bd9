"""Our own alert when Claude serves nobody any more, and its end with the first answer.

    a call is refused ──▶ note the trouble ──▶ alert of ours ──▶ note that it is told
                      (1)                 (2)               (3)
    a call is answered ──▶ read the notes ──▶ resolve them ──▶ forget them
                                         (4)              (5)

The alert goes through the processing queue like any other: its incident, its card, silences and
routes are those of every problem. Killed at (1): the next refusal notes it. At (2) or (4): the next
call does what is left. At (3) or (5): the same alert is sent again, under the same id, and is
known. Two workers send one alert, twice. While it lasts the alert is repeated once an hour, by the
calls that fail: what nobody repeats would be closed as quiet.

Nothing here may fail a call, or keep a fallback from its incident.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from pydantic import BaseModel, ConfigDict

from responder.alert import Alert, Moment, Status
from responder.analysis import trouble as troubles
from responder.analysis.trouble import NotServed, Trouble
from responder.clock import Clock
from responder.contracts import AlertMessage
from responder.ports import Outgoing, Queue, Queues, Store, Telemetry
from responder.protocols import items

NOTES = items.state_item("claude-troubles")
REPEAT = timedelta(hours=1)


class Note(BaseModel):
    """One trouble that stands; ``tier`` is empty where it is that of all of them.

    ``told`` counts the alerts sent of it, the last one at ``told_at``.
    """

    model_config = ConfigDict(frozen=True)

    trouble: Trouble
    tier: str
    since: Moment
    told: int = 0
    told_at: Moment | None = None

    @property
    def name(self) -> str:
        """The same for the same trouble, whenever it stands."""
        return f"{self.trouble.rule}:{self.tier}" if self.tier else self.trouble.rule


class Notes(BaseModel):
    """The troubles that stand."""

    model_config = ConfigDict(frozen=True)

    standing: tuple[Note, ...] = ()

    def of(self, name: str) -> Note | None:
        """The note of a trouble by its name."""
        return next((note for note in self.standing if note.name == name), None)

    def replaced(self, old: Note, *new: Note) -> "Notes":
        """With ``new`` in the place of ``old``."""
        kept = tuple(note for note in self.standing if note != old)
        return Notes(standing=(*kept, *new))


@dataclass(frozen=True)
class Watch:
    """What is known of our trouble with Claude, with its ports. ``stack`` names who has it."""

    store: Store
    queues: Queues
    telemetry: Telemetry
    now: Clock
    stack: str

    def refused(self, error: NotServed, tier: str) -> None:
        """A call of ``tier`` met a trouble that a person must end."""
        self._quietly(lambda: self._refused(error, tier))

    def answered(self, tier: str) -> None:
        """A call of ``tier`` was answered, whatever the answer is worth."""
        self._quietly(lambda: self._answered(tier))

    def _refused(self, error: NotServed, tier: str) -> None:
        now = self.now()
        met = Note(
            trouble=error.trouble, tier=tier if error.trouble.of_one_model else "", since=now
        )
        notes = items.change(self.store, NOTES, Notes, lambda before: _noted(before, met), now)
        note = notes.of(met.name) if notes else None
        if note is None or (note.told_at is not None and now - note.told_at < REPEAT):
            return
        self._send(note, Status.FIRING, error.detail, now)
        if not note.told:
            self.telemetry.count("ClaudeTroubles", reason=note.trouble.value)
            self.telemetry.warning("Claude serves nobody", trouble=note.name, detail=error.detail)
        told = note.model_copy(update={"told": note.told + 1, "told_at": now})
        self._replace(note, told)

    def _answered(self, tier: str) -> None:
        now = self.now()
        notes = items.load(self.store, NOTES, Notes) or Notes()
        for note in notes.standing:
            if note.tier in ("", tier):
                self._send(note, Status.RESOLVED, "Claude answers again.", now)
                self.telemetry.info("Claude serves again", trouble=note.name)
                self._replace(note)

    def _replace(self, old: Note, *new: Note) -> None:
        def step(notes: Notes | None) -> Notes | None:
            return notes.replaced(old, *new) if notes and old in notes.standing else None

        items.change(self.store, NOTES, Notes, step, self.now())

    def _send(self, note: Note, status: Status, said: str, now: datetime) -> None:
        turn = f"{note.told}" if status is Status.FIRING else "end"
        began = note.since.isoformat()
        message = AlertMessage(
            alert=Alert(
                alert_id=f"{troubles.OWN_SOURCE}:{note.name}:{began}:{turn}",
                source=troubles.OWN_SOURCE,
                fingerprint=note.name,
                rule=note.trouble.rule,
                title=troubles.title(note.trouble),
                message=said,
                service=self.stack,
                resource=f"{note.tier} tier" if note.tier else "",
                severity=troubles.severity(note.trouble),
                status=status,
                starts_at=note.since,
                ends_at=now if status is Status.RESOLVED else None,
                event_at=now,
                received_at=now,
            ),
            trace=note.name,
        )
        self.queues.send(Queue.PROCESSING, [Outgoing(message.model_dump_json())])

    def _quietly(self, act: Callable[[], None]) -> None:
        try:
            act()
        except items.TROUBLES as error:
            self.telemetry.warning("Trouble with Claude not told", detail=str(error))


def _noted(before: Notes | None, met: Note) -> Notes:
    notes = before or Notes()
    return notes if notes.of(met.name) else Notes(standing=(*notes.standing, met))
