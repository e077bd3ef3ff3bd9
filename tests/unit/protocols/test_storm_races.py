"""Storms: workers and ticks that meet, and five thousand alerts in a minute."""

import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

from desk import Desk
from examples import alert
from faults.world import START
from responder.alert import Severity
from responder.incident import IncidentState
from responder.policy import storm
from responder.policy.storm import SHARDS, Shard, Weather
from responder.ports import Key, Record
from responder.protocols import items, storms
from responder.protocols.storms import Gate
from unit.protocols.storming import (
    MOST,
    STORM,
    break_out,
    held,
    problem,
    raging,
    stormy,
    tick,
    work,
)


@pytest.fixture
def desk() -> Desk:
    return stormy()


def test_nobody_joins_a_storm_that_ebbs_at_that_moment(desk: Desk) -> None:
    """The tick's transaction comes between an opening's reads and its write."""
    break_out(desk, *range(5))
    tick(desk)
    desk.later(seconds=120)
    desk.store.meanwhile = desk.ticker.tick
    break_out(desk, 9)
    assert desk.incident(STORM).state is IncidentState.RESOLVED
    assert held(desk, 9) == [""]


def shards(desk: Desk) -> list[Shard]:
    found = [items.state_item(f"{STORM}#{number}") for number in range(SHARDS)]
    return [items.load(desk.store, key, Shard) or Shard() for key in found]


def test_a_storm_that_is_joined_while_it_ebbs_goes_on(desk: Desk) -> None:
    """An opening comes between the tick's reads and its transaction."""
    break_out(desk, *range(5))
    tick(desk)
    desk.later(seconds=120)
    desk.store.meanwhile = lambda: break_out(desk, 9)
    desk.ticker.tick()
    assert held(desk, 9) == ["storm"]
    members = [m.incident_id for s in shards(desk) for m in s.members]
    assert "v1:p9|prod.1" in members
    tick(desk, 3)
    assert desk.incident(STORM).state is IncidentState.RESOLVED


def test_a_storm_that_others_join_all_the_time_ends_with_its_hour(desk: Desk) -> None:
    """One joins while the tick reads the members, which takes long, and one before it writes."""
    break_out(desk, *range(6))
    number = raging(desk, 59)
    read = desk.store.read
    break_out(desk, *range(number, number + 4))
    joining = iter(range(number + 4, number + 100))

    def read_members(keys: Sequence[Key]) -> dict[Key, Record]:
        found = read(keys)
        if {items.incident_item(f"v1:p{n}|prod.1") for n in (3, 4)} <= set(keys):
            break_out(desk, next(joining))
            desk.store.meanwhile = beside.pop() if beside else None
        return found

    desk.store.read = read_members  # type: ignore[method-assign]
    beside = [lambda: break_out(desk, next(joining))]
    desk.later(seconds=60)
    desk.ticker.tick()
    desk.store.read = read  # type: ignore[method-assign]
    over = desk.incident(STORM)
    assert over.state is IncidentState.RESOLVED
    assert over.storm is not None
    assert over.storm.goes_on
    listed = {one.incident_id for n in over.notices for one in storms.page_of(desk.store, over, n)}
    joined = [problem(desk, one) for one in range(number, next(joining))]
    assert len(joined) == 4 + 3
    assert {one.incident_id for one in joined} <= listed
    assert all(shard.sealed for shard in shards(desk))


def test_two_workers_never_both_begin_a_storm(desk: Desk) -> None:
    break_out(desk, *range(MOST))
    desk.store.meanwhile = lambda: break_out(desk, 8)
    break_out(desk, 9)
    weather = items.load(desk.store, storms.weather_item(storm.key_of("prod|")), Weather)
    assert weather is not None
    assert (weather.storms, weather.storm_id) == (1, STORM)
    assert held(desk, 8, 9) == ["storm", "storm"]


def test_a_storm_that_ebbs_between_two_reads_sends_the_worker_to_look_again(desk: Desk) -> None:
    break_out(desk, *range(5))
    tick(desk)
    desk.later(seconds=120)
    read = desk.store.read

    def read_late(keys: Sequence[Key]) -> dict[Key, Record]:
        if len(keys) == 1 and keys[0].id.startswith("storm:"):
            desk.store.read = read  # type: ignore[method-assign]
            desk.ticker.tick()
        return read(keys)

    desk.store.read = read_late  # type: ignore[method-assign]
    break_out(desk, 9)
    assert desk.store.read == read
    assert held(desk, 9) == [""]


def test_five_thousand_alerts_of_a_storm_at_handler_level() -> None:
    """The measure: 5 CRITICAL among 400 problems, at most 30 messages before it ebbs."""
    desk = Desk()
    desk.recorder = replace(desk.recorder, gate=Gate(8))
    rng = random.Random(4)
    critical = {40, 120, 200, 280, 360}
    times = sorted(rng.uniform(0, 60) for _ in range(5_000))
    chosen = [number % 400 for number in range(5_000)]
    sent = Counter(chosen)
    for number, (at, which) in enumerate(zip(times, chosen, strict=True)):
        desk.world.advance(START + timedelta(seconds=at))
        severity = Severity.CRITICAL if which in critical else Severity.HIGH
        desk.record(
            alert(
                f"a{number}",
                at=at,
                rule=f"v1:p{which}",
                fingerprint=f"f{which}-{number}",
                severity=severity,
                service=f"service-{which % 12}",
            )
        )
        if number % 100 == 0:
            work(desk)
    work(desk)
    posts = [call for call in desk.slack.calls if call.method == "post"]
    assert len(posts) <= 30
    assert all(problem(desk, number).held == "" for number in critical)
    assert all(desk.card(f"v1:p{number}|prod.1").ts for number in critical)
    tick(desk, 4)
    work(desk)
    over = desk.incident(STORM)
    assert over.state is IncidentState.RESOLVED
    listed = [one for n in over.notices for one in storms.page_of(desk.store, over, n)]
    shown = [problem(desk, number) for number in range(400) if not problem(desk, number).held]
    assert {one.incident_id for one in listed}.isdisjoint(one.incident_id for one in shown)
    assert len(listed) + len(shown) == 400
    assert sum(one.count for one in [*listed, *shown]) == 5_000
    assert all(one.count == sent[int(one.signature[4:])] for one in [*listed, *shown])
    told = desk.telemetry.counts
    assert told["AlertsCounted"] == 5_000
    assert told["AlertsHeld:storm"] == sum(one.count for one in listed)
    pages = [call for call in desk.slack.calls if call.text.startswith("Held by the storm")]
    assert len(pages) == -(-len(listed) // 20)
