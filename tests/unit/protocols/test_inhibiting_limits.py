"""A cause stands in few enough lists of causes for one transaction, whatever changes."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from desk import Desk
from responder.incident import IncidentState
from responder.policy.inhibition import MAX_RULES
from responder.ports import Write
from responder.protocols import inhibiting
from responder.protocols.inhibiting import MAX_LISTS
from responder.protocols.storms import Gate
from unit.protocols.muting import (
    CAUSE,
    RULE,
    SYMPTOM,
    cause,
    causes,
    over,
    record,
    ruled,
    save,
    symptom,
)


@pytest.fixture
def desk() -> Desk:
    return ruled()


def many(number: int, *, target: str = "v1:pod") -> list[dict[str, Any]]:
    """Rules that all name one cause, each with a list of its own."""
    return [
        RULE | {"name": f"r{n}", "target": [f"rule={target}", f"label.n=~{n}|"]}
        for n in range(number)
    ]


def written_at_once(desk: Desk) -> list[int]:
    """How many items each transaction from now on has; the store takes 100, as DynamoDB does."""
    sizes: list[int] = []
    write = desk.store.write

    def counting(writes: Sequence[Write]) -> None:
        sizes.append(len(writes))
        write(writes)

    desk.store.write = counting  # type: ignore[method-assign]
    return sizes


def test_a_cause_of_more_rules_than_a_transaction_holds_is_recorded_and_stands_in_the_first(
    desk: Desk,
) -> None:
    save(desk, *many(MAX_RULES))
    sizes = written_at_once(desk)
    record(desk, cause())
    assert len(desk.incident(CAUSE).inhibits) == len(causes(desk)) == MAX_LISTS
    assert max(sizes) < MAX_LISTS + 10
    record(desk, symptom())
    held = desk.incident(SYMPTOM)
    assert held.held == "inhibited"
    assert held.silence is not None
    assert held.silence.silence_id == "r0"
    record(desk, over(cause(), at=60))
    assert causes(desk) == []


def test_rules_that_were_all_edited_are_followed_within_minutes(desk: Desk) -> None:
    save(desk, *many(MAX_LISTS))
    record(desk, cause())
    before = set(desk.incident(CAUSE).inhibits)
    save(desk, *many(MAX_LISTS, target="v1:other"))
    sizes = written_at_once(desk)
    record(desk, cause(2, at=40))
    assert desk.incident(CAUSE).inhibits == ()
    desk.tick()
    assert max(sizes) < MAX_LISTS + 10
    after = set(desk.incident(CAUSE).inhibits)
    assert (len(after), after & before) == (MAX_LISTS, set())
    desk.tick()
    assert desk.incident(CAUSE).due_at > desk.now()  # type: ignore[operator]


def test_lists_that_an_incident_stood_in_before_there_was_a_limit_are_left_by_the_tick(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    save(desk, *many(90))
    monkeypatch.setattr(inhibiting, "MAX_LISTS", 90)
    record(desk, cause())
    assert len(causes(desk)) == 90
    monkeypatch.undo()
    sizes = written_at_once(desk)
    record(desk, over(cause(), at=60))
    assert len(causes(desk)) == 90 - MAX_LISTS
    desk.tick(3)
    assert (causes(desk), desk.incident(CAUSE).inhibits) == ([], ())
    assert max(sizes) < MAX_LISTS + 10


def test_ten_alerts_of_five_causes_that_are_one_group_fit_into_one_transaction(
    desk: Desk,
) -> None:
    """Each problem shares a fingerprint with the next one, and has lists of its own."""
    save(desk, *(rule | {"source": ["severity=HIGH"]} for rule in many(MAX_RULES)))
    desk.recorder = replace(desk.recorder, gate=Gate(10, 100))
    sizes = written_at_once(desk)
    chained = [
        cause(
            n,
            at=n,
            rule=f"v1:node{n // 2}",
            scope={"environment": f"e{n // 2}"},
            fingerprint=f"f{(n + 1) // 2}",
        )
        for n in range(10)
    ]
    arrivals = [desk.recorder.arrive(one, "") for one in chained]
    (group,) = desk.recorder.groups(arrivals)
    desk.recorder.record(group)
    assert max(sizes) <= 100
    assert len(causes(desk)) == MAX_LISTS
    desk.tick(2)
    assert max(sizes) <= 100
    assert sorted(set(causes(desk))) == [f"v1:node{n}|e{n}.1" for n in range(5)]
    assert len(causes(desk)) == 5 * MAX_LISTS


def test_the_rules_by_which_a_cause_mutes_nothing_are_counted_and_logged(desk: Desk) -> None:
    save(desk, *many(MAX_LISTS + 3))
    record(desk, cause())
    rules, opened = desk.recorder.inhibitions(), desk.incident(CAUSE)
    over_now = opened.model_copy(update={"state": IncidentState.RESOLVED})
    inhibiting.report(rules, over_now, desk.telemetry)
    assert desk.telemetry.counts["CausesLeftOut"] == 3
    said = {"incident_id": CAUSE, "rules": 3}
    assert desk.telemetry.lines[-1] == ("Causes left out", said)
    save(desk, *many(MAX_LISTS))
    inhibiting.report(desk.recorder.inhibitions(), opened, desk.telemetry)
    assert desk.telemetry.said("Causes left out") == 1
