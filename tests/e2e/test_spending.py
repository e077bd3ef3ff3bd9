"""Fifty workers, one budget, the emulator's DynamoDB: they never overspend together.

Nothing is deployed; each worker is a thread that reserves and settles on the real store.
"""

import time
from collections.abc import Iterator
from threading import Lock
from typing import Any
from uuid import uuid4

import pytest

from bare_emulator import emulated
from e2e.crowd import Clock, Crowd, WatchedStore
from e2e.tables import connect, create_tables
from examples import incident
from fakes import Telemetry
from responder.analysis.budget import Limits, Purse, day_of, month_of
from responder.analysis.ledger import Ledger
from responder.errors import Permanent
from responder.ports import Table
from responder.protocols import items
from responder.protocols.spending import Charge, Spending, ledger_item, purse_item

pytestmark = pytest.mark.e2e_long

WORKERS = 50
CEILING, COST = 0.02, 0.01
#: So many calls at once have room in the source's budget, which is the smallest.
ROOM = 20
LIMITS = Limits(5, 50, {"alertmanager": ROOM * CEILING})


class Till:
    """Fifty workers at one budget."""

    def __init__(self, client: Any) -> None:
        self.clock = Clock()
        self.telemetry = Telemetry()
        self.crowd = Crowd(WORKERS)
        tables = {Table.STATE: create_tables(client)[Table.STATE]}
        self.store = WatchedStore(client, tables, lambda: self.clock().timestamp())
        self.spending = Spending(self.store, self.telemetry, self.clock, LIMITS)
        self.calls = 0
        self.refused = 0
        self.most_in_flight = 0
        self._in_flight = 0
        self._lock = Lock()

    def round(self) -> None:
        """Every worker asks for one call, all at the same moment, and settles it with the rest."""
        self.crowd.run(self._work)

    def purse(self) -> Purse:
        found = items.load(self.store, purse_item(month_of(self.clock())), Purse)
        assert found is not None
        return found

    def ledger(self) -> Ledger:
        found = items.load(self.store, ledger_item(day_of(self.clock())), Ledger)
        assert found is not None
        return found

    def _work(self) -> None:
        try:
            bill = self.spending.reserve(incident(), "small", CEILING, uuid4().hex)
        except Permanent:
            with self._lock:
                self.refused += 1
            return
        with self._lock:
            self.calls += 1
            self._in_flight += 1
            self.most_in_flight = max(self.most_in_flight, self._in_flight)
        self.crowd.wait_for_the_others()
        with self._lock:
            self._in_flight -= 1
        self.spending.pay(bill, Charge(COST, "model", 10, 5))


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A DynamoDB client of an emulator that nothing is deployed on."""
    with emulated(tmp_path_factory) as emulator:
        yield connect(emulator)


def test_fifty_workers_never_overspend_together_and_none_gives_up(client: Any) -> None:
    till = Till(client)
    begun = time.monotonic()

    till.round()
    assert (till.calls, till.refused) == (ROOM, WORKERS - ROOM)
    assert till.most_in_flight == ROOM
    while till.refused < 5 * WORKERS:
        till.round()

    print(
        f"\n{WORKERS} workers: {till.calls} calls, {till.refused} refused, "
        f"{till.store.lost_races} lost races, {time.monotonic() - begun:.1f} s"
    )
    day, micro = day_of(till.clock()), round(COST * 1_000_000)
    limit = round(ROOM * CEILING * 1_000_000)
    settled = till.purse().settled
    assert till.purse().held == {}
    assert settled[f"{day} alertmanager"] == settled[day] == till.calls * micro
    assert settled[day] <= limit < settled[day] + round(CEILING * 1_000_000)
    assert till.ledger().total.micro_usd == settled[day]
    assert till.ledger().total.calls == till.calls
    assert till.telemetry.said("Budget not settled") == 0
