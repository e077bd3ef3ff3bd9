"""Fingerprints that come under another signature: which incident they count on, and leave."""

from dataclasses import replace

import pytest

from desk import Desk, arrive
from examples import alert, resolve
from responder.incident import IncidentState

ID = "v1:disk|prod.1"


@pytest.fixture
def desk() -> Desk:
    return Desk()


def test_a_fingerprint_under_another_signature_moves_and_the_old_incident_resolves(
    desk: Desk,
) -> None:
    desk.record(alert("a1"))
    desk.announced()
    desk.later(seconds=10)
    desk.record(alert("a2", rule="v1:memory", at=10))
    old, new = desk.incident(), desk.incident("v1:memory|prod.1")
    assert (old.firing, old.state) == (0, IncidentState.RESOLVED)
    assert (new.firing, new.count) == (1, 1)
    assert desk.announced() == [(ID, 0), ("v1:memory|prod.1", 0)]
    desk.record(resolve("r1", at=20))
    assert desk.incident("v1:memory|prod.1").state is IncidentState.RESOLVED


def test_the_old_incident_stays_open_while_others_of_it_fire(desk: Desk) -> None:
    desk.record(alert("a1"), alert("b1", fingerprint="f2"))
    desk.record(alert("a2", rule="v1:memory", at=10))
    assert (desk.incident().firing, desk.incident().state) == (1, IncidentState.OPEN)


def test_an_older_firing_under_another_signature_is_stale(desk: Desk) -> None:
    desk.record(alert("a1", at=10))
    desk.record(alert("a2", rule="v1:memory", at=5))
    assert desk.telemetry.counts["AlertsHeld:stale"] == 1


def test_where_only_the_signature_version_differs_the_incident_stays(desk: Desk) -> None:
    desk.record(alert("a1"))
    desk.record(alert("a2", rule="v2:disk", at=10))
    stayed = desk.incident()
    assert (stayed.count, stayed.firing) == (2, 1)


def test_a_new_signature_version_opens_its_own_incident_once_the_old_one_is_over(
    desk: Desk,
) -> None:
    desk.record(alert("a1"))
    desk.record(resolve("r1", at=5))
    desk.record(alert("a2", rule="v2:disk", at=10))
    assert desk.incident("v2:disk|prod.1").count == 1


def test_where_the_rules_have_changed_what_is_open_stays_together(desk: Desk) -> None:
    desk.record(alert("a1"))
    other = arrive(alert("a2", rule="v1:memory", at=10), "t")
    desk.recorder = replace(desk.recorder, arrive=lambda one, trace: replace(other, rules=4))
    desk.record(other.alert)
    stayed = desk.incident()
    assert (stayed.count, stayed.firing, stayed.state) == (2, 1, IncidentState.OPEN)
