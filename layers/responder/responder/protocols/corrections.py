"""The operators' signature rules as they stand; read by the processing lane.

    write rules#<n + 1> and the pointer to it, in one transaction

A version is never changed, so an incident's explanation ("rules v3") can be looked up as long as it
stands, and going back is moving the pointer.
"""

from datetime import datetime, timedelta

from pydantic import BaseModel, ConfigDict

from responder.clock import Clock
from responder.errors import Retryable
from responder.ports import Key, Store
from responder.protocols import items
from responder.signature import Rules

#: The name of the pointer in the state table; versions are ``signature-rules#<n>``.
POINTER = "signature-rules"
#: How long a process goes on with the rules that it knows.
MAX_AGE = timedelta(seconds=30)


class Pointer(BaseModel):
    """Which version of the rules is active, and the newest that there is."""

    model_config = ConfigDict(frozen=True)

    active: int
    newest: int


def version_key(version: int) -> Key:
    """Where a version of the rules lives."""
    return items.state_item(f"{POINTER}#{version}")


def load(store: Store, version: int | None = None) -> Rules:
    """The active rules, or those of ``version``; none where there are none. Raises Retryable."""
    if version is None:
        pointer = items.load(store, items.state_item(POINTER), Pointer)
        version = pointer.active if pointer else 0
    return items.load(store, version_key(version), Rules) or Rules()


def save(store: Store, rules: Rules, replaces: int, now: datetime) -> Rules | None:
    """Write ``rules`` as a new version and make it active; returns it. Raises Retryable.

    None, and nothing written, when version ``replaces`` is active no more: who looked at what the
    change does looked at something else.
    """

    def attempt() -> Rules | None:
        pointer = store.read([items.state_item(POINTER)])[items.state_item(POINTER)]
        before = items.decode(pointer, Pointer)
        if (before.active if before else 0) != replaces:
            return None
        version = (before.newest if before else 0) + 1
        numbered = rules.model_copy(update={"number": version})
        moved = Pointer(active=version, newest=version)
        store.write(
            [
                items.write_of(version_key(version), numbered, 0, now),
                items.write_of(items.state_item(POINTER), moved, pointer.version, now),
            ]
        )
        return numbered

    return items.settle(attempt)


def activate(store: Store, version: int, now: datetime) -> bool:
    """Make a version active that was written before (0: no rules); False where there is none."""
    if version and items.load(store, version_key(version), Rules) is None:
        return False

    def step(pointer: Pointer | None) -> Pointer | None:
        return pointer and pointer.model_copy(update={"active": version})

    return items.change(store, items.state_item(POINTER), Pointer, step, now) is not None


class CurrentRules:
    """The rules as they stood at most ``MAX_AGE`` ago."""

    def __init__(self, store: Store, now: Clock) -> None:
        """Nothing is read before the first alert."""
        self._store = store
        self._now = now
        self._rules: Rules | None = None
        self._read_at: datetime | None = None

    def __call__(self) -> Rules:
        """What is known. Raises Retryable while the rules were never readable."""
        now = self._now()
        if self._rules is None or self._read_at is None or now - self._read_at >= MAX_AGE:
            try:
                self._rules = load(self._store)
            except Retryable:
                if self._rules is None:
                    raise
            self._read_at = now
        return self._rules
