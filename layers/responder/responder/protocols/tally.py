"""What one alert more, or less, makes of its incident: counts, what fires, the worst, the notices.

Pure; ``episode`` and ``repeats`` decide which incident it is.
"""

import hashlib
from datetime import datetime
from operator import attrgetter
from typing import TYPE_CHECKING

from responder.alert import Alert, Severity
from responder.analysis.text import one_line, shorten
from responder.incident import (
    FIRED_AGAIN,
    MAX_FIRING,
    MAX_NOTICES,
    MAX_WHAT,
    Firing,
    Incident,
    IncidentState,
    Mention,
    Notice,
    NoticeKind,
    Worst,
)
from responder.policy import flapping

if TYPE_CHECKING:
    from responder.protocols.episode import Arrival

#: Characters kept of the worst alert's message: every repeat writes the whole incident.
MAX_WORST = 2_000


def reopened(incident: Incident, alert: Alert, now: datetime) -> Incident:
    """The incident fires again: a notice says so, unless it flaps."""
    update = {"state": IncidentState.OPEN, "resolved_at": None, "apart": None}
    anew = _begun(incident.model_copy(update=update), alert.severity, alert, now)
    if not flapping.is_told(anew, alert.severity):
        return anew
    again = noticed(anew, NoticeKind.REFIRED, now, alert.title)
    if alert.severity is not Severity.CRITICAL:
        return again
    # Its card may stand elsewhere, as it was milder when it opened.
    return noticed(again, NoticeKind.ESCALATED, now, FIRED_AGAIN)


def _begun(incident: Incident, severity: Severity, alert: Alert, now: datetime) -> Incident:
    """One more new beginning, as bad as ``severity``; a notice says where it begins to flap."""
    anew = flapping.refired(incident, severity, now)
    flaps = anew.flapping and not incident.flapping
    return noticed(anew, NoticeKind.FLAPPING, now, alert.title) if flaps else anew


def one_less(incident: Incident, alert: Alert, ended: datetime, now: datetime) -> Incident:
    """One fingerprint fires no longer; the last one resolves the incident."""
    left = max(incident.firing - 1, 0)
    others = _others(incident, _name(alert))
    apart = incident.apart
    if apart is not None and apart.fingerprint == alert.fingerprint:
        apart = None
    fewer = incident.model_copy(update={"firing": left, "firing_now": others, "apart": apart})
    if left or incident.state is not IncidentState.OPEN:
        return fewer
    resolved = fewer.model_copy(update={"state": IncidentState.RESOLVED, "resolved_at": ended})
    return resolved if resolved.flapping else noticed(resolved, NoticeKind.RESOLVED, now)


def one_more(
    incident: Incident, arrival: "Arrival", *, joins: bool, now: datetime, counts: bool = True
) -> Incident:
    """A firing alert; one whose fingerprint ``joins``, and that ``counts`` unless it is known."""
    alert, name = arrival.alert, _name(arrival.alert)
    counted = incident.model_copy(
        update={
            "count": incident.count + (1 if counts else 0),
            "firing": incident.firing + (1 if joins else 0),
            "first_seen": min(incident.first_seen, arrival.event_at),
            "last_seen": max(incident.last_seen, alert.received_at),
            "firing_now": _firing_now(incident, arrival, name),
            "worst": _worst(incident, arrival, name),
        }
    )
    if alert.severity.worse_than(counted.severity):
        raised = counted.model_copy(update={"severity": alert.severity})
        return _raised(raised, incident.severity, alert.severity, now)
    return _again_as_bad(incident, counted, alert, now)


def _again_as_bad(before: Incident, counted: Incident, alert: Alert, now: datetime) -> Incident:
    """What got better meanwhile, and is worse again, is news as well, unless it flaps."""
    known, fires = _worst_now(before), _worst_now(counted)
    if known is None and before.firing and fires is Severity.CRITICAL:
        # None of those that fire is known by name: a page too many is better than none.
        known = Severity.HIGH
    if known is None or fires is None or not fires.worse_than(known):
        return counted
    begins = before.refires[-1:] == (now,)
    if begins and (fires is not Severity.CRITICAL or _is_told_anew(before, now)):
        return counted
    anew = _begun(counted, fires, alert, now)
    return _raised(anew, known, fires, now) if flapping.is_told(anew, fires) else anew


def _is_told_anew(incident: Incident, now: datetime) -> bool:
    """Whether people are told now that it begins anew, and with that how bad it is by then."""
    return any(one.kind is NoticeKind.REFIRED and one.at == now for one in incident.notices)


def _worst_now(incident: Incident) -> Severity | None:
    """How bad the worst is that fires now, of those that are known by name."""
    firing = (one.severity for one in incident.firing_now)
    return min(firing, key=lambda severity: severity.rank, default=None)


def _raised(incident: Incident, before: Severity, severity: Severity, now: datetime) -> Incident:
    """Told that it is so bad by now; what is CRITICAL is told where people look for that, too."""
    change = f"{before} → {severity}"
    raised = noticed(incident, NoticeKind.SEVERITY_RAISED, now, change)
    if severity is not Severity.CRITICAL:
        return raised
    return noticed(raised, NoticeKind.ESCALATED, now, change)


def _worst(incident: Incident, arrival: "Arrival", name: str) -> Worst:
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


def _firing_now(incident: Incident, arrival: "Arrival", name: str) -> tuple[Firing, ...]:
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


def noticed(
    incident: Incident,
    kind: NoticeKind,
    now: datetime,
    detail: str = "",
    mentions: tuple[Mention, ...] = (),
) -> Incident:
    """The incident with one more numbered notice; the list is bounded, numbers never repeat."""
    number = incident.last_notice + 1
    notice = Notice(number=number, kind=kind, at=now, detail=detail, mentions=mentions)
    notices = (*incident.notices, notice)
    # Whom a storm held is told by the pages of its list alone: none of them makes room.
    news = [one for one in notices if one.kind is not NoticeKind.HELD_PAGE]
    if len(news) > MAX_NOTICES:
        # Of reminders only the newest is told, and no rise in severity makes room for one.
        reminders = (one for one in news[:-1] if one.kind is NoticeKind.STILL_FIRING)
        dropped = next(reminders, news[0])
        notices = tuple(one for one in notices if one is not dropped)
    return incident.model_copy(update={"notices": notices})
