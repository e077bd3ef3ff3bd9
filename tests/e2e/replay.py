"""Thousands of alerts of few problems, from many workers at once, against the local Claude.

The lanes, the Claude adapter and its HTTP are the real ones; the store is given. Claude fails by a
plan that is drawn for each problem from a seed, so that what must be counted is known.
"""

import random
import time
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import count
from typing import Any

from e2e.crowd import Crowd, Taken, WaitingQueues, arrive, two_lanes
from e2e.replay_services import Noon, Reader, Watched
from fakes import Telemetry
from integration.claude_local import Unguarded
from responder.adapters.claude import ApiKey, Claude
from responder.alert import Alert, Scope, Severity, Status
from responder.analysis.budget import MICRO, Limits, Purse, day_of, month_of
from responder.analysis.freshness import Makers
from responder.analysis.ledger import Ledger, Line
from responder.analysis.prompt import PROMPT_VERSION
from responder.analysis.tiering import tiers
from responder.analysis.verdict import Analysis
from responder.cache_entry import CacheEntry, CacheState
from responder.contracts import AlertMessage, Announcement
from responder.incident import Incident
from responder.policy.route import Channels
from responder.ports import Outgoing, Queue, Store, Table, Write
from responder.protocols import context, items
from responder.protocols.analyse import Investigator
from responder.protocols.batch import Failures
from responder.protocols.card import Timing
from responder.protocols.deliver import Deliverer
from responder.protocols.operators import Operators
from responder.protocols.record import Recorder
from responder.protocols.spending import Spending, ledger_item, purse_item

WORKERS = 20
#: Places of one problem: an incident each, and one analysis for all of them.
PLACES = 5
SMALL, LARGE = "claude-haiku-5-5", "claude-sonnet-5-5"
LEASE = timedelta(seconds=60)
VISIBILITY = LEASE + timedelta(seconds=10)
#: As in the template: alerts come ten at a time.
BATCH = 10
#: A replay that has not calmed down after so many rounds never will.
MAX_ROUNDS = 400


@dataclass(frozen=True)
class Size:
    """How much is replayed."""

    alerts: int
    problems: int


class Replay:
    """Alerts in random order, workers, and everything that happened."""

    def __init__(self, store: Any, url: str, size: Size, limits: Limits, seed: int) -> None:
        self.clock = Noon()
        self.store: Store = store
        self.size = size
        self.limits = limits
        self.telemetry = Telemetry()
        self.queues = WaitingQueues(self.clock, VISIBILITY)
        way_in = ApiKey(lambda _: "sk-test", base_url=url, timeout_seconds=30)
        self.claude = Watched(Claude(way_in, tiers(SMALL, LARGE), Unguarded(), self.clock))
        self.lanes = self._lanes()
        self.rounds = 0
        self.most_taken = 0
        self.stored: dict[tuple[str, str], set[str]] = defaultdict(set)
        self._names = count()
        self._failed: deque[dict[str, str]] = deque()
        store.watch = self._watch
        self.begun = time.monotonic()
        alerts = [self._alert(number, size.problems) for number in range(size.alerts)]
        random.Random(seed).shuffle(alerts)
        self.queues.send(
            Queue.PROCESSING,
            [Outgoing(AlertMessage(alert=one).model_dump_json()) for one in alerts],
        )

    def run(self) -> None:
        """Every worker takes what it finds, until nothing is left but announcements."""
        crowd = Crowd(WORKERS)
        while (moment := self.queues.next_visible(Queue.PROCESSING, Queue.ANALYSIS)) is not None:
            assert self.rounds < MAX_ROUNDS
            self.rounds += 1
            self.clock.move_to(moment)
            crowd.run(self._work)
        assert not self._failed
        assert self.queues.dead == []

    def purse(self) -> Purse:
        key = purse_item(month_of(self.clock()))
        return items.load(self.store, key, Purse) or Purse(month=month_of(self.clock()))

    def ledger(self) -> Line:
        """The day."""
        found = items.load(self.store, ledger_item(day_of(self.clock())), Ledger)
        return found.total if found else Line()

    def places(self) -> int:
        """How many incidents there must be."""
        return self.size.problems * PLACES

    def check_one_analysis_each(self) -> None:
        """One per problem and tier was ever stored and paid for, and all incidents show it."""
        entries, incidents = self.entries(), self.incidents()
        assert self.claude.most_in_flight == 1
        assert len(entries) == self.size.problems
        assert len(incidents) == self.places()
        assert {one.state for one in entries} == {CacheState.DONE}
        assert [one.cache_key for one in entries if one.waiters] == []
        assert set(self.claude.answers.values()) == {1}
        assert self.stored.keys() == self.claude.answers.keys()
        assert [key for key, found in self.stored.items() if len(found) > 1] == []
        worst = [one for one in incidents if one.severity is Severity.CRITICAL]
        assert len(worst) == self.size.problems // 4
        assert {one.analysis.tier for one in worst} == {"large"}
        for one in incidents:
            assert _told(one.analysis) in self.stored[one.cache_key, one.analysis.tier]

    def check_the_books(self, fates: Counter[str]) -> None:
        """Every call is booked, an ambiguous one with all that it may have cost."""
        booked = self.ledger()
        assert self.purse().held == {}
        assert self.claude.calls.total() == fates.total()
        assert booked.unknown == fates["drop"] == self.telemetry.counts["ClaudeCallsUnknown"] > 0
        assert booked.calls == fates["drop"] + fates["answer"]
        assert fates["529"] > 0
        settled = self.purse().settled[day_of(self.clock())]
        assert settled == booked.micro_usd == self.claude.owed

    def incidents(self) -> list[Incident]:
        """Every incident that was announced."""
        keys = sorted({items.incident_item(one.incident_id) for one in self.announcements()})
        found = (items.load(self.store, key, Incident) for key in keys)
        return [one for one in found if one is not None]

    def entries(self) -> list[CacheEntry]:
        """The cache."""
        keys = sorted({items.cache_item(one.cache_key) for one in self.incidents()})
        found = (items.load(self.store, key, CacheEntry) for key in keys)
        return [one for one in found if one is not None]

    def announcements(self) -> list[Announcement]:
        """All that were sent; nobody takes them during a replay."""
        return [
            Announcement.model_validate_json(held.body)
            for queue in (Queue.DISTRIBUTION, Queue.CRITICAL_DISTRIBUTION)
            for held in self.queues.waiting(queue)
        ]

    def cards(self) -> dict[str, str]:
        """What Slack is shown of each incident, by its id."""
        slack = Reader()
        deliverer = Deliverer(
            store=self.store,
            queues=self.queues,
            chat=lambda incident: slack,
            channels=Channels("#alerts", test="#alerts"),
            telemetry=self.telemetry,
            now=self.clock,
            new_id=lambda: f"card{next(self._names)}",
            timing=Timing(timedelta(seconds=10)),
            gap=timedelta(0),
            operators=self._operators(),
        )
        shown = {}
        for one in self.incidents():
            slack.read = ""
            deliverer.handle(Announcement(incident_id=one.incident_id, first_sent=self.clock()))
            shown[one.incident_id] = slack.read
        return shown

    def print_figures(self) -> None:
        """What it took."""
        calls, answers = self.claude.calls.total(), self.claude.answers.total()
        booked = self.ledger()
        print(
            f"\n{WORKERS} workers: {len(self.incidents())} incidents, {len(self.entries())} cache "
            f"keys; {calls} calls to Claude, {answers} answered, {booked.unknown} unknown; at most "
            f"{self.claude.most_in_flight} in flight for one key; ${booked.usd:.4f} booked; most "
            f"spent and reserved ${self.most_taken / MICRO:.4f} of ${self.limits.daily_usd}; "
            f"{self.rounds} rounds, {time.monotonic() - self.begun:.1f} s"
        )

    def _operators(self) -> Operators:
        return Operators(
            store=self.store,
            queues=self.queues,
            sinks={},
            telemetry=self.telemetry,
            now=self.clock,
            stack="replay",
            after=timedelta(minutes=10),
        )

    def _watch(self, writes: Sequence[Write]) -> None:
        """Every moment of the purse, and every analysis of Claude that was ever stored."""
        for one in writes:
            if one.key.id.startswith("budget#"):
                purse = Purse.model_validate(one.data)
                self.most_taken = max(self.most_taken, purse.taken(day_of(self.clock())))
            analysis = one.data.get("analysis") if one.key.table is Table.CACHE else None
            if analysis and analysis["tier"] != "fallback":
                self.stored[one.key.id, analysis["tier"]].add(
                    _told(Analysis.model_validate(analysis))
                )

    def _alert(self, number: int, problems: int) -> Alert:
        problem, turn = number % problems, number // problems
        name = "".join(chr(ord("a") + int(digit)) for digit in str(problem))
        place = turn % PLACES
        # The worst place comes to some problems late: then the larger model is asked as well.
        worst = problem % 4 == 0 and place == 0
        return Alert(
            alert_id=f"a{number}",
            source="alertmanager",
            fingerprint=f"f{problem}-{place}",
            rule=f"problem-{name}-rule",
            title=f"problem-{name}-title",
            severity=Severity.CRITICAL if worst else Severity.HIGH,
            status=Status.FIRING,
            service=f"service-{problem % 7}",
            scope=Scope(account=f"{place:012d}", environment="prod"),
            event_at=self.clock() + timedelta(milliseconds=number),
            received_at=self.clock(),
        )

    def _work(self) -> None:
        """A worker of both queues, in turn, so that alerts and answers arrive among each other."""
        busy = True
        while busy:
            batch = [self.queues.take(Queue.PROCESSING) for _ in range(BATCH)]
            alerts = [one for one in batch if one is not None]
            self._handle(Queue.PROCESSING, alerts)
            request = self.queues.take(Queue.ANALYSIS)
            if request is not None:
                self._handle(Queue.ANALYSIS, [request])
            busy = bool(alerts) or request is not None

    def _handle(self, queue: Queue, taken: Sequence[Taken]) -> None:
        failed = self.lanes[queue]([one.as_record() for one in taken])["batchItemFailures"]
        again = {one["itemIdentifier"] for one in failed}
        self._failed.extend(failed)
        for one in taken:
            if one.receipt not in again:
                self.queues.delete(queue, one)

    def _lanes(self) -> dict[Queue, Callable[[list[dict[str, Any]]], Failures]]:
        makers = Makers(frozenset({SMALL, LARGE}), PROMPT_VERSION)
        recorder = Recorder(self.store, self.queues, self.telemetry, self.clock, arrive, makers)
        investigator = Investigator(
            store=self.store,
            queues=self.queues,
            analyst=self.claude,
            telemetry=self.telemetry,
            now=self.clock,
            new_owner=lambda: f"owner{next(self._names)}",
            lease_lasts=LEASE,
            # Longer than any plan's row of failures, so that no problem is given up.
            patience=timedelta(hours=3),
            spending=Spending(self.store, self.telemetry, self.clock, self.limits),
            makers=makers,
            context=context.gatherer(self.store, self.telemetry).gather,
        )
        return two_lanes(self.queues, self.telemetry, recorder, investigator)


def _told(analysis: Analysis) -> str:
    """An analysis as one can be compared with another."""
    return analysis.model_dump_json()
