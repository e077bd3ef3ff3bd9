"""Hands for tests of feedback: an analysis, and what people say of it."""

from collections.abc import Callable
from typing import Any

from desk import Desk
from examples import incident, verdict
from responder.incident import Feedback, Incident, Mark
from responder.protocols import feedback
from responder.protocols.feedback import Given
from unit.protocols.analysing import ID, handle


def analysed(desk: Desk) -> Desk:
    """An open incident with Claude's first analysis, which its card shows."""
    handle(desk)
    desk.deliver_all()
    desk.later(minutes=1)
    return desk


def said(desk: Desk, mark: Mark = Mark.WRONG, incident_id: str = ID, **changes: Any) -> Feedback:
    one = feedback.of(desk.incident(incident_id), mark, "anna", "it was DNS", desk.now())
    return one.model_copy(update=changes)


def say(
    desk: Desk, mark: Mark = Mark.WRONG, incident_id: str = ID, **changes: Any
) -> Incident | None:
    return feedback.give(desk.store, desk.queues, said(desk, mark, incident_id, **changes))


def meanwhile(desk: Desk, mark: Mark = Mark.WRONG, **changes: Any) -> Callable[[], None]:
    """Somebody else says something at that moment."""

    def act() -> None:
        say(desk, mark, **changes)

    return act


def today(desk: Desk) -> dict[Mark, int]:
    day = desk.now().date()
    return dict(feedback.summary(desk.store, day, day).marks)


def given(desk: Desk, incident_id: str = ID) -> Given:
    return feedback.load(desk.store, desk.incident(incident_id))


def work_off(desk: Desk) -> None:
    """Hand every request that is due to the analysis lane."""
    for incident_id in desk.requested():
        handle(desk, incident_id)


def many(desk: Desk, number: int, mark: Mark = Mark.NOISE) -> None:
    for episode in range(2, number + 2):
        name = f"v1:disk|prod.{episode}"
        desk.put_incident(incident(name, episode=episode, analysis=verdict()))
        desk.later(seconds=1)
        say(desk, mark, name)
