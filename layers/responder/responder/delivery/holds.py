"""What a card says of the silence, window or cause that keeps (or kept) people from being told."""

from responder.alert import Severity
from responder.delivery import mrkdwn
from responder.errors import Reason
from responder.incident import Hold, Incident, IncidentState

_NAME, _TEXT, _ID = 60, 300, 120
_BEGUN = {
    Reason.SILENCED.value: "🔕 Silenced",
    Reason.MAINTENANCE.value: "🔧 Maintenance window",
    Reason.QUIET_HOURS.value: "🌙 Quiet hours",
    Reason.INHIBITED.value: "🔕 Muted while its cause is open",
}
#: Its end, a worse severity, or an alert that it does not name.
_ENDED = {
    Reason.SILENCED.value: "Still firing, and no longer under the silence",
    Reason.MAINTENANCE.value: "Still firing, and no longer held by maintenance window",
    Reason.QUIET_HOURS.value: "Still firing, and no longer held by quiet hours",
    Reason.INHIBITED.value: "Still firing after its cause was over",
}
#: It may be told of for its severity alone, while what held it goes on.
_PASSED = {
    Reason.MAINTENANCE.value: "CRITICAL is not held by maintenance window",
    Reason.QUIET_HOURS.value: "CRITICAL is not held by quiet hours",
    Reason.INHIBITED.value: "CRITICAL is not held by its cause",
}


def line(incident: Incident) -> list[str]:
    """What it is under, or what ended while it was still going on; nothing for anything else."""
    if incident.silence is not None:
        return _begun(incident.silence)
    if incident.silence_ended is not None and incident.state is IncidentState.OPEN:
        return _ended(incident.silence_ended, incident.severity)
    return []


def _begun(hold: Hold) -> list[str]:
    what = _BEGUN.get(hold.reason)
    until = f" until {mrkdwn.date(hold.until)}" if hold.until else ""
    return [f"{what}{until}{_which(hold)}"] if what else []


def _ended(hold: Hold, severity: Severity) -> list[str]:
    what = _ENDED.get(hold.reason)
    if severity is Severity.CRITICAL:
        what = _PASSED.get(hold.reason, what)
    return [f"🔔 *{what}*{_which(hold)}"] if what else []


def _which(hold: Hold) -> str:
    """Its name where operators gave it one to find it by, whose it is, and why."""
    named = hold.reason in (Reason.MAINTENANCE, Reason.QUIET_HOURS)
    name = f" {mrkdwn.code(hold.silence_id, _NAME)}" if named else ""
    author = mrkdwn.inline(hold.author, _NAME)
    by = f" by {author}" if author else ""
    reasons = (_cause(hold), mrkdwn.inline(hold.comment, _TEXT))
    why = " · ".join(reason for reason in reasons if reason)
    return f"{name}{by}{f': {why}' if why else ''}"


def _cause(hold: Hold) -> str:
    if not hold.cause:
        return ""
    return f"{mrkdwn.inline(hold.subject, _TEXT)} ({mrkdwn.code(hold.cause, _ID)})".lstrip()
