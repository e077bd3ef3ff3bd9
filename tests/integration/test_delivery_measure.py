"""What issue 4 asks of delivery: duplicated, reordered, unanswered, by two workers at once.

Two threads run the real lane, each with a Slack adapter of its own, against the local Slack over
HTTP with its rate limits on. Store and queue are in memory; one clock, which moves on only when
nobody has work, drives them and the local Slack, so that no wait costs real time.
"""

import heapq
import json
import random
import re
import threading
import urllib.request
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from typing import Any
from uuid import uuid4

import pytest

from examples import incident
from fakes import Telemetry
from faults.store import MemoryStore
from faults.world import START, World
from local_stack import slack_server
from local_stack.loopback import Server
from responder.adapters.slack import BotSlack
from responder.alert import Severity
from responder.card import Card
from responder.contracts import Announcement
from responder.incident import Destination, Incident, IncidentState, Notice, NoticeKind
from responder.policy.route import Channels
from responder.ports import Chat, Key, Outgoing, Queue, Record, Write
from responder.protocols import items
from responder.protocols.batch import Lane, Origin
from responder.protocols.card import Timing
from responder.protocols.deliver import Deliverer
from responder.protocols.operators import Operators

INCIDENTS = 300
WORKERS = 2
SHARE = 0.3
CHANNELS = ("#alerts", "#alerts-critical", "#payments", "#storage")
TIMING = Timing(timedelta(seconds=10))
LATEST = timedelta(seconds=45)
#: Every so many-th incident becomes CRITICAL, which waits for no pace.
URGENT = 10
TURNS: dict[NoticeKind, dict[str, Any]] = {
    NoticeKind.SEVERITY_RAISED: {},
    NoticeKind.RESOLVED: {"state": IncidentState.RESOLVED, "firing": 0},
    NoticeKind.REFIRED: {"state": IncidentState.OPEN, "firing": 1},
}


class SharedStore(MemoryStore):
    """The store in memory, for threads."""

    def __init__(self) -> None:
        super().__init__(World(1))
        self._lock = threading.Lock()

    def read(self, keys: Sequence[Key]) -> dict[Key, Record]:
        with self._lock:
            return super().read(keys)

    def write(self, writes: Sequence[Write]) -> None:
        with self._lock:
            super().write(writes)


@dataclass(order=True)
class Job:
    """Something that becomes due: a message for the workers, or a change of the outside world."""

    due: datetime
    number: int
    body: str = field(compare=False, default="")
    change: Callable[[], None] | None = field(compare=False, default=None)


class Room:
    """The distribution queue and the clock, for several workers: duplicates, and has no order."""

    def __init__(self, seed: int) -> None:
        self._rng = random.Random(seed)
        self._changed = threading.Condition()
        self._jobs: list[Job] = []
        self._busy = 0
        self._numbers = count()
        self._time = START
        self._taken: dict[str, str] = {}
        self.events: Counter[str] = Counter()
        self.at_once = 0

    def now(self) -> datetime:
        return self._time

    def later(self, seconds: float, change: Callable[[], None]) -> None:
        """Let something change by itself."""
        with self._changed:
            self._put(Job(self._after(seconds), next(self._numbers), change=change))

    def send(self, queue: Queue, messages: Sequence[Outgoing]) -> None:
        """As ``ports.Queues``: 30 % arrive twice, 30 % after some that were sent later."""
        with self._changed:
            for message in messages:
                self.events["sent"] += 1
                self._put_message(message)
                if self._rng.random() < SHARE:
                    self.events["duplicated"] += 1
                    self._put_message(message)

    def dead_letter(self, queue: Queue, message: Outgoing) -> None:
        """As ``ports.Queues``."""
        self.events[f"dead-lettered: {message.attributes}"] += 1

    def retry_in(self, queue: Queue, receipt: str, seconds: int) -> None:
        """As ``batch.Visibility``: a failed message comes back."""
        with self._changed:
            self.events["failed"] += 1
            body = self._taken[receipt]
            self._put(Job(self._after(seconds), next(self._numbers), body))

    def take(self) -> Job | None:
        """The next job, once it is due; None when there will be none any more."""
        with self._changed:
            while True:
                if self._jobs and self._jobs[0].due <= self._time:
                    self._busy += 1
                    self.at_once = max(self.at_once, self._busy)
                    job = heapq.heappop(self._jobs)
                    self._taken[str(job.number)] = job.body
                    return job
                if self._busy:
                    self._changed.wait()
                elif self._jobs:
                    self._time = self._jobs[0].due
                else:
                    return None

    def done(self) -> None:
        """A worker has finished its job."""
        with self._changed:
            self._busy -= 1
            self._changed.notify_all()

    def _put_message(self, message: Outgoing) -> None:
        delay = float(message.delay)
        if self._rng.random() < SHARE:
            self.events["reordered"] += 1
            delay += self._rng.uniform(0, LATEST.total_seconds())
        self._put(Job(self._after(delay), next(self._numbers), message.body))

    def _put(self, job: Job) -> None:
        heapq.heappush(self._jobs, job)
        self._changed.notify_all()

    def _after(self, seconds: float) -> datetime:
        return self._time + timedelta(seconds=seconds)


class Desk:
    """Incidents that live their lives, and two workers that show them in the local Slack."""

    def __init__(self, room: Room, slack_url: str) -> None:
        self.room = room
        self.store = SharedStore()
        self.telemetry = Telemetry()
        self._slack_url = slack_url

    def open(self, number: int, rng: random.Random) -> None:
        """An incident that opens, is counted on, and tells of three changes in its thread."""
        name = f"v1:p{number}|prod.1"
        first = incident(
            name,
            title=f"problem {number}",
            severity=Severity.MEDIUM,
            route=Destination(channel=CHANNELS[number % len(CHANNELS)]),
        )
        raised = Severity.HIGH if number % URGENT else Severity.CRITICAL
        begin = rng.uniform(0, 300)
        self.room.later(begin, lambda: self.change(name, lambda _: first))
        for _ in range(rng.randint(2, 5)):
            self.room.later(begin + rng.uniform(1, 240), lambda: self.change(name, counted))
        for turn, (kind, changes) in enumerate(TURNS.items(), start=1):
            told = Turn(self, name, turn, kind, {"severity": raised, **changes})
            self.room.later(begin + turn * rng.uniform(60, 80), told)

    def work(self) -> None:
        """One worker, until nothing is left to do."""
        chat = BotSlack(lambda fresh: "xoxb-local", f"{self._slack_url}/api/", 5)
        deliverer = self._deliverer(chat)
        lane = Lane(
            Queue.DISTRIBUTION, self.room, self.room, self.telemetry, Origin("measure", "1")
        )
        while (job := self.room.take()) is not None:
            try:
                if job.change is not None:
                    job.change()
                else:
                    lane.run([record(job)], Announcement, deliverer.handle)
            finally:
                self.room.done()

    def incidents(self) -> list[Incident]:
        start = items.incident_item("").id
        keys = [key.id for key in self.store.items if key.id.startswith(start)]
        return [self.incident(key.removeprefix(start)) for key in keys]

    def incident(self, name: str) -> Incident:
        found = items.load(self.store, items.incident_item(name), Incident)
        assert found is not None
        return found

    def card(self, incident_id: str) -> Card:
        found = items.load(self.store, items.card_item(incident_id), Card)
        assert found is not None
        return found

    def shown(self, name: str) -> bool:
        """Whether the card stands in Slack and is recorded."""
        found = items.load(self.store, items.card_item(name), Card)
        return found is not None and bool(found.ts)

    def change(self, name: str, step: Callable[[Incident], Incident]) -> None:
        """Change an incident as recording does, and announce it."""
        now = self.room.now()
        key = items.incident_item(name)
        items.change(self.store, key, Incident, step, now)  # type: ignore[arg-type]
        body = Announcement(incident_id=name, first_sent=now).model_dump_json()
        self.room.send(Queue.DISTRIBUTION, [Outgoing(body)])

    def _deliverer(self, chat: Chat) -> Deliverer:
        return Deliverer(
            store=self.store,
            queues=self.room,
            chat=lambda incident: chat,
            channels=Channels(CHANNELS[0]),
            telemetry=self.telemetry,
            now=self.room.now,
            new_id=lambda: uuid4().hex,
            timing=TIMING,
            gap=timedelta(seconds=1),
            operators=Operators(
                store=self.store,
                queues=self.room,
                sinks={},
                telemetry=self.telemetry,
                now=self.room.now,
                stack="measure",
                after=timedelta(hours=1),
            ),
        )


@dataclass(frozen=True)
class Turn:
    """A change that people are told of; it waits for the turn before it, by number, and the card.

    A card that comes later would tell of it already.
    """

    desk: Desk
    name: str
    number: int
    kind: NoticeKind
    changes: dict[str, Any]

    def __call__(self) -> None:
        if self._is_next():
            self.desk.change(self.name, self._step)
        else:
            self.desk.room.later(30, self)

    def _is_next(self) -> bool:
        before = self.number - 1
        return self.desk.shown(self.name) and self.desk.incident(self.name).last_notice == before

    def _step(self, before: Incident) -> Incident:
        at, detail = self.desk.room.now(), f"{self.name} no. {self.number}."
        told = Notice(number=self.number, kind=self.kind, at=at, detail=detail)
        news = {"revision": before.revision + 1, "notices": (*before.notices, told)}
        return before.model_copy(update={**self.changes, **news})


def counted(before: Incident) -> Incident:
    more = {"revision": before.revision + 1, "count": before.count + 1}
    return before.model_copy(update=more)


def record(job: Job) -> dict[str, Any]:
    return {
        "messageId": str(job.number),
        "receiptHandle": str(job.number),
        "body": job.body,
        "attributes": {"ApproximateReceiveCount": "1"},
    }


@pytest.fixture
def room() -> Room:
    return Room(seed=20261121)


@pytest.fixture
def slack(room: Room) -> Iterator[Server]:
    running = slack_server.start(clock=lambda: room.now().timestamp())
    yield running
    running.stop()


def call(slack: Server, path: str, order: dict[str, Any] | None = None) -> Any:
    body = None if order is None else json.dumps(order).encode()
    with urllib.request.urlopen(urllib.request.Request(slack.url + path, body), timeout=5) as said:
        return json.loads(said.read())


def test_one_card_each_with_the_newest_revision_and_every_notice_told_once(
    room: Room, slack: Server
) -> None:
    call(slack, "/control", {"fail": {"mode": "drop_after_post", "share": SHARE, "seed": 1}})
    desk, rng = Desk(room, slack.url), random.Random(1)
    for number in range(INCIDENTS):
        desk.open(number, rng)
    workers = [threading.Thread(target=desk.work) for _ in range(WORKERS)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()

    control, messages = call(slack, "/control"), call(slack, "/api/messages")
    cards: defaultdict[int, list[Any]] = defaultdict(list)
    replies: defaultdict[int, list[Any]] = defaultdict(list)
    for message in messages:
        (replies if message["thread"] else cards)[number_of(message["text"])].append(message)
    incidents, overtaken = desk.incidents(), 0
    assert len(incidents) == INCIDENTS
    for one in incidents:
        number = number_of(one.title)
        (card,) = cards[number]
        assert desk.card(one.incident_id).shown == one.revision
        assert f"{one.count} times" in str(card["blocks"])
        told = [str(reply["blocks"]) for reply in replies[number]]
        assert [notice.kind for notice in one.notices] == list(TURNS)
        times = {notice.kind: sum(notice.detail in text for text in told) for notice in one.notices}
        # What is over, or begun anew, before anybody could be told is no news any more.
        assert times[NoticeKind.REFIRED] == 1
        assert max(times.values()) == 1
        overtaken += list(times.values()).count(0)
    notices = len(messages) - len(cards)
    assert notices + overtaken == INCIDENTS * len(TURNS), "none is told twice"
    assert desk.telemetry.counts["NoticesHeld:overtaken"] == overtaken < INCIDENTS
    calls = sum(control["calls"].values())
    lost = control["answers"]["drop_after_post"] / calls
    sent, twice = room.events["sent"], room.events["duplicated"]
    doubled, late = twice / sent, room.events["reordered"] / (sent + twice)
    # The measure is worth something only where the faults were there.
    assert min(lost, doubled, late) > SHARE - 0.05
    assert room.at_once == WORKERS
    assert set(room.events) == {"sent", "duplicated", "reordered"}, "nothing failed or died"
    print(
        f"\n{INCIDENTS} incidents, {WORKERS} workers: {calls} calls to Slack, {lost:.0%} of the "
        f"answers lost; {sent} messages, {doubled:.0%} doubled, {late:.0%} late: "
        f"{len(cards)} cards of {INCIDENTS}, {notices} notices, none twice, {overtaken} overtaken"
    )


def number_of(text: str) -> int:
    """The incident that a text is about."""
    said = re.search(r"problem (\d+)", text)
    assert said is not None, text
    return int(said[1])
