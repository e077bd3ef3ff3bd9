"""What happened to an incident, in order; from its own item and its card's."""

from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple

from responder.card import Card
from responder.incident import Incident, IncidentState, NoticeKind

#: What a notice says, for a person.
NOTICES = {
    NoticeKind.SEVERITY_RAISED: "severity raised",
    NoticeKind.REFIRED: "fired again",
    NoticeKind.RESOLVED: "resolved",
    NoticeKind.FLAPPING: "began to flap",
    NoticeKind.STILL_FIRING: "reminded: still firing",
    NoticeKind.HELD_PAGE: "what it held was listed, page",
    NoticeKind.SEVERITY_DOUBTED: "severity doubted",
    NoticeKind.ESCALATED: "told in the channel of CRITICAL incidents",
}


class Event(NamedTuple):
    """One thing that happened."""

    at: datetime
    what: str


def timeline(incident: Incident, card: Card | None) -> list[Event]:
    """All that is known, the earliest first."""
    found = [*_of_incident(incident), *_of_notices(incident, card), *_of_card(card)]
    return sorted(found, key=lambda one: one.at)


def _of_incident(one: Incident) -> Iterator[Event]:
    yield Event(one.first_seen, "first alert, by the tool's clock")
    yield Event(one.first_received_at, "first alert accepted")
    yield Event(one.opened_at, "incident opened")
    if one.last_seen > one.first_seen:
        yield Event(one.last_seen, "last alert, by the tool's clock")
    if one.analysis_requested_at is not None:
        yield Event(one.analysis_requested_at, "analysis asked for")
    if not one.analysis.is_fallback:
        yield Event(one.analysis.made_at, f"analysis by {one.analysis.made_by}")
    if one.resolved_at is not None:
        closed = one.state is IncidentState.CLOSED
        yield Event(one.resolved_at, "closed as quiet" if closed else "over")
    if one.told_from is not None:
        yield Event(one.told_from, "what had held it ended")
    if one.unshown_since is not None:
        yield Event(one.unshown_since, "since then Slack does not show it")
    if one.feedback is not None:
        note = f": {one.feedback.note}" if one.feedback.note else ""
        yield Event(one.feedback.at, f"{one.feedback.by} said {one.feedback.mark.value}{note}")


def _of_notices(one: Incident, card: Card | None) -> Iterator[Event]:
    told = card.told if card else 0
    for notice in one.notices:
        detail = f": {notice.detail}" if notice.detail else ""
        waits = "" if notice.number <= told else " (not told yet)"
        yield Event(notice.at, f"{NOTICES[notice.kind]}{detail}{waits}")


def _of_card(card: Card | None) -> Iterator[Event]:
    if card is None:
        return
    if card.posted_at is not None:
        yield Event(card.posted_at, f"card posted in {card.channel}")
    if card.shown_at is not None and card.shown_at != card.posted_at:
        yield Event(card.shown_at, "card last edited")
    if card.next_try is not None and card.waits_for:
        yield Event(card.next_try, f"next try, as it waits: {card.waits_for}")
    if card.reported_at is not None:
        yield Event(card.reported_at, "operators told that Slack does not show it")
