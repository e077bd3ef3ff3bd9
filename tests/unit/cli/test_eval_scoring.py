"""The scorer: the same answer has the same score, and each part fails for its own reason."""

from typing import Any

import pytest
from pydantic import ValidationError

from responder.alert import Severity
from responder.analysis.verdict import Analysis, Cause, Check, Confidence
from responder_cli.eval.scoring import Expected, Score, score
from unit.analysis.examples import analysis

EXPECTED: dict[str, Any] = {
    "family": "disk",
    "categories": ["disk"],
    "faults": [{"name": "disk full", "any_of": [[["/var", "disk"], ["full", "no space"]]]}],
    "cite": [["message", "labels.mountpoint"]],
    "forbidden": [{"groups": [["deploy"], ["caused", "cause"]], "why": "it came later"}],
    "first_check": [["du", "df"]],
    "severity": [None, "HIGH"],
    "runbook": ["Disk full"],
}


def expected(**changes: Any) -> Expected:
    return Expected.model_validate(EXPECTED | changes)


def good(**changes: Any) -> Analysis:
    cause = Cause(text="/var is full", confidence=Confidence.HIGH, evidence=('message: "3%"',))
    fields: dict[str, Any] = {
        "headline": "/var of db-1 is full",
        "category": "disk",
        "causes": (cause,),
        "checks": (Check(text="What fills it", command="du -xhd1 /var"),),
        "runbook": "disk.md › Disk full",  # noqa: RUF001
    }
    return analysis(**(fields | changes))


def failed(found: Score) -> list[str]:
    return [part for part, _ in found.failed]


def test_a_good_answer_holds_in_every_part() -> None:
    found = score(good(), expected())
    assert (found.passed, found.value, found.failed) == (True, 1.0, ())


def causes(*texts: str, evidence: tuple[str, ...] = ('message: "3%"',)) -> tuple[Cause, ...]:
    return tuple(Cause(text=t, confidence=Confidence.HIGH, evidence=evidence) for t in texts)


@pytest.mark.parametrize(
    ("part", "changes"),
    [
        ("category", {"category": "database"}),
        ("runbook", {"runbook": "disk.md › Disk slow"}),  # noqa: RUF001
        ("runbook", {"runbook": ""}),
        ("cause", {"causes": causes("The database crashed")}),
        ("cause", {"causes": causes("Memory", "/var is full")}),
        ("cause", {"causes": ()}),
        ("evidence", {"causes": causes("/var is full", evidence=())}),
        ("evidence", {"causes": causes("/var is full", evidence=("1 citation struck: x",))}),
        ("first check", {"checks": ()}),
        ("first check", {"checks": (Check(text="Look at the dashboard"),)}),
        ("first check", {"checks": (Check(text="du (a command was removed: x)"),)}),
        ("severity", {"severity_opinion": Severity.LOW}),
    ],
)
def test_each_part_fails_by_itself(part: str, changes: dict[str, Any]) -> None:
    found = score(good(**changes), expected())
    assert part in failed(found)
    assert set(failed(found)) <= {part, "evidence"}
    assert 0 < found.value < 1


@pytest.mark.parametrize(
    "where",
    [
        {"summary": "Known: it is full. The deployment caused it."},
        {"headline": "Deployment caused a full disk /var"},
        {"actions": ("Undo the deployment, the cause",)},
        {"impact": "Caused by a deploy"},
    ],
)
def test_a_forbidden_claim_costs_everything_wherever_it_stands(where: dict[str, Any]) -> None:
    found = score(good(**where), expected())
    assert (failed(found), found.value, found.passed) == (["restraint"], 0.0, False)


@pytest.mark.parametrize(
    "summary",
    ["The deployment did not cause it.", "It began before the deployment. Logs caused it.",
     "Unlikely: a deploy is the cause.", "A deployment took place. Something caused it."],
)  # fmt: skip
def test_to_deny_a_claim_is_not_to_make_it(summary: str) -> None:
    assert score(good(summary=summary), expected()).passed


def test_a_cause_of_low_confidence_is_a_question_and_no_claim() -> None:
    guess = Cause(text="A deployment may be the cause", confidence=Confidence.LOW)
    assert score(good(causes=(*causes("/var is full"), guess)), expected()).passed


def test_two_faults_must_both_be_named_in_any_order() -> None:
    two = [*EXPECTED["faults"], {"name": "certificate", "any_of": [[["cert"], ["expired"]]]}]
    both = causes("The certificate expired", "/var is full")
    assert score(good(causes=both), expected(faults=two)).passed
    assert failed(score(good(), expected(faults=two))) == ["cause"]


def test_healthy_must_be_said_and_called_noise() -> None:
    healthy = expected(outcome="healthy", faults=[], cite=[])
    well = {"summary": "Planned, no action needed."}
    assert score(good(**well, noise_likelihood=0.9), healthy).passed
    assert failed(score(good(**well, noise_likelihood=0.1), healthy)) == ["cause"]
    assert failed(score(good(noise_likelihood=0.9), healthy)) == ["cause"]


def test_not_enough_evidence_must_be_said_without_being_sure() -> None:
    unknown = expected(outcome="not enough evidence", faults=[], cite=[])
    said = {"summary": "There is not enough to name a cause.", "causes": ()}
    assert score(good(**said, confidence=Confidence.LOW), unknown).passed
    assert not score(good(**said, confidence=Confidence.HIGH), unknown).passed
    assert not score(good(summary=said["summary"], confidence=Confidence.LOW), unknown).passed
    assert not score(good(causes=(), confidence=Confidence.LOW), unknown).passed


@pytest.mark.parametrize(
    "wrong", [{"categories": ["astrology"]}, {"categories": []}, {"outcome": "maybe"}, {"x": 1}]
)
def test_a_malformed_expectation_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        expected(**wrong)
