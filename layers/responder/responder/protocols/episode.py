"""What one alert does to the incidents: count, open, reopen, resolve, move, or be held.

Pure functions over a ``Draft``; ``record`` reads the draft, calls ``apply`` for every alert in
event order, and writes it in one transaction. Order comes from the alerts' own times: a pointer
per fingerprint remembers the newest one, and a tie goes to firing.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from responder.alert import Alert, Status
from responder.errors import Reason
from responder.incident import (
    AlertRecord,
    Incident,
    IncidentState,
    Pointer,
)
from responder.protocols import repeats, tally
from responder.protocols.draft import Draft
from responder.signature import Signature

#: Firing again this soon after a resolve reopens the incident and its card.
REOPEN_WITHIN = timedelta(minutes=30)
#: A tool's clock may be ahead of ours by so much; what is beyond is taken as received.
MAX_SKEW = timedelta(minutes=5)


@dataclass(frozen=True)
class Arrival:
    """An alert on its way into the record, with the identities that decide where it belongs."""

    alert: Alert
    signed: Signature
    incident_key: str
    cache_key: str
    trace: str = ""
    rules: int = 0

    @property
    def signature(self) -> str:
        """The key of its problem."""
        return self.signed.key

    @property
    def event_at(self) -> datetime:
        """When the state began; a clock that is ahead must not win every later comparison."""
        return min(self.alert.event_at, self.alert.received_at + MAX_SKEW)

    @property
    def order(self) -> tuple[datetime, bool, datetime]:
        """Event order: at equal times the resolve comes first, so that firing has the last word."""
        alert = self.alert
        return (self.event_at, alert.status is Status.FIRING, alert.received_at)


@dataclass(frozen=True)
class Outcome:
    """What became of one alert: counted on ``incident_id``, or held for a reason."""

    arrival: Arrival
    incident_id: str = ""
    held: Reason | None = None
    redelivered: bool = False


def apply(draft: Draft, arrival: Arrival, now: datetime) -> Outcome:
    """Let one alert change the draft; every branch leaves a record of the alert behind."""
    alert = arrival.alert
    known = draft.alert(alert.alert_id)
    if known is not None and not repeats.fires_unheard(draft, known, alert):
        home = repeats.touch(draft, known, arrival, now)
        redelivered = known.alert.received_at == alert.received_at
        return Outcome(arrival, home, Reason.DUPLICATE, redelivered)
    held, incident_id = (_fire if alert.status is Status.FIRING else _resolve)(draft, arrival, now)
    draft.put_alert(
        AlertRecord(
            alert=draft.as_kept(alert, incident_id),
            signature=arrival.signature,
            incident_id=incident_id,
            held=held.value if held else "",
        )
    )
    return Outcome(arrival, incident_id, held)


def _resolve(draft: Draft, arrival: Arrival, now: datetime) -> tuple[Reason | None, str]:
    alert = arrival.alert
    pointer = draft.pointer(alert.source, alert.fingerprint)
    if pointer is not None and _older(arrival, pointer):
        return Reason.STALE, pointer.incident_id
    incident = incident_of_resolve(draft, arrival, pointer)
    draft.put_pointer(
        Pointer(
            source=alert.source,
            fingerprint=alert.fingerprint,
            state=Status.RESOLVED,
            event_at=arrival.event_at,
            heard_at=alert.received_at,
            incident_id=pointer.incident_id if pointer else "",
            signature=pointer.signature if pointer else arrival.signature,
            alert_id=pointer.alert_id if pointer else "",
        )
    )
    if pointer is None or pointer.state is Status.RESOLVED or incident is None:
        return Reason.RESOLVE_WITHOUT_FIRING, pointer.incident_id if pointer else ""
    resolved = incident.model_copy(
        update={
            "resolves": incident.resolves + 1,
            "last_seen": max(incident.last_seen, alert.received_at),
        }
    )
    ended = min(alert.ends_at or arrival.event_at, arrival.event_at)
    draft.put_incident(tally.one_less(resolved, alert, ended, now))
    return None, incident.incident_id


def incident_of_resolve(draft: Draft, arrival: Arrival, pointer: Pointer | None) -> Incident | None:
    """A resolve goes by the fingerprint's pointer, never by signature: its text often differs."""
    return draft.incident(pointer.incident_id) if pointer is not None else None


def _fire(draft: Draft, arrival: Arrival, now: datetime) -> tuple[Reason | None, str]:
    alert = arrival.alert
    pointer = draft.pointer(alert.source, alert.fingerprint)
    present = draft.incident(pointer.incident_id) if pointer else None
    if (
        pointer is not None
        and _moved_on(arrival, pointer, present)
        and not repeats.fires_on(pointer, alert)
    ):
        return Reason.STALE, pointer.incident_id
    target = _target(draft, arrival, pointer, present, now)
    stays = (
        pointer is not None
        and pointer.state is Status.FIRING
        and pointer.incident_id == target.incident_id
    )
    if pointer is not None and pointer.state is Status.FIRING and not stays and present:
        draft.put_incident(tally.one_less(present, alert, arrival.event_at, now))
    counted = tally.one_more(target, arrival, joins=not stays, now=now)
    draft.put_incident(counted)
    draft.keep_head(target, counted)
    event_at, alert_id = arrival.event_at, alert.alert_id
    if pointer is not None and pointer.event_at > event_at:
        event_at, alert_id = pointer.event_at, pointer.alert_id
    draft.put_pointer(
        Pointer(
            source=alert.source,
            fingerprint=alert.fingerprint,
            state=Status.FIRING,
            event_at=event_at,
            alert_id=alert_id,
            incident_id=target.incident_id,
            signature=target.signature,
        )
    )
    return None, target.incident_id


def _older(arrival: Arrival, pointer: Pointer) -> bool:
    """Whether a resolve is older than what the pointer knows; a tie goes to firing."""
    if pointer.state is Status.FIRING:
        return arrival.event_at <= pointer.event_at
    return arrival.event_at < pointer.event_at


def _moved_on(arrival: Arrival, pointer: Pointer, present: Incident | None) -> bool:
    """Whether the fingerprint has moved on since this firing: resolved, or firing elsewhere."""
    if arrival.event_at >= pointer.event_at:
        return False
    return pointer.state is Status.RESOLVED or (
        present is not None and present.key != arrival.incident_key
    )


def _target(
    draft: Draft,
    arrival: Arrival,
    pointer: Pointer | None,
    present: Incident | None,
    now: datetime,
) -> Incident:
    """The incident that a firing alert belongs to, opened or reopened where it has to be."""
    if (
        present is not None
        and pointer is not None
        and pointer.state is Status.FIRING
        and present.state is IncidentState.OPEN
        and (_version(present.signature), present.rules)
        != (_version(arrival.signature), arrival.rules)
    ):
        # Another way to sign makes no other problem of it, and no second card.
        return present
    newest = draft.newest(arrival.incident_key)
    if newest is None and present is not None and present.key == arrival.incident_key:
        # Its head has expired, or was lost.
        newest = present
    if newest is not None and newest.state is IncidentState.OPEN:
        return newest
    if newest is not None and _reopens(newest, arrival):
        return tally.reopened(newest, arrival.alert, now)
    return draft.open(
        arrival,
        episode=(newest.episode if newest else draft.last_episode(arrival.incident_key)) + 1,
    )


def _version(signature: str) -> str:
    return signature.partition(":")[0]


def _reopens(incident: Incident, arrival: Arrival) -> bool:
    """Whether it fires again soon, by the tool's clock and by ours, each for itself.

    A tool's start may lie long before the resolve that we know of, and its clock hours behind ours.
    """
    ended = incident.resolved_at
    if ended is None:
        return False
    by_its_clock = arrival.event_at - ended
    by_ours = arrival.alert.received_at - max(ended, incident.last_seen)
    return max(by_its_clock, by_ours) <= REOPEN_WITHIN
