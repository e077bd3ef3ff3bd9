"""Alerts through the pipeline's queues, by simpy: who waits for what, and for how long.

Who comes before Slack's pace has a slot for it comes back at that slot.
"""

import random
from collections import Counter
from collections.abc import Iterable, Iterator
from math import ceil

import simpy

from bench.capacity.lanes import Lane, Line, Machine, Message, Steps
from bench.capacity.times import Times
from bench.capacity.values import QUIET_SECONDS, Mix, Queue, Run, Settings
from responder.policy.storm import STORM, THROTTLE
from responder.protocols.card_messages import UPDATE_GAP

STORM_SECONDS, THROTTLE_SECONDS = STORM.window.total_seconds(), THROTTLE.window.total_seconds()
SAMPLES = 60
#: A run that is told when to end by its last card alone.
MOMENT = 1e-6


class _World:
    def __init__(self, times: Times, settings: Settings, mix: Mix, seed: int) -> None:
        self.machine = machine = Machine(times)
        self.env = machine.env
        self.times, self.settings, self.mix = times, settings, mix
        self.drawn = random.Random(seed)  # noqa: S311 - a seed
        self.samples = SAMPLES
        self.count: Counter[str] = Counter()
        self.cards: list[float] = []
        self.critical: list[float] = []
        self.analysed: list[float] = []
        self.finished = 0.0
        self._front = simpy.Resource(self.env, settings.reception)
        self.front = Queue()
        self._tokens, self._refilled = float(settings.burst), 0.0
        self.edits = Line(settings.pace * UPDATE_GAP)
        self.channels = [Line(settings.pace) for _ in range(settings.channels)]
        self._opened: Counter[tuple[str, int, int]] = Counter()
        self._announced: dict[int, float] = {}
        self._outstanding: set[int] = set()
        self.lanes = {
            "processing": Lane(machine, "processing", settings.processing, self._record),
            "critical_processing": Lane(
                machine, "critical_processing", settings.processing, self._record
            ),
            "analysis": Lane(machine, "analysis", settings.analysis, self._analyse),
            "distribution": Lane(machine, "distribution", settings.distribution, self._deliver),
            "critical": Lane(machine, "critical", settings.critical, self._deliver),
        }

    # The steps

    def accept(self, alerts: int, *, new: bool | None = None) -> Steps:
        """One request at the front door; who is refused is counted, and does not come back."""
        if not self._token():
            self.count["refused"] += alerts
            return
        came = self.env.now
        with self._front.request() as turn:
            yield turn
            began = self.env.now
            self.front.waits.append(began - came)
            self.front.peak = max(self.front.peak, self._front.count)
            yield from self.machine.invoke("reception", self.machine.serve(self.times.reception))
            self.machine.busy(self.front, began)
        self.count["accepted"] += alerts
        for _ in range(alerts):
            one = self._alert(new)
            self.lanes["critical_processing" if one.critical else "processing"].put(one)

    def _token(self) -> bool:
        now = self.env.now
        more = (now - self._refilled) * self.settings.rate
        self._tokens, self._refilled = min(self.settings.burst, self._tokens + more), now
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True

    def _alert(self, new: bool | None) -> Message:
        mix, now = self.mix, self.env.now
        opens = self.drawn.random() < mix.new if new is None else new
        return Message(
            at=now,
            accepted=now,
            new=opens,
            fresh=opens and self.drawn.random() < mix.fresh,
            critical=opens and self.drawn.random() < mix.critical,
            incident=self.drawn.randrange(mix.changing),
        )

    def _record(self, batch: list[Message]) -> Steps:
        new = sum(one.new for one in batch)
        times = self.times
        yield from self.machine.serve(
            times.batch + new * times.new + (len(batch) - new) * times.repeat
        )
        self.count["recorded"] += len(batch)
        for one in batch:
            if one.new:
                self._open(one)
            else:
                self._change(one.incident)

    def _open(self, one: Message) -> None:
        channel = self.drawn.randrange(self.settings.channels)
        if not one.critical and self._is_held(channel):
            self.count["held"] += 1
            return
        self.count["opened"] += 1
        one.incident = channel
        self._announce(one)
        if one.fresh:
            self.lanes["analysis"].put(
                Message(self.env.now, one.accepted, fresh=True, critical=one.critical)
            )

    def _announce(self, one: Message, delay: float = 0.0) -> None:
        self.lanes["critical" if one.critical else "distribution"].put(one, delay)

    def _is_held(self, channel: int) -> bool:
        for name, most, window in (
            ("storm", self.settings.storm, STORM_SECONDS),
            ("throttle", self.settings.throttle, THROTTLE_SECONDS),
        ):
            key = (name, channel, int(self.env.now // window))
            self._opened[key] += 1
            if most and self._opened[key] > most:
                return True
        return False

    def _change(self, incident: int) -> None:
        """A counter: at once, or at the end of the quiet time; never while one is outstanding."""
        if incident in self._outstanding:
            return
        self._outstanding.add(incident)
        said = self._announced.get(incident, float("-inf"))
        delay = max(0.0, said + QUIET_SECONDS - self.env.now)
        self._announce(Message(self.env.now, incident=incident), delay)

    def _analyse(self, batch: list[Message]) -> Steps:
        yield from self.machine.serve(self.times.analysis)
        yield self.env.timeout(self.times.claude)
        for one in batch:
            self._announce(one)

    def _deliver(self, batch: list[Message]) -> Steps:
        for one in batch:
            yield from self.machine.serve(self.times.card if one.new else self.times.edit)
            if one.slot is None:
                line = self.channels[one.incident] if one.new else self.edits
                one.slot = line.slot(self.env.now, urgent=one.critical)
                if one.slot > self.env.now:
                    self._announce(one, ceil(one.slot - self.env.now))
                    continue
            yield self.env.timeout(self.times.slack)
            self._show(one)

    def _show(self, one: Message) -> None:
        now = self.env.now
        if one.new:
            self.cards.append(now - one.accepted)
            self.finished = now
            if one.critical:
                self.critical.append(now - one.accepted)
        elif one.fresh:
            self.analysed.append(now - one.accepted)
        else:
            self._announced[one.incident] = now
            self._outstanding.discard(one.incident)

    # The run

    def run(self, seconds: float, senders: Iterable[Steps], alerts: int | None = None) -> Run:
        """For so long, and on until all ``alerts`` are through, where their number is known."""
        self.machine.ends = seconds
        for sender in senders:
            self.env.process(sender)
        self.env.process(self._sample(seconds / self.samples))
        self.env.run(until=seconds)
        used = self._used(seconds)
        while alerts is not None and not self.is_done(alerts):
            self.env.step()
        return Run(
            seconds=seconds,
            accepted=self.count["accepted"],
            refused=self.count["refused"],
            held=self.count["held"],
            recorded=self.count["recorded"],
            finished=self.finished,
            cards=self.cards,
            critical=self.critical,
            analysed=self.analysed,
            queues={"reception": self.front, **{n: lane.seen for n, lane in self.lanes.items()}},
            used=used,
        )

    def is_done(self, alerts: int) -> bool:
        """Whether so many alerts came and are recorded, and every card stands."""
        come = self.count["accepted"] + self.count["refused"]
        is_recorded = self.count["recorded"] == self.count["accepted"]
        return come == alerts and is_recorded and self.count["opened"] == len(self.cards)

    def _sample(self, every: float) -> Steps:
        while self.env.now < self.machine.ends:
            for lane in self.lanes.values():
                lane.sample()
            yield self.env.timeout(every)

    def _used(self, seconds: float) -> dict[str, float]:
        used = {"reception": self.front.busy / seconds / self.settings.reception}
        for name, lane in self.lanes.items():
            used[name] = lane.seen.busy / seconds / lane.workers
        lines = {
            "Slack's pace": max(self.channels, key=lambda line: line.next),
            "edits": self.edits,
        }
        for name, line in lines.items():
            promised = max(0.0, line.next - line.gap - seconds)
            used[name] = (line.taken * line.gap - promised) / seconds
        return used


def flow(
    rate: float,
    seconds: float,
    times: Times,
    settings: Settings | None = None,
    mix: Mix | None = None,
    *,
    seed: int = 1,
    storm: int = 0,
    samples: int = SAMPLES,
) -> Run:
    """Alerts at random (Poisson), and a ``storm`` of so many new incidents after a third of it."""
    world = _World(times, settings or Settings(), mix or Mix(), seed)
    world.samples = samples
    return world.run(seconds, [_poisson(world, rate), _burst(world, storm, seconds / 3)])


def _poisson(world: _World, rate: float) -> Steps:
    requests = rate / world.mix.per_request
    while True:
        yield world.env.timeout(world.drawn.expovariate(requests))
        if world.env.now >= world.machine.ends:
            return
        world.env.process(world.accept(world.mix.per_request))


def _burst(world: _World, alerts: int, at: float) -> Steps:
    yield world.env.timeout(at)
    for _ in range(alerts):
        world.env.process(world.accept(1, new=True))


def steadily(
    rate: float, alerts: int, times: Times, settings: Settings, mix: Mix, *, seed: int = 1
) -> Run:
    """One alert each 1/``rate`` seconds, until the last card stands."""
    world = _World(times, settings, mix, seed)

    def send() -> Steps:
        for _ in range(alerts):
            world.env.process(world.accept(1))
            yield world.env.timeout(1 / rate)

    return world.run(alerts / rate, [send()], alerts)


def at_once(
    clients: int, alerts: int, times: Times, settings: Settings, mix: Mix, *, seed: int = 1
) -> Run:
    """``clients`` send one alert after the other, until the last card stands."""
    world = _World(times, settings, mix, seed)
    left: Iterator[int] = iter(range(alerts))

    def client() -> Steps:
        for _ in left:
            yield from world.accept(1)

    return world.run(MOMENT, [client() for _ in range(clients)], alerts)
