"""The ports in memory: a store with versions, queues with visibility, Slack, Claude, counters."""

import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from faults.world import START, Worker, World
from responder.alert import Severity
from responder.analysis.budget import MICRO
from responder.analysis.context import Case
from responder.analysis.prompt import PROMPT_VERSION
from responder.analysis.verdict import Analysis, Confidence
from responder.errors import Conflict, Permanent, Reason, Retryable
from responder.ports import (
    Key,
    Message,
    OperatorNotice,
    Outgoing,
    Place,
    Question,
    Queue,
    Record,
    Table,
    Write,
)

VISIBILITY = timedelta(seconds=70)
MAX_RECEIVES = 6
#: Seconds of a call to Claude that outlives its lease, as in a process that was frozen meanwhile.
SLOW = 50
LEASE = timedelta(seconds=45)
BATCH = {Queue.PROCESSING: 10, Queue.ANALYSIS: 1, Queue.DISTRIBUTION: 5, Queue.CRITICAL: 1}


def _throttled() -> Retryable:
    return Retryable(Reason.UNAVAILABLE, "throttled", took_effect=False)


def _unanswered() -> Retryable:
    return Retryable(Reason.TIMEOUT, "no answer")


class MemoryStore:
    """Versions and expiry as DynamoDB has them; watches who completes a lease."""

    def __init__(self, world: World) -> None:
        """Empty tables."""
        self._world = world
        self.items: dict[Key, tuple[int, dict[str, Any]]] = {}
        self.broken: list[str] = []
        self.verdicts: dict[str, set[str]] = defaultdict(set)

    def read(self, keys: Sequence[Key]) -> dict[Key, Record]:
        """As ``ports.Store``."""
        return self._world.effect("read", lambda: self._read(keys), refused=_throttled)

    def write(self, writes: Sequence[Write]) -> None:
        """As ``ports.Store``; a lost answer is what a client sees that was not told of success."""
        assert len({write.key for write in writes}) == len(writes) <= 100
        self._world.effect(
            "write", lambda: self._write(writes), refused=_throttled, unanswered=_unanswered
        )

    def due(self, now: datetime, limit: int) -> Sequence[str]:
        """As ``ports.Store``."""
        found = [
            (data["due_at"], key.id.removeprefix("incident#"))
            for key, (_, data) in self.items.items()
            if "due_at" in data and data["due_at"] <= now.timestamp()
        ]
        return [incident_id for _, incident_id in sorted(found)[:limit]]

    def leased_until(self, cache_key: str) -> datetime:
        """When the lease of an analysis runs out; long ago where there is none."""
        data = self.items.get(Key(Table.CACHE, cache_key), (0, {}))[1]
        return datetime.fromisoformat(data["lease_until"]) if "lease_until" in data else START

    def _read(self, keys: Sequence[Key]) -> dict[Key, Record]:
        return {
            key: Record(*self.items[key]) if key in self.items else Record(0, None) for key in keys
        }

    def _write(self, writes: Sequence[Write]) -> None:
        for write in writes:
            if self.items.get(write.key, (0, {}))[0] != write.expect:
                raise Conflict(write.key.id)
        for write in writes:
            self._watch(write)
            analysis = write.data.get("analysis") if write.key.table is Table.CACHE else None
            if analysis and analysis["tier"] != "fallback":
                self.verdicts[write.key.id].add(analysis["headline"])
            data = json.loads(json.dumps(write.data))
            self.items[write.key] = (write.expect + 1, data)

    def _watch(self, write: Write) -> None:
        before = self.items.get(write.key, (0, {}))[1]
        if write.key.table is not Table.CACHE or before.get("state") != "pending":
            return
        worker = self._world.current
        until = datetime.fromisoformat(before["lease_until"])
        taken = write.data.get("state") == "pending" and until <= self._world.now()
        kept = write.data.get("owner") == before["owner"]
        if not taken and not kept and worker and before["owner"] not in worker.owners:
            self.broken.append(f"{write.key.id}: a lease was ended by who did not own it")


@dataclass(eq=False)
class Held:
    """A message in a queue."""

    body: str
    visible_at: datetime
    receives: int = 0
    receipt: int = 0
    attributes: Mapping[str, str] = field(default_factory=dict)


class MemoryQueues:
    """Standard queues: no order, at least once, dead letters after too many receives."""

    def __init__(self, world: World) -> None:
        """Empty queues."""
        self._world = world
        self.messages: dict[Queue, list[Held]] = {queue: [] for queue in Queue}
        self.dead: dict[Queue, list[Held]] = {queue: [] for queue in Queue}
        self._settled: list[Held] = []
        self.doubled: set[Queue] = set()

    def send(self, queue: Queue, messages: Sequence[Outgoing]) -> None:
        """As ``ports.Queues``."""
        for message in messages:
            assert 0 <= message.delay <= 900

        def act() -> None:
            for message in messages:
                visible = self._world.now() + timedelta(seconds=message.delay)
                self.messages[queue].append(Held(message.body, visible))

        self._world.effect("send", act, refused=_throttled, unanswered=_unanswered)

    def dead_letter(self, queue: Queue, message: Outgoing) -> None:
        """As ``ports.Queues``."""
        held = Held(message.body, self._world.now(), attributes=message.attributes)
        self._world.effect("dead_letter", lambda: self.dead[queue].append(held), refused=_throttled)

    def retry_in(self, queue: Queue, receipt: str, seconds: int) -> None:
        """As ``protocols.batch.Visibility``: whose message failed may not even have let go."""
        if self._world.current is not None:
            self._world.dead |= self._world.current.owners
        visible = self._world.now() + timedelta(seconds=seconds)
        for held in self.messages[queue]:
            if str(id(held)) + ":" + str(held.receipt) == receipt:
                held.visible_at = visible

    def receive(self, queue: Queue, *, twice: bool) -> list[Held]:
        """A batch for Lambda. ``twice``: SQS delivers a message whose delivery is under way."""
        now = self._world.now()
        ready = [held for held in self.messages[queue] if held.visible_at <= now or twice]
        batch = self._world.rng.sample(
            ready, min(len(ready), self._world.rng.randint(1, BATCH[queue]))
        )
        delivered = []
        for held in batch:
            if held.visible_at > now:
                self.doubled.add(queue)
            held.receives += 1
            held.receipt += 1
            if held.receives > MAX_RECEIVES and not twice:
                self.messages[queue].remove(held)
                self.dead[queue].append(held)
                self._settled.append(held)
                self._world.note(f"dead-lettered by SQS from {queue}")
                continue
            held.visible_at = now + VISIBILITY
            delivered.append(held)
        return delivered

    def delete(self, queue: Queue, held: Held) -> None:
        """What Lambda does after success; the message may be gone already."""
        self._settled.append(held)
        if held in self.messages[queue]:
            self.messages[queue].remove(held)

    def vanished(self, queue: Queue, held: Held) -> bool:
        """Whether a message left its queue although no delivery of it succeeded."""
        return not any(held is one for one in [*self.messages[queue], *self._settled])

    def redrive(self, queue: Queue) -> None:
        """What the operator's ``dlq reprocess`` does: copy first, then delete."""
        for held in list(self.dead[queue]):
            self.messages[queue].append(Held(held.body, self._world.now()))
            self.dead[queue].remove(held)

    def empty(self) -> bool:
        """Whether nothing waits anywhere."""
        return not any(self.messages.values())

    def next_visible(self) -> datetime | None:
        """When a message becomes visible next."""
        times = [held.visible_at for queue in self.messages.values() for held in queue]
        return min(times, default=None)


@dataclass
class Posted:
    """A message in Slack."""

    channel: str
    ts: str
    text: str
    delivery_id: str
    thread_ts: str
    at: datetime


class MemorySlack:
    """Slack with a history; ``editable`` is bot mode."""

    def __init__(self, world: World) -> None:
        """No messages."""
        self._world = world
        self.messages: list[Posted] = []
        self.deleted: set[str] = set()
        self.archived: set[str] = set()
        self._posted = 0

    @property
    def editable(self) -> bool:
        """Bot mode."""
        return True

    def post(self, channel: str, message: Message, delivery_id: str, thread_ts: str = "") -> Place:
        """As ``ports.Chat``; may land although the poster is gone or was told of a time-out."""

        def act() -> Place:
            self._check(channel)
            self._posted += 1
            ts = f"{self._posted}.0"
            self.messages.append(
                Posted(channel, ts, message.text, delivery_id, thread_ts, self._world.now())
            )
            return Place(channel, ts)

        return self._call("post", act, self._world.rng.uniform(0.05, 8))

    def archive(self, channel: str) -> None:
        """Somebody archives a channel (or there never was one): nobody sees its messages again."""
        self.archived.add(channel)
        unseen = [message for message in self.messages if message.channel == channel]
        for message in unseen:
            self.messages.remove(message)
            if not message.thread_ts:
                self.deleted.add(message.text.split("|")[1])
        self._world.note(f"archived {channel}")

    def _check(self, channel: str) -> None:
        if channel in self.archived:
            raise Permanent(Reason.CHANNEL_ARCHIVED, "is_archived")

    def lose_a_card(self) -> None:
        """Somebody deletes a message in Slack."""
        cards = [message for message in self.messages if not message.thread_ts]
        if cards:
            gone = self._world.rng.choice(cards)
            self.messages.remove(gone)
            self.deleted.add(gone.text.split("|")[1])
            self._world.note(f"deleted {gone.text}")

    def update(self, channel: str, ts: str, message: Message, delivery_id: str) -> None:
        """As ``ports.Chat``. An edit that lands after its caller died shows an older state."""

        def act() -> None:
            self._check(channel)
            one = next((m for m in self.messages if m.ts == ts), None)
            if one is None:
                raise Permanent(Reason.CARD_GONE, "message_not_found")
            one.text = message.text

        self._call("update", act, 0)

    def find(
        self, channel: str, delivery_id: str, since: datetime, thread_ts: str = ""
    ) -> Place | None:
        """As ``ports.Chat``."""

        def act() -> Place | None:
            self._check(channel)
            return next(
                (
                    Place(m.channel, m.ts)
                    for m in self.messages
                    if (m.channel, m.delivery_id, m.thread_ts) == (channel, delivery_id, thread_ts)
                    and m.at >= since
                ),
                None,
            )

        return self._call("find", act, 0)

    def _call[T](self, name: str, act: Callable[[], T], takes: float) -> T:
        def refused() -> Exception:
            after = self._world.rng.choice([None, 1.0, 20.0])
            return Retryable(Reason.RATE_LIMITED, "429", after=after, took_effect=False)

        return self._world.effect(
            f"slack.{name}", act, refused=refused, unanswered=_unanswered, takes=takes
        )


class MemorySink:
    """A way to operators; remembers which incidents it was told of."""

    def __init__(self, world: World) -> None:
        """Nothing told."""
        self._world = world
        self.told: set[str] = set()
        self.ids: Counter[str] = Counter()

    def tell(self, notice: OperatorNotice) -> bool:
        """As ``ports.Sink``."""

        def act() -> None:
            document = notice.document
            self.ids[document["id"]] += 1
            self.told |= {document["incident"]["id"], *document["others"]["ids"]}

        self._world.effect("tell", act, refused=_throttled, unanswered=_unanswered, takes=1)
        return True


class MemoryClaude:
    """Claude, paid by the call; watches that no call meets another one under its lease."""

    def __init__(self, world: World, store: MemoryStore) -> None:
        """Nothing paid."""
        self._world = world
        self._store = store
        self._in_flight: dict[str, list[datetime]] = defaultdict(list)
        self.payers: dict[str, list[Worker]] = defaultdict(list)
        #: Millionths of a dollar by the source of the incident.
        self.paid: Counter[str] = Counter()
        self.paid_in_storm: Counter[str] = Counter()

    def mark(self) -> None:
        """The storm is over: what was paid until now was paid under its budgets."""
        self.paid_in_storm = Counter(self.paid)

    def question(self, case: Case, tier: str) -> Question:
        """As ``ports.Analyst``."""
        return Question(0.02, lambda: self._answer(case, tier))

    def _answer(self, case: Case, tier: str) -> Analysis:
        """Sometimes slower than the lease lasts."""
        rng = self._world.rng
        payer = self._world.current
        assert payer is not None

        def act() -> Analysis:
            self.payers[case.incident.cache_key].append(payer)
            # Some calls cost all that they may.
            micro = 5_000 * (1 + sum(map(len, self.payers.values())) % 4)
            self.paid[case.incident.source] += micro
            return Analysis(
                headline=f"verdict {sum(map(len, self.payers.values()))}",
                severity_opinion=rng.choice([None, *Severity]),
                confidence=Confidence.HIGH,
                made_by="model",
                tier=tier,
                made_at=self._world.now(),
                prompt_version=PROMPT_VERSION,
                cost_usd=micro / MICRO,
            )

        def refused() -> Exception:
            if rng.random() < 0.1:
                return Permanent(Reason.REFUSED_BY_CLAUDE)
            return Retryable(
                Reason.UNAVAILABLE, "529", after=rng.choice([None, 5.0]), took_effect=False
            )

        takes = rng.choice([1, 5, 20, SLOW])
        if takes == SLOW:
            self._world.note("slow: longer than the lease lasts")
        with self._alone(case.incident.cache_key):
            return self._world.effect(
                "claude", act, refused=refused, unanswered=_unanswered, takes=takes
            )

    @contextmanager
    def _alone(self, cache_key: str) -> Iterator[None]:
        """A call in flight; that of a killed worker is in flight until its lease runs out."""
        others = self._in_flight[cache_key]
        if any(until > self._world.now() for until in others):
            self._store.broken.append(f"{cache_key}: two calls in flight while a lease is live")
        mine = self._store.leased_until(cache_key)
        others.append(mine)
        try:
            yield
        except Exception:
            others.remove(mine)
            raise
        others.remove(mine)


class Counting:
    """Telemetry that counts."""

    def __init__(self) -> None:
        """Nothing counted."""
        self.counts: Counter[str] = Counter()
        self.lines: Counter[str] = Counter()
        self.warnings: dict[str, list[Mapping[str, object]]] = defaultdict(list)

    def count(self, metric: str, amount: float = 1, *, reason: str = "", tier: str = "") -> None:
        """As ``ports.Telemetry``."""
        self.counts[metric + (f":{reason}" if reason else "")] += 1

    def seconds(self, metric: str, value: float) -> None:
        """As ``ports.Telemetry``."""

    def info(self, message: str, **fields: object) -> None:
        """As ``ports.Telemetry``."""
        self.lines[message] += 1

    def warning(self, message: str, **fields: object) -> None:
        """As ``ports.Telemetry``."""
        self.lines[message] += 1
        self.warnings[message].append(fields)
