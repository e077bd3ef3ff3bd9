"""The lanes of every queue and the tick, built over a campaign's ports as ``bootstrap`` does."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Protocol

from faults.claude import LEASE
from faults.configuration import ROUTES, Setup
from faults.schedule import arrive
from responder.analysis.freshness import Makers
from responder.analysis.prompt import PROMPT_VERSION
from responder.clock import Clock
from responder.contracts import AnalysisRequest, Announcement
from responder.policy.route import Channels
from responder.policy.window import Windows
from responder.ports import Analyst, Chat, Queue, Queues, Sink, Store, Telemetry
from responder.protocols import context
from responder.protocols.analyse import Investigator
from responder.protocols.batch import Failures, Lane, Origin, Visibility
from responder.protocols.budget_watch import BudgetWatch
from responder.protocols.card import Timing
from responder.protocols.deliver import Deliverer
from responder.protocols.operators import Operators
from responder.protocols.record import Recorder
from responder.protocols.spending import Spending
from responder.protocols.tick import Ticker

#: So early that the storm's waits are reported to operators.
REPORTED_AFTER = timedelta(seconds=20)
#: No open incident closes by itself within a campaign.
NEVER = timedelta(days=30)
#: Names that prices are known of; the one in memory has a name of its own.
SMALL, LARGE = "claude-haiku-5-5", "claude-sonnet-5-5"
MAKERS = Makers({"model", SMALL, LARGE}, PROMPT_VERSION)

Records = Sequence[Mapping[str, Any]]


class LaneQueues(Queues, Visibility, Protocol):
    """What a lane needs of its queues."""


@dataclass(frozen=True)
class Parts:
    """The ports that one version of the functions is built over."""

    store: Store
    queues: LaneQueues
    analyst: Analyst
    chat: Chat
    sinks: Mapping[str, Sink]
    telemetry: Telemetry
    now: Clock
    new_id: Callable[[], str]


@dataclass(frozen=True)
class Pipeline:
    """One version of the functions: what consumes each queue, and the tick."""

    lanes: Mapping[Queue, Callable[[Records], Failures]]
    tick: Callable[[], None]


def build(parts: Parts, setup: Setup) -> Pipeline:
    """The functions with what operators set up."""
    store, queues, telemetry, now = ports = parts.store, parts.queues, parts.telemetry, parts.now
    windows = Windows([setup.window] if setup.window else [])
    recorder = Recorder(
        *ports,
        arrive,
        MAKERS,
        holds=lambda: [windows.hold],
        gate=setup.gate,
        inhibitions=lambda: setup.inhibitions,
        routes=lambda: ROUTES,
    )
    investigator = Investigator(
        store=store,
        queues=queues,
        analyst=parts.analyst,
        telemetry=telemetry,
        now=now,
        new_owner=parts.new_id,
        lease_lasts=LEASE,
        patience=timedelta(minutes=10),
        spending=Spending(store, telemetry, now, setup.limits),
        makers=MAKERS,
        context=context.gatherer(store, telemetry).gather,
    )
    deliverer = Deliverer(
        store=store,
        queues=queues,
        chat=lambda incident: parts.chat,
        channels=Channels("#alerts", critical="#critical"),
        telemetry=telemetry,
        now=now,
        new_id=parts.new_id,
        timing=Timing(timedelta(seconds=10)),
        gap=timedelta(seconds=1),
        operators=Operators(
            store=store,
            queues=queues,
            sinks=parts.sinks,
            telemetry=telemetry,
            now=now,
            stack="harness",
            after=REPORTED_AFTER,
        ),
    )
    ticker = Ticker(
        *ports,
        NEVER,
        holds=lambda: [windows.hold],
        inhibitions=lambda: setup.inhibitions,
        gate=setup.gate,
        watch=BudgetWatch(*ports, setup.limits),
    )

    def lane(queue: Queue) -> Lane:
        return Lane(queue, queues, queues, telemetry, Origin("harness", "1"))

    def process(queue: Queue) -> Callable[[Records], Failures]:
        return lambda records: lane(queue).run_groups(
            records, recorder.arrived, recorder.groups, recorder.record
        )

    def deliver(queue: Queue) -> Callable[[Records], Failures]:
        return lambda records: lane(queue).run(records, Announcement, deliverer.handle)

    return Pipeline(
        {
            Queue.PROCESSING: process(Queue.PROCESSING),
            Queue.CRITICAL_PROCESSING: process(Queue.CRITICAL_PROCESSING),
            Queue.ANALYSIS: lambda records: lane(Queue.ANALYSIS).run(
                records, AnalysisRequest, investigator.handle
            ),
            Queue.DISTRIBUTION: deliver(Queue.DISTRIBUTION),
            Queue.CRITICAL_DISTRIBUTION: deliver(Queue.CRITICAL_DISTRIBUTION),
        },
        ticker.tick,
    )
