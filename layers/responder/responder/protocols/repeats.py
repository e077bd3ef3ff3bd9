"""The very same alert once more: it lasts, has become worse, or fires although it was over.

It is counted once, whatever it changes. Used by ``episode``.
"""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from responder.alert import Alert, Status
from responder.errors import Reason
from responder.incident import AlertRecord, Incident, IncidentState, Pointer
from responder.protocols.draft import Draft
from responder.protocols.tally import one_less, one_more, reopened

if TYPE_CHECKING:
    from responder.protocols.episode import Arrival

#: A duplicate moves "last seen" at most this often.
LAST_SEEN_PACE = timedelta(minutes=1)
#: They say resolved of what then fires on under its first start time. An alert ends at its
#: ``endsAt`` where Prometheus, or Grafana's rules, cannot reach the Alertmanager; Dynatrace reopens
#: problems. https://prometheus.io/docs/alerting/latest/clients/
#: https://github.com/keptn-contrib/dynatrace-service/issues/336
FIRE_ON = frozenset({"alertmanager", "grafana", "dynatrace"})
#: A copy that took another way than the resolve may come so much later.
LATE_COPY = timedelta(minutes=2)


def touch(draft: Draft, known: AlertRecord, arrival: "Arrival", now: datetime) -> str:
    """A tool that repeats the very same alert says that it still lasts, or has become worse.

    Returns the incident that it belongs to by now; the one that counts it stays in its record.
    """
    alert = arrival.alert
    pointer = draft.pointer(alert.source, alert.fingerprint)
    home = _home_of(known, pointer)
    incident = draft.incident(home)
    if incident is None:
        return home
    if alert.status is Status.RESOLVED or pointer is None or pointer.incident_id != home:
        return _last(draft, incident, alert)
    if _closed_too_early(incident, pointer, alert) or fires_on(pointer, alert):
        home = _fire_again(draft, incident, pointer, arrival, now)
    elif _has_worsened(pointer, known.alert, arrival):
        draft.put_pointer(pointer)
        draft.put_incident(one_more(incident, arrival, joins=False, counts=False, now=now))
    else:
        return _last(draft, incident, alert)
    draft.put_alert(known.model_copy(update={"alert": draft.as_kept(alert, known.incident_id)}))
    return home


def _last(draft: Draft, incident: Incident, alert: Alert) -> str:
    if alert.received_at - incident.last_seen >= LAST_SEEN_PACE:
        seen = incident.model_copy(update={"last_seen": alert.received_at})
        draft.put_incident(seen)
        draft.keep_head(incident, seen)
    return incident.incident_id


def _home_of(known: AlertRecord, pointer: Pointer | None) -> str:
    """The incident of a known alert: where its fingerprint has been moved to since, if anywhere."""
    if pointer is None or pointer.state is not Status.FIRING:
        return known.incident_id
    return pointer.incident_id or known.incident_id


def _closed_too_early(incident: Incident, pointer: Pointer, alert: Alert) -> bool:
    """Whether we closed a quiet incident that this alert, sent afterwards, says still fires."""
    return (
        incident.state is IncidentState.CLOSED
        and pointer.state is Status.FIRING
        and incident.resolved_at is not None
        and alert.received_at > incident.resolved_at
    )


def fires_on(pointer: Pointer, alert: Alert) -> bool:
    """Whether a tool goes on sending what it said was resolved, under the same start time."""
    return (
        alert.source in FIRE_ON
        and pointer.state is Status.RESOLVED
        and pointer.heard_at is not None
        and alert.received_at - pointer.heard_at >= LATE_COPY
    )


def fires_unheard(draft: Draft, known: AlertRecord, alert: Alert) -> bool:
    """Whether it fires on after an end, and no incident has ever heard of it: then it is no repeat.

    Its first copy came soon after the end, and was taken for a late one.
    """
    pointer = draft.pointer(alert.source, alert.fingerprint)
    return (
        not known.incident_id
        and known.held == Reason.STALE.value
        and alert.status is Status.FIRING
        and pointer is not None
        and fires_on(pointer, alert)
    )


def _has_worsened(pointer: Pointer, known: Alert, arrival: "Arrival") -> bool:
    """Whether a tool raised the severity of what fires here, and kept its id."""
    # A tool's clock that is ahead is another time with every message. Older pointers know no id.
    is_newest = (
        pointer.alert_id == arrival.alert.alert_id
        if pointer.alert_id
        else pointer.event_at == arrival.event_at
    )
    return (
        arrival.alert.severity.worse_than(known.severity)
        and pointer.state is Status.FIRING
        and is_newest
    )


def _fire_again(
    draft: Draft, closed: Incident, pointer: Pointer, arrival: "Arrival", now: datetime
) -> str:
    """What was over too early fires in the newest episode of its problem, which it may be.

    Its pointer keeps its time: the next resolve is newer than the one that was wrong.
    """
    newest = draft.newest(closed.key)
    home = newest if newest is not None and newest.episode > closed.episode else closed
    moves = home is not closed
    if home.state is not IncidentState.OPEN:
        home = reopened(home, arrival.alert, now)
    fires = pointer.state is Status.FIRING
    if moves and fires:
        draft.put_incident(one_less(closed, arrival.alert, arrival.event_at, now))
    update = {"incident_id": home.incident_id, "state": Status.FIRING, "heard_at": None}
    draft.put_pointer(pointer.model_copy(update=update))
    draft.put_incident(one_more(home, arrival, joins=moves or not fires, counts=False, now=now))
    return home.incident_id
