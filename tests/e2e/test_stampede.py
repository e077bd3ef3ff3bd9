"""A stampede: 200 workers, one new signature, the emulator's DynamoDB; figures are printed.

Nothing is deployed. Each worker is a thread with the real lanes on the real store; all begin at
the same moment. Only the queues and the clock are the test's, so that waiting for the end of a
lease takes no real time.
"""

import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from bare_emulator import emulated
from e2e.crowd import (
    Claude,
    Clock,
    Crowd,
    Taken,
    WaitingQueues,
    WatchedStore,
    arrive,
    two_lanes,
)
from e2e.tables import WORKERS, connect, create_tables
from examples import MAKERS, alert
from fakes import Telemetry
from responder.alert import Scope
from responder.analysis.budget import Limits
from responder.cache_entry import CacheEntry, CacheState
from responder.contracts import AlertMessage
from responder.incident import Incident
from responder.ports import Outgoing, Queue, Table
from responder.protocols import context
from responder.protocols.analyse import Investigator
from responder.protocols.batch import Failures
from responder.protocols.record import Recorder
from responder.protocols.spending import Spending
from responder_cli.aws import plain

pytestmark = pytest.mark.e2e_long

LEASE = timedelta(seconds=60)
#: What a killed worker had taken comes back after its lease has run out, as in the template.
VISIBILITY = LEASE + timedelta(seconds=10)
#: A stampede that has not calmed down after so many rounds never will.
MAX_ROUNDS = 50


class Stampede:
    """200 alerts of one new signature, each from an account of its own, and 200 workers."""

    def __init__(self, client: Any, *, answers_at_once: bool = False, kills: int = 0) -> None:
        self.client = client
        self.tables = create_tables(client)
        self.clock = Clock()
        self.telemetry = Telemetry()
        self.crowd = Crowd(WORKERS)
        wait = (lambda: None) if answers_at_once else self.crowd.wait_for_the_others
        self.claude = Claude(self.clock, wait, kills)
        self.store = WatchedStore(client, self.tables, lambda: self.clock().timestamp())
        self.queues = WaitingQueues(self.clock, VISIBILITY)
        self.lanes = self._lanes()
        self.rounds = 0
        self.failures: list[dict[str, str]] = []
        self.begun = time.monotonic()
        for number in range(WORKERS):
            self.queues.send(Queue.PROCESSING, [Outgoing(self._alert(number).model_dump_json())])

    def round(self) -> None:
        """Every worker once, all at the same moment."""
        self.rounds += 1
        self.crowd.run(self._work)

    def until_nothing_is_left(self) -> None:
        """Round after round, each as soon as a message that waits can be taken."""
        while (moment := self.queues.next_visible(*self.lanes)) is not None:
            assert self.rounds < MAX_ROUNDS
            self.clock.move_to(moment)
            self.round()

    def incidents(self) -> dict[str, Incident]:
        """All incidents by id."""
        found = [one for one in self._scan(Table.INCIDENTS) if one["id"].startswith("incident#")]
        return {one.incident_id: one for one in map(Incident.model_validate, found)}

    def entry(self) -> CacheEntry:
        """The one item of the cache."""
        (entry,) = self._scan(Table.CACHE)
        return CacheEntry.model_validate({"cache_key": entry["error_signature"], **entry})

    def print_figures(self) -> None:
        """What it took."""
        print(
            f"\n{WORKERS} workers: calls to Claude {len(self.claude.asked)}, at most "
            f"{self.claude.most_in_flight} in flight; {self.store.lost_races} lost races, "
            f"{self.queues.sent[Queue.ANALYSIS]} requests and copies, "
            f"{len(self.failures)} failed receives, {self.rounds} rounds, "
            f"{time.monotonic() - self.begun:.1f} s"
        )

    def _alert(self, number: int) -> AlertMessage:
        scope = Scope(account=f"{number:012d}", environment="prod")
        moment = self.clock()
        return AlertMessage(
            alert=alert(
                f"a{number}",
                fingerprint=f"f{number}",
                scope=scope,
                event_at=moment,
                received_at=moment,
            )
        )

    def _work(self) -> None:
        """What one worker does: record an alert, then handle what asks for an analysis."""
        if taken := self.queues.take(Queue.PROCESSING):
            self._handle(Queue.PROCESSING, taken)
        while taken := self.queues.take(Queue.ANALYSIS):
            self._handle(Queue.ANALYSIS, taken)

    def _handle(self, queue: Queue, taken: Taken) -> None:
        failed = self.lanes[queue]([taken.as_record()])["batchItemFailures"]
        self.failures.extend(failed)
        if not failed:
            self.queues.delete(queue, taken)

    def _lanes(self) -> dict[Queue, Callable[[list[dict[str, Any]]], Failures]]:
        recorder = Recorder(
            self.store, self.queues, self.telemetry, self.clock, arrive, makers=MAKERS
        )
        investigator = Investigator(
            store=self.store,
            queues=self.queues,
            analyst=self.claude,
            telemetry=self.telemetry,
            now=self.clock,
            new_owner=lambda: uuid4().hex,
            lease_lasts=LEASE,
            patience=timedelta(minutes=10),
            spending=Spending(self.store, self.telemetry, self.clock, Limits(daily_usd=5)),
            makers=MAKERS,
            context=context.gatherer(self.store, self.telemetry).gather,
        )
        return two_lanes(self.queues, self.telemetry, recorder, investigator)

    def _scan(self, table: Table) -> list[dict[str, Any]]:
        pages = self.client.get_paginator("scan").paginate(
            TableName=self.tables[table], ConsistentRead=True
        )
        return [plain(item) for page in pages for item in page["Items"]]


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A DynamoDB client of an emulator that nothing is deployed on."""
    with emulated(tmp_path_factory) as emulator:
        yield connect(emulator)


@pytest.mark.parametrize("answers_at_once", [False, True])
def test_a_stampede_pays_for_one_analysis_and_every_incident_gets_it(
    client: Any, answers_at_once: bool
) -> None:
    stampede = Stampede(client, answers_at_once=answers_at_once)

    stampede.round()
    stampede.until_nothing_is_left()

    assert len(stampede.claude.asked) == 1
    all_have_the_only_analysis(stampede)


def test_a_stampede_whose_winner_is_killed_pays_once_more_and_the_others_get_it(
    client: Any,
) -> None:
    stampede = Stampede(client, kills=1)

    stampede.round()
    assert len(stampede.claude.asked) == 1
    assert stampede.store.analyses == set()
    assert stampede.entry().waiters
    stampede.until_nothing_is_left()

    killed, successor = stampede.claude.asked
    assert successor != killed
    all_have_the_only_analysis(stampede)


def all_have_the_only_analysis(stampede: Stampede) -> None:
    """One analysis was ever stored, under one call at a time; all incidents show it."""
    stampede.print_figures()
    entry, incidents = stampede.entry(), stampede.incidents()
    assert stampede.claude.most_in_flight == 1
    assert entry.state is CacheState.DONE
    assert entry.analysis is not None
    assert stampede.store.analyses == {entry.analysis.headline}
    assert entry.waiters == ()
    assert len(incidents) == WORKERS
    assert {one.count for one in incidents.values()} == {1}
    assert [one.incident_id for one in incidents.values() if one.analysis != entry.analysis] == []
    paid = [one.incident_id for one in incidents.values() if not one.from_cache]
    assert paid == stampede.claude.asked[-1:]
    assert stampede.queues.dead == []
