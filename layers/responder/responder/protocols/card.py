"""The card of an incident: exactly one Slack message, edited until it shows the newest revision.

    claim lease ──▶ write intent ──▶ post ──▶ record ts ──▶ … edit, tell … ──▶ release
              (1)              (2)      (3)           (4)                 (5)

What becomes of a ``Card``, pure: ``card_steps`` says what is next, ``deliver`` performs it. Killed
at (1), (4) or (5): the lease runs out; of a new card, whose claim is written with its intent,
nothing is there at (1). Killed at (2) or (3): an intent without a ts is left behind.
It is left alone until it has settled (Slack's time-out plus a margin), then looked for in the
channel's history by its delivery id, and posted again only when absent. A second worker finds the
lease held and raises ``wanted``; the holder renders again before it lets go. A webhook can neither
look up nor edit: there an unsettled post is repeated, which prefers a duplicate to a loss.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from responder.alert import Severity
from responder.card import Card, Details, Intent
from responder.errors import Reason
from responder.incident import Incident, NoticeKind, Refusal
from responder.ports import Place
from responder.protocols import details
from responder.values import changed

#: A slot in the line of edits is good for one try.
NO_SLOT: Mapping[str, object] = {"edit_at": None, "edit_urgent": False}


@dataclass(frozen=True)
class Timing:
    """How long Slack may take (``timeout``), and what follows from it.

    The lease outlives one call by 10 s at least; an intent has settled 10 s after its time-out.
    """

    timeout: timedelta

    @property
    def lease(self) -> timedelta:
        """How long a claim lasts."""
        return self.timeout + timedelta(seconds=15)

    @property
    def step(self) -> timedelta:
        """What a step needs of a lease: one that lasts no longer is renewed first."""
        return self.timeout + timedelta(seconds=10)

    @property
    def settle(self) -> timedelta:
        """When a message that was sent without an answer is either there or will never be."""
        return self.timeout + timedelta(seconds=10)


def settled(card: Card, incident: Incident, now: datetime) -> bool:
    """Whether Slack shows all of the incident, and nothing is left behind or asked for."""
    return (
        card.shown >= max(incident.revision, card.wanted)
        and (card.told >= incident.last_notice or incident.silence is not None)
        and card.intent is None
        and not details.due(card, incident, now)
    )


def analysis_id(incident: Incident) -> str:
    """Tells one analysis of an incident from the next; empty for the triage."""
    return "" if incident.analysis.is_fallback else incident.analysis.made_at.isoformat()


def held_by_other(card: Card | None, me: str, now: datetime) -> bool:
    """Whether another worker holds a live lease of the card."""
    return (
        card is not None
        and bool(card.owner)
        and card.owner != me
        and card.lease_until is not None
        and card.lease_until > now
    )


def claim(card: Card, me: str, now: datetime, timing: Timing) -> Card:
    """The card as its holder holds it.

    It is tried again, whatever became of a dead letter, which may not have been taken: should this
    holder die as well, the tick announces it.
    """
    return card.model_copy(
        update={"owner": me, "lease_until": now + timing.lease, "dead_lettered": False}
    )


def lasts(card: Card, now: datetime, timing: Timing) -> bool:
    """Whether its lease is long enough for another step."""
    return card.lease_until is not None and card.lease_until >= now + timing.step


def renewed(card: Card, me: str, now: datetime, timing: Timing) -> Card:
    """The card with a lease that lasts for another step; as it is where it does."""
    return card if lasts(card, now, timing) else claim(card, me, now, timing)


def ask_for(card: Card, revision: int) -> Card:
    """The card whose holder must show at least ``revision`` before it lets go."""
    return card.model_copy(update={"wanted": max(card.wanted, revision)})


def intend(card: Card, delivery_id: str, now: datetime, notice: int = 0, channel: str = "") -> Card:
    """The card with an intent, written before anything is sent; ``channel`` is another one's."""
    intent = Intent(delivery_id=delivery_id, at=now, notice=notice, channel=channel)
    return card.model_copy(update={"intent": intent})


def unposted(card: Card) -> bool:
    """Whether nothing of this card is in Slack, or on its way: its channel is still open."""
    return not card.ts and not card.posted and card.intent is None


def gone(card: Card, incident: Incident) -> Card:
    """Somebody deleted the message, or it cannot be edited any more: it is posted anew.

    So are its details, and a storm's list that was not told to its end, in the new thread.
    """
    pages = _pages(incident)
    halfway = pages and card.told < pages[-1]
    return card.model_copy(
        update={
            "told": min(card.told, pages[0] - 1) if halfway else card.told,
            "ts": "",
            "channel_id": "",
            "posted": False,
            "shown": 0,
            "intent": None,
            "thread_closed": False,
            "details": Details(),
            **NO_SLOT,
        }
    )


def back(card: Card, left: Card) -> Card:
    """Where it stood, as long as it was posted nowhere else."""
    if not unposted(card):
        return card
    fields = ("told", "ts", "channel_id", "posted", "shown", "thread_closed", "details")
    return card.model_copy(update={name: getattr(left, name) for name in fields})


def addressed(card: Card, channel: str, refuge: str) -> Card:
    """The unposted card bound for ``channel``, or for ``refuge`` where Slack refused that one."""
    refused = card.refused if card.refused and card.refused.channel == channel else None
    return changed(card, {"channel": refuge if refused else channel, "refused": refused})


def turned_away(card: Card, incident: Incident, refuge: str, reason: Reason) -> Card:
    """Slack does not take the card to its channel (any more): it is posted anew in ``refuge``."""
    refused = Refusal(channel=card.channel, reason=reason.value)
    return gone(card, incident).model_copy(update={"channel": refuge, "refused": refused})


def let_go(card: Card) -> Card:
    """Give the lease back; an intent stays for who comes next."""
    return card.model_copy(update={"owner": "", "lease_until": None})


def posted_by_name(card: Card) -> bool:
    """Whether Slack told another channel's id than what it was posted to."""
    return card.channel_id not in ("", card.channel)


def where(card: Card) -> str:
    """The channel by the id that Slack told; by what is configured until anything is posted."""
    return card.channel_id or card.channel


def posted(
    card: Card,
    incident: Incident,
    place: Place,
    now: datetime,
    *,
    shortened: bool,
    elsewhere: bool = False,
) -> Card:
    """The first message is out and shows ``incident``, its notices and analysis included.

    ``elsewhere``: not where the channel of what is CRITICAL would be, which is to be told of it.
    """
    return card.model_copy(
        update={
            "ts": place.ts,
            "channel_id": place.channel,
            "posted": True,
            "posted_at": now,
            "shown": incident.revision,
            "shown_at": now,
            "shortened": shortened,
            "told": max(card.told, _told_by_the_card(incident, elsewhere=elsewhere)),
            "told_severity": incident.severity,
            "told_analysis": analysis_id(incident),
            "intent": None,
        }
    )


def _told_by_the_card(incident: Incident, *, elsewhere: bool) -> int:
    """The last notice that the card itself says: a storm's list is in its thread alone."""
    beside = {NoticeKind.HELD_PAGE, *([NoticeKind.ESCALATED] if elsewhere else [])}
    numbers = (one.number for one in incident.notices if one.kind in beside)
    return next(numbers, incident.last_notice + 1) - 1


def _pages(incident: Incident) -> list[int]:
    """The numbers of the notices that are a storm's list."""
    return [one.number for one in incident.notices if one.kind is NoticeKind.HELD_PAGE]


def found(card: Card, intent: Intent, place: Place, now: datetime) -> Card:
    """The left-behind message was there after all; what it shows is unknown, so it is edited."""
    if intent.notice:
        return told(card, intent.notice)
    return card.model_copy(
        update={
            "ts": place.ts,
            "channel_id": place.channel,
            "posted": True,
            "posted_at": now,
            "shown": 0,
            "intent": None,
        }
    )


def without_thread(card: Card) -> Card:
    """Slack takes no replies in the card's thread: what people must hear goes to the channel."""
    return card.model_copy(update={"intent": None, "thread_closed": True})


def thread_of(card: Card) -> str:
    """Where replies go; empty for the channel itself."""
    return "" if card.thread_closed else card.ts


def absent(card: Card) -> Card:
    """The left-behind message never arrived: the intent is void."""
    return card.model_copy(update={"intent": None})


def updated(card: Card, incident: Incident, now: datetime, *, shortened: bool) -> Card:
    """Slack shows this revision now."""
    return card.model_copy(
        update={
            "shown": incident.revision,
            "shown_at": now,
            "shortened": shortened,
            **NO_SLOT,
        }
    )


def edited_at(card: Card, slot: datetime, *, urgent: bool) -> Card:
    """It has this slot in Slack's line of edits, whoever comes for it meanwhile."""
    return card.model_copy(update={"edit_at": slot, "edit_urgent": urgent})


def told(card: Card, number: int, called_for: Severity | None = None) -> Card:
    """A notice is told; ``called_for`` is the severity for which it called people."""
    return card.model_copy(
        update={
            "told": max(card.told, number),
            "told_severity": called_for or card.told_severity,
            "intent": None,
        }
    )


def told_analysis(card: Card, incident: Incident) -> Card:
    """The webhook's analysis message is out."""
    return card.model_copy(
        update={"told_analysis": analysis_id(incident), "shown": incident.revision, "intent": None}
    )


def release(card: Card) -> Card:
    """Let go: everything is shown, nothing waits."""
    return card.model_copy(
        update={
            "owner": "",
            "lease_until": None,
            "wanted": 0,
            "next_try": None,
            "waits_for": "",
            "first_sent": None,
            "dead_lettered": False,
            **NO_SLOT,
            "reported_at": None,
            "reported_as": None,
        }
    )


def done(card: Card, incident: Incident, now: datetime) -> Card:
    """The card after a step: let go of in the same write where nothing is missing any more."""
    return release(card) if settled(card, incident, now) else card
