"""When an incident that still fires is told of again, as its route wants it. Used by the tick."""

from datetime import datetime

from responder.incident import Incident


def due_at(incident: Incident) -> datetime | None:
    """When it is told of again; None where nobody wants that, or it is held, silenced or over."""
    after = incident.route.renotify_after if incident.route else None
    told_of = incident.still_fires and not incident.held and not incident.silence
    if after is None or not told_of:
        return None
    noticed = incident.notices[-1].at if incident.notices else None
    # What held it back may have ended long after it opened, or after what it is told of by then.
    told = filter(None, (incident.opened_at, incident.told_from, noticed))
    return max(told) + after
