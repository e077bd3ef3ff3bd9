"""What a replay of many alerts runs over: noon, a shared store, a moody Claude, a Slack to read."""

import json
import random
import re
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from threading import Lock
from typing import Any

from e2e.crowd import Clock
from fakes import Slack
from local_stack import claude_server
from local_stack.loopback import Fate, Reply, Request, json_reply
from local_stack.troubles import Troubles
from responder.adapters.claude import Claude
from responder.analysis.budget import micro
from responder.analysis.context import Case
from responder.analysis.verdict import Analysis
from responder.errors import Conflict, Retryable
from responder.ports import Key, Message, Place, Question, Record, Write

#: How long Claude takes over an answer.
SLOW = 0.004
#: Of three calls one is ambiguous, and one refused for load.
FATES = ("answer", "drop", "529")
#: The first one in a request is its own, others are of siblings.
_PROBLEM = re.compile(r"problem-([a-z]+)-")


class Noon(Clock):
    """Today's, so that no replay meets a midnight, when budgets begin anew."""

    def __init__(self) -> None:
        super().__init__()
        self._now = self._now.replace(hour=12, minute=0, second=0, microsecond=0)


class SharedMemory:
    """The store in memory for many threads; each write tells ``watch`` what it left."""

    def __init__(self) -> None:
        """No items."""
        self.items: dict[Key, tuple[int, Mapping[str, Any]]] = {}
        self._lock = Lock()
        self.watch: Callable[[Sequence[Write]], None] = lambda writes: None
        self.lost_races = 0

    def read(self, keys: Sequence[Key]) -> dict[Key, Record]:
        with self._lock:
            return {key: Record(*self.items.get(key, (0, None))) for key in keys}

    def write(self, writes: Sequence[Write]) -> None:
        with self._lock:
            if any(self.items.get(one.key, (0, {}))[0] != one.expect for one in writes):
                self.lost_races += 1
                raise Conflict("another write came first")
            for one in writes:
                self.items[one.key] = (one.expect + 1, json.loads(json.dumps(one.data)))
            self.watch(writes)

    def due(self, now: datetime, limit: int) -> Sequence[str]:
        return ()


class Moody:
    """The local Claude, failing by plan; it sees how many calls of one problem are under way."""

    def __init__(self, seed: int) -> None:
        """``seed`` decides what becomes of each problem's first, second, … call."""
        self._answers = claude_server.LocalClaude(
            Troubles(claude_server.MODES, time.time), time.time, "canned", "", 0
        )
        self._seed = seed
        self._lock = Lock()
        self._plans: dict[str, random.Random] = {}
        self._under_way: Counter[str] = Counter()
        self.most_under_way = 0
        self.fates: Counter[str] = Counter()

    def __call__(self, request: Request) -> Reply:
        problem = _PROBLEM.findall(request.body.decode())[0]
        with self._lock:
            plan = self._plans.setdefault(problem, random.Random(f"{self._seed}{problem}"))
            fate = plan.choice(FATES)
            self.fates[fate] += 1
            self._under_way[problem] += 1
            self.most_under_way = max(self.most_under_way, self._under_way[problem])
        try:
            time.sleep(SLOW)
            if fate == "drop":
                return Reply(fate=Fate.DROP)
            if fate == "529":
                error = {"type": "overloaded_error", "message": "Overloaded"}
                return json_reply({"type": "error", "error": error}, 529)
            return self._answers(request)
        finally:
            with self._lock:
                self._under_way[problem] -= 1


class Watched:
    """The adapter; who is in a call of which cache key, and what the calls cost at most."""

    def __init__(self, claude: Claude) -> None:
        self._claude = claude
        self._lock = Lock()
        self._in_flight: Counter[str] = Counter()
        self.most_in_flight = 0
        self.calls: Counter[tuple[str, str]] = Counter()
        self.answers: Counter[tuple[str, str]] = Counter()
        self.owed = 0

    def question(self, case: Case, tier: str) -> Question:
        question = self._claude.question(case, tier)
        return replace(question, ask=lambda: self._ask(question, case.incident.cache_key, tier))

    def _ask(self, question: Question, key: str, tier: str) -> Analysis:
        with self._lock:
            self.calls[key, tier] += 1
            self._in_flight[key] += 1
            self.most_in_flight = max(self.most_in_flight, self._in_flight[key])
        owed = 0
        try:
            analysis = question.ask()
            owed = micro(analysis.cost_usd)
        except Retryable as error:
            owed = micro(question.ceiling_usd) if error.took_effect is None else 0
            raise
        finally:
            with self._lock:
                self._in_flight[key] -= 1
                self.owed += owed
        with self._lock:
            self.answers[key, tier] += 1
        return analysis


class Reader(Slack):
    """Slack, and all that was posted to it."""

    def __init__(self) -> None:
        super().__init__()
        self.read = ""

    def post(self, channel: str, message: Message, delivery_id: str, thread_ts: str = "") -> Place:
        self.read += json.dumps([message.text, message.blocks])
        return super().post(channel, message, delivery_id, thread_ts)
