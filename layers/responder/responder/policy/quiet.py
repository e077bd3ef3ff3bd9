"""When an incident that nobody resolves is closed: after a quiet time, by what its tool does."""

from datetime import datetime, timedelta

from responder.incident import Incident

#: Tools that say when a problem is over, and that may stay silent while it lasts.
RESOLVING_SOURCES = frozenset({"alertmanager", "cloudwatch"})
#: For those, silence means little: only a long one closes.
RESOLVING_FACTOR = 7


def closes_at(incident: Incident, quiet_after: timedelta) -> datetime:
    """When the incident is closed unless something is heard of it.

    Of what was held from people, a quiet time after they were told.
    """
    factor = RESOLVING_FACTOR if incident.source in RESOLVING_SOURCES else 1
    heard = max(incident.last_seen, incident.told_from or incident.last_seen)
    return heard + quiet_after * factor
