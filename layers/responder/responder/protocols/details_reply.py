"""Performs the steps of ``details``: one reply in the card's thread, under the card's lease.

None of its troubles is the card's: a wait sends a copy for the details alone, a refusal is counted
and left. What a crash leaves behind is told in ``details``.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from responder.card import Card, Intent
from responder.delivery import details as faces
from responder.errors import Permanent, Reason, Retryable
from responder.incident import Incident
from responder.ports import Chat, Message, Place
from responder.protocols import card as cards
from responder.protocols import details, pace, waiting
from responder.protocols.card_messages import (
    SEARCH_MARGIN,
    UPDATE_GAP,
    UPDATES,
    plain_if_refused,
)
from responder.protocols.details import Act
from responder.protocols.grip import Grip
from responder.protocols.waiting import Postponed

#: Details that found their channel busy come back at this many times its pace.
DETAILS_GAP = 2


@dataclass(frozen=True)
class DetailsReply:
    """The details reply of the card that one worker holds."""

    grip: Grip
    chat: Chat
    gap: timedelta
    new_id: Callable[[], str]

    def advance(self, incident: Incident, card: Card) -> None:
        """Bring the reply nearer to what it should show, or leave it for later, or for good."""
        contents = faces.contents(incident)
        if not self.chat.editable:
            # The bot's token was taken away: nothing of ours can be reached any more.
            self.grip.change(lambda card: details.done(card, contents))
            return
        try:
            self._perform(incident, card, contents)
        except Postponed as wait:
            self._later(incident, wait, contents)
        except Retryable as error:
            first_sent = self.grip.announcement.first_sent
            until = waiting.next_try(first_sent, self.grip.now(), error.after)
            self._later(incident, Postponed(until, error.reason), contents)
        except Permanent as error:
            self._refuse(incident, error.reason, contents)

    def _perform(self, incident: Incident, card: Card, contents: str) -> None:
        settle, intent = self.grip.timing.settle, card.details.intent
        match details.next_act(card.details, self.grip.now(), settle):
            case Act.WAIT if intent is not None:
                raise Postponed(intent.at + settle, Reason.INTENT_UNSETTLED)
            case Act.FIND if intent is not None:
                self._find(intent, incident, card)
            case Act.POST:
                self._post(incident, card, contents)
            case Act.UPDATE:
                self._update(incident, card, contents)

    def _post(self, incident: Incident, card: Card, contents: str) -> None:
        self._take_spare_slot(card.channel, self.gap)
        intent = Intent(delivery_id=self.new_id(), at=self.grip.now())
        message = faces.render(incident, shortened=card.shortened)

        def post(message: Message) -> Place:
            return self.chat.post(cards.where(card), message, intent.delivery_id, card.ts)

        self.grip.change(lambda card: details.intended(card, intent))
        try:
            place = plain_if_refused(post, message, self.grip.telemetry)
        except Retryable as error:
            if error.took_effect is False:
                self.grip.change(details.absent)
            raise
        self.grip.change(lambda card: details.posted(card, place.ts, contents))
        self.grip.telemetry.count("DetailsPosted")
        self.grip.log("Details posted", incident)

    def _update(self, incident: Incident, card: Card, contents: str) -> None:
        self._take_spare_slot(UPDATES, self.gap * UPDATE_GAP)
        delivery_id = f"{incident.incident_id}:details"

        def send(message: Message) -> None:
            self.chat.update(cards.where(card), card.details.ts, message, delivery_id)

        self.grip.change(details.editing)
        message = faces.render(incident, shortened=card.shortened)
        plain_if_refused(send, message, self.grip.telemetry)
        self.grip.change(lambda card: details.done(card, contents))
        self.grip.log("Details updated", incident)

    def _find(self, intent: Intent, incident: Incident, card: Card) -> None:
        since = intent.at - SEARCH_MARGIN
        place = self.chat.find(cards.where(card), intent.delivery_id, since, card.ts)
        if place is None:
            self.grip.change(details.absent)
        else:
            self.grip.change(lambda card: details.posted(card, place.ts, ""))
        self.grip.log("Intent settled", incident, found=place is not None)

    def _take_spare_slot(self, line: str, gap: timedelta) -> None:
        """A slot that nobody waits for; else a turn among the details, after those who wait."""
        now, store = self.grip.now(), self.grip.store
        free = pace.spare(store, line, gap, now)
        if free > now:
            turn = pace.reserve(store, f"{line} details", gap * DETAILS_GAP, free, urgent=False)
            raise Postponed(turn, Reason.PACED)

    def _later(self, incident: Incident, wait: Postponed, contents: str) -> None:
        """A copy comes back for the details alone; the card waits for nothing."""
        if self.grip.too_old():
            self._refuse(incident, Reason.TOO_OLD, contents)
            return
        self.grip.come_back(incident, wait)
        self.grip.change(lambda card: details.postponed(card, wait.until))

    def _refuse(self, incident: Incident, reason: Reason, contents: str) -> None:
        self.grip.telemetry.count("DetailsRefused", reason=reason.value)
        self.grip.log("Details refused", incident, reason=reason.value)
        self.grip.change(lambda card: details.done(card, contents))
