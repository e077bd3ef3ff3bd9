"""What an analysis makes of an incident: what is better stays, and doubts are told."""

from datetime import timedelta

import pytest

from desk import LEASE, Desk
from examples import incident, triage, verdict
from faults.world import START
from responder.alert import Severity
from responder.analysis.verdict import Analysis, Confidence
from responder.incident import Incident, IncidentState, NoticeKind
from responder.protocols.attaching import with_analysis
from unit.protocols.analysing import awaiting


@pytest.fixture
def desk() -> Desk:
    return awaiting()


NOW = START + timedelta(minutes=1)


def with_(before: Incident, analysis: Analysis) -> Incident | None:
    return with_analysis(before, analysis, NOW, paid=True)


def test_an_attached_analysis_is_a_loud_change_that_the_tick_looks_after() -> None:
    analysed = with_(incident(trailing_at=NOW), verdict())
    assert analysed is not None
    assert (analysed.revision, analysed.announced_at, analysed.trailing_at) == (2, NOW, None)
    assert analysed.due_at == NOW + timedelta(seconds=60)


def test_an_earlier_look_of_the_tick_is_kept() -> None:
    analysed = with_(incident(due_at=NOW), verdict())
    assert analysed is not None
    assert analysed.due_at == NOW


GIVEN_UP = triage(fallback_reason="timeout")


@pytest.mark.parametrize(
    ("before", "analysis"),
    [
        (None, verdict()),
        (incident(analysis=verdict()), verdict()),
        (incident(analysis=verdict()), GIVEN_UP),
        (incident(analysis=GIVEN_UP), triage(headline="another's", fallback_reason="timeout")),
    ],
)
def test_an_incident_keeps_what_it_has_or_what_is_better(
    before: Incident | None, analysis: Analysis
) -> None:
    assert with_analysis(before, analysis, NOW, paid=False) is None


def test_a_fallback_gives_only_its_reason() -> None:
    own = incident()
    changed = with_(own, triage(headline="another's", fallback_reason="timeout"))
    assert changed is not None
    assert changed.analysis == own.analysis.model_copy(update={"fallback_reason": "timeout"})


SURE = verdict(severity_opinion=Severity.CRITICAL, headline="the disk is full")


def doubts(before: Incident, analysis: Analysis) -> list[tuple[NoticeKind, str]]:
    after = with_analysis(before, analysis, START, paid=True)
    assert after is not None
    return [(notice.kind, notice.detail) for notice in after.notices]


def test_an_opinion_on_the_severity_that_contradicts_the_alert_is_told() -> None:
    said = "The alert says HIGH, Claude CRITICAL (confidence high): the disk is full"
    assert doubts(incident(), SURE) == [(NoticeKind.SEVERITY_DOUBTED, said)]


@pytest.mark.parametrize(
    ("before", "analysis"),
    [
        (incident(), verdict()),
        (incident(severity=Severity.CRITICAL), SURE),
        (incident(), SURE.model_copy(update={"confidence": Confidence.LOW})),
        (incident(), triage(fallback_reason="timeout", severity_opinion=Severity.CRITICAL)),
        (incident(state=IncidentState.RESOLVED), SURE),
        (incident(analysis=SURE), SURE.model_copy(update={"made_at": START + LEASE})),
    ],
)
def test_what_is_no_news_of_the_severity_is_not_told(before: Incident, analysis: Analysis) -> None:
    assert doubts(before, analysis) == []


def test_another_opinion_than_before_is_told() -> None:
    before = incident(analysis=SURE.model_copy(update={"severity_opinion": Severity.LOW}))
    assert len(doubts(before, SURE)) == 1


def test_a_doubt_is_told_once_per_analysis(desk: Desk) -> None:
    desk.put_incident(with_analysis(desk.incident(), SURE, START, paid=True) or desk.incident())
    assert with_analysis(desk.incident(), SURE, START, paid=False) is None
    assert desk.incident().last_notice == 1
