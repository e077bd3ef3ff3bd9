"""The messages of a card: its first one, its edits, its notices; ``deliver`` says what is next.

Each is intent, effect, record; ``card`` tells what a crash between them leaves behind.
"""

from collections.abc import Callable, MutableMapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from responder.alert import Severity
from responder.card import Card, Intent
from responder.delivery import blocks, notices, words
from responder.delivery import card as faces
from responder.errors import Permanent, Reason, Retryable
from responder.incident import Incident, Notice, NoticeKind
from responder.policy.route import Channels, refuge, route
from responder.ports import Chat, Message, Place, Telemetry
from responder.protocols import card as cards
from responder.protocols import card_steps, channels, pace, storms
from responder.protocols.grip import Grip
from responder.protocols.waiting import Postponed

#: The history is searched from this long before the intent, as clocks differ.
SEARCH_MARGIN = timedelta(seconds=60)
#: Edits have a line of their own, so that counters never stand before a first card: about 50 a
#: minute and workspace, https://docs.slack.dev/apis/web-api/rate-limits (chat.update, tier 3).
UPDATES = "chat.update"
UPDATE_GAP = 1.2
#: Told in the channel where the card's thread takes no replies; the card itself says the rest.
_NEVER_UNTOLD = (NoticeKind.SEVERITY_RAISED, NoticeKind.STILL_FIRING, NoticeKind.HELD_PAGE)


@dataclass
class CardMessages:
    """What one worker says of one card; ``slot_free`` while the slot it came with is unused.

    ``names`` are the ids of channels by their names that this process has remembered, ``left`` is
    the card as it stood in a channel whose id is gone.
    What says whether the card was let go of does so with the record of what was done.
    """

    grip: Grip
    chat: Chat
    channels: Channels
    gap: timedelta
    new_id: Callable[[], str]
    names: MutableMapping[str, str]
    slot_free: bool
    reposted: bool = False
    left: Card | None = None

    def post(self, incident: Incident, card: Card) -> bool:
        """The first message; whether the card was let go of."""
        render = faces.render if self.chat.editable else faces.webhook_first
        message = render(incident, self.grip.now())
        place = self._send(incident, card, message, notice=0)
        now, shortened = self.grip.now(), blocks.is_shortened(message.blocks)
        stands_in = card.refused.channel if card.refused else card.channel
        elsewhere = stands_in != route(incident, self.channels).channel
        let_go = self.grip.record(
            lambda card: cards.posted(
                card, incident, place, now, shortened=shortened, elsewhere=elsewhere
            ),
            incident,
        )
        waited = now - incident.first_received_at
        if not incident.synthetic:
            self.grip.telemetry.count("CardsPosted")
            self.grip.telemetry.seconds("TimeToCard", waited.total_seconds())
        by = incident.route.route if incident.route else ""
        self.grip.log(
            "Card posted",
            incident,
            seconds=waited.total_seconds(),
            channel=card.channel,
            route=by,
        )
        return let_go

    def post_analysis(self, incident: Incident, card: Card) -> None:
        """The analysis as a webhook tells it: it cannot edit the first message."""
        message = faces.webhook_analysis(incident, self.grip.now())
        self._send(incident, card, message, notice=card_steps.ANALYSIS_MESSAGE)
        self.grip.change(lambda card: cards.told_analysis(card, incident))
        self.grip.log("Analysis posted", incident)

    def update(self, incident: Incident, card: Card) -> bool:
        """Edit the message, without an intent, as repeating it is harmless; whether let go of."""
        self._take_edit_slot(incident, card)
        delivery_id = f"{incident.incident_id}:card"
        now = self.grip.now()
        message = faces.render(incident, now)

        def send(message: Message) -> None:
            self.chat.update(cards.where(card), card.ts, message, delivery_id)

        try:
            plain_if_refused(send, message, self.grip.telemetry)
        except Permanent as error:
            self._post_anew(incident, error)
            return False
        shortened = blocks.is_shortened(message.blocks)
        let_go = self.grip.record(
            lambda card: cards.updated(card, incident, now, shortened=shortened), incident
        )
        if not incident.synthetic:
            self.grip.telemetry.count("CardsUpdated")
        self.grip.log("Card updated", incident)
        return let_go

    def _post_anew(self, incident: Incident, error: Permanent) -> None:
        """Void a card that somebody deleted, once; raises ``error`` where it says anything else."""
        if error.reason is not Reason.CARD_GONE or not self._void(incident):
            raise error

    def follow_name(self, incident: Incident, card: Card, error: Permanent) -> bool:
        """Void a card whose channel's id is gone, once: its name may lead to another channel."""
        lost = error.reason is Reason.CHANNEL_NOT_FOUND and cards.posted_by_name(card)
        if not (lost and self.chat.editable and self._void(incident)):
            return False
        self.left = card
        return True

    def go_back(self) -> None:
        """The name leads nowhere either: the bot may be let in again, where the card still is."""
        left = self.left
        if left is not None:
            self.grip.change(lambda card: cards.back(card, left))

    def _void(self, incident: Incident) -> bool:
        """The card is posted anew; False where this worker has voided it before."""
        if self.reposted:
            return False
        self.reposted = True
        self.grip.change(lambda card: cards.gone(card, incident))
        self.grip.log("Card gone", incident)
        return True

    def tell(self, notice: Notice, incident: Incident, card: Card) -> bool:
        """A notice: in the card's thread, or where it belongs; whether let go of."""
        if notice.kind is NoticeKind.ESCALATED:
            self._escalate(notice, incident, card, route(incident, self.channels).channel)
        elif not self._said_elsewhere(notice, incident) and not self._reply(notice, incident, card):
            return False
        raised = notice.kind is NoticeKind.SEVERITY_RAISED
        severity = incident.severity if raised else words.severity_now(incident)
        called_for = severity if raised or card_steps.rises(card, notice, severity) else None
        let_go = self.grip.record(
            lambda card: cards.told(card, notice.number, called_for), incident
        )
        self._count_passed_over(notice.number, incident, card)
        return let_go

    def _said_elsewhere(self, notice: Notice, incident: Incident) -> bool:
        if not self.chat.editable:
            # A webhook's analysis message says what the analysis thinks of the severity.
            return notice.kind is NoticeKind.SEVERITY_DOUBTED
        said = card_steps.says_already(notice, incident)
        if said:
            self.grip.telemetry.count("NoticesHeld", reason=Reason.SHOWN_MEANWHILE.value)
        return said

    def _count_passed_over(self, told: int, incident: Incident, card: Card) -> None:
        for _ in card_steps.passed_over(incident, card, told):
            self.grip.telemetry.count("NoticesHeld", reason=Reason.OVERTAKEN.value)

    def _reply(self, notice: Notice, incident: Incident, card: Card) -> bool:
        """In the card's thread; False where that takes no reply, which the next step knows."""
        rises = card_steps.rises(card, notice, words.severity_now(incident))
        if card.thread_closed and not rises and notice.kind not in _NEVER_UNTOLD:
            self.grip.telemetry.count("NoticesRefused", reason=Reason.REFUSED_BY_SLACK.value)
            return True
        held = storms.page_of(self.grip.store, incident, notice)
        alone = card.thread_closed or not self.chat.editable
        message = notices.render(incident, notice, held, standalone=alone, rises=rises)
        thread = cards.thread_of(card)
        try:
            self._send(incident, card, message, notice=notice.number, thread_ts=thread)
        except Permanent as error:
            if alone or error.reason is not Reason.REFUSED_BY_SLACK:
                self._post_anew(incident, error)
                return False
            self._warn_of_refusal(incident, error)
            self.grip.change(cards.without_thread)
            return False
        self._noted(notice, incident)
        return True

    def _escalate(self, notice: Notice, incident: Incident, card: Card, channel: str) -> None:
        """Tell the channel of CRITICAL incidents, where it is another one, of a card elsewhere.

        Where Slack refuses that one, the next one that there is.
        """
        here = (card.channel, card.channel_id)
        if not self.chat.editable or channels.known(self.grip.store, channel) in here:
            return
        message = notices.render(incident, notice, standalone=True, card_in=card.channel)
        try:
            self._send(incident, card, message, notice=notice.number, channel=channel)
        except Permanent as error:
            # The card's own thread has told it, too: it must not suffer from another channel.
            self._refused(incident, error)
            elsewhere = refuge(incident, self.channels, channel)
            if elsewhere != channel:
                self._escalate(notice, incident, card, elsewhere)
            return
        self._noted(notice, incident)

    def _refused(self, incident: Incident, error: Permanent) -> None:
        self.grip.telemetry.count("NoticesRefused", reason=error.reason.value)
        self._warn_of_refusal(incident, error)

    def _warn_of_refusal(self, incident: Incident, error: Permanent) -> None:
        self.grip.telemetry.warning(
            "Notice refused", incident_id=incident.incident_id, detail=str(error)
        )

    def _noted(self, notice: Notice, incident: Incident) -> None:
        self.grip.telemetry.count("NoticesPosted")
        self.grip.log("Notice posted", incident, notice=notice.kind.value)

    def find(self, intent: Intent, incident: Incident, card: Card) -> None:
        """Settle what was left behind: it is in Slack, or it never arrived."""
        thread_ts = cards.thread_of(card) if intent.notice > 0 and not intent.channel else ""
        since = intent.at - SEARCH_MARGIN
        channel = intent.channel or cards.where(card)
        try:
            place = self._look_for(intent.delivery_id, channel, since, thread_ts)
        except Permanent as error:
            if not intent.channel:
                self._post_anew(incident, error)
                return
            self._refused(incident, error)
            self.grip.change(lambda card: cards.told(card, intent.notice))
            self._count_passed_over(intent.notice, incident, card)
            return
        now = self.grip.now()
        if place is None:
            self.grip.change(cards.absent)
        else:
            self.grip.change(lambda card: cards.found(card, intent, place, now))
            self._count_passed_over(intent.notice, incident, card)
            channels.remember(self.grip.store, channel, place.channel, now, self.names)
        self.grip.log("Intent settled", incident, found=place is not None)

    def _look_for(
        self, delivery_id: str, channel: str, since: datetime, thread_ts: str
    ) -> Place | None:
        """By the id that the channel's name had, or by the name where there is no such id now."""
        known = channels.known(self.grip.store, channel)
        try:
            return self.chat.find(known, delivery_id, since, thread_ts)
        except Permanent as error:
            if error.reason is not Reason.CHANNEL_NOT_FOUND or known == channel:
                raise
        return self.chat.find(channel, delivery_id, since, thread_ts)

    def _send(
        self,
        incident: Incident,
        card: Card,
        message: Message,
        *,
        notice: int,
        thread_ts: str = "",
        channel: str = "",
    ) -> Place:
        """Intent, then effect; the caller records the result. A sure refusal voids the intent.

        ``channel`` is where to, empty for the card's own.
        """
        where = channel or cards.where(card)
        self._take_slot(incident, channel or card.channel, self.gap)
        delivery_id = self.new_id()
        now = self.grip.now()

        def post(message: Message) -> Place:
            return self.chat.post(where, message, delivery_id, thread_ts)

        self.grip.change(lambda card: cards.intend(card, delivery_id, now, notice, channel))
        try:
            place = plain_if_refused(post, message, self.grip.telemetry)
        except Retryable as error:
            if error.took_effect is False:
                self.grip.change(cards.absent)
            raise
        except Permanent:
            self.grip.change(cards.absent)
            raise
        channels.remember(self.grip.store, where, place.channel, now, self.names)
        return place

    def _take_slot(self, incident: Incident, line: str, gap: timedelta) -> None:
        if self.slot_free:
            self.slot_free = False
            return
        slot = self._reserve(incident, line, gap)
        if slot > self.grip.now():
            raise Postponed(slot, Reason.PACED, slot_reserved=True)

    def _take_edit_slot(self, incident: Incident, card: Card) -> None:
        """The one that the card has already, unless what is CRITICAL by now has one sooner."""
        now, known = self.grip.now(), card.edit_at
        urgent = incident.severity is Severity.CRITICAL
        if known is not None and (known <= now or card.edit_urgent or not urgent):
            slot = known
        else:
            slot = self._reserve(incident, UPDATES, self.gap * UPDATE_GAP)
            if slot > now:
                self.grip.change(lambda card: cards.edited_at(card, slot, urgent=urgent))
        if slot > now:
            raise Postponed(slot, Reason.PACED)

    def _reserve(self, incident: Incident, line: str, gap: timedelta) -> datetime:
        urgent = incident.severity is Severity.CRITICAL
        return pace.reserve(self.grip.store, line, gap, self.grip.now(), urgent=urgent)


def plain_if_refused[T](send: Callable[[Message], T], message: Message, telemetry: Telemetry) -> T:
    """A message that Slack finds invalid goes as plain text: an ugly card beats none."""
    try:
        return send(message)
    except Permanent as error:
        if error.reason is not Reason.INVALID_MESSAGE or not message.blocks:
            raise
        telemetry.count("PlainCards")
        telemetry.warning("Message refused, sent as text", detail=error.detail)
        return send(Message(text=message.text, broadcast=message.broadcast))
