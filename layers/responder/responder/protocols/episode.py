"""What one alert does to the incidents: count, open, reopen, resolve, move, or be held.

Pure functions over a ``Draft``; ``record`` reads the draft, calls ``apply`` for every alert in
event order, and writes it in one transaction. Order comes from the alerts' own times: a pointer
per fingerprint remembers the newest one, and a tie goes to firing.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from operator import attrgetter

from responder.alert import Alert, Severity, Status
from responder.analysis.text import one_line, shorten
from responder.errors import Reason
from responder.incident import (
    MAX_FIRING,
    MAX_NOTICES,
    MAX_WHAT,
    AlertRecord,
    Firing,
    Incident,
    IncidentState,
    Notice,
    NoticeKind,
    Pointer,
    Worst,
)
from responder.policy import flapping
from responder.protocols.draft import Draft
from responder.signature import Signature

#: Firing again this soon after a resolve reopens the incident and its card.
REOPEN_WITHIN = timedelta(minutes=30)
#: A tool's clock may be ahead of ours by so much; what is beyond is taken as received.
MAX_SKEW = timedelta(minutes=5)
#: A duplicate moves "last seen" at most this often.
LAST_SEEN_PACE = timedelta(minutes=1)
#: Characters kept of the worst alert's message: every repeat writes the whole incident.
MAX_WORST = 2_000


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
    if known is not None:
        _touch(draft, known, alert, now)
        redelivered = known.alert.received_at == alert.received_at
        return Outcome(arrival, known.incident_id, Reason.DUPLICATE, redelivered)
    held, incident_id = (_fire if alert.status is Status.FIRING else _resolve)(draft, arrival, now)
    draft.put_alert(
        AlertRecord(
            alert=alert if _keeps_raw(draft, alert, incident_id) else _without_raw(alert),
            signature=arrival.signature,
            incident_id=incident_id,
            held=held.value if held else "",
        )
    )
    return Outcome(arrival, incident_id, held)


def _keeps_raw(draft: Draft, alert: Alert, incident_id: str) -> bool:
    """The payload is kept for an incident's first alert and for unknown formats."""
    incident = draft.incident(incident_id)
    first = incident is not None and incident.first_alert_id == alert.alert_id
    return first or alert.unknown_format


def _without_raw(alert: Alert) -> Alert:
    return alert.model_copy(update={"raw": ""})


def _touch(draft: Draft, known: AlertRecord, alert: Alert, now: datetime) -> None:
    """A tool that repeats the very same alert says that it still lasts."""
    incident = draft.incident(known.incident_id)
    if incident is not None and _closed_too_early(draft, incident, alert):
        draft.put_incident(_reopened(incident, alert, now))
    elif incident is not None and alert.received_at - incident.last_seen >= LAST_SEEN_PACE:
        draft.put_incident(incident.model_copy(update={"last_seen": alert.received_at}))


def _closed_too_early(draft: Draft, incident: Incident, alert: Alert) -> bool:
    """Whether we closed a quiet incident that this alert, sent afterwards, says still fires."""
    pointer = draft.pointer(alert.source, alert.fingerprint)
    return (
        incident.state is IncidentState.CLOSED
        and pointer is not None
        and pointer.state is Status.FIRING
        and pointer.incident_id == incident.incident_id
        and incident.resolved_at is not None
        and alert.received_at > incident.resolved_at
    )


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
            incident_id=pointer.incident_id if pointer else "",
            signature=pointer.signature if pointer else arrival.signature,
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
    draft.put_incident(_one_less(resolved, alert, ended, now))
    return None, incident.incident_id


def incident_of_resolve(draft: Draft, arrival: Arrival, pointer: Pointer | None) -> Incident | None:
    """A resolve goes by the fingerprint's pointer, never by signature: its text often differs."""
    return draft.incident(pointer.incident_id) if pointer is not None else None


def _fire(draft: Draft, arrival: Arrival, now: datetime) -> tuple[Reason | None, str]:
    alert = arrival.alert
    pointer = draft.pointer(alert.source, alert.fingerprint)
    present = draft.incident(pointer.incident_id) if pointer else None
    if pointer is not None and _moved_on(arrival, pointer, present):
        return Reason.STALE, pointer.incident_id
    target = _target(draft, arrival, pointer, present, now)
    stays = (
        pointer is not None
        and pointer.state is Status.FIRING
        and pointer.incident_id == target.incident_id
    )
    if pointer is not None and pointer.state is Status.FIRING and not stays and present:
        draft.put_incident(_one_less(present, alert, arrival.event_at, now))
    draft.put_incident(_one_more(target, arrival, joins=not stays, now=now))
    draft.put_pointer(
        Pointer(
            source=alert.source,
            fingerprint=alert.fingerprint,
            state=Status.FIRING,
            event_at=max(arrival.event_at, pointer.event_at) if pointer else arrival.event_at,
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
    if newest is not None and newest.state is IncidentState.OPEN:
        return newest
    if newest is not None and _reopens(newest, arrival):
        return _reopened(newest, arrival.alert, now)
    return draft.open(
        arrival,
        episode=(newest.episode if newest else draft.last_episode(arrival.incident_key)) + 1,
    )


def _version(signature: str) -> str:
    return signature.partition(":")[0]


def _reopens(incident: Incident, arrival: Arrival) -> bool:
    """Both clocks count: a tool's start may lie long before the resolve that we know of."""
    ended = incident.resolved_at
    latest = max(arrival.event_at, arrival.alert.received_at)
    return ended is not None and latest - ended <= REOPEN_WITHIN


def _reopened(incident: Incident, alert: Alert, now: datetime) -> Incident:
    update = {"state": IncidentState.OPEN, "resolved_at": None}
    reopened = flapping.refired(incident.model_copy(update=update), now)
    if incident.flapping:
        return reopened
    kind = NoticeKind.FLAPPING if reopened.flapping else NoticeKind.REFIRED
    return noticed(reopened, kind, now, alert.title)


def _one_less(incident: Incident, alert: Alert, ended: datetime, now: datetime) -> Incident:
    """One fingerprint fires no longer; the last one resolves the incident."""
    left = max(incident.firing - 1, 0)
    others = _others(incident, _name(alert))
    fewer = incident.model_copy(update={"firing": left, "firing_now": others})
    if left or incident.state is not IncidentState.OPEN:
        return fewer
    resolved = fewer.model_copy(update={"state": IncidentState.RESOLVED, "resolved_at": ended})
    return resolved if resolved.flapping else noticed(resolved, NoticeKind.RESOLVED, now)


def _one_more(incident: Incident, arrival: Arrival, *, joins: bool, now: datetime) -> Incident:
    alert, name = arrival.alert, _name(arrival.alert)
    counted = incident.model_copy(
        update={
            "count": incident.count + 1,
            "firing": incident.firing + (1 if joins else 0),
            "first_seen": min(incident.first_seen, arrival.event_at),
            "last_seen": max(incident.last_seen, alert.received_at),
            "firing_now": _firing_now(incident, arrival, name),
            "worst": _worst(incident, arrival, name),
        }
    )
    if not alert.severity.worse_than(counted.severity):
        return counted
    change = f"{incident.severity} → {alert.severity}"
    raised = counted.model_copy(update={"severity": alert.severity})
    raised = noticed(raised, NoticeKind.SEVERITY_RAISED, now, change)
    if alert.severity is not Severity.CRITICAL:
        return raised
    return noticed(raised, NoticeKind.ESCALATED, now, change)


def _worst(incident: Incident, arrival: Arrival, name: str) -> Worst:
    """What the worst alert says that the first one did not; a milder one never takes its place."""
    alert, known = arrival.alert, incident.worst
    if known is not None and _outranks(known, alert.severity, arrival.event_at):
        return known
    return Worst(
        alert_id=alert.alert_id,
        name=name,
        at=arrival.event_at,
        severity=alert.severity,
        title=alert.title if alert.title != incident.title else None,
        message=shorten(alert.message, MAX_WORST) if alert.message != incident.message else None,
        resource=alert.resource if alert.resource != incident.resource else None,
    )


def _outranks(known: Worst, severity: Severity, at: datetime) -> bool:
    return known.severity.worse_than(severity) or (known.severity is severity and known.at > at)


def _firing_now(incident: Incident, arrival: Arrival, name: str) -> tuple[Firing, ...]:
    """The list with this alert in it, as far as there is room: the worst first, then the newest."""
    alert = arrival.alert
    known = next((one for one in incident.firing_now if one.name == name), None)
    if known is not None and known.at > arrival.event_at:
        return incident.firing_now
    what = shorten(one_line(alert.resource or alert.title), MAX_WHAT)
    one = Firing(name=name, severity=alert.severity, at=arrival.event_at, what=what)
    newest = sorted((one, *_others(incident, name)), key=attrgetter("at"), reverse=True)
    return tuple(sorted(newest, key=attrgetter("severity.rank"))[:MAX_FIRING])


def _others(incident: Incident, name: str) -> tuple[Firing, ...]:
    return tuple(one for one in incident.firing_now if one.name != name)


def _name(alert: Alert) -> str:
    """A fingerprint of a source; hashed, as the list is written with every repeat."""
    return hashlib.sha256(f"{alert.source}\0{alert.fingerprint}".encode()).hexdigest()[:16]


def noticed(incident: Incident, kind: NoticeKind, now: datetime, detail: str = "") -> Incident:
    """The incident with one more numbered notice; the list is bounded, numbers never repeat."""
    notice = Notice(number=incident.last_notice + 1, kind=kind, at=now, detail=detail)
    notices = (*incident.notices, notice)
    # Whom a storm held is told by the pages of its list alone: none of them makes room.
    news = [one for one in notices if one.kind is not NoticeKind.HELD_PAGE]
    oldest = news[-MAX_NOTICES:][0].number
    kept = (one for one in notices if one.number >= oldest or one.kind is NoticeKind.HELD_PAGE)
    return incident.model_copy(update={"notices": tuple(kept)})
