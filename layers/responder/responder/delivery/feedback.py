"""What a card says of a person's word on its analysis. Used by ``card``."""

from responder.delivery import mrkdwn
from responder.incident import Incident, Mark

_NAME, _NOTE = 60, 300
_SAID = {
    Mark.RIGHT: "👍 Confirmed",
    Mark.WRONG: "👎 Marked wrong",
    Mark.NOISE: "🔇 Marked as noise",
}


def line(incident: Incident) -> list[str]:
    """Who said what; nothing where nobody said anything."""
    said = incident.feedback
    if said is None:
        return []
    name, note = mrkdwn.inline(said.by, _NAME), mrkdwn.inline(said.note, _NOTE)
    by = f" by {name}" if name else ""
    return [f"{_which(incident, said.mark)}{by}{f': {note}' if note else ''}"]


def _which(incident: Incident, mark: Mark) -> str:
    """The mark; it names its analysis where that is no longer the one below it."""
    said = incident.feedback
    if said is None or said.made_at == incident.analysis.made_at or mark is Mark.NOISE:
        return _SAID[mark]
    return f"{_SAID[mark]}, the analysis before this one,"
