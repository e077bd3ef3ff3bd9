"""Hands for tests of what operators hear: cards that Slack refuses or that wait, and reports."""

from datetime import timedelta

import pytest

from desk import REPORTED_AFTER, Desk
from examples import incident
from responder.card import Card
from responder.contracts import Announcement
from responder.errors import Permanent, Reason, Retryable
from responder.ports import Queue
from responder.protocols import items
from responder.protocols.operators import Window
from unit.protocols import delivering

ID = "v1:disk|prod.1"
REFUSED = Permanent(Reason.REFUSED_BY_SLACK, "not_in_channel (channel C1)")
DOWN = Retryable(Reason.UNAVAILABLE, "chat.postMessage: Slack answered 503")


def cardless() -> Desk:
    """One incident that has no card."""
    desk = Desk()
    desk.put_incident(incident())
    return desk


def deliver(desk: Desk, incident_id: str = ID, *, age: timedelta = timedelta(0)) -> None:
    first_sent = desk.now() - age
    delivering.deliver(desk, incident_id, first_sent=first_sent)


def refuse(desk: Desk, incident_id: str = ID) -> None:
    """Slack refuses the card for good."""
    desk.slack.errors = [REFUSED]
    with pytest.raises(Permanent):
        deliver(desk, incident_id)


def wait(desk: Desk, incident_id: str = ID, *, age: timedelta = REPORTED_AFTER) -> None:
    """Slack does not answer, and the card waits for as long as ``age``."""
    desk.slack.errors = [DOWN]
    deliver(desk, incident_id, age=age)


def reports(desk: Desk, queue: Queue = Queue.DISTRIBUTION) -> list[Announcement]:
    """The reports that a queue holds, due or not; all of the queue's messages are gone."""
    taken = [Announcement.model_validate(message) for message, _ in desk.taken(queue)]
    return [one for one in taken if one.trouble is not None]


def work_off(desk: Desk, queue: Queue = Queue.DISTRIBUTION) -> None:
    """Hand every report on to the lane once, whether it waits or not."""
    for report in reports(desk, queue):
        desk.deliverer.handle(report.model_copy(update={"not_before": None}))


def told(desk: Desk, sink: str = "webhook") -> list[str]:
    """The incidents that a sink was told of, each with the others of its notice."""
    return [
        "+".join([one.document["incident"]["id"], *one.document["others"]["ids"]])
        for one in desk.sinks[sink].notices
    ]


def other(desk: Desk, name: str, **changes: object) -> str:
    desk.put_incident(incident(name, **changes))
    return name


def window(desk: Desk, cause: str = "refused_by_slack") -> Window:
    found = items.load(desk.store, items.state_item(f"operator-notice#{cause}"), Window)
    assert found is not None
    return found


def card(desk: Desk) -> Card:
    return desk.card(ID)
