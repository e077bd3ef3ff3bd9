"""What a change of rules does to stored alerts, computed without a stack."""

from responder.alert import Alert, Scope, Status
from responder.signature import Rules
from responder_cli.signature.comparing import Variant, compare
from samples import only

PLAIN = Variant("1", Rules())


def ruled(**rule: object) -> Variant:
    return Variant("1", Rules.model_validate({"rules": [{"why": "tests", **rule}]}))


def belt(job: str, status: Status = Status.FIRING) -> Alert:
    return only("alertmanager/firing.json").model_copy(
        update={"rule": "BeltStill", "labels": {"job": job}, "status": status}
    )


def test_a_merge_names_what_comes_together_and_what_it_saves() -> None:
    alerts = [belt("sorter"), belt("packer"), belt("packer")]
    found = compare(alerts, PLAIN, ruled(ignore_labels=["job"]))
    assert (found.alerts, found.before, found.after, found.moved) == (3, 2, 1, 3)
    assert found.splits == ()
    (merge,) = found.merges
    assert sorted(side.alerts for side in merge.sides) == [1, 2]


def test_a_split_names_what_comes_apart() -> None:
    alerts = [belt("sorter-1"), belt("sorter-2")]
    found = compare(alerts, PLAIN, ruled(split_by=["job"]))
    assert (found.before, found.after, len(found.splits), found.merges) == (1, 2, 1, ())
    assert "job=sorter-2" in found.splits[0].sides[1].explanation


def test_calls_are_counted_by_who_shares_an_analysis() -> None:
    here, there = belt("sorter"), belt("sorter")
    there = there.model_copy(update={"scope": Scope(environment="elsewhere")})
    by_environment = Variant("1", Rules(), "environment")
    found = compare([here, there], PLAIN, by_environment)
    assert (found.before, found.after) == (1, 1)
    assert (found.calls_before, found.calls_after) == (1, 2)


def test_without_a_change_nothing_moves_and_resolves_do_not_count() -> None:
    found = compare([belt("sorter"), belt("sorter", Status.RESOLVED)], PLAIN, PLAIN)
    assert (found.alerts, found.moved, found.splits, found.merges) == (1, 0, (), ())


def test_a_rule_that_does_nothing_is_told_of_by_its_number() -> None:
    rules = [
        {"why": "another rule", "rule": "Kube*", "ignore_labels": ["job"]},
        {"why": "splits jobs", "split_by": ["job"]},
        {"why": "no such words", "keep_text": ["no such words"]},
    ]
    found = compare(
        [belt("sorter-1"), belt("sorter-2")],
        PLAIN,
        Variant("1", Rules.model_validate({"rules": rules})),
    )
    assert [(one.number, one.alerts) for one in found.idle] == [(1, 0), (3, 2)]
    assert "matches none" in found.idle[0].sentence
    assert "changes none" in found.idle[1].sentence
