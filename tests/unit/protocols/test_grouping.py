"""The groups of a batch: what is recorded in one transaction, and in which order."""

from dataclasses import replace

import pytest

from desk import Desk
from examples import alert
from responder.alert import Alert, Severity
from responder.contracts import AlertMessage


@pytest.fixture
def desk() -> Desk:
    return Desk()


def names(desk: Desk, *alerts: Alert) -> list[list[str]]:
    arrivals = [desk.recorder.arrived(AlertMessage(alert=one)) for one in alerts]
    return [[a.alert.alert_id for a in group] for group in desk.recorder.groups(arrivals)]


def test_unrelated_alerts_are_groups_of_their_own(desk: Desk) -> None:
    one = alert("a1", rule="v1:a", fingerprint="f1")
    two = alert("a2", rule="v1:b", fingerprint="f2")
    assert names(desk, one, two) == [["a1"], ["a2"]]


def test_a_shared_fingerprint_or_key_makes_a_group_also_by_a_chain(desk: Desk) -> None:
    one = alert("a1", rule="v1:a", fingerprint="f1")
    two = alert("a2", rule="v1:b", fingerprint="f2")
    apart = alert("a3", rule="v1:c", fingerprint="f3")
    both = alert("a4", rule="v1:b", fingerprint="f1")
    assert names(desk, one, apart, two, both) == [["a3"], ["a2", "a1", "a4"]]


def test_critical_alerts_of_a_batch_come_first(desk: Desk) -> None:
    usual = [alert(f"a{n}", rule=f"v1:{n}", fingerprint=f"f{n}") for n in range(3)]
    urgent = alert("a9", rule="v1:9", fingerprint="f9", severity=Severity.CRITICAL)
    assert names(desk, *usual, urgent) == [["a9"], ["a0"], ["a1"], ["a2"]]


def test_an_alert_that_operators_rate_critical_comes_first_too(desk: Desk) -> None:
    usual = alert("a1", rule="v1:a", fingerprint="f1")
    raised = alert("a2", rule="v1:b", fingerprint="f2")
    arrive = desk.recorder.arrive
    worse = raised.model_copy(update={"severity": Severity.CRITICAL})
    desk.recorder = replace(
        desk.recorder, arrive=lambda one, trace: arrive(worse if one is raised else one, trace)
    )
    assert names(desk, usual, raised) == [["a2"], ["a1"]]


def test_another_sources_fingerprint_is_another_one(desk: Desk) -> None:
    one = alert("a1", rule="v1:a")
    two = alert("a2", rule="v1:b", source="cloudwatch")
    assert names(desk, one, two) == [["a1"], ["a2"]]
