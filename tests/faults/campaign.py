"""One seed: a schedule of alerts, faults and deliveries over the real lanes, then the reckoning.

First a stormy part with faults, then everything heals, the dead-letter queues are redriven, and the
machine room runs until it is quiet. ``reckoning`` then compares what there is with what was sent.
"""

import random
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Protocol

from faults.circumstances import circumstances_of
from faults.configuration import AMPLE, MUTING, ROUTED, Setup, limits_of, window_of
from faults.pipeline import LaneQueues, Parts, Pipeline, build
from faults.queues import Held
from faults.schedule import schedule
from faults.services import Services
from faults.telling import Counting, MemorySink
from faults.versions import NextQueues, NextStore
from faults.world import CALM, START, Rates, World
from responder.alert import Alert
from responder.analysis.budget import Limits
from responder.contracts import AlertMessage
from responder.errors import Reason
from responder.intake.reception import queue_of
from responder.policy.inhibition import NO_INHIBITIONS
from responder.ports import Key, Queue, Record, Store
from responder.protocols.storms import Gate

STORM_LASTS = timedelta(minutes=6)
FUNCTION_LASTS = timedelta(seconds=60)
TICK_EVERY = timedelta(seconds=60)
CONCURRENCY = {
    Queue.PROCESSING: 3,
    Queue.CRITICAL_PROCESSING: 2,
    Queue.ANALYSIS: 3,
    Queue.DISTRIBUTION: 2,
    Queue.CRITICAL_DISTRIBUTION: 2,
}
#: After the storm, what is muted is looked at for so long: its cause may be open for ever.
MUTED_LASTS = timedelta(minutes=10)
#: What is kept for 90 days has expired by then.
LONG_AGO = timedelta(days=91)
#: DynamoDB deletes what has expired within days; some of it goes then, in seconds from the start.
DELETED_AFTER = (0, 60, 150, 300)
#: A machine room that is still busy after so many steps will never be quiet.
MAX_STEPS = 60_000
#: Nor is one whose dead letters fail again after so many.
MAX_REDRIVEN = 200


class Revoke(Protocol):
    """Slack or Claude, refusing a secret, or taking it again."""

    def __call__(self, *, revoked: bool) -> None:
        """From now on."""


class Campaign:
    """Everything that one seed needs; ``run`` brings it to its quiet end."""

    def __init__(self, world: World, services: Services) -> None:
        """Build the pipeline over the services."""
        self.world, seed = world, world.seed
        chance = random.Random(seed)
        self.inhibitions = MUTING if chance.random() < 0.5 else NO_INHIBITIONS
        self.window = window_of(random.Random(f"window {seed}"))
        self.hourly = chance.choice([0, 0, 1, 2])
        self.sent = schedule(self.world.rng)
        self.store, self.queues = services.store, services.queues
        self.slack, self.claude = services.slack, services.claude
        self._services = services
        self.sinks = (MemorySink(self.world), MemorySink(self.world))
        self.telemetry = Counting()
        self.circumstances = circumstances_of(random.Random(f"circumstances {seed}"))
        #: What was there before, where the fingerprints had a life long ago.
        self.inherited: dict[Key, Record] = {}
        self.storm_ends = START + STORM_LASTS
        self._healed = False
        self._redriven = 0
        self._next_tick = START + TICK_EVERY
        self._busy: dict[Queue, int] = dict.fromkeys(Queue, 0)
        self._ticking = False
        self.vanished = 0
        self._gate = Gate(self.world.rng.choice([0, 0, 1, 2]), self.hourly)
        self.limits = limits_of(random.Random(f"limits {seed}"))
        self._versions = self._build(self.limits)

    def run(self) -> None:
        """Storm, healing, quiet. Raises AssertionError when it never gets quiet."""
        if self.circumstances.aged:
            self._live_long_ago()
        if not self.circumstances.untroubled:
            self._brew()
        for sent in self.sent:
            self.world.at(sent.at, partial(self._accept, sent.alert))
        self._until_quiet()

    def _brew(self) -> None:
        """Whatever goes wrong until the storm ends."""
        rng, more = self.world.rng, random.Random(f"more {self.world.seed}")
        chaos = rng.choice([0.0, 0.005, 0.02])
        self.world.rates = Rates(
            kill=chaos,
            refuse=rng.choice([0.0, 0.01, 0.05]),
            lose_answer=rng.choice([0.0, 0.02]),
            bug=rng.choice([0.0, 0.0, 0.01]),
            lose_request=more.choice([0.0, 0.0, 0.02]),
            deliver_again=more.choice([0.0, 0.0, 0.05]),
            garbage=more.choice([0.0, 0.0, 0.3]),
        )
        self.world.skew = self.circumstances.skew
        for _ in range(rng.choice([0, 0, 1])):
            when = START + timedelta(seconds=rng.uniform(30, 300))
            self.world.at(when, self.slack.lose_a_card)
        for _ in range(rng.choice([0, 0, 1])):
            when = START + timedelta(seconds=rng.uniform(0, 300))
            self.world.at(when, partial(self.slack.archive, ROUTED))
        self._rotate(self.circumstances.slack, self.slack.revoke)
        self._rotate(self.circumstances.claude, self.claude.revoke)

    def _rotate(self, span: tuple[timedelta, timedelta] | None, revoke: Revoke) -> None:
        if span is not None:
            begins, lasts = span
            self.world.at(START + begins, partial(revoke, revoked=True))
            self.world.at(START + begins + lasts, partial(revoke, revoked=False))

    def _live_long_ago(self) -> None:
        """The same fingerprints in calm weather; then their items expire, and are deleted late."""
        then = START - LONG_AGO
        self.world.time = self._next_tick = self.storm_ends = then
        for sent in schedule(random.Random(f"long ago {self.world.seed}"), then):
            self.world.at(sent.at, partial(self._accept, sent.alert))
        self._until_quiet()
        self.world.time = START
        self._next_tick, self.storm_ends = START + TICK_EVERY, START + STORM_LASTS
        self._healed, self._versions = False, self._build(self.limits)
        self.inherited = self.store.alive()
        self.store.verdicts.clear()
        self.slack.messages.clear()
        self.claude.forget()
        for seconds in DELETED_AFTER:
            self.world.at(START + timedelta(seconds=seconds), partial(self.store.reap, 0.5))

    def _until_quiet(self) -> None:
        for _ in range(MAX_STEPS):
            if not self._healed and self.world.now() >= self.storm_ends:
                self._heal()
            if self._healed:
                self._redrive()
            troubled = not (self._healed or self.circumstances.untroubled)
            self._deliver(twice=troubled and self.world.rng.random() < 0.01)
            self._tick()
            if self.world.awake():
                self.world.step()
            elif not self._wait() and not any(self.queues.dead.values()):
                return
        raise AssertionError("the machine room never got quiet")

    def _heal(self) -> None:
        """Everything works again; budgets are raised, and a deployment is complete."""
        self._healed = True
        self.world.rates, self.world.skew = CALM, timedelta()
        self.claude.mark()
        self._versions = self._build(AMPLE)[-1:]

    def _redrive(self) -> None:
        """The operator's part: what the storm left in the dead-letter queues goes back."""
        self._redriven += sum(map(len, self.queues.dead.values()))
        if self._redriven > MAX_REDRIVEN:
            raise AssertionError("dead letters come back for ever")
        for queue in self.queues.dead:
            self.queues.redrive(queue)

    def _accept(self, alert: Alert) -> None:
        body = AlertMessage(alert=alert).model_dump_json()
        self.world.note(f"accepted {alert.alert_id}")
        self.queues.messages[queue_of(alert)].append(Held(body, self.world.now()))

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
                if sqs_record["receiptHandle"] != _record(queue, held)["receiptHandle"]:
                    # It ran for so long that the message was delivered again meanwhile.
                    self.queues.doubled.add(queue)
                if sqs_record["messageId"] not in failed:
                    self.queues.delete(queue, held)

        lane = self._version().lanes[queue]
        self.world.start(lambda: answer.append(lane(records)), FUNCTION_LASTS, ended)

    def _tick(self) -> None:
        if self._ticking or self.world.now() < self._next_tick:
            return
        self._ticking = True
        self._next_tick = self.world.now() + TICK_EVERY

        def ended(returned: bool) -> None:
            self._ticking = False

        self.world.start(self._version().tick, FUNCTION_LASTS, ended)

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
            for _, data in self.store.alive().values()
            if data and "due_at" in data and not (over and (_is_muted(data) or _is_listed(data)))
        ]
        return datetime.fromtimestamp(min(times), START.tzinfo) if times else None

    def _version(self) -> Pipeline:
        """The one that an invocation runs; in a deployment this one or the next."""
        known = self._versions
        return known[0] if len(known) == 1 else self.world.rng.choice(known)

    def _build(self, limits: Limits) -> list[Pipeline]:
        """The versions that run, oldest first."""
        store, queues = self._services.lane_store, self._services.lane_queues
        versions = [self._build_over(store, queues, limits)]
        if self.circumstances.deploy:
            ports = (NextStore(store), NextQueues(queues))
            versions.append(self._build_over(*ports, limits))
        return versions

    def _build_over(self, store: Store, queues: LaneQueues, limits: Limits) -> Pipeline:
        parts = Parts(
            store=store,
            queues=queues,
            analyst=self.claude,
            chat=self.slack,
            sinks={"first": self.sinks[0], "second": self.sinks[1]},
            telemetry=self.telemetry,
            now=self.world.clock,
            new_id=self.world.new_id,
        )
        return build(parts, Setup(self.inhibitions, self.window, self._gate, limits))


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
