"""Windows and causes hold what they may, as long as they may."""

from collections.abc import Iterator
from datetime import timedelta

from faults.configuration import CAUSE, SYMPTOM
from faults.reckoning.end import End
from faults.world import START
from responder.alert import Severity
from responder.analysis.trouble import OWN_SOURCE
from responder.errors import Reason
from responder.incident import Incident, IncidentState, NoticeKind

#: What stands on no card by nobody's wish mutes nothing.
UNSEEN = (Reason.STORM, Reason.THROTTLE)


def muted(end: End) -> Iterator[str]:
    """Who is muted has an older open cause; the lists hold the open causes and nobody else."""
    opened = [one for one in end.incidents.values() if one.state is IncidentState.OPEN]
    muting = end.campaign.inhibitions.rules
    causes = [one for one in opened if one.title.startswith(CAUSE)] if muting else []
    for incident in opened:
        older = any(cause.opened_at <= incident.opened_at for cause in causes)
        if incident.silence is not None and not older:
            yield f"{incident.incident_id}: muted by nobody"
        is_symptom = incident.storm is None and incident.title.startswith(SYMPTOM)
        if incident.held == Reason.INHIBITED and not is_symptom:
            yield f"{incident.incident_id}: muted, and no symptom"
    listed = sorted(cause.incident_id for one in end.causes for cause in one.causes)
    seen = [one for one in causes if one.held not in UNSEEN and one.storm is None]
    if listed != sorted(one.incident_id for one in seen):
        yield f"causes listed: {listed}"


def windows(end: End) -> Iterator[str]:
    """A window holds nothing after its end, and nobody hears of an end while it lasts."""
    window = end.campaign.window
    span = window.coming(START - timedelta(minutes=1)) if window else None
    heard = {(one.text, one.at) for one in end.campaign.slack.messages if one.thread_ts}
    skew = end.campaign.circumstances.skew
    # For one worker it may have begun before it has for another, whose clock is behind twice that.
    begins, ends = (span.begins + 2 * skew, span.ends - skew) if span else (START, START)
    for incident in end.incidents.values():
        waits = incident.silence.reason if incident.silence else incident.held
        opened = incident.state is IncidentState.OPEN or incident.silence is not None
        if waits == Reason.MAINTENANCE and opened:
            yield f"{incident.incident_id}: waits for the end of a window that is over"
        if not _waits_for_windows(incident) or span is None:
            continue
        for notice in incident.notices:
            # An analysis does not ask for windows: the next alert or tick does.
            asked = notice.kind is not NoticeKind.SEVERITY_DOUBTED
            within = asked and begins <= notice.at < span.ends
            told = f"notice|{incident.incident_id}|{notice.number}"
            if within and any(text == told and at < ends for text, at in heard):
                yield f"{incident.incident_id}: {notice.kind} was told in a window"


def _waits_for_windows(incident: Incident) -> bool:
    ours = incident.source == OWN_SOURCE
    return not (ours or incident.storm is not None or incident.severity is Severity.CRITICAL)
