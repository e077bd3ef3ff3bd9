"""After a storm: who has a card then, who still fires, and what tools repeat."""

import pytest

from desk import Desk
from examples import alert, resolve
from faults.world import START
from responder.incident import IncidentState
from responder.policy import storm
from unit.protocols.silencing import EVERYTHING, silence
from unit.protocols.storming import (
    MOST,
    STORM,
    break_out,
    ebbed,
    held,
    problem,
    still_fire,
    stormy,
    tick,
    work,
)


@pytest.fixture
def desk() -> Desk:
    return stormy()


def test_one_that_fires_after_the_storm_under_a_silence_stays_held_by_it(desk: Desk) -> None:
    ebbed(desk, 6)
    silence(desk, EVERYTHING, minutes=60)
    break_out(desk, 4)
    assert held(desk, 3, 4) == ["storm", "silenced"]


def test_after_it_whoever_fires_again_has_a_card_and_others_stay_listed(desk: Desk) -> None:
    ebbed(desk, 6)
    break_out(desk, 4)
    assert held(desk, 3, 4, 5) == ["storm", "", "storm"]
    assert desk.requested() == ["v1:p4|prod.1"]
    desk.record(resolve(fingerprint="f5", at=400))
    assert held(desk, 5) == ["storm"]
    work(desk)
    posts = [call.text.partition("\n")[0] for call in desk.slack.calls]
    assert sum("problem 4" in text for text in posts) == 1


def resolve_problems(desk: Desk, *numbers: int) -> None:
    desk.later(seconds=1)
    for number in numbers:
        at = (desk.now() - START).total_seconds()
        desk.record(resolve(f"r{number}-{at}", fingerprint=f"f{number}", at=at))


def test_a_second_storm_is_another_one_and_holds_what_was_over_and_fires_again(desk: Desk) -> None:
    ebbed(desk, 6)
    resolve_problems(desk, 4)
    desk.later(seconds=1)
    break_out(desk, 10, 11, 12, 13, 4, 5)
    second = f"{storm.key_of('prod|')}.2"
    assert held(desk, 12, 13, 4, 5) == ["", "storm", "storm", "storm"]
    assert (problem(desk, 4).storm_id, problem(desk, 5).storm_id) == (second, STORM)
    assert desk.incident(second).storm is not None


def test_its_end_counts_who_still_fires_until_none_does_and_nothing_is_due_any_more(
    desk: Desk,
) -> None:
    break_out(desk, *range(7))
    work(desk)
    resolve_problems(desk, 3)
    tick(desk, 3)
    assert still_fire(desk) == 3
    work(desk)
    resolve_problems(desk, 4, 5)
    tick(desk, 15)
    assert still_fire(desk) == 1
    resolve_problems(desk, 6)
    tick(desk, 15)
    work(desk)
    tick(desk)
    over = desk.incident(STORM)
    assert (still_fire(desk), over.due_at, over.still_fires) == (0, None, False)
    assert desk.card(STORM).shown == over.revision
    assert desk.slack.calls[-1].text.startswith("✅ RESOLVED")


def test_one_that_fires_beside_the_end_is_counted_after_it(desk: Desk) -> None:
    """Held, resolved, and fired again by a worker who read the weather before the end."""
    break_out(desk, *range(5))
    work(desk)
    resolve_problems(desk, 3, 4)
    tick(desk, 3)
    assert still_fire(desk) == 0
    again = problem(desk, 4).model_copy(update={"state": IncidentState.OPEN, "firing": 1})
    desk.put_incident(again)
    tick(desk, 16)
    assert still_fire(desk) == 1
    assert desk.incident(STORM).storm is not None
    assert desk.incident(STORM).due_at is not None


def repeat(desk: Desk, number: int) -> None:
    """A tool that says the very same again, as Alertmanager does every few hours."""
    fields = {"rule": f"v1:p{number}", "fingerprint": f"f{number}", "title": f"problem {number}"}
    first = f"a{number}-{START:%H%M%S}"
    desk.record(alert(first, event_at=START, received_at=desk.now(), **fields))


def test_one_that_its_tool_says_still_fires_has_a_card_after_the_storm(desk: Desk) -> None:
    break_out(desk, *range(6))
    work(desk)
    desk.later(minutes=1)
    repeat(desk, 4)
    assert held(desk, 4) == ["storm"]
    tick(desk, 3)
    work(desk)
    desk.later(hours=4)
    repeat(desk, 4)
    assert desk.telemetry.counts["AlertsHeld:duplicate"] == 2
    assert held(desk, 3, 4, 5) == ["storm", "", "storm"]
    assert desk.requested() == ["v1:p4|prod.1"]
    work(desk)
    assert desk.card("v1:p4|prod.1").ts


def test_what_all_tools_repeat_after_a_storm_meets_the_gate(desk: Desk) -> None:
    ebbed(desk, 12)
    desk.later(hours=4)
    for number in range(3, 12):
        repeat(desk, number)
    assert held(desk, *range(3, 12)) == [*[""] * MOST, *["storm"] * 6]
    assert {problem(desk, number).storm_id for number in range(6, 12)} == {STORM}
    assert desk.telemetry.counts["Storms"] == 1


def test_what_is_repeated_every_few_minutes_makes_no_storm_and_has_its_cards_bit_by_bit(
    desk: Desk,
) -> None:
    ebbed(desk, 12)
    assert still_fire(desk) == 9
    for left in (6, 3, 0):
        desk.later(minutes=20)
        for number in range(12):
            repeat(desk, number)
        tick(desk)
        work(desk)
        assert still_fire(desk) == left
    assert held(desk, *range(12)) == [""] * 12
    assert desk.telemetry.counts["Storms"] == 1
    assert not desk.incident(STORM).still_fires


def test_what_was_listed_and_is_repeated_joins_no_storm_of_others(desk: Desk) -> None:
    ebbed(desk, 6)
    desk.later(minutes=5)
    break_out(desk, *range(20, 24))
    repeat(desk, 4)
    assert (held(desk, 23, 4), problem(desk, 4).storm_id) == (["storm", "storm"], STORM)


def test_a_resolve_of_one_of_two_is_no_reason_for_a_card(desk: Desk) -> None:
    break_out(desk, *range(5))
    break_out(desk, 44, rule="v1:p4")
    tick(desk, 3)
    resolve_problems(desk, 44)
    assert (problem(desk, 4).firing, problem(desk, 4).held) == (1, "storm")
