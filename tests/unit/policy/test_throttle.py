"""What a digest says of its members, and when it ends: the limits of both kinds, to the second."""

from datetime import timedelta

import pytest

from faults.world import START
from responder.alert import Severity
from responder.incident import Storm
from responder.policy import storm
from responder.policy.storm import THROTTLE, Member, Shard

HOUR, LULL = THROTTLE.window, THROTTLE.lull
KNOWN = Storm(kind="throttle", most=60)


def shard(*rules: str, at: timedelta = timedelta(0)) -> Shard:
    members = tuple(
        Member(incident_id=f"i{number}", at=START + at, severity=Severity.HIGH, rule=rule)
        for number, rule in enumerate(rules)
    )
    return Shard(members=members, newest=START + at)


def test_rules_are_counted_that_stand_for_several() -> None:
    known = storm.summary([shard("Slow", "Down", ""), shard("Slow", "", "Lost")], KNOWN)
    assert (known.incidents, known.rules) == (6, (("Slow", 2),))
    assert (known.kind, known.most) == ("throttle", 60)


@pytest.mark.parametrize(
    ("recent", "lasted", "ends"),
    [
        (7, LULL, True),
        (8, LULL, False),
        (0, LULL - timedelta(seconds=1), False),
        (100, HOUR, False),
    ],
)
def test_it_ends_after_a_lull(recent: int, lasted: timedelta, *, ends: bool) -> None:
    members = shard(*["Slow"] * recent, at=lasted - LULL + timedelta(seconds=1))
    older = shard(*["Slow"] * 40, at=lasted - LULL)
    assert storm.has_lulled([members, older], KNOWN, START, START + lasted) is ends


def test_members_without_a_name_keep_it_going_too() -> None:
    full = Shard(unlisted=1, newest=START + LULL)
    assert not storm.has_lulled([full], KNOWN, START, START + LULL + timedelta(minutes=1))
    assert storm.has_lulled([full], KNOWN, START, START + LULL * 2)


@pytest.mark.parametrize("kind", ["storm", "throttle"])
def test_it_ends_after_an_hour_whatever_comes(kind: str) -> None:
    known = Storm(kind=kind, most=60)
    assert not storm.has_outlasted(known, START, START + HOUR - timedelta(seconds=1))
    assert storm.has_outlasted(known, START, START + HOUR)
