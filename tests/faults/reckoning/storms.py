"""A storm or throttle ends, and who reads its card reads of everything that it held."""

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta

from faults.configuration import MUTING
from faults.reckoning.end import End
from responder.alert import Severity, Status
from responder.errors import Reason
from responder.incident import Incident, IncidentState, NoticeKind
from responder.protocols.storms import page_of

#: No worker that read a storm before its end is at work for longer.
SURELY = timedelta(seconds=90)
#: Who has a first card takes room for so long, of the longest limit of a campaign.
ROOM = timedelta(minutes=3) + SURELY
#: What keeps an incident from a card in a campaign.
HELD = (Reason.STORM, Reason.THROTTLE, Reason.INHIBITED, Reason.MAINTENANCE)


def storms(end: End) -> Iterator[str]:
    """A storm or throttle ends, and lists exactly what it held; nobody waits for one then."""
    listed = Counter(
        (incident.incident_id, one.incident_id)
        for incident in end.incidents.values()
        for notice in incident.notices
        for one in page_of(end.campaign.store, incident, notice)
    )
    for (storm_id, incident_id), number in listed.items():
        if number > 1:
            yield f"{incident_id}: {number} lines in the list of {storm_id}"
    for place, weather in end.weathers.items():
        if weather.storm_id:
            yield f"{place}: {weather.storm_id} holds what comes for ever"
    for incident in end.incidents.values():
        if incident.storm is not None and incident.state is IncidentState.OPEN:
            yield f"{incident.incident_id}: the storm never ebbed"
        if incident.held and incident.held not in HELD:
            yield f"{incident.incident_id}: held as {incident.held!r}, by nobody"
        holder = end.incidents.get(incident.storm_id)
        held_by = holder.storm.kind if holder and holder.storm else ""
        lines = listed[incident.storm_id, incident.incident_id]
        if incident.held in (Reason.STORM, Reason.THROTTLE) and (
            not lines or held_by != incident.held
        ):
            yield f"{incident.incident_id}: held by {incident.storm_id}, which lists it not"
        if incident.storm is not None:
            lines = sum(n for (of, _), n in listed.items() if of == incident.incident_id)
            if incident.storm.incidents != lines:
                yield f"{incident.incident_id}: lists {lines} of {incident.storm.incidents}"
            yield from _told_of(end, incident, listed)
        waits = incident.held in (Reason.STORM, Reason.THROTTLE)
        if waits and incident.state is IncidentState.OPEN and not _says_so(holder):
            yield f"{incident.incident_id}: fires, and {incident.storm_id} says that none does"
        if waits and incident.state is IncidentState.OPEN and _fired_after(end, incident, holder):
            yield f"{incident.incident_id}: fired after {incident.storm_id}, and is held by it"
        if incident.held and incident.severity is Severity.CRITICAL:
            yield f"{incident.incident_id}: CRITICAL, and held"


def _fired_after(end: End, incident: Incident, holder: Incident | None) -> bool:
    """Whether any of its alerts came when the storm was surely over, and there was room."""
    over = _end_of(holder) if holder else None
    return over is not None and any(
        record.alert.received_at > over + SURELY and _had_room(end, record.alert.received_at)
        for record in end.records
        if record.incident_id == incident.incident_id
        and record.alert.status is Status.FIRING
        and not record.held
    )


def _had_room(end: End, at: datetime) -> bool:
    """Whether nothing else had its first card, and no storm went on, at about that time."""
    begins, ends = at - ROOM, at + SURELY
    others = (opening for one in end.weathers.values() for opening in one.openings)
    storms_then = (
        one.opened_at <= ends and begins <= (_end_of(one) or ends)
        for one in end.incidents.values()
        if one.storm is not None
    )
    return not any(begins <= other <= ends for other in others) and not any(storms_then)


def listed_in_one_thread(end: End) -> Iterator[str]:
    """Who reads a storm's card reads all of its list, or none where it stood elsewhere then.

    What came after Slack took no more replies in the thread stands in the channel.
    """
    told = {(one.text, one.thread_ts) for one in end.campaign.slack.messages}
    for incident in end.incidents.values():
        card = end.cards.get(incident.incident_id)
        ts, closed = (card.ts, card.thread_closed) if card else ("", False)
        pages = [n.number for n in incident.notices if n.kind is NoticeKind.HELD_PAGE]
        texts = {number: f"notice|{incident.incident_id}|{number}" for number in pages}
        here = [number for number, text in texts.items() if (text, ts) in told]
        beside = [number for number, text in texts.items() if closed and (text, "") in told]
        if here and sorted({*here, *beside}) != pages:
            yield f"{incident.incident_id}: only {here} of {pages} are in its card's thread"


def _told_of(end: End, incident: Incident, listed: Mapping[tuple[str, str], int]) -> Iterator[str]:
    """Its severity is that of its worst member, listed or by now, and no notice of it was lost."""
    worst = incident.storm.severities[0][0] if incident.storm else Severity.INFO
    members = [end.incidents[one] for storm_id, one in listed if storm_id == incident.incident_id]
    risen = [one for one in members if one.severity.worse_than(worst)]
    if incident.severity not in {worst, *(one.severity for one in risen)}:
        yield f"{incident.incident_id}: {incident.severity}, its worst is {worst}"
    for one in risen:
        if one.severity.worse_than(incident.severity) and _was_counted(end, one, incident):
            yield f"{incident.incident_id}: {incident.severity}, {one.incident_id} has risen"
    numbers = [notice.number for notice in incident.notices]
    if numbers != list(range(1, len(numbers) + 1)):
        yield f"{incident.incident_id}: notices {numbers}"


def _was_counted(end: End, member: Incident, storm: Incident) -> bool:
    """Whether a storm has looked at a member since it was heard of, and nothing else holds that."""
    counted_at = storm.storm.counted_at if storm.storm else None
    waits = member.storm_id == storm.incident_id and member.state is IncidentState.OPEN
    campaign = end.campaign
    muted = member.silence or campaign.window or campaign.inhibitions is MUTING
    if counted_at is None or not waits or not member.held or muted:
        return False
    heard = (one.alert.received_at for one in end.records if one.incident_id == member.incident_id)
    return max(heard) + SURELY < counted_at


def _says_so(storm: Incident | None) -> bool:
    """Whether a storm says that what it held still fires, or will count again."""
    return storm is not None and (storm.still_fires or storm.due_at is not None)


def _end_of(one: Incident) -> datetime | None:
    """When a storm or a throttle was told to be over."""
    ends = (notice.at for notice in one.notices if notice.kind is NoticeKind.RESOLVED)
    return max(ends, default=None)
