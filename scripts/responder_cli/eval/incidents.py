"""An incident from a few fields of its alert, as the pipeline would open it."""

from datetime import UTC, datetime, timedelta
from typing import Any, Final

from responder.alert import Alert, Status
from responder.incident import Incident
from responder.protocols.identities import arrive
from responder_cli.explain import CACHE_SHARING, incident_of

#: When all cases happen: a run does not depend on the day.
NOW: Final = datetime(2026, 11, 21, 10, 0, tzinfo=UTC)

_DEFAULTS: Final[dict[str, Any]] = {
    "alert_id": "a1",
    "source": "alertmanager",
    "fingerprint": "f1",
    "title": "",
    "severity": "HIGH",
    "status": Status.FIRING,
    "event_at": NOW - timedelta(minutes=7),
    "received_at": NOW - timedelta(minutes=6),
}
#: Of the incident, not of its first alert.
_INCIDENTS_OWN: Final = (
    "count", "firing", "first_seen", "last_seen", "state", "flapping", "worst", "firing_now",
)  # fmt: skip


def incident(**given: Any) -> Incident:  # noqa: ANN401 - fields of an alert or an incident
    """The open incident of an alert with these fields; some may be of the incident itself."""
    own = {name: given.pop(name) for name in _INCIDENTS_OWN if name in given}
    alert = Alert.model_validate(_DEFAULTS | given)
    opened = incident_of(arrive(alert, "", CACHE_SHARING))
    defaults = {"count": 1, "firing": 1, "first_seen": alert.event_at, "last_seen": NOW}
    changed = opened.model_dump() | defaults | own
    return Incident.model_validate(changed)
