"""What keeps an incident from people: pure, and repeated with every change and by the tick.

An incident that opens while something holds it gets no card and no analysis until that ends, and
then only if it is still open. One that has a card already keeps it up to date, but tells no
notices. Only an explicit silence holds CRITICAL; nothing holds the alerts of our own checks.
The end of one that has a card waits for the end of a window, too, and is on its card at once.
What is milder than its route's minimum is held likewise, until its severity has risen to it.
An incident goes by the words of its first alert. What joins it from another host, say, may be none
of what a silence names: then it holds the incident no longer, until that one has ended.
"""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime

from responder.alert import Alert, Severity
from responder.errors import Reason
from responder.incident import Apart, Hold, Incident, IncidentState, NoticeKind
from responder.policy import storm
from responder.values import changed

#: What holds the end of an incident back, too: nobody waits for that at such an hour.
_WINDOWS = frozenset({Reason.MAINTENANCE.value, Reason.QUIET_HOURS.value})
#: One thing that may hold an incident, now.
Check = Callable[[Incident, datetime], Hold | None]
#: What may hold incidents at this moment, in the order in which it is asked.
Checks = Sequence[Check]
Current = Callable[[], Checks]


def no_holds() -> Checks:
    """Where nobody holds anything."""
    return ()


def review(
    incident: Incident,
    checks: Checks,
    now: datetime,
    *,
    opening: bool = False,
    joined: Iterable[Alert] = (),
) -> Incident:
    """The incident as the first check that holds it has it; what a storm holds stays held.

    A throttle is a storm in this. Of a storm's own incident only a silence keeps the notices.
    ``joined`` are the alerts of it that are heard now and fire, repeats among them; they are looked
    at only where something holds it.
    """
    if incident.storm is not None:
        return _hushed(incident, checks, now)
    if incident.state is not IncidentState.OPEN:
        quiet = _quiet_end(incident, checks, now)
        return incident.model_copy(update={"silence": quiet, "silence_ended": None})
    found = _first(incident, checks, now)
    if found is not None and (apart := _outside(incident, joined, checks, now)):
        incident = incident.model_copy(update={"apart": apart, "silence": None})
        found = None
    held = _held(incident, found, opening=opening)
    ended = None if found else incident.silence or incident.silence_ended
    asked = None if held else incident.analysis_requested_at
    # Nothing holds most incidents.
    return changed(
        incident,
        {
            "silence": found,
            "silence_ended": ended,
            "held": held,
            "analysis_requested_at": asked,
        },
    )


def released(incident: Incident) -> Incident:
    """What a storm or a throttle held, as whatever else holds it has it."""
    return incident.model_copy(update={"held": _unshown(incident, incident.silence)})


def _hushed(raging: Incident, checks: Checks, now: datetime) -> Incident:
    found = (check(raging, now) for check in checks)
    silence = next((hold for hold in found if hold and hold.reason == Reason.SILENCED), None)
    return raging.model_copy(update={"silence": silence})


def _quiet_end(incident: Incident, checks: Checks, now: datetime) -> Hold | None:
    """The window in which it was over, while that lasts; the end under a silence is told at once.

    One that was over before it began, or has no card, waits for nothing.
    """
    newest = incident.notices[-1] if incident.notices else None
    ends_now = newest is not None and newest.kind is NoticeKind.RESOLVED and newest.at == now
    waits = ends_now or incident.silence is not None
    passes = incident.synthetic or incident.held or incident.severity is Severity.CRITICAL
    if passes or not waits:
        return None
    found = (check(incident, now) for check in checks)
    return next((hold for hold in found if hold and hold.reason in _WINDOWS), None)


def _first(incident: Incident, checks: Checks, now: datetime) -> Hold | None:
    if incident.synthetic:
        return None
    found = _asked(incident, checks, now)
    if found is None or incident.apart is None:
        return found
    return found if _asked(_with_words_of(incident, incident.apart), checks, now) else None


def _outside(
    incident: Incident, joined: Iterable[Alert], checks: Checks, now: datetime
) -> Apart | None:
    """The first alert of these that nothing would hold by its own words."""
    for alert in joined:
        apart = Apart(**{name: getattr(alert, name) for name in Apart.model_fields})
        if _asked(_with_words_of(incident, apart), checks, now) is None:
            return apart
    return None


def _with_words_of(incident: Incident, apart: Apart) -> Incident:
    words = {name: getattr(apart, name) for name in Apart.model_fields if name != "fingerprint"}
    return incident.model_copy(update=words)


def _asked(incident: Incident, checks: Checks, now: datetime) -> Hold | None:
    found = (check(incident, now) for check in checks)
    return next((hold for hold in found if hold and _may_hold(hold, incident)), None)


def _may_hold(hold: Hold, incident: Incident) -> bool:
    return incident.severity is not Severity.CRITICAL or hold.reason == Reason.SILENCED


def _held(incident: Incident, found: Hold | None, *, opening: bool) -> str:
    """Why an incident has no card yet; what has one is never held again."""
    if incident.held in storm.KINDS:
        return incident.held
    return _unshown(incident, found) if opening or incident.held else ""


def _unshown(incident: Incident, found: Hold | None) -> str:
    """Why an incident without a card must stay so, storms aside."""
    if found is not None:
        return found.reason
    too_mild = incident.route is not None and incident.route.holds(incident.severity)
    return Reason.BELOW_MINIMUM.value if too_mild else ""
