"""What follows from a change of an incident: its next revision, its announcement, its analysis.

``record`` asks for each incident that alerts changed. Pure functions of the incident before and
after.
"""

from datetime import datetime, timedelta
from math import ceil

from responder.analysis import tiering
from responder.cache_entry import CacheEntry
from responder.incident import Incident, IncidentState
from responder.protocols import announcing, lease, storms
from responder.protocols.draft import Draft

#: A redelivered alert asks for an awaited analysis again after this long.
REQUEST_AGAIN = timedelta(seconds=15)
#: An alert asks again for another analysis than one that was found wrong after this long.
ASK_ANEW = timedelta(minutes=15)


def revised(draft: Draft, incident: Incident, now: datetime) -> Incident:
    """The changed incident as it is written: next revision, announcement and look-again planned."""
    before = draft.before(incident.incident_id)
    # What holds it may end at any moment: then the next tick shows it.
    patience = storms.SETTLES if incident.storm is not None else announcing.LOOK_AGAIN
    look_again = now if incident.silence is not None else now + patience
    update: dict[str, object] = {
        "revision": incident.revision + 1,
        "due_at": min(incident.due_at or look_again, look_again),
    }
    if before is not None and before.held and not incident.held:
        update["told_from"] = now
    if before is not None and (
        _wants_higher_tier(before, incident)
        or _too_old_for_its_rise(draft.entry(incident.cache_key), before, incident, now)
        or _unheld(before, incident)
        or _wants_another(draft.entry(incident.cache_key), incident, now)
    ):
        update["analysis_requested_at"] = now
    changed = incident.model_copy(update=update)
    if _loud(before, incident):
        return announcing.announced_at_once(changed, now)
    return announcing.announced_in_turn(changed, now)


def delay_of(before: Incident | None, incident: Incident, now: datetime) -> int | None:
    """How long the planned announcement is delayed; None when another one carries the change."""
    if before is None or _loud(before, incident) or incident.announced_at != before.announced_at:
        return 0
    if incident.trailing_at is not None and incident.trailing_at != before.trailing_at:
        return max(ceil((incident.trailing_at - now).total_seconds()), 0)
    return None


def requests(before: Incident | None, incident: Incident, *, again: bool, now: datetime) -> bool:
    """Whether this draft planned a request, or a redelivered one may have been lost."""
    asked = incident.analysis_requested_at
    if asked is None:
        return False
    if before is None or before.analysis_requested_at != asked:
        return True
    wanted = incident.analysis.is_awaited and incident.state is IncidentState.OPEN
    return again and wanted and now - asked >= REQUEST_AGAIN


def _loud(before: Incident | None, incident: Incident) -> bool:
    return (
        before is None
        or incident.last_notice != before.last_notice
        or incident.state is not before.state
        or incident.held != before.held
    )


def _wants_higher_tier(before: Incident, incident: Incident) -> bool:
    return (
        not incident.held
        and incident.severity.worse_than(before.severity)
        and tiering.deserves_higher(incident.analysis, incident.severity)
    )


def _too_old_for_its_rise(
    entry: CacheEntry | None, before: Incident, incident: Incident, now: datetime
) -> bool:
    """Whether what was made while it was milder is older than one for its severity may be."""
    return (
        not incident.held
        and incident.severity.worse_than(before.severity)
        and lease.is_too_old(entry, incident.analysis, incident.severity, now)
    )


def _wants_another(entry: CacheEntry | None, incident: Incident, now: datetime) -> bool:
    """Whether a person found wrong since what the incident says, which others may share."""
    disputed = entry.disputed_at if entry and not lease.is_hopeless(entry) else None
    if disputed is None or incident.held or incident.state is not IncidentState.OPEN:
        return False
    asked = incident.analysis_requested_at
    answered = incident.analysis.is_fallback or incident.analysis.made_at >= disputed
    return not answered and (asked is None or asked < disputed or now - asked >= ASK_ANEW)


def _unheld(before: Incident, incident: Incident) -> bool:
    """Whether it has its first card now, and with it wants the analysis that it did without."""
    return bool(before.held) and not incident.held and incident.analysis.is_awaited
