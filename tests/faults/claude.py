"""Claude in memory, paid by the call."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from faults.failing import unanswered
from faults.store import MemoryStore
from faults.world import Worker, World
from responder.alert import Severity
from responder.analysis.budget import MICRO
from responder.analysis.context import Case
from responder.analysis.prompt import PROMPT_VERSION
from responder.analysis.verdict import Analysis, Confidence
from responder.errors import Permanent, Reason, Retryable
from responder.ports import Question

#: Seconds of a call to Claude that outlives its lease, as in a process that was frozen meanwhile.
SLOW = 50
LEASE = timedelta(seconds=45)


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
                "claude", act, refused=refused, unanswered=unanswered, takes=takes
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
