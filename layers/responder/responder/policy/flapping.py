"""Flapping: an incident that ends and begins again and again tells it once, then only on its card.

Pure; ``protocols.episode`` asks it when an incident is reopened or resolved, the tick when it may
have settled.
"""

from datetime import datetime, timedelta

from responder.alert import Severity
from responder.incident import Incident

#: The time in which an incident's new beginnings are counted.
WINDOW = timedelta(hours=1)
#: So many in that time are flapping.
MANY = 3
#: Without a change for so long it has settled.
SETTLES = timedelta(minutes=15)
#: Remembered beginnings; more in an hour are told as this many.
_MAX_REFIRES = 60


def refired(incident: Incident, severity: Severity, now: datetime) -> Incident:
    """The incident with one more new beginning; flapping from ``MANY`` of them on."""
    recent = _with_one_more(incident.refires, now)
    update = {"refires": recent, "flapping": incident.flapping or len(recent) >= MANY}
    if severity is Severity.CRITICAL:
        update["critical_refires"] = _with_one_more(incident.critical_refires, now)[-MANY:]
    return incident.model_copy(update=update)


def is_told(incident: Incident, severity: Severity) -> bool:
    """Whether the new beginning that ``refired`` has just added is told.

    A mild alert that flaps must not hide that another one is CRITICAL: that flaps by itself, or is
    told.
    """
    critical = severity is Severity.CRITICAL and len(incident.critical_refires) < MANY
    return critical or not incident.flapping


def settles_at(incident: Incident) -> datetime | None:
    """When a flapping incident has settled unless it changes again; None where it does not flap."""
    if not incident.flapping:
        return None
    changes = [*incident.refires[-1:], *([incident.resolved_at] if incident.resolved_at else [])]
    return max(changes) + SETTLES


def settled(incident: Incident) -> Incident:
    """No longer flapping."""
    update = {"flapping": False, "refires": (), "critical_refires": ()}
    return incident.model_copy(update=update)


def _with_one_more(beginnings: tuple[datetime, ...], now: datetime) -> tuple[datetime, ...]:
    return (*(at for at in beginnings if now - at < WINDOW), now)[-_MAX_REFIRES:]
