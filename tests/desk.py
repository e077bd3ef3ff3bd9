"""Every lane of the protocols on one desk: what tests of the protocols do their work on.

Store and queues are the fault harness's ports, in a world where nothing goes wrong by itself.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from pydantic import BaseModel

from examples import MAKERS
from fakes import Claude, Sink, Slack, Store, Telemetry
from faults.queues import MemoryQueues
from faults.world import World
from responder.alert import Alert
from responder.analysis.budget import Limits
from responder.cache_entry import CacheEntry
from responder.card import Card
from responder.contracts import AnalysisRequest, Announcement
from responder.incident import Incident
from responder.policy.route import Channels
from responder.ports import Key, Queue
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
        while found := [*self.announced(), *self.announced(Queue.CRITICAL_DISTRIBUTION)]:
            for incident_id, _ in found:
                self.deliverer.handle(Announcement(incident_id=incident_id, first_sent=self.now()))

    def tick(self, times: int = 1) -> None:
        """Let minutes pass: the tick looks at each one, and distribution does what it asks for."""
        for _ in range(times):
            self.later(minutes=1)
            self.ticker.tick()
            self.deliver_all()


def arrive(one: Alert, trace: str) -> Arrival:
    """Identities that a test can read: the rule is the signature."""
    key = f"{one.rule}|{one.scope.environment}"
    signed = Signature(one.rule, lambda: "by rule")
    return Arrival(one, signed, key, f"{one.rule}@", trace)
