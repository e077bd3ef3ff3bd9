"""What a card has no room for, as one reply in its thread; the card protocol calls it.

There is a reply only where something was cut: the analysis, the alert's own text, the labels.
"""

from collections.abc import Iterator

from responder.delivery import blocks, card, findings, mrkdwn, words
from responder.incident import Incident, IncidentState
from responder.ports import Message

_SUBJECT, _ID = 240, 120
#: Of one alert's text, with the line above it in one section.
_TEXT = 2_700
_LABEL = 2_500


def wanted(incident: Incident, *, shortened: bool) -> bool:
    """Whether the card leaves out anything; ``shortened``: some of its blocks, as it is shown."""
    return next(_parts(incident, shortened), None) is not None


def contents(incident: Incident) -> str:
    """Names what the reply has to show; it is edited when this changes.

    A new analysis changes it, and the end of the incident, which has the worst alert's text. Each
    repeat does not: that would be an edit for every alert.
    """
    made_at = incident.analysis.made_at.isoformat()
    is_open = incident.state is IncidentState.OPEN
    return made_at if is_open or incident.worst is None else f"{made_at} {incident.worst.alert_id}"


def render(incident: Incident, *, shortened: bool) -> Message:
    """The reply as of now; all that was left out, the most important first."""
    subject = mrkdwn.inline(words.subject(incident), _SUBJECT)
    head = blocks.section(["*Details*: what the card has no room for"])
    footer = blocks.small_print([f"incident {mrkdwn.code(incident.incident_id, _ID) or '-'}"])
    body = list(_parts(incident, shortened))
    return Message(text=f"Details of {subject}", blocks=blocks.fit([head], body, footer))


def _parts(incident: Incident, shortened: bool) -> Iterator[blocks.Block]:
    # Where each text fits and all of them together do not, the card's last blocks are missing.
    if shortened or findings.is_cut(incident.analysis):
        yield from findings.whole(incident)
    if incident.storm is not None:
        # Its text is what Claude is told of it: people have its list.
        return
    if card.text_is_cut(incident):
        yield from blocks.sections(_texts(incident))
    if card.labels_are_cut(incident):
        pairs = (f"{name}={value}" for name, value in incident.labels.items())
        yield from blocks.sections(["*All labels*", *(mrkdwn.code(pair, _LABEL) for pair in pairs)])


def _texts(incident: Incident) -> Iterator[str]:
    first = f"*The first alert*, {mrkdwn.date(incident.first_seen)}"
    yield "\n".join([first, mrkdwn.fence(f"{incident.title}\n{incident.message}", _TEXT)])
    worst = incident.worst
    if worst is None or not worst.speaks_otherwise:
        return
    title, message = words.title(incident), words.message(incident)
    shown = f"*The alert that the card shows*, {mrkdwn.date(worst.at)}"
    yield "\n".join([shown, mrkdwn.fence(f"{title}\n{message}", _TEXT)])
