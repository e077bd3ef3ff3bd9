"""One seed: a schedule of alerts, faults and deliveries over the real lanes, then the reckoning.

First a stormy part with faults, then everything heals, the dead-letter queues are redriven, and the
machine room runs until it is quiet. ``reckoning`` then compares what there is with what was sent.
"""

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from faults.ports import (
    LEASE,
    Counting,
    Held,
    MemoryClaude,
    MemoryQueues,
    MemorySink,
    MemorySlack,
    MemoryStore,
)
from faults.world import CALM, START, Rates, World
from responder.alert import Alert, Severity, Status
from responder.analysis.budget import Limits
from responder.analysis.freshness import Makers
from responder.analysis.prompt import PROMPT_VERSION
from responder.contracts import AlertMessage, AnalysisRequest, Announcement
from responder.errors import Reason
from responder.incident import Incident, Notice
from responder.policy import storm
from responder.policy.inhibition import NO_INHIBITIONS, Inhibitions
from responder.policy.matching import Matcher
from responder.policy.route import Channels
from responder.policy.routes import Routes
from responder.policy.window import Window, Windows
from responder.ports import Message, Queue
from responder.protocols import card_messages, context, details, details_reply, items
from responder.protocols.analyse import Investigator
from responder.protocols.batch import Lane, Origin
from responder.protocols.budget_watch import BudgetWatch
from responder.protocols.card import Timing
from responder.protocols.deliver import Deliverer
from responder.protocols.episode import Arrival
from responder.protocols.operators import Operators
from responder.protocols.record import Recorder
from responder.protocols.spending import Spending
from responder.protocols.storms import Gate
from responder.protocols.tick import Ticker

STORM_LASTS = timedelta(minutes=6)
FUNCTION_LASTS = timedelta(seconds=60)
TICK_EVERY = timedelta(seconds=60)
#: So early that the storm's waits are reported to operators.
REPORTED_AFTER = timedelta(seconds=20)
#: No open incident closes by itself within a campaign.
NEVER = timedelta(days=30)
MAKERS = Makers({"model"}, PROMPT_VERSION)
CONCURRENCY = {Queue.PROCESSING: 3, Queue.ANALYSIS: 3, Queue.DISTRIBUTION: 2, Queue.CRITICAL: 2}
#: One problem has a channel of its own, which may be archived at any time.
ROUTED = "#p0"
ROUTES = Routes.model_validate({"routes": [{"match": ["title=~v1:p0.*"], "channel": ROUTED}]})
#: Which incidents mute which, in some campaigns; titles begin with the problem.
CAUSE, SYMPTOM = "v1:p0", "v1:p1"
MUTING = Inhibitions.model_validate(
    {
        "rules": [
            {
                "name": "p0",
                "why": "p0 explains p1",
                "source": [f"title=~{CAUSE}.*"],
                "target": [f"title=~{SYMPTOM}.*"],
            }
        ]
    }
)
#: A throttle's hour is over within a campaign, and its lull soon after.
SHORT = replace(
    storm.THROTTLE,
    window=timedelta(minutes=3),
    lull=timedelta(minutes=2),
    lasts=timedelta(minutes=3),
)
#: A storm may outlast its bound within a campaign, too.
BOUNDED = replace(storm.STORM, lasts=timedelta(minutes=3))
#: Below CRITICAL everything waits for the end of a window, in some campaigns.
EVERYTHING = Matcher.parse("title=~v1.*")
#: After the storm, what is muted is looked at for so long: its cause may be open for ever.
MUTED_LASTS = timedelta(minutes=10)
#: After the storm the budgets are raised, as operators do.
AMPLE = Limits(daily_usd=100)
#: A machine room that is still busy after so many steps will never be quiet.
MAX_STEPS = 60_000


@dataclass(frozen=True)
class Sent:
    """An accepted alert and when it was accepted."""

    alert: Alert
    at: datetime


def schedule(rng: random.Random) -> list[Sent]:
    """A few problems with a few fingerprints that fire, repeat, resolve, move and arrive twice."""
    sent: list[Sent] = []
    for problem in range(rng.randint(1, 3)):
        for host in range(rng.randint(1, 3)):
            sent += _life(rng, problem, f"host{host}")
    for again in rng.sample(sent, rng.randint(0, min(3, len(sent)))):
        sent.append(Sent(again.alert, again.at + timedelta(seconds=rng.uniform(0, 90))))
    return sorted(sent, key=lambda one: one.at)


def _life(rng: random.Random, problem: int, host: str) -> list[Sent]:
    """One fingerprint's notifications: in event order, but they arrive in any."""
    sent = []
    moment = START + timedelta(seconds=rng.uniform(0, 60))
    severity = rng.choice([Severity.HIGH, Severity.HIGH, Severity.MEDIUM, Severity.CRITICAL])
    signature = f"v1:p{problem}"
    # Scopes share a signature: the second one waits for the analysis that the first one asked for.
    scope = rng.choice(["a", "a", "b"])
    for _ in range(rng.randint(1, 4)):
        firing = rng.random() < 0.65
        if rng.random() < 0.1:
            signature = f"v1:p{problem}x"
        arrives = moment + timedelta(seconds=rng.choice([0, 0, 0, 5, 40]))
        # A resolve's text often gives another signature; it must go by its fingerprint.
        text = signature if firing else f"{signature}-ok"
        alert = _alert(f"p{problem}/{host}", firing, moment, arrives, severity, f"{text}|{scope}")
        sent.append(Sent(alert, arrives))
        moment += timedelta(seconds=rng.choice([1, 10, 60, 120]))
    return sent


def _alert(
    fingerprint: str, firing: bool, at: datetime, arrives: datetime, severity: Severity, title: str
) -> Alert:
    status = Status.FIRING if firing else Status.RESOLVED
    return Alert(
        alert_id=f"{fingerprint}/{status}/{(at - START).total_seconds():.3f}",
        source="tool",
        fingerprint=fingerprint,
        title=title,
        severity=severity,
        status=status,
        event_at=at,
        received_at=arrives,
    )


def arrive(alert: Alert, trace: str) -> Arrival:
    """Identities read off the title, so that the harness tests protocols and not signatures."""
    signature, _, scope = alert.title.partition("|")
    return Arrival(alert, signature, "", f"{signature}.{scope}", signature, trace)


class Campaign:
    """Everything that one seed needs; ``run`` brings it to its quiet end."""

    def __init__(self, seed: int) -> None:
        """Build the pipeline over ports in memory."""
        self.world = World(seed)
        chance = random.Random(seed)
        self.inhibitions = MUTING if chance.random() < 0.5 else NO_INHIBITIONS
        self.window = _window(random.Random(f"window {seed}"))
        self.hourly = chance.choice([0, 0, 1, 2])
        self.sent = schedule(self.world.rng)
        self.store = MemoryStore(self.world)
        self.queues = MemoryQueues(self.world)
        self.slack = MemorySlack(self.world)
        self.claude = MemoryClaude(self.world, self.store)
        self.sinks = (MemorySink(self.world), MemorySink(self.world))
        self.telemetry = Counting()
        self.storm_ends = START + STORM_LASTS
        self._next_tick = START + TICK_EVERY
        self._busy: dict[Queue, int] = dict.fromkeys(Queue, 0)
        self._ticking = False
        self.vanished = 0
        self._gate = Gate(self.world.rng.choice([0, 0, 1, 2]), self.hourly)
        self.limits = _limits(random.Random(f"limits {seed}"))
        self._lanes = self._build(self.limits)

    def run(self) -> None:
        """Storm, healing, quiet. Raises AssertionError when it never gets quiet."""
        rng = self.world.rng
        chaos = rng.choice([0.0, 0.005, 0.02])
        self.world.rates = Rates(
            kill=chaos,
            refuse=rng.choice([0.0, 0.01, 0.05]),
            lose_answer=rng.choice([0.0, 0.02]),
            bug=rng.choice([0.0, 0.0, 0.01]),
        )
        for sent in self.sent:
            self.world.at(sent.at, partial(self._accept, sent.alert))
        for _ in range(rng.choice([0, 0, 1])):
            when = START + timedelta(seconds=rng.uniform(30, 300))
            self.world.at(when, self.slack.lose_a_card)
        for _ in range(rng.choice([0, 0, 1])):
            when = START + timedelta(seconds=rng.uniform(0, 300))
            self.world.at(when, partial(self.slack.archive, ROUTED))
        healed = False
        for _ in range(MAX_STEPS):
            if not healed and self.world.now() >= self.storm_ends:
                healed = True
                self.world.rates = CALM
                self.claude.mark()
                self._lanes = self._build(AMPLE)
            if healed:
                self._redrive()
            self._deliver(twice=not healed and rng.random() < 0.01)
            self._tick()
            if self.world.awake():
                self.world.step()
            elif not self._wait() and not any(self.queues.dead.values()):
                return
        raise AssertionError("the machine room never got quiet")

    def _redrive(self) -> None:
        """The operator's part: what the storm left in the dead-letter queues goes back."""
        for queue in Queue:
            self.queues.redrive(queue)

    def _accept(self, alert: Alert) -> None:
        body = AlertMessage(alert=alert).model_dump_json()
        self.world.note(f"accepted {alert.alert_id}")
        self.queues.messages[Queue.PROCESSING].append(Held(body, self.world.now()))

    def _deliver(self, *, twice: bool) -> None:
        """Start an invocation for a queue that has something and a worker to spare."""
        for queue in Queue:
            if self._busy[queue] >= CONCURRENCY[queue] or self.world.rng.random() < 0.3:
                continue
            batch = self.queues.receive(queue, twice=twice)
            if batch:
                self._invoke(queue, batch)

    def _invoke(self, queue: Queue, batch: Sequence[Held]) -> None:
        records = [_record(queue, held) for held in batch]
        answer: list[Mapping[str, Any]] = []
        self._busy[queue] += 1

        def ended(returned: bool) -> None:
            self._busy[queue] -= 1
            if not returned:
                self.vanished += sum(self.queues.vanished(queue, held) for held in batch)
                return
            failed = {one["itemIdentifier"] for one in answer[0]["batchItemFailures"]}
            for held, sqs_record in zip(batch, records, strict=True):
                if sqs_record["messageId"] not in failed:
                    self.queues.delete(queue, held)

        lane = self._lanes[queue]
        self.world.start(lambda: answer.append(lane(records)), FUNCTION_LASTS, ended)

    def _tick(self) -> None:
        if self._ticking or self.world.now() < self._next_tick:
            return
        self._ticking = True
        self._next_tick = self.world.now() + TICK_EVERY

        def ended(returned: bool) -> None:
            self._ticking = False

        self.world.start(self._ticker.tick, FUNCTION_LASTS, ended)

    def _wait(self) -> bool:
        """Nobody is awake: go to the next moment; False when there is none that matters."""
        due = self._due()
        moments = [self.world.next_moment(), self.queues.next_visible()]
        if due is not None and due < self.world.now() + timedelta(days=1):
            moments.append(max(due, self._next_tick))
        elif self.world.now() < self.storm_ends:
            moments.append(self.storm_ends)
        coming = [moment for moment in moments if moment is not None]
        if not coming:
            return False
        self.world.advance(max(min(coming), self.world.now() + timedelta(milliseconds=1)))
        return True

    def _due(self) -> datetime | None:
        over = self.world.now() >= self.storm_ends + MUTED_LASTS
        times = [
            data["due_at"]
            for _, data in self.store.items.values()
            if "due_at" in data and not (over and (_is_muted(data) or _is_listed(data)))
        ]
        return datetime.fromtimestamp(min(times), START.tzinfo) if times else None

    def _build(
        self, limits: Limits
    ) -> dict[Queue, Callable[[Sequence[Mapping[str, Any]]], Mapping[str, Any]]]:
        world, telemetry = self.world, self.telemetry
        ports = (self.store, self.queues, telemetry, world.now)
        windows = Windows([self.window] if self.window else [])
        recorder = Recorder(
            *ports,
            arrive,
            MAKERS,
            holds=lambda: [windows.hold],
            gate=self._gate,
            inhibitions=lambda: self.inhibitions,
            routes=lambda: ROUTES,
        )
        investigator = Investigator(
            store=self.store,
            queues=self.queues,
            analyst=self.claude,
            telemetry=telemetry,
            now=world.now,
            new_owner=world.new_id,
            lease_lasts=LEASE,
            patience=timedelta(minutes=10),
            spending=Spending(self.store, telemetry, world.now, limits),
            makers=MAKERS,
            context=context.gatherer(self.store, telemetry).gather,
        )
        deliverer = Deliverer(
            store=self.store,
            queues=self.queues,
            chat=lambda incident: self.slack,
            channels=Channels("#alerts", critical="#critical"),
            telemetry=telemetry,
            now=world.now,
            new_id=world.new_id,
            timing=Timing(timedelta(seconds=10)),
            gap=timedelta(seconds=1),
            operators=Operators(
                store=self.store,
                queues=self.queues,
                sinks={"first": self.sinks[0], "second": self.sinks[1]},
                telemetry=telemetry,
                now=world.now,
                stack="harness",
                after=REPORTED_AFTER,
            ),
        )
        self._ticker = Ticker(
            self.store,
            self.queues,
            telemetry,
            world.now,
            NEVER,
            holds=lambda: [windows.hold],
            inhibitions=lambda: self.inhibitions,
            gate=self._gate,
            watch=BudgetWatch(*ports, limits),
        )

        def lane(queue: Queue) -> Lane:
            return Lane(queue, self.queues, self.queues, telemetry, Origin("harness", "1"))

        return {
            Queue.PROCESSING: lambda records: lane(Queue.PROCESSING).run_groups(
                records, recorder.groups, recorder.record
            ),
            Queue.ANALYSIS: lambda records: lane(Queue.ANALYSIS).run(
                records, AnalysisRequest, investigator.handle
            ),
            Queue.DISTRIBUTION: lambda records: lane(Queue.DISTRIBUTION).run(
                records, Announcement, deliverer.handle
            ),
            Queue.CRITICAL: lambda records: lane(Queue.CRITICAL).run(
                records, Announcement, deliverer.handle
            ),
        }


def _window(rng: random.Random) -> Window | None:
    if rng.random() < 0.6:
        return None
    return Window(
        id="w1",
        matchers=(EVERYTHING,),
        at=(START + timedelta(minutes=rng.randint(0, 4))).time(),
        lasts=timedelta(minutes=rng.randint(1, 4)),
        zone="UTC",
        comment="backups",
    )


def _limits(rng: random.Random) -> Limits:
    """Ample in most campaigns; in the others so small that somebody has to do without Claude."""
    if rng.random() < 0.6:
        return AMPLE
    day = rng.choice([0.0, 0.02, 0.03, 0.05, 0.1])
    month = rng.choice([None, None, 0.03, 0.06])
    share = rng.choice([None, None, 0.02, 0.05])
    return Limits(day, month, {} if share is None else {"tool": share})


class PlainFaces:
    """Card and notice texts that the reckoning can read; the real renderer has its own tests."""

    @staticmethod
    def render(incident: Incident, now: datetime) -> Message:
        """The card: which incident, at which revision, with which count."""
        return Message(text=f"card|{incident.incident_id}|{incident.revision}|{incident.count}")


class PlainNotices:
    """Thread replies that the reckoning can read."""

    @staticmethod
    def render(
        incident: Incident,
        notice: Notice,
        held: Sequence[Incident] = (),
        *,
        standalone: bool,
        card_in: str = "",
        rises: bool = False,
    ) -> Message:
        """The notice: which incident, which number."""
        return Message(text=f"notice|{incident.incident_id}|{notice.number}")


class PlainDetails:
    """Details that the reckoning can read; every other problem has some."""

    @staticmethod
    def wanted(incident: Incident) -> bool:
        """By the problem, so that triage and analysis of one incident agree or differ."""
        return not incident.signature.endswith("p1") or not incident.analysis.is_fallback

    @staticmethod
    def contents(incident: Incident) -> str:
        """The analysis that they show."""
        return f"{incident.analysis.made_at.isoformat()} {incident.state}"

    @staticmethod
    def render(incident: Incident) -> Message:
        """The details: which incident, which contents."""
        return Message(text=f"details|{incident.incident_id}|{PlainDetails.contents(incident)}")


#: What ``substitutes.replaced`` puts in the renderers' place.
PLAIN_FACES = (
    (card_messages, "faces", PlainFaces),
    (card_messages, "notices", PlainNotices),
    (details_reply, "faces", PlainDetails),
    (details, "faces", PlainDetails),
)
#: What ``substitutes.replaced`` makes small, so that few incidents are a storm with a long list.
SMALL_STORMS = (
    (storm, "KINDS", {Reason.THROTTLE.value: SHORT, Reason.STORM.value: BOUNDED}),
    (storm, "PAGE", 1),
)
#: Who loses races looks again without sleeping: real time means nothing here.
NO_SLEEP = ((items, "PATIENT_RACES", items.MAX_RACES),)


def _is_muted(data: Mapping[str, Any]) -> bool:
    return bool(data.get("silence", {}).get("reason") == Reason.INHIBITED)


def _is_listed(data: Mapping[str, Any]) -> bool:
    """A storm that is over is counted while anything of it fires, or is muted: maybe for ever."""
    return "storm" in data and data["state"] != "open"


def _record(queue: Queue, held: Held) -> dict[str, Any]:
    return {
        "messageId": str(id(held)),
        "receiptHandle": f"{id(held)}:{held.receipt}",
        "body": held.body,
        "attributes": {"ApproximateReceiveCount": str(held.receives)},
        "eventSourceARN": f"arn:aws:sqs:local:000000000000:{queue}",
    }
