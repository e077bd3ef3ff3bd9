"""Silences: when they hold, which of many is found, and what cannot be silenced."""

from datetime import timedelta

import pytest
from pydantic import ValidationError

from examples import incident
from faults.world import START as NOW
from responder.alert import Severity
from responder.errors import Reason
from responder.policy.holding import review
from responder.policy.matching import Matcher
from responder.policy.silence import Silence, Silences

HOUR = timedelta(hours=1)


def silence(
    *matchers: str, name: str = "s1", start: timedelta = -HOUR, end: timedelta = HOUR
) -> Silence:
    return Silence(
        id=name,
        matchers=tuple(map(Matcher.parse, matchers)),
        starts_at=NOW + start,
        ends_at=NOW + end,
        comment="expected",
    )


@pytest.mark.parametrize(
    ("matchers", "found"),
    [
        (["service=checkout"], True),
        (["service=checkout", "severity=LOW"], False),
        (["service=checkout", "severity!=LOW"], True),
        (["title=~disk.*"], True),
        (["title=~disk"], False),
        (["title=~disk.*", "rule=~Net.*"], False),
        (["severity!=CRITICAL", "service!="], True),
        (["label.team=", "service=checkout"], True),
    ],
)
def test_all_matchers_must_match(matchers: list[str], found: bool) -> None:
    held = Silences([silence(*matchers)]).find(incident(service="checkout"), NOW)
    assert (held is not None) is found


@pytest.mark.parametrize(
    ("start", "end", "holds"),
    [
        (-HOUR, HOUR, True),
        (timedelta(0), HOUR, True),
        (HOUR, 2 * HOUR, False),
        (-HOUR, timedelta(0), False),
    ],
)
def test_a_silence_holds_from_its_start_until_just_before_its_end(
    start: timedelta, end: timedelta, holds: bool
) -> None:
    held = Silences([silence("title=disk full", start=start, end=end)]).find(incident(), NOW)
    assert (held is not None) is holds


def test_the_longest_of_several_is_named() -> None:
    ends = {"short": HOUR, "long": 3 * HOUR, "middle": 2 * HOUR}
    every = [silence("title=~d.*", name=name, end=end) for name, end in ends.items()]
    found = Silences(every).find(incident(), NOW)
    assert found is not None
    assert found.id == "long"


def test_even_critical_is_silenced_but_never_a_check_of_our_own() -> None:
    checks = (Silences([silence("title=disk full")]).hold,)
    assert review(incident(severity=Severity.CRITICAL), checks, NOW).silence
    assert not review(incident(synthetic=True), checks, NOW).silence


def test_one_is_found_among_thousands_of_every_kind() -> None:
    every = [silence(f"service=other{n}", name=f"a{n}") for n in range(3_000)]
    every += [silence(f"title=~other{n}.*", name=f"b{n}") for n in range(3_000)]
    wanted = [
        silence("service=checkout", name="by value"),
        silence("title=~.*full", name="by text"),
    ]
    silences = Silences([*every, *wanted])
    assert silences.find(incident(service="checkout", title="x"), NOW).id == "by value"  # type: ignore[union-attr]
    assert silences.find(incident(service="y"), NOW).id == "by text"  # type: ignore[union-attr]
    assert silences.find(incident(service="y", title="x"), NOW) is None


@pytest.mark.parametrize(
    ("matchers", "said"),
    [
        ([], "at least 1"),
        (["service!=checkout"], "would hold everything"),
        (["title=~.*"], "would hold everything"),
        (["label.team="], "would hold everything"),
    ],
)
def test_nobody_silences_everything_by_accident(matchers: list[str], said: str) -> None:
    with pytest.raises(ValidationError) as caught:
        silence(*matchers)
    assert said in str(caught.value)


def test_a_silence_that_ends_before_it_begins_is_refused() -> None:
    with pytest.raises(ValidationError, match="ends before it begins"):
        silence("service=a", start=HOUR, end=-HOUR)


def test_what_a_storm_holds_stays_with_the_storm() -> None:
    stormy = incident(held=Reason.STORM.value, storm_id="storm:1.1")
    during = review(stormy, (Silences([silence("title=disk full")]).hold,), NOW)
    assert (during.held, during.silence is None) == ("storm", False)
    assert review(during, (), NOW).held == "storm"
