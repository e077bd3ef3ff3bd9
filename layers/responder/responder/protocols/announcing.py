"""When an incident's change is announced: loud changes at once, counters at most every ten seconds.

An announcement says only "incident I changed"; distribution reads the incident itself, so one
announcement carries everything that happened before it, and a second one is harmless.
"""

from datetime import datetime, timedelta

from responder.alert import Severity
from responder.contracts import Announcement
from responder.incident import Incident
from responder.ports import Outgoing, Queue, Queues

#: Counter-only changes are announced at most this often.
QUIET_PACE = timedelta(seconds=10)
#: The tick looks this long after a change whether its announcement has shown it.
LOOK_AGAIN = timedelta(seconds=60)


def announced_at_once(incident: Incident, now: datetime) -> Incident:
    """A loud change: whatever was promised for later is carried by its announcement."""
    return incident.model_copy(update={"announced_at": now, "trailing_at": None})


def announced_in_turn(incident: Incident, now: datetime) -> Incident:
    """A counter-only change: announced now, or promised for the end of the pace (trailing edge).

    The same where an announcement that is already under way carries it.
    """
    if incident.trailing_at is not None and incident.trailing_at > now:
        return incident
    last = incident.announced_at
    if last is None or now - last >= QUIET_PACE:
        return announced_at_once(incident, now)
    return incident.model_copy(update={"trailing_at": last + QUIET_PACE})


def queue_of(incident: Incident) -> Queue:
    """CRITICAL incidents have a queue of their own, so that no storm stands before them."""
    return (
        Queue.CRITICAL_DISTRIBUTION
        if incident.severity is Severity.CRITICAL
        else Queue.DISTRIBUTION
    )


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
