"""Rules of inhibition: which causes mute which incidents, and what cannot be meant."""

from datetime import timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from examples import incident
from faults.world import START
from responder.incident import Hold, Incident
from responder.policy.inhibition import MAX_CAUSES, Causes, Inhibitions
from responder.policy.matching import facts

SECOND = timedelta(seconds=1)


def rule(name: str = "node", **changes: Any) -> dict[str, Any]:
    fields: dict[str, Any] = {
        "name": name,
        "why": "the node explains its pods",
        "source": ["rule=NodeDown"],
        "target": ["rule=~Pod.*"],
        "equal": ["label.node"],
    }
    return fields | changes


def rules(*given: dict[str, Any]) -> Inhibitions:
    return Inhibitions.model_validate({"rules": given or [rule()]})


def one(name: str, at: int = 0, node: str = "n1", **changes: Any) -> Incident:
    fields: dict[str, Any] = {
        "rule": name,
        "title": f"{name} of {node}",
        "opened_at": START + at * SECOND,
        "labels": {"node": node} if node else {},
    }
    return incident(f"{name}|{node}.1", **(fields | changes))


def hold(given: Inhibitions, target: Incident, *open_: Incident) -> Hold | None:
    """What mutes a target while these incidents are open."""
    lists: dict[str, Causes] = {}
    for source in open_:
        for name, cause in given.as_cause(source).items():
            lists[name] = lists.get(name, Causes()).joined(cause)
    found = [
        suspect.hold(lists.get(suspect.name, Causes()), target)
        for suspect in given.as_target(target)
    ]
    return next((hold for hold in found if hold), None)


def test_an_open_cause_mutes_and_is_named() -> None:
    found = hold(rules(), one("PodDown", 1), one("NodeDown"))
    assert found == Hold(
        silence_id="node",
        reason="inhibited",
        comment="the node explains its pods",
        cause="NodeDown|n1.1",
        subject="NodeDown of n1",
    )


@pytest.mark.parametrize(
    ("target", "source"),
    [
        (one("PodDown", 1, node="n2"), one("NodeDown")),
        (one("PodDown", 1, node=""), one("NodeDown")),
        (one("DiskFull", 1), one("NodeDown")),
        (one("PodDown", 1), one("NodeSlow")),
        (one("PodDown", 0), one("NodeDown", 1)),
    ],
    ids=["other node", "no node", "no target", "no source", "older than the cause"],
)
def test_nothing_else_is_muted(target: Incident, source: Incident) -> None:
    assert hold(rules(), target, source) is None


def test_absent_and_empty_are_equal_as_in_alertmanager() -> None:
    bare = one("PodDown", 1, node="")
    assert hold(rules(), bare, one("NodeDown", node=""))
    assert hold(rules(), bare, one("NodeDown", labels={"node": ""}))


def test_no_incident_mutes_itself() -> None:
    given = rules(rule(source=["severity=HIGH"], target=["title=~.+ of n1"]))
    alone = one("NodeDown")
    assert hold(given, alone, alone) is None


def test_what_matches_both_sides_is_not_muted_by_its_like() -> None:
    given = rules(rule(source=["rule=~(Node|Pod)Down"], target=["rule=~Pod.*"]))
    assert hold(given, one("PodDown", 2), one("PodDown", 1)) is None
    assert hold(given, one("PodSlow", 2), one("PodDown", 1))
    assert hold(given, one("PodDown", 2), one("NodeDown", 1))


@pytest.mark.parametrize(
    ("source", "target", "names"),
    [
        (one("NodeDown"), one("PodDown", 1), "node"),
        (one("NodeDown"), one("PodDown", 1, node="n2"), ""),
        (one("NodeDown", node=""), one("PodDown", 1, node=""), "node"),
        (one("PodDown"), one("NodeDown", 1), ""),
        (one("BothA"), one("BothB", 1), ""),
        (one("BothA"), one("OnlyTarget", 1), "both"),
        (one("OnlySource"), one("BothB", 1), "both"),
    ],
)
def test_a_test_of_a_file_says_what_the_lanes_do(
    source: Incident, target: Incident, names: str
) -> None:
    both = rule("both", source=["rule=~Both.*|OnlySource"], target=["rule=~Both.*|OnlyTarget"])
    given = rules(rule(), both)
    found = hold(given, target, source)
    assert (found.silence_id if found else "") == names
    assert given.between(facts(source), facts(target)) == names


def test_a_circle_of_rules_leaves_the_oldest_alone() -> None:
    given = rules(
        rule("ab", source=["rule=A"], target=["rule=B"]),
        rule("bc", source=["rule=B"], target=["rule=C"]),
        rule("ca", source=["rule=C"], target=["rule=A"]),
    )
    every = [one("B", 5), one("C", 7), one("A", 3)]
    muted = {each.rule: hold(given, each, *every) for each in every}
    assert muted["A"] is None
    assert muted["B"]
    assert muted["C"]


def test_the_oldest_of_several_causes_is_named() -> None:
    sources = [one("NodeDown", at, title=f"at {at}") for at in (5, 2, 7)]
    named = [
        source.model_copy(update={"incident_id": f"i{number}"})
        for number, source in enumerate(sources)
    ]
    found = hold(rules(), one("PodDown", 9), *named)
    assert found is not None
    assert found.cause == "i1"


def test_a_list_of_causes_is_bounded_and_forgets_what_is_struck_out() -> None:
    (cause,) = rules().as_cause(one("NodeDown")).values()
    causes = Causes()
    for number in range(MAX_CAUSES + 5):
        causes = causes.joined(cause.model_copy(update={"incident_id": f"i{number}"}))
    assert len(causes.causes) == MAX_CAUSES
    assert not causes.knows(f"i{MAX_CAUSES}")
    assert not causes.without("i0").knows("i0")
    assert causes.without("i0").knows("i1")


def test_another_meaning_has_lists_of_its_own_and_another_wording_has_not() -> None:
    source = one("NodeDown")
    given = (
        rule(),
        rule(why="in other words"),
        rule(equal=[]),
        rule(target=["rule=Pod"]),
    )
    names = [set(rules(one_rule).as_cause(source)) for one_rule in given]
    assert names[0] == names[1]
    assert len(set.union(*names)) == 3


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (rule(source=["severity!=LOW"]), "source would be everything"),
        (rule(target=["title=~.*"]), "target would be everything"),
        (rule(source=[]), "at least 1"),
        (rule(source=["servise=a"]), "there is no field 'servise'"),
        (rule(target=["title=~("]), "is no expression of RE2"),
        (rule(equal=["node"]), "there is no field 'node'"),
        (rule(name="two words"), "should match pattern"),
        (rule(why=""), "at least 3 characters"),
        (rule(equals=["cluster"]), "Extra inputs"),
    ],
)
def test_what_cannot_be_meant_is_refused(given: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError) as caught:
        rules(given)
    assert said in str(caught.value)


def test_two_rules_of_one_name_are_refused() -> None:
    with pytest.raises(ValidationError, match="two rules have one name: node"):
        rules(rule(), rule(equal=[]))


@pytest.mark.parametrize("name", ["n", "Knoten.Süd-1_a", "é" * 64])
def test_a_name_is_of_letters_of_any_language_digits_dots_and_dashes(name: str) -> None:
    assert rules(rule(name)).rules[0].name == name


@pytest.mark.parametrize("name", ["", "a b", "a\n", "n" * 65, "n/1"])
def test_a_name_that_is_empty_long_or_of_other_signs_is_refused(name: str) -> None:
    with pytest.raises(ValidationError, match="name"):
        rules(rule(name))
