"""Hand-written fakes of the ports, for tests of many parts: each remembers, or fails as told.

The store is the fault harness's, in a world where nothing goes wrong by itself.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from examples import verdict
from faults.store import MemoryStore
from faults.world import World
from responder.analysis.context import Case
from responder.analysis.verdict import Analysis
from responder.errors import Reason, ResponderError, Retryable
from responder.ports import Key, Message, OperatorNotice, Place, Question, Record, Write


class Telemetry:
    """Remembers what it was told."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self.durations: dict[str, float] = {}
        self.lines: list[tuple[str, dict[str, object]]] = []

    def count(self, metric: str, amount: float = 1, *, reason: str = "", tier: str = "") -> None:
        self.counts[":".join(part for part in (metric, reason, tier) if part)] += amount  # type: ignore[assignment]

    def seconds(self, metric: str, value: float) -> None:
        self.durations[metric] = value

    def info(self, message: str, **fields: object) -> None:
        self.lines.append((message, fields))

    def warning(self, message: str, **fields: object) -> None:
        self.lines.append((message, fields))

    def said(self, message: str) -> int:
        """How many lines say this."""
        return sum(line == message for line, _ in self.lines)


class Store(MemoryStore):
    """The store in memory. ``meanwhile`` runs once, just before the next write: another worker.

    Writing an item whose key starts with ``refuses`` is throttled, items in ``expired`` are read
    as such, and the due-index, which may lag behind, also names ``also_due``.
    """

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self.meanwhile: Callable[[], None] | None = None
        self.refuses = ""
        self.also_due: list[str] = []
        self.expired: set[Key] = set()
        self.written: list[str] = []
        self.asked: list[Key] = []

    def write(self, writes: Sequence[Write]) -> None:
        if self.meanwhile is not None:
            act, self.meanwhile = self.meanwhile, None
            act()
        if self.refuses and any(write.key.id.startswith(self.refuses) for write in writes):
            raise Retryable(Reason.UNAVAILABLE, "throttled", took_effect=False)
        super().write(writes)
        self.written += [write.key.id for write in writes]

    def read(self, keys: Sequence[Key]) -> dict[Key, Record]:
        self.asked += keys
        return {
            key: record._replace(data=None) if key in self.expired else record
            for key, record in super().read(keys).items()
        }

    def due(self, now: datetime, limit: int) -> Sequence[str]:
        return [*super().due(now, limit), *self.also_due]

    def lose(self, key: Key) -> None:
        """Let an item expire and be deleted."""
        del self.items[key]


@dataclass
class Call:
    """One call that Slack saw."""

    method: str
    channel: str
    text: str = ""
    ts: str = ""
    thread_ts: str = ""
    delivery_id: str = ""
    blocks: bool = False
    broadcast: bool = False


class Slack:
    """Takes everything, or raises the next of ``errors``; ``meanwhile`` runs once within a call."""

    def __init__(self) -> None:
        self.editable = True
        self.calls: list[Call] = []
        self.errors: list[ResponderError] = []
        self.lands: dict[str, str] = {}
        self.meanwhile: Callable[[], None] | None = None
        self.searched: list[datetime] = []

    def post(self, channel: str, message: Message, delivery_id: str, thread_ts: str = "") -> Place:
        ts = f"{len(self.calls) + 1}.0" if self.editable else ""
        blocks, shown_too = bool(message.blocks), message.broadcast
        self._call(
            Call("post", channel, message.text, ts, thread_ts, delivery_id, blocks, shown_too)
        )
        return Place("C1" if ts else "", ts)

    def update(self, channel: str, ts: str, message: Message, delivery_id: str) -> None:
        self._call(Call("update", channel, message.text, ts, "", delivery_id, bool(message.blocks)))

    def find(
        self, channel: str, delivery_id: str, since: datetime, thread_ts: str = ""
    ) -> Place | None:
        self.searched.append(since)
        self._call(Call("find", channel, "", "", thread_ts, delivery_id))
        found = self.lands.get(delivery_id)
        return Place("C1", found) if found else None

    def methods(self) -> list[str]:
        """The names of all calls so far."""
        return [call.method for call in self.calls]

    def _call(self, call: Call) -> None:
        if self.errors:
            raise self.errors.pop(0)
        self.calls.append(call)
        if self.meanwhile is not None:
            act, self.meanwhile = self.meanwhile, None
            act()


class RememberingSlack(Slack):
    """Slack where what was posted is found by its delivery id."""

    def post(self, channel: str, message: Message, delivery_id: str, thread_ts: str = "") -> Place:
        place = super().post(channel, message, delivery_id, thread_ts)
        self.lands[delivery_id] = place.ts
        return place


class Claude:
    """Answers, with what it ``says``, or raises the next of ``errors``.

    ``meanwhile`` runs once within a call.
    """

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self.asked: list[tuple[str, str]] = []
        self.cases: list[Case] = []
        self.errors: list[ResponderError] = []
        self.ceiling = 0.02
        self.says: dict[str, Any] = {}
        self.meanwhile: Callable[[], None] | None = None

    def question(self, case: Case, tier: str) -> Question:
        return Question(self.ceiling, lambda: self._answer(case, tier))

    def _answer(self, case: Case, tier: str) -> Analysis:
        self.asked.append((case.incident.incident_id, tier))
        self.cases.append(case)
        if self.meanwhile is not None:
            act, self.meanwhile = self.meanwhile, None
            act()
        if self.errors:
            raise self.errors.pop(0)
        said = {"headline": f"verdict {len(self.asked)}", "tier": tier, "made_at": self._now()}
        return verdict(**said | self.says)


class Sink:
    """Takes every notice, or raises the next of ``errors``; takes none where it is not set up."""

    def __init__(self) -> None:
        self.set_up = True
        self.notices: list[OperatorNotice] = []
        self.errors: list[ResponderError] = []

    def tell(self, notice: OperatorNotice) -> bool:
        if self.errors:
            raise self.errors.pop(0)
        if self.set_up:
            self.notices.append(notice)
        return self.set_up
