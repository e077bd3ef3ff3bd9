"""A virtual machine room: a clock, workers as greenlets, and faults at every side effect.

One worker runs at a time and hands over at every side effect, so that a seed decides every
interleaving. A worker can be killed before, within and after each effect; an effect can be refused,
or take place while its caller is told of a time-out.
"""

import heapq
import random
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from greenlet import getcurrent, greenlet  # type: ignore[import-untyped]

START = datetime(2026, 11, 21, 3, 0, tzinfo=UTC)


class Killed(BaseException):
    """A process that is gone: no handler of ours may catch it."""


class Bug(Exception):
    """An unexpected exception, of no type that anybody handles."""


@dataclass(frozen=True)
class Rates:
    """How likely each fault is at one side effect.

    A caller that is told of a time-out cannot know whether its request was lost, or the answer.
    ``deliver_again``: SQS delivers a message that was deleted. ``garbage``: Claude is paid, and
    gives no verdict.
    """

    kill: float = 0.0
    refuse: float = 0.0
    lose_answer: float = 0.0
    bug: float = 0.0
    lose_request: float = 0.0
    deliver_again: float = 0.0
    garbage: float = 0.0


CALM = Rates()


@dataclass
class Worker:
    """One invocation. ``deadline`` is Lambda's time-out; ``owners`` the lease owners it named.

    ``skew`` is how far its clock is ahead. ``disturbed`` says that some fault has struck it,
    ``refused`` that AWS refuses it for a while.
    """

    run: Callable[[], None]
    deadline: datetime
    ended: Callable[[bool], None]
    wakes_at: datetime
    skew: timedelta = timedelta()
    owners: set[str] = field(default_factory=set)
    disturbed: bool = False
    refused: bool = False
    green: "greenlet | None" = None


class World:
    """Time, workers, faults, and what happened.

    ``dead`` are the lease owners that were killed, or whose message failed.
    """

    def __init__(self, seed: int) -> None:
        """Everything that follows is a function of ``seed``."""
        self.seed = seed
        self.rng = random.Random(seed)
        self.time = START
        self.rates = CALM
        self.skew = timedelta()
        self.workers: list[Worker] = []
        self.current: Worker | None = None
        self.events: Counter[str] = Counter()
        self.history: list[str] = []
        self.dead: set[str] = set()
        self._later: list[tuple[datetime, int, Callable[[], None]]] = []
        self._serial = 0

    def now(self) -> datetime:
        """The virtual time."""
        return self.time

    def clock(self) -> datetime:
        """The time as the worker has it that is running."""
        return self.time + (self.current.skew if self.current else timedelta())

    def new_id(self) -> str:
        """An id nobody else has; remembered as the worker's own."""
        self._serial += 1
        name = f"id{self._serial}"
        if self.current is not None:
            self.current.owners.add(name)
        return name

    def at(self, moment: datetime, act: Callable[[], None]) -> None:
        """Let something happen later, whoever is alive then."""
        self._serial += 1
        heapq.heappush(self._later, (moment, self._serial, act))

    def effect[T](
        self,
        name: str,
        act: Callable[[], T],
        *,
        refused: Callable[[], Exception] | None = None,
        unanswered: Callable[[], Exception] | None = None,
        unsent: Callable[[], Exception] | None = None,
        cut_off: Callable[[], Exception] | None = None,
        takes: float = 0.0,
    ) -> T:
        """One side effect of a worker, with whatever goes wrong around it.

        ``refused`` makes the error of a sure refusal, ``unanswered`` that of a lost answer; an
        effect without them cannot fail that way. ``unsent`` and ``cut_off`` stand for the latter
        where a wire is there to be cut, before or after the effect. ``takes`` seconds of virtual
        time.
        """
        self._pause(self.rng.uniform(0, 0.05))
        if self._strikes(self.rates.kill):
            self._kill(f"before {name}")
        if self._strikes(self.rates.bug):
            self.note(f"bug before {name}")
            raise Bug(name)
        if refused is not None and self._strikes(self.rates.refuse):
            self.note(f"refused {name}")
            raise refused()
        unsent = unsent or unanswered
        if unsent is not None and self.strikes(self.rates.lose_request):
            self.note(f"lost request of {name}")
            raise unsent()
        if takes and self._strikes(self.rates.kill):
            self.at(self.time + timedelta(seconds=self.rng.uniform(0, takes)), lambda: _drop(act))
            self._kill(f"within {name}")
        if takes:
            self._pause(takes)
        if cut_off is not None and self._strikes(self.rates.lose_answer):
            self.note(f"lost answer of {name}")
            raise cut_off()
        result = act()
        if unanswered is not None and self._strikes(self.rates.lose_answer):
            self.note(f"lost answer of {name}")
            raise unanswered()
        if self._strikes(self.rates.kill):
            self._kill(f"after {name}")
        return result

    def start(
        self, run: Callable[[], None], lasts: timedelta, ended: Callable[[bool], None]
    ) -> None:
        """Start a worker; ``ended`` hears whether it returned (False: killed or timed out)."""
        skew = self.skew * self.rng.uniform(-1, 1) if self.skew else self.skew
        self.workers.append(Worker(run, self.time + lasts, ended, self.time, skew))

    def rest(self, seconds: float) -> None:
        """A worker sleeps."""
        self._pause(seconds)

    def step(self) -> None:
        """Let one worker that is awake go on to its next side effect."""
        awake = [worker for worker in self.workers if worker.wakes_at <= self.time]
        worker = self.rng.choice(awake)
        self.current = worker
        if worker.green is None:
            worker.green = greenlet(worker.run)
        try:
            if self.time > worker.deadline:
                self.note("timed out")
                worker.green.throw(Killed)
            else:
                worker.green.switch()
        except (Killed, Exception) as error:
            self.note(f"ended by {error!r}")
            self._end(worker, returned=False)
            return
        finally:
            self.current = None
        if worker.green.dead:
            self._end(worker, returned=True)

    def awake(self) -> bool:
        """Whether any worker can go on now."""
        return any(worker.wakes_at <= self.time for worker in self.workers)

    def next_moment(self) -> datetime | None:
        """When something happens next without our doing."""
        moments = [worker.wakes_at for worker in self.workers]
        moments += [self._later[0][0]] if self._later else []
        return min(moments, default=None)

    def advance(self, moment: datetime) -> None:
        """Move time on, and let happen what was to happen until then."""
        self.time = max(self.time, moment)
        while self._later and self._later[0][0] <= self.time:
            heapq.heappop(self._later)[2]()

    def note(self, what: str) -> None:
        """Remember an event, for the replay of a failing seed; a worker's events are its faults."""
        if self.current is not None:
            self.current.disturbed = True
        self.events[what.split(" ", 1)[0]] += 1
        self.history.append(f"{(self.time - START).total_seconds():8.2f} {what}")

    def _end(self, worker: Worker, *, returned: bool) -> None:
        self.workers.remove(worker)
        self.dead |= set() if returned else worker.owners
        worker.ended(returned)

    def _pause(self, seconds: float) -> None:
        if self.current is None:
            return
        self.current.wakes_at = self.time + timedelta(seconds=seconds)
        parent = getcurrent().parent
        assert parent is not None
        parent.switch()

    def strikes(self, rate: float) -> bool:
        """Whether a fault happens here that most campaigns do not have."""
        return rate > 0 and self.rng.random() < rate

    def _strikes(self, rate: float) -> bool:
        return self.current is not None and self.rng.random() < rate

    def _kill(self, where: str) -> None:
        self.note(f"killed {where}")
        raise Killed


def _drop(act: Callable[[], object]) -> None:
    """An effect whose caller is gone: nobody is told that it was refused."""
    with suppress(Exception):
        act()
