"""The details reply: at most one in a card's thread, with what the card has no room for.

    turn of its own ──▶ write intent ──▶ reply ──▶ record ts ──▶ … edit for a new analysis …
                  (1)              (2)       (3)           (4)

Pure steps on a card's ``Details``; ``details_reply`` performs them under the card's lease, when
nothing else is missing. Killed at (1) or (4): the redelivered announcement goes on, or the tick
announces it. Killed at (2) or (3): the intent is left alone until it has settled, then looked for
in the thread, and posted again only when absent; an edit is repeated. It comes last: it takes a
slot of its channel only where nobody waits for one, and no wait or refusal of it keeps the card
from anything. A second worker finds the card's lease held.
"""

from datetime import datetime, timedelta
from enum import Enum, auto

from responder.card import Card, Details, Intent
from responder.delivery import details as faces
from responder.incident import Incident


class Act(Enum):
    """What is to be done next for a details reply."""

    FIND = auto()
    WAIT = auto()
    POST = auto()
    UPDATE = auto()


def missing(card: Card, incident: Incident) -> bool:
    """Whether the reply is missing or old; only a bot has threads."""
    details = card.details
    if not card.ts:
        return False
    if details.intent is not None:
        return True
    if details.shows == faces.contents(incident):
        return False
    # Nobody is told anything under a silence; what stands is kept up to date.
    if details.ts:
        return True
    return incident.silence is None and faces.wanted(incident, shortened=card.shortened)


def due(card: Card, incident: Incident, now: datetime) -> bool:
    """Whether the reply is missing or old, and its turn has come."""
    waits = card.details.next_try
    return (waits is None or now >= waits) and missing(card, incident)


def next_act(details: Details, now: datetime, settle: timedelta) -> Act:
    """The next act for a reply that is due; ``settle`` is how long an intent is left alone."""
    if details.intent is not None:
        return Act.FIND if now >= details.intent.at + settle else Act.WAIT
    return Act.UPDATE if details.ts else Act.POST


def intended(card: Card, intent: Intent) -> Card:
    """The card with the intent to reply, written before anything is sent."""
    return _with(card, {"intent": intent})


def absent(card: Card) -> Card:
    """The reply never arrived: the intent is void."""
    return _with(card, {"intent": None})


def posted(card: Card, ts: str, contents: str) -> Card:
    """The reply is there and shows ``contents``; empty where nobody knows, so that it is edited."""
    return _with(card, {"ts": ts, "shows": contents, "intent": None, "next_try": None})


def editing(card: Card) -> Card:
    """An edit is on its way: until it is recorded, nobody knows what the reply shows.

    An incident that fires again may want what stood there before the edit.
    """
    return _with(card, {"shows": ""})


def done(card: Card, contents: str) -> Card:
    """Slack shows ``contents``, or refuses them for good: they are not sent again."""
    return _with(card, {"shows": contents, "intent": None, "next_try": None})


def postponed(card: Card, until: datetime) -> Card:
    """A copy of the announcement is under way that returns at ``until``."""
    return _with(card, {"next_try": until})


def _with(card: Card, update: dict[str, object]) -> Card:
    return card.model_copy(update={"details": card.details.model_copy(update=update)})
