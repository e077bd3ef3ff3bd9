"""When an incident's change is announced: loud changes at once, counters at most every ten seconds.

An announcement says only "incident I changed"; distribution reads the incident itself, so one
announcement carries everything that happened before it, and a second one is harmless.
"""

from datetime import datetime, timedelta
from math import ceil

from responder.alert import Severity
from responder.contracts import Announcement
from responder.incident import Incident
from responder.ports import Outgoing, Queue, Queues

#: Counter-only changes are announced at most this often.
QUIET_PACE = timedelta(seconds=10)


def announce_at_once(incident: Incident, now: datetime) -> tuple[Incident, int]:
    """A loud change: the delay is 0, and whatever was promised for later is carried by it."""
    return incident.model_copy(update={"announced_at": now, "trailing_at": None}), 0


def announce_in_turn(incident: Incident, now: datetime) -> tuple[Incident, int | None]:
    """A counter-only change: announced now, or promised for the end of the pace (trailing edge).

    Returns the delay in seconds, None when an announcement that is already under way carries it.
    """
    if incident.trailing_at is not None and incident.trailing_at > now:
        return incident, None
    last = incident.announced_at
    if last is None or now - last >= QUIET_PACE:
        return announce_at_once(incident, now)
    trailing = last + QUIET_PACE
    delay = ceil((trailing - now).total_seconds())
    return incident.model_copy(update={"trailing_at": trailing}), delay


def queue_of(incident: Incident) -> Queue:
    """CRITICAL incidents have a queue of their own, so that no storm stands before them."""
    return Queue.CRITICAL if incident.severity is Severity.CRITICAL else Queue.DISTRIBUTION


def send(
    queues: Queues,
    incident: Incident,
    now: datetime,
    delay: int = 0,
    *,
    since: datetime | None = None,
) -> None:
    """Announce ``incident``; ``since`` keeps the age of an announcement that is sent again."""
    message = Announcement(
        incident_id=incident.incident_id, first_sent=since or now, trace=incident.trace
    )
    queues.send(queue_of(incident), [Outgoing(message.model_dump_json(), delay=delay)])
