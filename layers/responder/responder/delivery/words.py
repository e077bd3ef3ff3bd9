"""The words, symbols and colours that cards and notices share; all pure and trusted."""

from datetime import timedelta

from responder.alert import Scope, Severity
from responder.delivery import mrkdwn
from responder.incident import Incident, IncidentState

#: A severity is always told by symbol and word; the colour of the bar only repeats it.
SYMBOLS = {
    Severity.CRITICAL: "🔴",
    Severity.HIGH: "🟠",
    Severity.MEDIUM: "🟡",
    Severity.LOW: "🔵",
    Severity.INFO: "⚪",
}
COLORS = {
    Severity.CRITICAL: "#d92d20",
    Severity.HIGH: "#f38744",
    Severity.MEDIUM: "#eac54f",
    Severity.LOW: "#2e90fa",
    Severity.INFO: "#98a2b3",
}
SOLVED_COLOR = "#12b76a"
CLOSED_COLOR = "#98a2b3"

#: Labels that name who looks after what alerts; the first of them wins.
_OWNERS = ("owner", "team", "squad")
_LONG_NAME = 16
#: Below this many alerts, or this long, an average says less than "3 times in 5 min".
_RATE_COUNT, _RATE_SPAN = 10, timedelta(minutes=2)

_NAME_LIMIT = 80
_TITLE_LIMIT = 240


def color(incident: Incident) -> str:
    """The bar beside the card."""
    if incident.still_fires:
        return COLORS[incident.severity]
    solved = incident.state is IncidentState.RESOLVED and not incident.partly_known
    return SOLVED_COLOR if solved else CLOSED_COLOR


def lead(incident: Incident) -> str:
    """Symbol and severity, with the state before them where it is no longer open."""
    severity = f"{SYMBOLS[incident.severity]} {incident.severity.value}"
    if incident.state is IncidentState.OPEN:
        return severity
    if incident.storm is not None and incident.still_fires:
        return f"{severity} · {incident.storm.firing:,} STILL FIRE"
    word = "✅ RESOLVED" if incident.state is IncidentState.RESOLVED else "☑️ CLOSED"
    if incident.partly_known:
        word = "☑️ OVER"
    return f"{word} · {incident.severity.value}"


def title(incident: Incident) -> str:
    """The title of the worst alert, untrusted."""
    said = incident.worst.title if incident.worst else None
    return incident.title if said is None else said


def message(incident: Incident) -> str:
    """The message of the worst alert, untrusted."""
    said = incident.worst.message if incident.worst else None
    return incident.message if said is None else said


def resource(incident: Incident) -> str:
    """What the worst alert is about, untrusted."""
    said = incident.worst.resource if incident.worst else None
    return incident.resource if said is None else said


def headline(incident: Incident) -> str:
    """The analysis's headline, untrusted; empty where it only says the title once more."""
    said = incident.analysis.headline
    if not incident.analysis.is_fallback or not _names(said, incident):
        return said
    return ""


def _names(said: str, incident: Incident) -> bool:
    """Whether a triage's headline is the first alert's title, with or without what it is about."""
    start, first = said.removesuffix(mrkdwn.MARK), _one_line(incident.title[: 2 * _TITLE_LIMIT])
    whats = (first, *(f"{_one_line(what)}: {first}" for what in _abouts(incident)))
    return bool(first) and any(what.startswith(start) for what in whats)


def _one_line(text: str) -> str:
    return " ".join(mrkdwn.visible(text).split())


def _abouts(incident: Incident) -> tuple[str, str]:
    return incident.service[:_TITLE_LIMIT], incident.resource[:_TITLE_LIMIT]


def owner(incident: Incident) -> str:
    """Who looks after it, by its labels, untrusted; empty where none says so."""
    named = {
        name.strip().lower(): value
        for name, value in incident.labels.items()
        if len(name) < _LONG_NAME
    }
    values = (named.get(name, "").strip() for name in _OWNERS)
    return next((value for value in values if value), "")


def severity_now(incident: Incident) -> Severity:
    """The worst that fires now; the incident's own where what fires is not known by name."""
    firing = (one.severity for one in incident.firing_now)
    return min(firing, key=lambda severity: severity.rank, default=incident.severity)


def subject(incident: Incident) -> str:
    """Service and title, untrusted: the caller escapes it."""
    return about(incident, title(incident))


def about(incident: Incident, what: str) -> str:
    """Service and ``what`` of it, untrusted."""
    service = mrkdwn.visible(incident.service[: _NAME_LIMIT + 1]).strip()
    if len(service) > _NAME_LIMIT:
        service = service[:_NAME_LIMIT] + mrkdwn.MARK
    named = mrkdwn.visible(what[: _TITLE_LIMIT * 2]).strip() or "(no title)"
    return f"{service}: {named}" if service else named


def lock_screen(incident: Incident, named: str) -> str:
    """The message in one line of markup, for notifications and screen readers.

    ``named`` is the incident's ``subject``, which the caller shows, too.
    """
    return f"{lead(incident)} {mrkdwn.inline(named, _TITLE_LIMIT)} ({_state(incident)})"


def duration(span: timedelta) -> str:
    """The two leading units of a time span; never negative."""
    seconds = max(0, span.days * 86_400 + span.seconds)
    if seconds < 60:
        return f"{seconds} s"
    minutes, hours, days = seconds // 60, seconds // 3600, seconds // 86400
    if hours < 1:
        return f"{minutes} min"
    if days < 1:
        return f"{hours} h {minutes % 60} min" if minutes % 60 else f"{hours} h"
    return f"{days} d {hours % 24} h" if hours % 24 else f"{days} d"


def times(incident: Incident) -> str:
    """How often: "214 times in 9 min"; of a storm, how many it holds."""
    known = incident.storm
    if known is not None and just_begun(incident):
        return "new incidents held"
    if known is not None:
        still = f", {known.firing:,} still fire" if known.firing else ""
        return f"{incidents(known.incidents)} held{still}"
    if incident.count < 1:
        return "no firing alert"
    if incident.count == 1:
        return "once"
    span = incident.last_seen - incident.first_seen
    within = f" in {duration(span)}" if span >= timedelta(seconds=1) else " at once"
    return f"{incident.count:,} times{within}"


def just_begun(incident: Incident) -> bool:
    """Whether it is a storm that knows only the one incident that made it one."""
    known = incident.storm
    return known is not None and known.incidents <= 1 and incident.state is IncidentState.OPEN


def incidents(number: int) -> str:
    """So many incidents."""
    return "1 incident" if number == 1 else f"{number:,} incidents"


def refires(incident: Incident) -> str:
    """How often it began anew of late, and in how long."""
    span = duration(incident.refires[-1] - incident.refires[0]) if incident.refires else "0 s"
    return f"{len(incident.refires)} times in {span}"


def rate(incident: Incident) -> str:
    """How often on average, where that says more than the count: "24 a minute"; else empty."""
    span = incident.last_seen - incident.first_seen
    if incident.count < _RATE_COUNT or span < _RATE_SPAN:
        return ""
    for unit, name in ((60, "a minute"), (3_600, "an hour"), (86_400, "a day")):
        times_each = incident.count * unit / span.total_seconds()
        if times_each >= 1:
            return f"{times_each:,.0f} {name}"
    return ""


def place(scope: Scope) -> str:
    """The scope's parts that are known, untrusted."""
    parts = (
        scope.environment,
        scope.region,
        f"cluster {scope.cluster}" if scope.cluster else "",
        f"account {scope.account}" if scope.account else "",
    )
    return " · ".join(part for part in parts if part)


def located(scope: Scope) -> str:
    """The scope on a line of its own, untrusted: an environment's name alone may be any word."""
    return f"Env {place(scope)}" if scope.environment else place(scope)


def lasted(incident: Incident) -> timedelta:
    """From the first alert until it was over, or until the last alert while it is not."""
    return (incident.resolved_at or incident.last_seen) - incident.first_seen


def _state(incident: Incident) -> str:
    if incident.storm is not None:
        over = "" if incident.state is IncidentState.OPEN else f", over {_after(incident)}"
        return f"{times(incident)}{over}"
    count = f"{incident.count:,}\N{MULTIPLICATION SIGN}"
    if incident.state is IncidentState.OPEN:
        return f"firing, {count}"
    word = "resolved" if incident.state is IncidentState.RESOLVED else "closed"
    return f"{word} {_after(incident)}, {count}"


def _after(incident: Incident) -> str:
    return f"after {duration(lasted(incident))}"
