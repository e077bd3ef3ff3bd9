"""Helpers of the tests of the distribution lane: one incident on a desk, and its announcements."""

from dataclasses import replace
from datetime import datetime

from desk import GAP, Desk
from examples import alert
from responder.contracts import Announcement
from responder.errors import Permanent, Reason, ResponderError, Retryable
from responder.ports import Queue

ID = "v1:disk|prod.1"
REFUSED = Retryable(Reason.RATE_LIMITED, "429", after=20, took_effect=False)
UNANSWERED = Retryable(Reason.TIMEOUT, "no answer")


def announced_desk(desk: Desk | None = None) -> Desk:
    """One incident, whose card is still to be posted."""
    desk = desk or Desk()
    desk.record(alert())
    desk.announced()
    return desk


def deliver(desk: Desk, incident_id: str = ID, **changes: object) -> None:
    """As a batch does, which puts what fails for good into the dead-letter queue."""
    fields = {"incident_id": incident_id, "first_sent": desk.now()}
    try:
        desk.deliverer.handle(Announcement.model_validate(fields | changes))
    except Permanent as error:
        if error.lettered is not None:
            error.lettered()
        raise


def change(desk: Desk, **changes: object) -> None:
    """The next revision of the incident."""
    before = desk.incident()
    desk.put_incident(before.model_copy(update={"revision": before.revision + 1} | changes))


def copies(desk: Desk, queue: Queue = Queue.DISTRIBUTION) -> list[tuple[datetime | None, int]]:
    """The delayed copies in a queue, as (not before, delay)."""
    taken = [one for one in desk.taken(queue) if one[0]["trouble"] is None]
    return [(message["not_before"], delay) for message, delay in taken]


def fail_after(desk: Desk, calls: int, error: ResponderError) -> None:
    """Slack takes so many more calls, and not the next one."""

    def taken() -> None:
        if calls > 1:
            fail_after(desk, calls - 1, error)
        else:
            desk.slack.errors = [error]

    desk.slack.meanwhile = taken


def paced(desk: Desk) -> None:
    desk.deliverer = replace(desk.deliverer, gap=GAP)
