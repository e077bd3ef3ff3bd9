"""A card that waits for Slack, or was given up, and when operators must hear of that.

``deliver`` lets go of it, ``operators`` reports it; ``card`` has what a card is otherwise.
"""

from datetime import datetime, timedelta

from responder.alert import Severity
from responder.card import Card
from responder.errors import Reason
from responder.incident import Incident
from responder.protocols.card import NO_SLOT, let_go, unposted

#: A card that waits is reported to operators again after this long.
REPORT_AGAIN = timedelta(hours=1)


def postpone(
    card: Card, until: datetime, first_sent: datetime, reason: Reason, revision: int
) -> Card:
    """Let go before a deliberate wait; the oldest announcement's age is kept.

    What is asked for is ``revision``: what came while the lease was held may be in more of a hurry.
    A slot in the line of edits that Slack did not take is used up.
    """
    oldest = min(card.first_sent, first_sent) if card.first_sent else first_sent
    used = reason is not Reason.PACED and (card.edit_at is None or card.edit_at < until)
    return let_go(card).model_copy(
        update={
            **(NO_SLOT if used else {}),
            "next_try": until,
            "waits_for": reason.value,
            "first_sent": oldest,
            "wanted": revision,
        }
    )


def give_up(card: Card) -> Card:
    """Let go: the announcement is in the dead-letter queue, the tick leaves the card alone.

    Where nothing is posted, the next try begins with the card's own channel, which may be mended.
    """
    return let_go(card).model_copy(
        update={
            **NO_SLOT,
            "next_try": None,
            "first_sent": None,
            "dead_lettered": True,
            "refused": None if unposted(card) else card.refused,
        }
    )


def held(card: Card, reason: Reason) -> Card:
    """Let go of the card of a check of our own: nobody waits for it, and the next one tries anew.

    The card remembers the reason; it is in no dead-letter queue.
    """
    return give_up(card).model_copy(update={"waits_for": reason.value})


def reported(card: Card, incident: Incident, now: datetime) -> Card:
    """Operators are told that the card waits."""
    return card.model_copy(update={"reported_at": now, "reported_as": incident.severity})


def news_untold(card: Card, incident: Incident) -> bool:
    """Whether Slack lacks what people must be told of; counters that lag are nobody's trouble."""
    if incident.silence is not None:
        return False
    return not (card.ts or card.posted) or card.told < incident.last_notice


def still_reported(card: Card, incident: Incident) -> bool:
    """Whether what was reported of the card is so still."""
    return card.dead_lettered or news_untold(card, incident)


def to_report(card: Card, incident: Incident, now: datetime) -> bool:
    """Whether operators must hear that it waits: at first, when it gets worse, and every hour."""
    if not news_untold(card, incident):
        return False
    if card.reported_at is None or card.reported_as is None:
        return True
    worse = incident.severity.worse_than(card.reported_as)
    return worse or now - card.reported_at >= REPORT_AGAIN


def waits_elsewhere(
    card: Card | None, incident: Incident, now: datetime, *, has_slot: bool
) -> Reason | None:
    """Whether a copy that will return at ``next_try`` carries this announcement, and why.

    A CRITICAL incident with news does not wait for its pace slot: it takes the next one. Other news
    does not wait for the slot of an edit, which it needs not. A slot that has come waits for no
    later one: the announcement's, which ``has_slot``, or the card's own for its edit.
    """
    if card is None or card.next_try is None or now >= card.next_try:
        return None
    paced = card.waits_for == Reason.PACED.value
    if paced and (has_slot or (card.edit_at is not None and card.edit_at <= now)):
        return None
    if not paced or card.wanted >= incident.revision:
        return Reason.UNAVAILABLE
    for_its_edit = card.next_try == card.edit_at and news_untold(card, incident)
    if for_its_edit or incident.severity is Severity.CRITICAL:
        return None
    return Reason.UNAVAILABLE
