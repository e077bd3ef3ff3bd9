"""Many workers at once in one process: threads, queues on a movable clock, a Claude on a leash.

The lanes and the store are the real ones; what they are put together with is here.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from threading import Barrier, Event, Lock
from typing import Any

from examples import verdict
from fakes import Telemetry
from faults.world import Killed
from responder.adapters.dynamodb import DynamoStore
from responder.alert import Alert
from responder.analysis.context import Case
from responder.analysis.verdict import Analysis
from responder.contracts import AnalysisRequest
from responder.errors import Conflict
from responder.ports import Outgoing, Question, Queue, Table, Write
from responder.protocols import identities
from responder.protocols.analyse import Investigator
from responder.protocols.batch import Failures, Lane, Origin
from responder.protocols.episode import Arrival
from responder.protocols.record import Recorder

#: Ends a test whose workers hang; far beyond what they need.
PATIENCE_SECONDS = 300.0


class Clock:
    """Stands still until it is moved. Starts now: the emulator removes what expired by its own."""

    def __init__(self) -> None:
        self._now = datetime.now(UTC)

    def __call__(self) -> datetime:
        return self._now

    def move_to(self, moment: datetime) -> None:
        """Never back."""
        self._now = max(self._now, moment)


class Crowd:
    """Threads that begin together. Who calls Claude can wait until all others have come by."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._lock = Lock()
        self._coming = 0
        self._all_here = Event()

    def run(self, work: Callable[[], None]) -> None:
        """Let every thread do ``work`` once; one that is killed just ends."""
        self._coming = self._size
        self._all_here.clear()
        gate = Barrier(self._size)

        def begin_together() -> None:
            gate.wait(PATIENCE_SECONDS)
            try:
                with suppress(Killed):
                    work()
            finally:
                self._here()

        with ThreadPoolExecutor(self._size) as pool:
            for done in [pool.submit(begin_together) for _ in range(self._size)]:
                done.result()

    def wait_for_the_others(self) -> None:
        """Until each thread has ended its work, or waits here as well."""
        self._here()
        if not self._all_here.wait(PATIENCE_SECONDS):
            raise TimeoutError("the others never came by")

    def _here(self) -> None:
        with self._lock:
            self._coming -= 1
            if self._coming <= 0:
                self._all_here.set()


class Claude:
    """Answers when ``wait`` returns; the first ``kills`` callers die in the middle of the call."""

    def __init__(self, now: Callable[[], datetime], wait: Callable[[], None], kills: int) -> None:
        self._now = now
        self._wait = wait
        self._kills = kills
        self._lock = Lock()
        self._in_flight = 0
        self.most_in_flight = 0
        self.asked: list[str] = []

    def question(self, case: Case, tier: str) -> Question:
        return Question(0.02, lambda: self._answer(case, tier))

    def _answer(self, case: Case, tier: str) -> Analysis:
        with self._lock:
            self.asked.append(case.incident.incident_id)
            number = len(self.asked)
            self._in_flight += 1
            self.most_in_flight = max(self.most_in_flight, self._in_flight)
        try:
            self._wait()
        finally:
            with self._lock:
                self._in_flight -= 1
        if number <= self._kills:
            raise Killed
        return verdict(headline=f"verdict {number}", tier=tier, made_at=self._now())


class WatchedStore(DynamoStore):
    """The real store; counts lost races and remembers every analysis that was ever stored."""

    def __init__(
        self, client: Any, tables: Mapping[Table, str], clock: Callable[[], float]
    ) -> None:
        super().__init__(client, tables, clock)
        self._watching = Lock()
        self.lost_races = 0
        self.analyses: set[str] = set()

    def write(self, writes: Sequence[Write]) -> None:
        try:
            super().write(writes)
        except Conflict:
            with self._watching:
                self.lost_races += 1
            raise
        entries = [write.data for write in writes if write.key.table is Table.CACHE]
        with self._watching:
            self.analyses |= {one["analysis"]["headline"] for one in entries if "analysis" in one}


@dataclass(frozen=True)
class Taken:
    """A message as it is in a worker's hands."""

    receipt: str
    body: str
    receives: int

    def as_record(self) -> dict[str, Any]:
        """As Lambda gives it to a function."""
        return {
            "messageId": self.receipt,
            "receiptHandle": self.receipt,
            "body": self.body,
            "attributes": {"ApproximateReceiveCount": str(self.receives)},
        }


@dataclass
class Held:
    """A message in a queue."""

    body: str
    visible_at: datetime
    receives: int = 0


class WaitingQueues:
    """At least once, by the test's clock: what is taken comes back unless it is deleted."""

    def __init__(self, now: Callable[[], datetime], visibility: timedelta) -> None:
        self._now = now
        self._visibility = visibility
        self._lock = Lock()
        self._held: dict[Queue, dict[str, Held]] = {queue: {} for queue in Queue}
        self.sent: Counter[Queue] = Counter()
        self.dead: list[str] = []

    def send(self, queue: Queue, messages: Sequence[Outgoing]) -> None:
        with self._lock:
            for message in messages:
                visible_at = self._now() + timedelta(seconds=message.delay)
                self._held[queue][str(self.sent[queue])] = Held(message.body, visible_at)
                self.sent[queue] += 1

    def dead_letter(self, queue: Queue, message: Outgoing) -> None:
        self.dead.append(message.body)

    def retry_in(self, queue: Queue, receipt: str, seconds: int) -> None:
        with self._lock:
            self._held[queue][receipt].visible_at = self._now() + timedelta(seconds=seconds)

    def take(self, queue: Queue) -> Taken | None:
        """The first message that is visible; from now on it is not, for a while."""
        with self._lock:
            for receipt, held in self._held[queue].items():
                if held.visible_at <= self._now():
                    held.receives += 1
                    held.visible_at = self._now() + self._visibility
                    return Taken(receipt, held.body, held.receives)
        return None

    def delete(self, queue: Queue, taken: Taken) -> None:
        with self._lock:
            del self._held[queue][taken.receipt]

    def waiting(self, queue: Queue) -> list[Held]:
        """All messages of a queue, as they were sent."""
        with self._lock:
            return list(self._held[queue].values())

    def next_visible(self, *queues: Queue) -> datetime | None:
        """When the next message can be taken; None when nothing is left."""
        moments = (held.visible_at for queue in queues for held in self._held[queue].values())
        return min(moments, default=None)


def two_lanes(
    queues: WaitingQueues, telemetry: Telemetry, recorder: Recorder, investigator: Investigator
) -> dict[Queue, Callable[[list[dict[str, Any]]], Failures]]:
    """The real lanes of the analysis function's queues."""
    processing, analysis = (
        Lane(queue, queues, queues, telemetry, Origin("crowd", "1"))
        for queue in (Queue.PROCESSING, Queue.ANALYSIS)
    )
    return {
        Queue.PROCESSING: lambda records: processing.run_groups(
            records, recorder.arrived, recorder.groups, recorder.record
        ),
        Queue.ANALYSIS: lambda records: analysis.run(records, AnalysisRequest, investigator.handle),
    }


def arrive(one: Alert, trace: str) -> Arrival:
    """The real identities: the environment is shared, so the analysis is; the accounts differ."""
    return identities.arrive(one, trace, "environment")
