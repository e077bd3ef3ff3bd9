"""What a silence does to an incident: pure, and repeated with every change and by the tick.

An incident that opens under a silence gets no card and no analysis until the silence ends, and then
only if it is still open. One that has a card already keeps it up to date, but tells no notices.
What is milder than its route's minimum is held likewise, until its severity has risen to it.
"""

from collections.abc import Callable
from datetime import datetime

from responder.errors import Reason
from responder.incident import Incident, IncidentState
from responder.policy.silence import Silences

NO_SILENCES = Silences(())


def no_silences() -> Silences:
    """Where nobody silences anything."""
    return NO_SILENCES


Current = Callable[[], Silences]


def review(
    incident: Incident, silences: Silences, now: datetime, *, opening: bool = False
) -> Incident:
    """The incident as the silences of this moment have it; what a storm holds stays held."""
    if incident.storm is not None:
        return incident
    is_open = incident.state is IncidentState.OPEN
    found = silences.find(incident, now) if is_open else None
    if found is not None:
        update: dict[str, object] = {"silence": found.as_hold(), "silence_ended": None}
        if opening or incident.held == Reason.BELOW_MINIMUM:
            update["held"] = Reason.SILENCED.value
    elif is_open:
        ended = incident.silence or incident.silence_ended
        update = {"silence": None, "silence_ended": ended, "held": _held(incident, opening)}
    else:
        update = {"silence": None, "silence_ended": None}
    if update.get("held"):
        update["analysis_requested_at"] = None
    return incident.model_copy(update=update)


def _held(incident: Incident, opening: bool) -> str:
    """Why an incident that nobody silences has no card yet; what has one is never held again."""
    if incident.held == Reason.STORM:
        return Reason.STORM.value
    too_mild = incident.route is not None and incident.route.holds(incident.severity)
    return Reason.BELOW_MINIMUM.value if too_mild and (opening or incident.held) else ""
