"""SQS in memory: visibility, receives, dead letters, and what Lambda does with a batch."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial

from faults.failing import throttled, unanswered
from faults.world import World
from responder.ports import Outgoing, Queue

VISIBILITY = timedelta(seconds=70)
MAX_RECEIVES = 6
BATCH = {
    Queue.PROCESSING: 10,
    Queue.CRITICAL_PROCESSING: 10,
    Queue.ANALYSIS: 1,
    Queue.DISTRIBUTION: 5,
    Queue.CRITICAL_DISTRIBUTION: 1,
}
#: By queue, the one whose dead letters its own lie with (template.yaml).
DEAD_WITH = {queue: queue for queue in Queue} | {Queue.CRITICAL_PROCESSING: Queue.PROCESSING}


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
        self.dead: dict[Queue, list[Held]] = {queue: [] for queue in DEAD_WITH.values()}
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

        self._world.effect("send", act, refused=throttled, unanswered=unanswered)

    def dead_letter(self, queue: Queue, message: Outgoing) -> None:
        """As ``ports.Queues``."""
        held = Held(message.body, self._world.now(), attributes=message.attributes)
        put = partial(self.dead[DEAD_WITH[queue]].append, held)
        self._world.effect("dead_letter", put, refused=throttled)

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
                self.dead[DEAD_WITH[queue]].append(held)
                self._settled.append(held)
                self._world.note(f"dead-lettered by SQS from {queue}")
                continue
            held.visible_at = now + VISIBILITY
            delivered.append(held)
        return delivered

    def delete(self, queue: Queue, held: Held) -> None:
        """What Lambda does after success; the message may be gone already."""
        self._settled.append(held)
        if self._world.strikes(self._world.rates.deliver_again):
            self._world.note("undeleted after success")
        elif held in self.messages[queue]:
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
