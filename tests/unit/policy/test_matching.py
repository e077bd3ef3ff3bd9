"""Matchers: how they are written, what they see, and which are refused."""

import re

import pytest
from pydantic import ValidationError

from examples import incident
from responder.alert import Scope, Severity
from responder.policy.matching import AS_WRITTEN, Index, Matcher, facts, meant
from responder.policy.routes import Routes

SEEN = facts(
    incident(
        service="checkout",
        rule="DiskFull",
        severity=Severity.LOW,
        scope=Scope(environment="prod", cluster="eu-1"),
        labels={"team": "storage", "severity": "info"},
        message="line one\nline two",
    )
)


@pytest.mark.parametrize(
    ("written", "matches"),
    [
        ("service=checkout", True),
        ("service=check", False),
        ("service!=billing", True),
        ("severity=~LOW|INFO", True),
        ("severity=~LO", False),
        ("rule!~Disk.*", False),
        ("rule!~Net.*", True),
        ("environment=prod", True),
        ("cluster=~eu-.*", True),
        ("label.team=storage", True),
        ("label.severity=info", True),
        ("label.absent=", True),
        ("label.absent!=", False),
        ('service = "checkout"', True),
        ("message=~line.*two", True),
        ("source=alertmanager", True),
    ],
)
def test_what_matches(written: str, matches: bool) -> None:
    assert Matcher.parse(written).matches(SEEN) is matches


@pytest.mark.parametrize(
    "written", ["service=checkout", "label.a.b/c=~x|y", "title!=a=b", "region!~"]
)
def test_what_is_written_is_read_again(written: str) -> None:
    assert Matcher.parse(str(Matcher.parse(written))) == Matcher.parse(written)


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("checkout", "is not written FIELD=VALUE"),
        ("servise=checkout", "there is no field 'servise'; there are source, service"),
        ("label.=x", "there is no field"),
        ("rule=~(", "is no expression of RE2"),
        (r"rule=~(a)\1", "is no expression of RE2"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_a_reason(written: str, said: str) -> None:
    with pytest.raises(ValueError, match=re.escape(said)):
        Matcher.parse(written)


def test_an_evil_expression_on_hostile_text_ends_at_once() -> None:
    evil = Matcher.parse("message=~(a+)+(a|a)*.*a.*a.*a.*b")
    assert not evil.matches({"message": "a" * 20_000})


@pytest.mark.parametrize(
    "written",
    [
        ("service=svc{}",),
        ("environment=prod", "service=svc{}"),
        ("service=svc{}", "title=~.*disk.*"),
        ("title=~disk {} is .*",),
        ("environment=prod", "label.pod=~web-{}-.*"),
        ("title=~.+", "environment=prod", "title!=x", "service=svc{}"),
        ("severity!=LOW", "title=~.*disk.*", "label.pod=~web-{}-.*"),
    ],
)
def test_an_entry_is_found_by_what_the_fewest_share(written: tuple[str, ...]) -> None:
    entries = [
        ([Matcher.parse(one.format(number)) for one in written], number) for number in range(500)
    ]
    seen = {
        "service": "svc77",
        "title": "disk 77 is full",
        "environment": "prod",
        "severity": "HIGH",
        "label.pod": "web-77-a",
    }
    assert list(Index(entries).candidates(seen)) == [77]


def test_candidates_come_in_the_order_in_which_they_were_given() -> None:
    written = ("service=a", "title=~d.*", "severity!=LOW", "service=a", "title=~.*k", "rule=r")
    index = Index(([Matcher.parse(one)], number) for number, one in enumerate(written))
    found = index.candidates({"service": "a", "title": "disk", "rule": "other"})
    assert list(found) == [0, 1, 2, 3, 4]


@pytest.mark.parametrize("written", ["severity=low", "severity=Low", "severity!=critical"])
def test_a_severity_is_meant_however_it_is_written(written: str) -> None:
    assert Matcher.parse(written).matches(SEEN)
    critical = facts(incident(severity=Severity.CRITICAL))
    assert not Matcher.parse(written).matches(critical)


@pytest.mark.parametrize(
    "written",
    [
        "severity=warning",
        "severity!=P1",
        "severity=",
        "severity=~critical.*",
        "severity!~critical|high",
        "severity!~.*",
        "severity==CRITICAL",
        "service==pay",
    ],
)
def test_what_cannot_be_meant_is_refused_where_it_is_written_and_read_where_it_is_stored(
    written: str,
) -> None:
    with pytest.raises(ValueError, match=re.escape(written)):
        meant(written)
    assert Matcher.parse(written)
    file = {"routes": [{"match": [written]}]}
    with pytest.raises(ValidationError, match=re.escape(written)):
        Routes.model_validate(file, context=AS_WRITTEN)
    assert Routes.model_validate(file).routes


@pytest.mark.parametrize(
    "written", ["severity=~.+", "severity!~CRITICAL", "severity=~HIGH|LOW", "service!=="]
)
def test_what_can_be_meant_is_taken(written: str) -> None:
    assert str(meant(written)) == written
