"""What operators decide as a whole document, in versions; read by the processing lane.

    write name#<n + 1> and the pointer to it, in one transaction

A version is never changed, so what an incident remembers ("rules v3") can be looked up as long as
it stands, and going back is moving the pointer.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from pydantic import BaseModel, ConfigDict, ValidationError

from responder.clock import Clock
from responder.document import Document
from responder.errors import Retryable
from responder.policy.inhibition import Inhibitions
from responder.policy.routes import Routes
from responder.ports import Key, Store, Telemetry
from responder.protocols import items
from responder.signature import Rules

#: How long a process goes on with the version that it knows.
MAX_AGE = timedelta(seconds=30)


class Pointer(BaseModel):
    """Which version is active, and the newest that there is."""

    model_config = ConfigDict(frozen=True)

    active: int
    newest: int


@dataclass(frozen=True)
class Versions[D: Document]:
    """One kind of document. ``name`` is its pointer in the state table; versions ``name#<n>``."""

    name: str
    model: type[D]

    def load(self, store: Store, number: int | None = None) -> D:
        """The active version, or ``number``; an empty one where there is none. Raises Retryable."""
        if number is None:
            pointer = items.load(store, items.state_item(self.name), Pointer)
            number = pointer.active if pointer else 0
        return items.load(store, self._key(number), self.model) or self.model()

    def save(self, store: Store, document: D, replaces: int, now: datetime) -> D | None:
        """Write ``document`` as a new version and make it active; returns it. Raises Retryable.

        None, and nothing written, when version ``replaces`` is active no more: who looked at what
        the change does looked at something else.
        """

        def attempt() -> D | None:
            key = items.state_item(self.name)
            pointer = store.read([key])[key]
            before = items.decode(pointer, Pointer)
            if (before.active if before else 0) != replaces:
                return None
            number = (before.newest if before else 0) + 1
            numbered = document.model_copy(update={"number": number})
            moved = Pointer(active=number, newest=number)
            store.write(
                [
                    items.write_of(self._key(number), numbered, 0, now),
                    items.write_of(key, moved, pointer.version, now),
                ]
            )
            return numbered

        return items.settle(attempt)

    def activate(self, store: Store, number: int, now: datetime) -> bool:
        """Make an older version active (0: none at all); False where there is no such version."""
        if number and items.load(store, self._key(number), self.model) is None:
            return False

        def step(pointer: Pointer | None) -> Pointer | None:
            return pointer and pointer.model_copy(update={"active": number})

        return items.change(store, items.state_item(self.name), Pointer, step, now) is not None

    def _key(self, number: int) -> Key:
        return items.state_item(f"{self.name}#{number}")


#: The operators' corrections of the signature.
RULES = Versions("signature-rules", Rules)
#: The operators' routes of cards.
ROUTES = Versions("routes", Routes)
#: The operators' rules of which cause mutes which symptoms.
INHIBITIONS = Versions("inhibitions", Inhibitions)


class Current[D: Document]:
    """The active version as it stood at most ``MAX_AGE`` ago.

    ``otherwise`` serves while it was never readable; without it the question fails instead.
    """

    def __init__(
        self,
        versions: Versions[D],
        store: Store,
        telemetry: Telemetry,
        now: Clock,
        *,
        otherwise: D | None = None,
    ) -> None:
        """Nothing is read before the first alert."""
        self._versions = versions
        self._store = store
        self._telemetry = telemetry
        self._now = now
        self._otherwise = otherwise
        self._known: D | None = None
        self._read_at = datetime.min.replace(tzinfo=now().tzinfo)

    def __call__(self) -> D:
        """What is known. Without any, raises Retryable, or ValidationError for a foreign shape."""
        now = self._now()
        if self._known is None or now - self._read_at >= MAX_AGE:
            try:
                self._known = self._versions.load(self._store)
            except (Retryable, ValidationError) as error:
                # A version that a newer release wrote, after going back to this one, counts, too.
                self._telemetry.warning("Unreadable", name=self._versions.name, error=repr(error))
                if (known := self._known or self._otherwise) is None:
                    raise
                self._read_at = now
                return known
            self._read_at = now
        return self._known
