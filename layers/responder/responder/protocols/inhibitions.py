"""The operators' rules of inhibition, in versions; read by the processing lane and the tick.

A new version and the pointer to it are one transaction; a version is never changed.
"""

from datetime import datetime, timedelta

from pydantic import ValidationError

from responder.clock import Clock
from responder.errors import Retryable
from responder.policy.inhibition import NO_INHIBITIONS, Inhibitions
from responder.ports import Key, Store, Telemetry
from responder.protocols import items
from responder.protocols.corrections import Pointer

#: The name of the pointer in the state table; versions are ``inhibitions#<n>``.
POINTER = "inhibitions"
#: How long a process goes on with the rules that it knows.
MAX_AGE = timedelta(seconds=30)


def load(store: Store, number: int | None = None) -> Inhibitions:
    """The active rules, or those of a version; none where there are none. Raises Retryable."""
    if number is None:
        pointer = items.load(store, items.state_item(POINTER), Pointer)
        number = pointer.active if pointer else 0
    return items.load(store, _version(number), Inhibitions) or NO_INHIBITIONS


def save(store: Store, rules: Inhibitions, replaces: int, now: datetime) -> Inhibitions | None:
    """Write a new version and make it active; returns it. Raises Retryable.

    None, and nothing written, when version ``replaces`` is active no more.
    """

    def attempt() -> Inhibitions | None:
        key = items.state_item(POINTER)
        record = store.read([key])[key]
        before = items.decode(record, Pointer) or Pointer(active=0, newest=0)
        if before.active != replaces:
            return None
        number = before.newest + 1
        numbered = rules.model_copy(update={"number": number})
        moved = Pointer(active=number, newest=number)
        store.write(
            [
                items.write_of(_version(number), numbered, 0, now),
                items.write_of(key, moved, record.version, now),
            ]
        )
        return numbered

    return items.settle(attempt)


def _version(number: int) -> Key:
    return items.state_item(f"{POINTER}#{number}")


class CurrentInhibitions:
    """The rules as they stood at most ``MAX_AGE`` ago."""

    def __init__(self, store: Store, telemetry: Telemetry, now: Clock) -> None:
        """Nothing is read before the first alert."""
        self._store = store
        self._telemetry = telemetry
        self._now = now
        self._known = NO_INHIBITIONS
        self._read_at: datetime | None = None

    def __call__(self) -> Inhibitions:
        """What is known; a page too many is better than one that was never sent."""
        now = self._now()
        if self._read_at is None or now - self._read_at >= MAX_AGE:
            self._read_at = now
            try:
                self._known = load(self._store)
            except (Retryable, ValidationError) as error:
                self._telemetry.warning("Unreadable", name=POINTER, error=repr(error))
        return self._known
