"""Messages that the reckoning can read, in the renderers' place."""

from collections.abc import Sequence
from datetime import datetime

from responder.incident import Incident, Notice
from responder.ports import Message
from responder.protocols import card_messages, details, details_reply


class PlainFaces:
    """Card and notice texts that the reckoning can read; the real renderer has its own tests."""

    @staticmethod
    def render(incident: Incident, now: datetime) -> Message:
        """The card: which incident, at which revision, with which count."""
        return Message(text=f"card|{incident.incident_id}|{incident.revision}|{incident.count}")


class PlainNotices:
    """Thread replies that the reckoning can read."""

    @staticmethod
    def render(
        incident: Incident,
        notice: Notice,
        held: Sequence[Incident] = (),
        *,
        standalone: bool,
        card_in: str = "",
        rises: bool = False,
    ) -> Message:
        """The notice: which incident, which number."""
        return Message(text=f"notice|{incident.incident_id}|{notice.number}")


class PlainDetails:
    """Details that the reckoning can read; every other problem has some."""

    @staticmethod
    def wanted(incident: Incident, *, shortened: bool) -> bool:
        """By the problem, so that triage and analysis of one incident agree or differ."""
        return not incident.signature.endswith("p1") or not incident.analysis.is_fallback

    @staticmethod
    def contents(incident: Incident) -> str:
        """The analysis that they show."""
        return f"{incident.analysis.made_at.isoformat()} {incident.state}"

    @staticmethod
    def render(incident: Incident, *, shortened: bool = False) -> Message:
        """The details: which incident, which contents."""
        return Message(text=f"details|{incident.incident_id}|{PlainDetails.contents(incident)}")


#: What ``substitutes.replaced`` puts in the renderers' place.
PLAIN_FACES = (
    (card_messages, "faces", PlainFaces),
    (card_messages, "notices", PlainNotices),
    (details_reply, "faces", PlainDetails),
    (details, "faces", PlainDetails),
)
