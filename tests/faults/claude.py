"""Claude in memory, paid by the call."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import partial

from faults.failing import unanswered
from faults.store import MemoryStore
from faults.world import Worker, World
from responder.alert import Severity
from responder.analysis.budget import MICRO
from responder.analysis.context import Case
from responder.analysis.prompt import PROMPT_VERSION
from responder.analysis.reading import Call, Unusable
from responder.analysis.trouble import NotServed, Trouble
from responder.analysis.verdict import Analysis, Confidence
from responder.errors import Permanent, Reason, Retryable
from responder.ports import Question

#: Seconds of a call to Claude that outlives its lease, as in a process that was frozen meanwhile.
SLOW = 50
LEASE = timedelta(seconds=45)

#: How Claude refuses, and whether it is sure that nothing was done.
REFUSALS = (
    (Reason.UNAVAILABLE, "529", False),
    (Reason.RATE_LIMITED, "429", False),
    (Reason.UNAVAILABLE, "500", None),
)


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
        self.revoked = False
        #: Who was answered, and when it was asked.
        self.answered: list[tuple[Worker, datetime]] = []

    def mark(self) -> None:
        """The storm is over: what was paid until now was paid under its budgets."""
        self.paid_in_storm = Counter(self.paid)

    def revoke(self, *, revoked: bool) -> None:
        """The key is rotated at Anthropic; whoever rotates it has yet to store the new one."""
        self.revoked = revoked
        self._world.note(f"key revoked: {revoked}")

    def forget(self) -> None:
        """What was long ago counts no more."""
        self.payers.clear()
        self.paid.clear()
        self.answered.clear()

    def book(self, case: Case, payer: Worker, asked: datetime, micro: int) -> None:
        """A call was answered, and paid."""
        self.payers[case.incident.cache_key].append(payer)
        self.paid[case.incident.source] += micro
        self.answered.append((payer, asked))

    def question(self, case: Case, tier: str) -> Question:
        """As ``ports.Analyst``."""
        return Question(
            0.02, lambda: self._answer(case, partial(self._verdict, case, tier), self._refusal)
        )

    def _answer(
        self,
        case: Case,
        serve: Callable[[Worker, datetime], Analysis],
        refusal: Callable[[], Exception],
    ) -> Analysis:
        """Sometimes slower than the lease lasts."""
        rng = self._world.rng
        payer = self._world.current
        assert payer is not None
        asked = self._world.clock()

        takes = rng.choice([1, 5, 20, SLOW])
        if takes == SLOW:
            self._world.note("slow: longer than the lease lasts")
        with self._alone(case.incident.cache_key):
            return self._world.effect(
                "claude",
                lambda: serve(payer, asked),
                refused=refusal,
                unanswered=unanswered,
                takes=takes,
            )

    def _verdict(self, case: Case, tier: str, payer: Worker, asked: datetime) -> Analysis:
        if self.revoked:
            raise NotServed(Reason.MISCONFIGURED, "HTTP 401", Trouble.CREDENTIALS)
        # Some calls cost all that they may.
        micro = 5_000 * (1 + (1 + sum(map(len, self.payers.values()))) % 4)
        self.book(case, payer, asked, micro)
        if self._world.strikes(self._world.rates.garbage):
            self._world.note("garbage from Claude")
            raise _garbage(tier, self._world.now(), micro)
        return Analysis(
            headline=f"verdict {sum(map(len, self.payers.values()))}",
            severity_opinion=self._world.rng.choice([None, *Severity]),
            confidence=Confidence.HIGH,
            made_by="model",
            tier=tier,
            made_at=self._world.now(),
            prompt_version=PROMPT_VERSION,
            cost_usd=micro / MICRO,
        )

    def _refusal(self) -> Exception:
        rng = self._world.rng
        if rng.random() < 0.1:
            return Permanent(Reason.REFUSED_BY_CLAUDE)
        after = rng.choice([None, 5.0])
        reason, status, took_effect = rng.choice(REFUSALS)
        return Retryable(reason, status, after=after, took_effect=took_effect)

    @contextmanager
    def _alone(self, cache_key: str) -> Iterator[None]:
        """A call in flight; that of a killed worker is in flight until its lease runs out."""
        others = self._in_flight[cache_key]
        now = self._world.now() + 2 * self._world.skew
        if any(until > now for until in others):
            self._store.broken.append(f"{cache_key}: two calls in flight while a lease is live")
        mine = self._store.leased_until(cache_key)
        others.append(mine)
        try:
            yield
        except Exception:
            others.remove(mine)
            raise
        others.remove(mine)


def _garbage(tier: str, now: datetime, micro: int) -> Unusable:
    """An answer that is paid, and no verdict."""
    call = Call("model", tier, PROMPT_VERSION, now, micro / MICRO, 1, 1)
    return Unusable(Reason.MALFORMED_ANSWER, "the answer is not a verdict", call)
