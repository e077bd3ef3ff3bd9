"""Which of an incident's alerts fire now, beside the worst one, whose text the card shows.

``card`` calls it.
"""

from collections.abc import Iterator
from itertools import groupby

from responder.delivery import mrkdwn
from responder.incident import Firing, Incident, IncidentState

#: Named on a card; more is no compact line any more.
MOST = 5
_WHAT = 60


def line(incident: Incident) -> str:
    """The worst by name: "*CRITICAL* db-2 · *HIGH* db-1"; empty where the header names all."""
    if incident.state is not IncidentState.OPEN or not incident.firing_now:
        return ""
    if incident.firing <= 1 and not _shown_is_over(incident):
        return ""
    named = incident.firing_now[:MOST]
    groups = groupby(named, key=lambda one: one.severity)
    parts = [f"*{severity.value}* {', '.join(_whats(ones))}" for severity, ones in groups]
    more = incident.firing - len(named)
    return " · ".join([*parts, f"and {more:,} more"] if more > 0 else parts)


def outdated(incident: Incident) -> str:
    """That the alert whose text is shown is over, or milder by now; empty where it is neither."""
    shown = incident.worst
    if shown is None or incident.state is not IncidentState.OPEN:
        return ""
    if _shown_is_over(incident):
        return f"This {shown.severity.value} alert is over; what still fires is named above"
    now = _now(incident)
    milder = now is not None and shown.severity.worse_than(now.severity)
    return f"It says {now.severity.value} by now" if now and milder else ""


def _whats(ones: Iterator[Firing]) -> Iterator[str]:
    # Of five at most: to make a Counter of them takes ten times as long.
    counted: dict[str, int] = {}
    for one in ones:
        what = mrkdwn.inline(one.what, _WHAT) or "(no title)"
        counted[what] = counted.get(what, 0) + 1
    for what, times in counted.items():
        yield f"{what} \N{MULTIPLICATION SIGN}{times}" if times > 1 else what


def _shown_is_over(incident: Incident) -> bool:
    """Only where all that fires is known by name."""
    all_known = 0 < incident.firing == len(incident.firing_now)
    return incident.worst is not None and all_known and _now(incident) is None


def _now(incident: Incident) -> Firing | None:
    name = incident.worst.name if incident.worst else ""
    return next((one for one in incident.firing_now if one.name == name), None)
