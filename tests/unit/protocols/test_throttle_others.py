"""The throttle beside silences, inhibitions and storms: which of them holds what."""

from dataclasses import replace

import pytest

from desk import Desk
from responder.policy.inhibition import Inhibitions
from unit.protocols.silencing import EVERYTHING, silence
from unit.protocols.storming import held, problem, tick, work
from unit.protocols.throttling import fire, is_open, limit, listed, throttled


@pytest.fixture
def desk() -> Desk:
    return throttled()


def test_a_silence_comes_first_and_what_it_holds_is_not_counted(desk: Desk) -> None:
    silence(desk, EVERYTHING, minutes=10)
    fire(desk, *range(6))
    assert set(held(desk, *range(6))) == {"silenced"}
    tick(desk, 11)
    fire(desk, *range(10, 14))
    assert held(desk, *range(10, 14)) == ["", "", "", "throttle"]


def test_what_a_throttle_holds_stays_with_it_under_a_silence(desk: Desk) -> None:
    fire(desk, *range(5))
    silence(desk, EVERYTHING, minutes=10)
    fire(desk, 4)
    tick(desk)
    assert held(desk, 4) == ["throttle"]


def test_an_inhibition_comes_first(desk: Desk) -> None:
    rule = {"name": "p0", "why": "p0 does", "source": ["rule=v1:p0"], "target": ["rule=~v1:p1.*"]}
    muting = Inhibitions.model_validate({"rules": [rule]})
    desk.recorder = replace(desk.recorder, inhibitions=lambda: muting)
    fire(desk, 0, 10, 11, 12, 2, 3, 4)
    assert held(desk, 0, 10, 11, 12) == ["", "inhibited", "inhibited", "inhibited"]
    assert held(desk, 2, 3, 4) == ["", "", "throttle"]


def test_a_throttled_source_neither_makes_nor_prolongs_a_storm(desk: Desk) -> None:
    limit(desk, most=6)
    fire(desk, *range(20))
    assert desk.telemetry.counts["Storms"] == 0
    fire(desk, *range(20, 23), source="zabbix")
    fire(desk, 23, source="nagios")
    assert desk.telemetry.counts["Storms"] == 1
    fire(desk, 30)
    assert held(desk, 22, 23, 30) == ["", "storm", "throttle"]


def test_what_a_storm_holds_is_counted_and_listed_by_it_alone(desk: Desk) -> None:
    limit(desk, most=2, hourly=4)
    fire(desk, *range(12))
    assert held(desk, *range(12)) == ["", "", *["storm"] * 10]
    assert desk.telemetry.counts["Throttles"] == 0
    tick(desk, 3)
    work(desk)
    tick(desk, 3)
    assert not is_open(desk, problem(desk, 11).storm_id)
    fire(desk, 20, 11, source="sentry")
    assert held(desk, 20, 11) == ["", ""]
    tick(desk, 2)
    fire(desk, 21, 10)
    # The storm has listed the other one.
    assert held(desk, 21, 10) == ["throttle", "storm"]
    tick(desk, 20)
    assert listed(desk) == ["v1:p21|prod.1"]
