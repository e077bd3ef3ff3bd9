"""Hand-written fakes that the tests of the protocols share: a desk with every lane on it.

Store and queues are the fault harness's ports, in a world where nothing goes wrong by itself.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from pydantic import BaseModel

from faults.queues import MemoryQueues
from faults.store import MemoryStore
from faults.world import START, World
from responder.alert import Alert, Scope, Severity, Status
from responder.analysis.budget import Limits
from responder.analysis.context import Case
from responder.analysis.freshness import Makers
from responder.analysis.prompt import PROMPT_VERSION
from responder.analysis.verdict import Analysis, Confidence
from responder.contracts import AnalysisRequest, Announcement
from responder.errors import Reason, ResponderError, Retryable
from responder.incident import CacheEntry, Card, Incident
from responder.policy.route import Channels
from responder.ports import Key, Message, OperatorNotice, Place, Question, Queue, Record, Write
from responder.protocols import context, items
from responder.protocols.analyse import Investigator
from responder.protocols.budget_watch import BudgetWatch
from responder.protocols.card import Timing
from responder.protocols.deliver import Deliverer
from responder.protocols.episode import Arrival
from responder.protocols.holds import CurrentHolds
from responder.protocols.inhibiting import no_inhibitions
from responder.protocols.operators import Operators
from responder.protocols.record import Recorder
from responder.protocols.spending import Spending
from responder.protocols.tick import Ticker
from responder.protocols.versions import INHIBITIONS, Current
from responder.signature import Signature

LEASE = timedelta(seconds=60)
TIMING = Timing(timedelta(seconds=10))
GAP = timedelta(seconds=1)
QUIET = timedelta(hours=24)
REPORTED_AFTER = timedelta(minutes=10)


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

    def write(self, writes: Sequence[Write]) -> None:
        if self.meanwhile is not None:
            act, self.meanwhile = self.meanwhile, None
            act()
        if self.refuses and any(write.key.id.startswith(self.refuses) for write in writes):
            raise Retryable(Reason.UNAVAILABLE, "throttled", took_effect=False)
        super().write(writes)
        self.written += [write.key.id for write in writes]

    def read(self, keys: Sequence[Key]) -> dict[Key, Record]:
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


#: Who is configured; ``verdict`` is made by them.
MAKERS = Makers(frozenset({"model"}), PROMPT_VERSION)


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


@dataclass
class Desk:
    """Every lane on ports in memory, and one clock."""

    world: World = field(default_factory=lambda: World(1))
    telemetry: Telemetry = field(default_factory=Telemetry)
    slack: Slack = field(default_factory=Slack)
    limits: Limits = field(default_factory=lambda: Limits(daily_usd=5))

    def __post_init__(self) -> None:
        self.store = Store(self.world)
        self.queues = MemoryQueues(self.world)
        self.claude = Claude(self.now)
        holds = CurrentHolds(self.store, self.telemetry, self.now)
        ports = (self.store, self.queues, self.telemetry, self.now)
        inhibitions = Current(
            INHIBITIONS, self.store, self.telemetry, self.now, otherwise=no_inhibitions()
        )
        self.recorder = Recorder(*ports, arrive, MAKERS, holds, inhibitions=inhibitions)
        watch = BudgetWatch(*ports, self.limits)
        self.ticker = Ticker(*ports, QUIET, holds, inhibitions, watch=watch)
        self.investigator = Investigator(
            store=self.store,
            queues=self.queues,
            analyst=self.claude,
            telemetry=self.telemetry,
            now=self.now,
            new_owner=self.world.new_id,
            lease_lasts=LEASE,
            patience=timedelta(minutes=10),
            spending=Spending(self.store, self.telemetry, self.now, self.limits),
            makers=MAKERS,
            context=context.gatherer(self.store, self.telemetry).gather,
        )
        self.sinks: dict[str, Sink] = {"webhook": Sink(), "e-mail": Sink()}
        self.operators = Operators(
            store=self.store,
            queues=self.queues,
            sinks=self.sinks,
            telemetry=self.telemetry,
            now=self.now,
            stack="it",
            after=REPORTED_AFTER,
        )
        self.deliverer = Deliverer(
            store=self.store,
            queues=self.queues,
            chat=lambda incident: self.slack,
            channels=Channels("#alerts", test="#alerts"),
            telemetry=self.telemetry,
            now=self.now,
            new_id=self.world.new_id,
            timing=TIMING,
            gap=timedelta(0),
            operators=self.operators,
        )

    def now(self) -> datetime:
        """The time on the desk's clock."""
        return self.world.now()

    def later(self, **parts: float) -> None:
        """Let time pass."""
        self.world.advance(self.now() + timedelta(**parts))

    def record(self, *alerts: Alert) -> None:
        """Let the processing lane record alerts as one group."""
        self.recorder.record([self.recorder.arrive(alert, "t") for alert in alerts])

    def put(self, key: Key, value: BaseModel) -> None:
        """Write an item as another worker would, whatever it was before."""
        items.change(self.store, key, type(value), lambda _: value, self.now())

    def put_incident(self, value: Incident) -> None:
        self.put(items.incident_item(value.incident_id), value)

    def put_card(self, value: Card) -> None:
        self.put(items.card_item(value.incident_id), value)

    def put_entry(self, value: CacheEntry) -> None:
        self.put(items.cache_item(value.cache_key), value)

    def incident(self, incident_id: str = "v1:disk|prod.1") -> Incident:
        found = items.load(self.store, items.incident_item(incident_id), Incident)
        assert found is not None, incident_id
        return found

    def card(self, incident_id: str = "v1:disk|prod.1") -> Card:
        found = items.load(self.store, items.card_item(incident_id), Card)
        assert found is not None, incident_id
        return found

    def entry(self, cache_key: str = "v1:disk@") -> CacheEntry:
        found = items.load(self.store, items.cache_item(cache_key), CacheEntry)
        assert found is not None, cache_key
        return found

    def taken(self, queue: Queue) -> list[tuple[dict[str, Any], int]]:
        """What a queue holds, as (message, delay in seconds); the queue is empty afterwards."""
        model = AnalysisRequest if queue is Queue.ANALYSIS else Announcement
        held, self.queues.messages[queue] = self.queues.messages[queue], []
        return [
            (
                model.model_validate_json(one.body).model_dump(),
                round((one.visible_at - self.now()).total_seconds()),
            )
            for one in held
        ]

    def announced(self, queue: Queue = Queue.DISTRIBUTION) -> list[tuple[str, int]]:
        """The announcements a queue holds, as (incident id, delay)."""
        return [(message["incident_id"], delay) for message, delay in self.taken(queue)]

    def requested(self) -> list[str]:
        """The incidents whose analysis was asked for."""
        return [message["incident_id"] for message, _ in self.taken(Queue.ANALYSIS)]

    def deliver_all(self) -> None:
        """Let distribution do what it is asked for, until no announcement is left."""
        while found := [*self.announced(), *self.announced(Queue.CRITICAL)]:
            for incident_id, _ in found:
                self.deliverer.handle(Announcement(incident_id=incident_id, first_sent=self.now()))

    def tick(self, times: int = 1) -> None:
        """Let minutes pass: the tick looks at each one, and distribution does what it asks for."""
        for _ in range(times):
            self.later(minutes=1)
            self.ticker.tick()
            self.deliver_all()


def alert(alert_id: str = "a1", **changes: Any) -> Alert:
    """A firing alert of ``v1:disk`` in prod; ``at`` is seconds after the start."""
    at = START + timedelta(seconds=changes.pop("at", 0))
    fields: dict[str, Any] = {
        "alert_id": alert_id,
        "source": "alertmanager",
        "fingerprint": "f1",
        "title": "disk full",
        "rule": "v1:disk",
        "severity": Severity.HIGH,
        "status": Status.FIRING,
        "event_at": at,
        "received_at": at,
        "scope": Scope(environment="prod"),
    }
    return Alert.model_validate(fields | changes)


def resolve(alert_id: str = "r1", **changes: Any) -> Alert:
    """A resolve, whose text gives another signature than its firing."""
    fields: dict[str, Any] = {"status": Status.RESOLVED, "rule": "v1:disk-ok"}
    return alert(alert_id, **(fields | changes))


def arrive(one: Alert, trace: str) -> Arrival:
    """Identities that a test can read: the rule is the signature."""
    key = f"{one.rule}|{one.scope.environment}"
    signed = Signature(one.rule, lambda: "by rule")
    return Arrival(one, signed, key, f"{one.rule}@", trace)


def verdict(**changes: Any) -> Analysis:
    """An analysis of Claude."""
    fields: dict[str, Any] = {
        "headline": "the disk is full",
        "confidence": Confidence.HIGH,
        "made_by": "model",
        "tier": "small",
        "made_at": START,
        "prompt_version": PROMPT_VERSION,
        "cost_usd": 0.01,
    }
    return Analysis.model_validate(fields | changes)


def triage(**changes: Any) -> Analysis:
    """The fixed triage, still awaiting Claude."""
    fields: dict[str, Any] = {"made_by": "fallback", "tier": "fallback", "cost_usd": 0}
    return verdict(**({"headline": "disk full"} | fields | changes))


def incident(incident_id: str = "v1:disk|prod.1", **changes: Any) -> Incident:
    """An open incident of one firing alert, awaiting Claude."""
    fields: dict[str, Any] = {
        "incident_id": incident_id,
        "key": incident_id.rpartition(".")[0],
        "episode": 1,
        "signature": "v1:disk",
        "cache_key": "v1:disk@",
        "source": "alertmanager",
        "title": "disk full",
        "severity": Severity.HIGH,
        "first_alert_id": "a1",
        "count": 1,
        "firing": 1,
        "first_seen": START,
        "last_seen": START,
        "opened_at": START,
        "first_received_at": START,
        "analysis": triage(),
    }
    return Incident.model_validate(fields | changes)
