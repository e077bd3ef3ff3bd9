"""Mistakes that are easy to make around Claude, its lease and its price."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from faults.substitutes import Replacement
from responder.analysis.budget import Purse
from responder.analysis.ledger import Line
from responder.cache_entry import CacheEntry, CacheState
from responder.incident import Incident
from responder.ports import (
    Key,
    Record,
    Store,
    Write,
)
from responder.protocols import (
    analyse,
    items,
    lease,
    troubles,
)
from responder.protocols.budget_watch import TOLD, BudgetWatch
from responder.protocols.spending import Bill, Spending


def waiters_not_drained() -> Sequence[Replacement]:
    """Waiters are told and then left in the entry."""

    def drain(store: Store, cache_key: str, told: frozenset[str], now: datetime) -> None:
        return None

    return [(analyse, "drain_waiters", drain)]


def lease_without_owner() -> Sequence[Replacement]:
    """Whoever comes back with a verdict completes the entry, also when the lease is another's."""

    def owns(entry: CacheEntry | None, me: str) -> bool:
        return entry is not None and entry.state is CacheState.PENDING

    return [(lease, "may_end", owns)]


def ask_without_lease() -> Sequence[Replacement]:
    """Whoever finds the lease held by another asks Claude all the same."""

    def owns(entry: CacheEntry | None, me: str) -> bool:
        return entry is not None and entry.state is CacheState.PENDING

    return [(lease, "may_end", lease.owns), (lease, "owns", owns)]


def overlook_calls_under_way() -> Sequence[Replacement]:
    """A budget counts what was settled, and not what calls under way may cost."""

    def taken(self: Purse, counter: str) -> int:
        return self.settled.get(counter, 0)

    return [(Purse, "taken", taken)]


def free_what_was_not_answered() -> Sequence[Replacement]:
    """A call without an answer is taken for one that cost nothing."""
    return [(Spending, "doubt", Spending.release)]


def take_garbage_for_nothing() -> Sequence[Replacement]:
    """An answer without a verdict is taken for a refusal, which costs nothing."""

    class Never(Exception):
        """Nobody raises it."""

    return [(analyse, "Unusable", Never)]


def book_beside_settling() -> Sequence[Replacement]:
    """A call is settled first, and written into the ledger afterwards."""
    attempt = Spending._attempt

    def apart(self: Spending, bill: Bill, line: Line, model: str) -> None:
        attempt(replace(self, store=_Apart(self.store)), bill, line, model)

    return [(Spending, "_attempt", apart)]


def tell_beside_opening() -> Sequence[Replacement]:
    """A budget's incident is opened first, and remembered as told afterwards."""
    attempt = BudgetWatch._attempt

    def apart(self: BudgetWatch, purse: Purse | None, now: datetime) -> list[Incident]:
        return attempt(replace(self, store=_Apart(self.store)), purse, now)

    return [(BudgetWatch, "_attempt", apart)]


def end_a_trouble_unsaid() -> Sequence[Replacement]:
    """Claude answers again, which is remembered and told to nobody."""

    def answered(self: troubles.Watch, tier: str) -> None:
        notes = items.load(self.store, troubles.NOTES, troubles.Notes)
        for note in notes.standing if notes else ():
            self._replace(note)

    return [(troubles.Watch, "_answered", answered)]


@dataclass(frozen=True)
class _Apart:
    """A store that writes one item after the other."""

    store: Store

    def read(self, keys: Sequence[Key]) -> dict[Key, Record]:
        return self.store.read(keys)

    def write(self, writes: Sequence[Write]) -> None:
        for one in sorted(writes, key=lambda write: write.key.id == TOLD):
            self.store.write([one])

    def due(self, now: datetime, limit: int) -> Sequence[str]:
        return self.store.due(now, limit)
