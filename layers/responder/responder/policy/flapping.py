"""Flapping: an incident that ends and begins again and again tells it once, then only on its card.

Pure; ``protocols.episode`` asks it when an incident is reopened or resolved, the tick when it may
have settled.
"""

from datetime import datetime, timedelta

from responder.incident import Incident

#: The time in which an incident's new beginnings are counted.
WINDOW = timedelta(hours=1)
#: So many in that time are flapping.
MANY = 3
#: Without a change for so long it has settled.
SETTLES = timedelta(minutes=15)
#: Remembered beginnings; more in an hour are told as this many.
_MAX_REFIRES = 60


def refired(incident: Incident, now: datetime) -> Incident:
    """The incident with one more new beginning; flapping from ``MANY`` of them on."""
    recent = (*(at for at in incident.refires if now - at < WINDOW), now)[-_MAX_REFIRES:]
    flapping = incident.flapping or len(recent) >= MANY
    return incident.model_copy(update={"refires": recent, "flapping": flapping})


def settles_at(incident: Incident) -> datetime | None:
    """When a flapping incident has settled unless it changes again; None where it does not flap."""
    if not incident.flapping:
        return None
    changes = [*incident.refires[-1:], *([incident.resolved_at] if incident.resolved_at else [])]
    return max(changes) + SETTLES


def settled(incident: Incident) -> Incident:
    """No longer flapping."""
    return incident.model_copy(update={"flapping": False, "refires": ()})
