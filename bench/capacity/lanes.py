"""What the pipeline runs on: environments, queues with their pollers, and lines of slots.

Every queue has as many pollers as its mapping's ``MaximumConcurrency``; each takes what is there,
at most a batch. Slack's pace is a line of slots, as in ``protocols.pace``.
"""

from collections import deque
from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import Any

import simpy

from bench.capacity.times import Times
from bench.capacity.values import Queue
from bench.inside import LANES

type Steps = Generator[simpy.Event, Any]


@dataclass(slots=True)
class Message:
    """An alert, an analysis or an announcement on its way; ``at`` is when it came to its queue."""

    at: float
    accepted: float = 0.0
    new: bool = False
    fresh: bool = False
    critical: bool = False
    incident: int = 0
    slot: float | None = None


class Machine:
    """Time, and the functions' environments; what falls before ``ends`` counts as use."""

    def __init__(self, times: Times) -> None:
        """At rest, at second 0, without an end."""
        self.env = simpy.Environment()
        self.times = times
        self.ends = float("inf")
        self._warm: dict[str, list[float]] = {}
        self._processor = simpy.Resource(self.env, times.processors) if times.processors else None

    def after(self, delay: float, act: Callable[[], None]) -> None:
        """Do it in so many seconds."""

        def later() -> Steps:
            yield self.env.timeout(delay)
            act()

        self.env.process(later())

    def busy(self, seen: Queue, began: float) -> None:
        """Only what falls into the time in which alerts come in counts as use."""
        seen.busy += max(0.0, min(self.env.now, self.ends) - min(began, self.ends))

    def invoke(self, function: str, steps: Steps) -> Steps:
        """Take the environment that rested least; an old one is gone, and a new one starts."""
        warm = self._warm.setdefault(function, [])
        rested = warm.pop() if warm else float("-inf")
        if self.env.now - rested > self.times.keep or rested == float("-inf"):
            warm.clear()
            yield self.env.timeout(self.times.cold.get(function, 0.0))
        yield from steps
        warm.append(self.env.now)

    def serve(self, seconds: float) -> Steps:
        """Work for so long, where there are processors to wait for, on one of them."""
        if self._processor is None:
            yield self.env.timeout(seconds)
            return
        with self._processor.request() as turn:
            yield turn
            yield self.env.timeout(seconds)


class Lane:
    """A queue and its pollers."""

    def __init__(
        self,
        machine: Machine,
        name: str,
        workers: int,
        work: Callable[[list[Message]], Steps],
    ) -> None:
        """Empty, with ``workers`` pollers that hand each batch to ``work``."""
        self.machine, self.workers, self.work = machine, workers, work
        self.lane = LANES[name]
        self.waiting: deque[Message] = deque()
        self.delayed = 0
        self.seen = Queue()
        self._idle: list[simpy.Event] = []
        self._running = 0
        for _ in range(workers):
            machine.env.process(self._poll())

    def put(self, message: Message, delay: float = 0.0) -> None:
        """A message comes, or does in so many seconds."""
        if delay > 0:
            self.delayed += 1
            self.machine.after(delay, lambda: self._come(message))
            return
        message.at = self.machine.env.now
        self.waiting.append(message)
        if self._idle:
            self._idle.pop().succeed()

    def _come(self, message: Message) -> None:
        self.delayed -= 1
        self.put(message)

    def sample(self) -> None:
        """Note depth and age of this moment."""
        self.seen.depth.append(len(self.waiting) + self.delayed)
        now = self.machine.env.now
        self.seen.age.append(now - self.waiting[0].at if self.waiting else 0.0)

    def _poll(self) -> Steps:
        env = self.machine.env
        while True:
            while not self.waiting:
                more = env.event()
                self._idle.append(more)
                yield more
            batch = [self.waiting.popleft() for _ in range(min(self.lane.batch, len(self.waiting)))]
            self.seen.waits += [env.now - one.at for one in batch]
            self._running += 1
            self.seen.peak = max(self.seen.peak, self._running)
            began = env.now
            yield env.timeout(self.machine.times.pickup)
            yield from self.machine.invoke(self.lane.function, self.work(batch))
            self.machine.busy(self.seen, began)
            self._running -= 1


class Line:
    """Slots of one pace, as ``protocols.pace`` reserves them."""

    def __init__(self, gap: float) -> None:
        """Free, with so many seconds between two slots."""
        self.gap, self.next, self.next_urgent, self.taken = gap, 0.0, 0.0, 0

    def slot(self, now: float, *, urgent: bool) -> float:
        """The second of the next slot that is free; for an urgent message the others make room."""
        free, first = max(now, self.next), max(now, self.next_urgent)
        self.next = free + self.gap
        self.next_urgent = first + self.gap if urgent else first
        self.taken += 1
        return first if urgent else free
