"""Operators' rules: what they change, whom they leave alone, and which are refused."""

import pytest
from pydantic import ValidationError

from responder.alert import Alert
from responder.signature import Rules, signature
from responder.signature.rules import Words
from samples import only


def alert(message: str = "Belt 7 stands still", **labels: str) -> Alert:
    given = {"job": "sorter", "instance": "belt-1:80", **labels}
    return only("alertmanager/firing.json").model_copy(
        update={"rule": "BeltStill", "title": "BeltStill", "message": message, "labels": given}
    )


def key(given: Alert, **rule: object) -> str:
    rules = Rules.model_validate({"number": 3, "rules": [{"why": "tests", **rule}]})
    return signature(given, rules.for_alert(given)).key


def test_an_alert_that_no_rule_matches_keeps_its_signature() -> None:
    plain = signature(alert()).key
    assert key(alert(), source="datadog", ignore_labels=["job"]) == plain
    assert key(alert(), rule="Kube*", ignore_labels=["job"]) == plain
    assert key(alert(), rule="Belt*", ignore_labels=["job"]) != plain


def test_an_ignored_label_does_not_split() -> None:
    first, second = alert(job="sorter"), alert(job="packer")
    assert signature(first).key != signature(second).key
    assert key(first, ignore_labels=["job"]) == key(second, ignore_labels=["job"])


def test_a_kept_label_splits_by_what_is_stable_of_it() -> None:
    keys = [
        key(alert(instance=value), keep_labels=["instance"])
        for value in ("north-1", "north-2", "south-1")
    ]
    assert keys[0] == keys[1] != keys[2]


def test_splitting_by_a_label_takes_its_whole_value() -> None:
    first, second = alert(instance="north-1"), alert(instance="north-2")
    assert key(first, split_by=["instance"]) != key(second, split_by=["instance"])
    assert key(alert(), split_by=["absent"]) == signature(alert()).key


def test_ignored_words_do_not_split() -> None:
    first = alert("Belt stands still, said Anna, on shift")
    second = alert("Belt stands still, said Bert, on shift")
    assert signature(first).key != signature(second).key
    assert key(first, ignore_text=["said *"]) == key(second, ignore_text=["said *"])


def test_kept_words_split_although_they_look_like_values() -> None:
    first, second = alert("Belt 7 stands still"), alert("Belt 9 stands still")
    assert signature(first).key == signature(second).key
    assert key(first, keep_text=["Belt *"]) != key(second, keep_text=["Belt *"])


def test_twins_are_one_problem_whatever_they_say() -> None:
    twin = alert("No parcel passed").model_copy(update={"rule": "BeltIdle", "title": "BeltIdle"})
    given = {"rule": "BeltIdle", "same_as": "BeltStill"}
    assert signature(twin).key != signature(alert()).key
    assert key(twin, **given) == key(alert(), **given)
    third = alert().model_copy(update={"rule": "BeltTorn"})
    assert key(third, **given) == signature(third).key


def test_kept_words_are_no_label() -> None:
    labelled = alert("Belt 7 stands still", text="Belt 7")
    plain = alert("Belt 7 stands still")
    both = key(labelled, keep_text=["Belt *"], split_by=["text"])
    assert both != key(plain, keep_text=["Belt *"])


def test_patterns_meet_long_texts_in_linear_time() -> None:
    patterns = [f"belt * number{n} *" for n in range(20)]
    rules = Rules.model_validate(
        {"rules": [{"why": "tests", "ignore_text": patterns} for _ in range(10)]}
    )
    long = alert("belt seven " * 4_000)
    found = rules.for_alert(long)
    assert found is not None
    seen = Words(long.message)
    assert seen.find("belt * number1 *") == []
    assert found.cut(long.message) == " ".join(seen.whole)


def test_the_explanation_names_the_rules() -> None:
    rules = Rules.model_validate(
        {"number": 3, "rules": [{"why": "both belts feed one sorter", "ignore_labels": ["job"]}]}
    )
    line = signature(alert(), rules.for_alert(alert())).explanation
    assert line.startswith("Corrected by rules v3: both belts feed one sorter.")


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({}, "changes nothing"),
        ({"keep_labels": ["a"], "ignore_labels": ["a"]}, "both kept and ignored: a"),
        ({"ignore_text": ["* *"]}, "needs a word that is not"),
        ({"keep_text": ["a " * 13]}, "needs a word that is not"),
        ({"ignore_lables": ["a"]}, "ignore_lables"),
        ({"ignore_labels": ["a"], "why": ""}, "why"),
        ({"same_as": "   "}, "changes nothing"),
    ],
)
def test_a_rule_that_cannot_be_meant_is_refused(wrong: dict[str, object], said: str) -> None:
    with pytest.raises(ValidationError) as caught:
        Rules.model_validate({"rules": [{"why": "tests", **wrong}]})
    assert said in str(caught.value)
