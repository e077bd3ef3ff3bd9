"""What is gathered around an incident before Claude is asked, and what a failing source costs."""

from datetime import timedelta
from typing import Any

import pytest

from desk import Desk
from examples import incident, verdict
from faults.world import START
from responder.analysis.context import Context, Earlier
from responder.errors import Reason, Retryable
from responder.incident import Incident, IncidentState
from responder.protocols import context
from unit.protocols.analysing import handle

HOUR = timedelta(hours=1)


@pytest.fixture
def desk() -> Desk:
    return Desk()


def past(desk: Desk, episode: int, **changes: object) -> None:
    fields: dict[str, Any] = {"episode": episode, "opened_at": START}
    desk.put_incident(incident(f"v1:disk|prod.{episode}", **(fields | changes)))


def gathered(desk: Desk, episode: int) -> Context:
    now = incident(incident_id=f"v1:disk|prod.{episode}", episode=episode)
    return context.gatherer(desk.store, desk.telemetry).gather(now)


def test_the_latest_of_the_incidents_before_it_come_first(desk: Desk) -> None:
    for episode in range(1, 6):
        past(desk, episode, count=episode)
    assert [one.count for one in gathered(desk, 6).earlier] == [5, 4, 3]
    assert [one.count for one in gathered(desk, 2).earlier] == [1]


def test_a_first_incident_has_nothing_before_it(desk: Desk) -> None:
    assert gathered(desk, 1) == Context()


def test_what_was_made_of_it_is_told_but_never_a_triage(desk: Desk) -> None:
    past(desk, 1, analysis=verdict(headline="/var is full"), resolved_at=START + HOUR)
    past(desk, 2)
    triaged, analysed = gathered(desk, 3).earlier
    assert triaged.verdict == ""
    assert analysed.verdict == "/var is full"
    assert analysed.ended_at == START + HOUR


def test_what_has_expired_is_left_out(desk: Desk) -> None:
    past(desk, 1)
    past(desk, 3)
    assert len(gathered(desk, 4).earlier) == 2


def test_a_source_that_fails_is_counted_and_the_others_are_asked(desk: Desk) -> None:
    one = Earlier(opened_at=START, count=1)

    def broken(incident: Incident, known: Context) -> Context:
        raise Retryable(Reason.UNAVAILABLE, "throttled")

    def works(incident: Incident, known: Context) -> Context:
        return known.model_copy(update={"earlier": (one,)})

    sources = {"broken": broken, "works": works}
    found = context.Gatherer(sources, desk.telemetry).gather(incident())
    assert found.earlier == (one,)
    assert desk.telemetry.counts["ContextMissing:broken"] == 1


def test_claude_is_told(desk: Desk) -> None:
    past(desk, 1, count=7, analysis=verdict(headline="/var is full"))
    past(desk, 2, state=IncidentState.OPEN)
    handle(desk, "v1:disk|prod.2")
    (told,) = desk.claude.cases
    assert [one.verdict for one in told.context.earlier] == ["/var is full"]
