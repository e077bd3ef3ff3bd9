"""The very same alert once more: it lasts, has become worse, or fires although it was over.

It is counted once, whatever it changes. Used by ``episode``.
"""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from responder.alert import Alert, Status
from responder.incident import AlertRecord, Incident, IncidentState
from responder.protocols.draft import Draft
from responder.protocols.tally import one_less, one_more, reopened

if TYPE_CHECKING:
    from responder.protocols.episode import Arrival

#: A duplicate moves "last seen" at most this often.
LAST_SEEN_PACE = timedelta(minutes=1)
#: They say resolved of what they lost sight of, and then fire it on under its first start time: an
#: alert ends at its ``endsAt`` where Prometheus, or Grafana's rules, cannot reach the Alertmanager.
#: https://prometheus.io/docs/alerting/latest/clients/
LOSE_SIGHT = frozenset({"alertmanager", "grafana"})
#: A copy that took another way than the resolve may come so much later.
LATE_COPY = timedelta(minutes=2)


def touch(draft: Draft, known: AlertRecord, arrival: "Arrival", now: datetime) -> str:
    """A tool that repeats the very same alert says that it still lasts, or has become worse.

    Returns the incident that it belongs to by now; the one that counts it stays in its record.
    """
    alert, home = arrival.alert, _home_of(draft, known, arrival)
    incident = draft.incident(home)
    if incident is None:
        return home
    if _closed_too_early(draft, incident, alert) or _fires_on(draft, incident, alert):
        home = _fire_again(draft, incident, arrival, now)
    elif _has_worsened(draft, incident, known.alert, arrival):
        draft.put_incident(one_more(incident, arrival, joins=False, counts=False, now=now))
    else:
        _last(draft, incident, alert)
        return home
    draft.put_alert(known.model_copy(update={"alert": alert}))
    return home


def _last(draft: Draft, incident: Incident, alert: Alert) -> None:
    if alert.received_at - incident.last_seen >= LAST_SEEN_PACE:
        seen = incident.model_copy(update={"last_seen": alert.received_at})
        draft.put_incident(seen)
        draft.keep_head(incident, seen)


def _home_of(draft: Draft, known: AlertRecord, arrival: "Arrival") -> str:
    """The incident of a known alert: where its fingerprint has been moved to since, if anywhere."""
    pointer = draft.pointer(arrival.alert.source, arrival.alert.fingerprint)
    if pointer is None or pointer.state is not Status.FIRING:
        return known.incident_id
    return pointer.incident_id or known.incident_id


def _fire_again(draft: Draft, closed: Incident, arrival: "Arrival", now: datetime) -> str:
    """What was over too early fires in the newest episode of its problem, which it may be.

    Its pointer keeps its time: the next resolve is newer than the one that was wrong.
    """
    alert, newest = arrival.alert, draft.newest(closed.key)
    home = newest if newest is not None and newest.episode > closed.episode else closed
    moves = home is not closed
    if home.state is not IncidentState.OPEN:
        home = reopened(home, alert, now)
    pointer = draft.pointer(alert.source, alert.fingerprint)
    fires = pointer is not None and pointer.state is Status.FIRING
    if moves and fires:
        draft.put_incident(one_less(closed, alert, arrival.event_at, now))
    if pointer is not None:
        update = {"incident_id": home.incident_id, "state": Status.FIRING, "heard_at": None}
        draft.put_pointer(pointer.model_copy(update=update))
    draft.put_incident(one_more(home, arrival, joins=moves or not fires, counts=False, now=now))
    return home.incident_id


def _fires_on(draft: Draft, incident: Incident, alert: Alert) -> bool:
    """Whether a tool goes on sending what it said was resolved, under the same start time."""
    pointer = draft.pointer(alert.source, alert.fingerprint)
    return (
        alert.source in LOSE_SIGHT
        and alert.status is Status.FIRING
        and pointer is not None
        and pointer.state is Status.RESOLVED
        and pointer.incident_id == incident.incident_id
        and pointer.heard_at is not None
        and alert.received_at - pointer.heard_at >= LATE_COPY
    )


def _has_worsened(draft: Draft, incident: Incident, known: Alert, arrival: "Arrival") -> bool:
    """Whether a tool raised the severity of what fires here, and kept its id and its time."""
    alert = arrival.alert
    pointer = draft.pointer(alert.source, alert.fingerprint)
    return (
        alert.status is Status.FIRING
        and alert.severity.worse_than(known.severity)
        and pointer is not None
        and pointer.state is Status.FIRING
        and pointer.event_at == arrival.event_at
        and pointer.incident_id == incident.incident_id
    )


def _closed_too_early(draft: Draft, incident: Incident, alert: Alert) -> bool:
    """Whether we closed a quiet incident that this alert, sent afterwards, says still fires."""
    pointer = draft.pointer(alert.source, alert.fingerprint)
    return (
        incident.state is IncidentState.CLOSED
        and alert.status is Status.FIRING
        and pointer is not None
        and pointer.state is Status.FIRING
        and pointer.incident_id == incident.incident_id
        and incident.resolved_at is not None
        and alert.received_at > incident.resolved_at
    )
