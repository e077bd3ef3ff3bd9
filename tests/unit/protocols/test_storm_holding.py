"""Storms: who has a card, and what is held."""

from dataclasses import replace

import pytest

from desk import Desk
from examples import alert
from responder.alert import SYNTHETIC_SOURCE, Scope, Severity
from responder.contracts import Announcement
from responder.incident import IncidentState
from responder.policy import storm
from responder.policy.routes import Route, Routes
from responder.policy.storm import Weather
from responder.ports import Queue
from responder.protocols import items, storms
from unit.protocols.silencing import EVERYTHING, silence
from unit.protocols.storming import MOST, STORM, break_out, held, problem, stormy, tick, work


@pytest.fixture
def desk() -> Desk:
    return stormy()


def test_the_first_ones_have_cards_and_the_next_ones_are_held_by_one_storm(desk: Desk) -> None:
    break_out(desk, *range(6))
    assert held(desk, *range(6)) == ["", "", "", "storm", "storm", "storm"]
    assert {problem(desk, number).storm_id for number in (3, 4, 5)} == {STORM}
    assert desk.telemetry.counts["Storms"] == 1
    assert desk.telemetry.counts["AlertsHeld:storm"] == 3


def test_what_a_storm_holds_is_neither_shown_nor_analysed(desk: Desk) -> None:
    break_out(desk, *range(5))
    shown = [f"v1:p{number}|prod.1" for number in range(MOST)]
    assert desk.requested() == shown
    announced = desk.announced()
    assert announced == [(name, 0) for name in [*shown, STORM]]
    for name, _ in announced:
        desk.deliverer.handle(Announcement(incident_id=name, first_sent=desk.now()))
    texts = [call.text for call in desk.slack.calls]
    assert len(texts) == MOST + 1
    assert "Storm of alerts in prod" in texts[-1]
    assert not any("problem 4" in text for text in texts)


def test_its_first_card_counts_the_one_that_began_it_and_the_next_tick_the_others(
    desk: Desk,
) -> None:
    break_out(desk, *range(6), service="shop")
    known = desk.incident(STORM)
    assert known.storm is not None
    assert (known.storm.incidents, known.storm.services) == (1, (("shop", 1),))
    desk.later(seconds=storms.SETTLES.total_seconds())
    desk.ticker.tick()
    known = desk.incident(STORM)
    assert known.storm is not None
    assert known.storm.incidents == 3


def test_a_whole_batch_that_breaks_out_at_once_is_held_from_the_same_one_on(desk: Desk) -> None:
    desk.record(*(alert(f"a{n}", rule=f"v1:p{n}", fingerprint=f"f{n}") for n in range(MOST + 2)))
    assert sorted(held(desk, *range(MOST + 2))) == ["", "", "", "storm", "storm"]


def test_few_new_incidents_a_minute_are_no_storm(desk: Desk) -> None:
    for number in range(9):
        break_out(desk, number)
        desk.later(seconds=20)
    assert set(held(desk, *range(9))) == {""}


def test_repeats_are_no_new_incidents(desk: Desk) -> None:
    for at in range(9):
        desk.record(alert(f"a{at}", at=at))
    assert desk.incident().count == 9
    assert desk.telemetry.counts["Storms"] == 0


def test_critical_ones_are_never_held_and_make_no_storm(desk: Desk) -> None:
    break_out(desk, *range(9), severity=Severity.CRITICAL)
    assert desk.telemetry.counts["Storms"] == 0
    break_out(desk, *range(10, 20))
    break_out(desk, 21, severity=Severity.CRITICAL)
    assert held(desk, 13, 21) == ["storm", ""]


def test_a_held_one_that_becomes_critical_has_its_card_at_once(desk: Desk) -> None:
    break_out(desk, *range(5))
    desk.announced()
    desk.requested()
    desk.later(seconds=1)
    break_out(desk, 4, severity=Severity.CRITICAL)
    assert held(desk, 3, 4) == ["storm", ""]
    assert desk.announced(Queue.CRITICAL_DISTRIBUTION) == [("v1:p4|prod.1", 0)]
    assert desk.requested() == ["v1:p4|prod.1"]


def test_one_that_becomes_critical_under_a_silence_goes_from_the_storm_to_the_silence(
    desk: Desk,
) -> None:
    break_out(desk, *range(5))
    silence(desk, EVERYTHING, minutes=60)
    break_out(desk, 4, severity=Severity.CRITICAL)
    assert held(desk, 3, 4) == ["storm", "silenced"]
    assert desk.announced(Queue.CRITICAL_DISTRIBUTION) == []
    desk.later(hours=1)
    desk.ticker.tick()
    assert held(desk, 4) == [""]
    assert desk.announced(Queue.CRITICAL_DISTRIBUTION) == [("v1:p4|prod.1", 0)]


def test_our_own_checks_are_never_held(desk: Desk) -> None:
    break_out(desk, *range(5))
    break_out(desk, 6, source=SYNTHETIC_SOURCE)
    assert problem(desk, 6).synthetic
    assert held(desk, 6) == [""]


def test_each_environment_has_its_own_storm(desk: Desk) -> None:
    break_out(desk, *range(5))
    break_out(desk, 7, scope=Scope(environment="dev"))
    assert desk.incident("v1:p7|dev.1").held == ""


def test_a_channel_has_three_times_as_many_whatever_environments_are_invented(desk: Desk) -> None:
    for number in range(3 * MOST + 2):
        break_out(desk, number, scope=Scope(environment=f"pr-{number}"))
    opened = [desk.incident(f"v1:p{n}|pr-{n}.1") for n in range(3 * MOST + 2)]
    assert [one.held for one in opened] == [*[""] * 3 * MOST, "storm", "storm"]
    begun = desk.incident(opened[-1].storm_id)
    assert begun.storm is not None
    assert (begun.title, begun.scope, begun.storm.most) == ("Storm of alerts", Scope(), 3 * MOST)
    break_out(desk, 50, scope=Scope(environment="prod"))
    assert held(desk, 50) == ["storm"]
    tick(desk, 3)
    assert desk.incident(begun.incident_id).state is IncidentState.RESOLVED
    break_out(desk, 51)
    assert held(desk, 51) == [""]


def test_a_storm_of_one_environment_leaves_the_channel_to_the_others(desk: Desk) -> None:
    break_out(desk, *range(20), scope=Scope(environment="dev"))
    break_out(desk, *range(20, 24))
    assert held(desk, *range(20, 24)) == ["", "", "", "storm"]
    assert desk.telemetry.counts["Storms"] == 2


def test_each_channel_has_its_own_storm_which_is_told_there(desk: Desk) -> None:
    paid = Route(name="paid", match=("service=pay",), channel="#payments")
    desk.recorder = replace(desk.recorder, routes=lambda: Routes(routes=(paid,)))
    break_out(desk, *range(5))
    break_out(desk, *range(10, 13), service="pay")
    assert held(desk, 10, 11, 12) == ["", "", ""]
    break_out(desk, 13, service="pay")
    begun = desk.incident(problem(desk, 13).storm_id)
    assert begun.incident_id != STORM
    assert begun.route is not None
    assert begun.route.channel == "#payments"


@pytest.mark.parametrize("lost", [False, True], ids=["closed", "expired"])
def test_a_storm_that_is_not_open_holds_nobody(desk: Desk, *, lost: bool) -> None:
    break_out(desk, *range(6))
    if lost:
        desk.store.lose(items.incident_item(STORM))
    else:
        dead = desk.incident(STORM).model_copy(update={"state": IncidentState.CLOSED})
        desk.put_incident(dead)
    desk.later(seconds=90)
    break_out(desk, 9, 4)
    assert held(desk, 3, 9, 4) == ["storm", "", ""]
    weather = items.load(desk.store, storms.weather_item(storm.key_of("prod|")), Weather)
    assert weather is not None
    assert (weather.storm_id, weather.storms) == ("", 1)


def test_a_storm_that_nobody_is_shown_counts_what_it_holds_as_unshown() -> None:
    desk = stormy()
    break_out(desk, *range(MOST))
    work(desk)
    break_out(desk, *range(MOST, 10))
    for _ in range(20):
        desk.telemetry.counts.clear()
        tick(desk)
    assert desk.telemetry.counts["AlertsUnshown"] == 10 - MOST
    work(desk)
    desk.telemetry.counts.clear()
    tick(desk)
    assert desk.telemetry.counts["AlertsUnshown"] == 0
