"""The distribution queues' lane: performs the steps of ``card`` until Slack shows the incident.

It decides nothing from the order of messages: it reads the incident and the card, does what is
missing and ends. Timelines and what a crash leaves behind are told in ``card``.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from responder.alert import Severity
from responder.clock import Clock
from responder.contracts import Announcement
from responder.delivery import card as faces
from responder.delivery import details as detail_faces
from responder.delivery import notices, plain
from responder.errors import Permanent, Reason, Retryable
from responder.incident import Card, Incident, Intent, Notice, NoticeKind
from responder.policy.route import Channels, refuge, route
from responder.ports import Chat, Key, Message, Place, Queues, Store, Telemetry
from responder.protocols import announcing, details, items, pace, storms, waiting
from responder.protocols import card as cards
from responder.protocols.card import Act, Step, Timing
from responder.protocols.operators import Operators

#: Slack is waited for this long; then the announcement goes to the dead-letter queue.
PATIENCE = timedelta(hours=12)
#: The history is searched from this long before the intent, as clocks differ.
SEARCH_MARGIN = timedelta(seconds=60)
#: Edits have a line of their own, so that counters never stand before a first card: about 50 a
#: minute and workspace, https://docs.slack.dev/apis/web-api/rate-limits (chat.update, tier 3).
UPDATES = "chat.update"
UPDATE_GAP = 1.2
#: Details that found their channel busy come back at this many times its pace.
DETAILS_GAP = 2


class LeaseLost(Exception):
    """Another worker took the card over; it sees to everything that is missing."""


class Postponed(Exception):
    """The next step has to wait until ``until``."""

    def __init__(self, until: datetime, reason: Reason, *, slot_reserved: bool = False) -> None:
        """Keep when to go on, why not now, and whether a pace slot is reserved for then."""
        super().__init__(reason.value)
        self.until = until
        self.reason = reason
        self.slot_reserved = slot_reserved


@dataclass(frozen=True)
class Deliverer:
    """The distribution lane with its ports. ``gap`` is the pace of a channel."""

    store: Store
    queues: Queues
    chat: Callable[[Incident], Chat]
    channels: Channels
    telemetry: Telemetry
    now: Clock
    new_id: Callable[[], str]
    timing: Timing
    gap: timedelta
    operators: Operators

    def handle(self, announcement: Announcement) -> None:
        """Bring the card up to date, or wait as a delayed copy. Raises Permanent for the DLQ."""
        now = self.now()
        incident = items.load(self.store, items.incident_item(announcement.incident_id), Incident)
        if incident is None:
            self.telemetry.warning("Incident has expired", incident_id=announcement.incident_id)
            return
        if announcement.not_before is not None and announcement.not_before > now:
            self._wait(announcement, incident, announcement.not_before, Reason.PACED)
            return
        if announcement.trouble is not None:
            self.operators.tell(announcement, announcement.trouble, incident)
            return
        Delivery(self, announcement, self.new_id()).run(incident)

    def _wait(
        self, announcement: Announcement, incident: Incident, until: datetime, reason: Reason
    ) -> None:
        waiting.send_copy(
            self.queues,
            announcing.queue_of(incident),
            announcement,
            until,
            self.now(),
            reason,
            self.telemetry,
        )


class Delivery:
    """One announcement being delivered by one worker (``me``)."""

    def __init__(self, lane: Deliverer, announcement: Announcement, me: str) -> None:
        """Nothing is read or sent yet."""
        self._lane = lane
        self._announcement = announcement
        self._me = me
        self._slot_free = announcement.slot_reserved
        self._reposted = False

    def run(self, incident: Incident) -> None:
        """Claim the card, do what is missing, let go; every way out leaves nothing unattended."""
        try:
            if self._claim(incident):
                self._show_everything(incident, self._lane.chat(incident))
        except LeaseLost:
            self._lane.telemetry.info("Lease lost", incident_id=incident.incident_id)
        except Postponed as wait:
            self._postpone(incident, wait)
        except Retryable as error:
            self._retry_later(incident, error)
        except Permanent as error:
            self._give_up(incident, error)
            raise
        except Exception:
            # A bug must not keep the lease: the next receive would only ask the dead holder.
            self._change(incident, cards.let_go, owned=False)
            raise

    def _claim(self, incident: Incident) -> bool:
        """Take the lease where something is missing; else leave, asking the holder for more."""
        now = self._lane.now()

        def step(card: Card | None) -> Card | None:
            blank = Card(
                incident_id=incident.incident_id,
                channel=route(incident, self._lane.channels).channel,
            )
            card = card or blank
            held_by_other = cards.held_by_other(card, self._me, now)
            # Not while somebody is about to post: he would look for it in another channel.
            if cards.unposted(card) and not held_by_other:
                card = cards.addressed(card, blank.channel, self._refuge(incident))
            if incident.held and cards.unposted(card):
                return None
            if cards.settled(card, incident, now) and not card.owner:
                return cards.release(card)
            if held_by_other or cards.waits_elsewhere(card, incident, now):
                return cards.ask_for(card, incident.revision)
            return cards.claim(card, self._me, now, self._lane.timing)

        card = items.change(self._lane.store, self._key(incident), Card, step, now)
        if incident.held and (card is None or cards.unposted(card)):
            self._log("Card held", incident, held=incident.held)
        return card is not None and card.owner == self._me

    def _show_everything(self, incident: Incident, chat: Chat) -> None:
        """Steps until nothing is missing; what changed meanwhile is read before letting go."""
        while True:
            card = self._owned(incident)
            step = cards.next_step(
                incident, card, self._lane.now(), self._lane.timing, editable=chat.editable
            )
            if step.act is not Act.NOTHING:
                self._perform_or_flee(step, incident, card, chat)
                continue
            if self._release(incident):
                return
            incident = self._newest(incident)

    def _perform_or_flee(self, step: Step, incident: Incident, card: Card, chat: Chat) -> None:
        """A step; a card that Slack does not take to its channel goes to the default one."""
        try:
            self._perform(step, cards.as_it_stands(incident, card), card, chat)
        except Permanent as error:
            refuge = self._refuge(incident)
            # A webhook has one channel, whatever the routes say.
            stays = not chat.editable or refuge in ("", card.channel)
            if error.reason not in cards.TURNED_AWAY or stays:
                raise
            if step.act is Act.FIND:
                # Nobody can look there: posting shows whether the channel can be posted to.
                self._change(incident, cards.absent)
                return
            reason = error.reason
            self._change(incident, lambda card: cards.turned_away(card, refuge, reason))
            self._lane.telemetry.count("CardsRedirected", reason=reason.value)
            self._lane.telemetry.warning(
                "Card redirected", incident_id=incident.incident_id, detail=error.detail
            )

    def _refuge(self, incident: Incident) -> str:
        return refuge(incident, self._lane.channels)

    def _perform(self, step: Step, incident: Incident, card: Card, chat: Chat) -> None:
        match step.act:
            case Act.WAIT if step.until is not None:
                raise Postponed(step.until, Reason.INTENT_UNSETTLED)
            case Act.FIND if step.intent is not None:
                self._find(step, incident, card, chat)
            case Act.POST:
                self._post(incident, card, chat)
            case Act.POST_ANALYSIS:
                self._post_analysis(incident, card, chat)
            case Act.TELL:
                self._tell(step, incident, card, chat)
            case Act.UPDATE:
                self._update(incident, card, chat)
            case Act.DETAIL:
                self._detail(incident, card, chat)
            case Act.NOTE:
                now = self._lane.now()
                self._change(incident, lambda card: cards.updated(card, incident, now))

    def _post(self, incident: Incident, card: Card, chat: Chat) -> None:
        render = faces.render if chat.editable else faces.webhook_first
        message = render(incident, self._lane.now())
        place = self._send(incident, card, chat, message, notice=0)
        now = self._lane.now()
        self._change(incident, lambda card: cards.posted(card, incident, place, now))
        self._lane.telemetry.count("CardsPosted")
        waited = now - incident.first_received_at
        self._lane.telemetry.seconds("TimeToCard", waited.total_seconds())
        by = incident.route.route if incident.route else ""
        self._log(
            "Card posted",
            incident,
            seconds=waited.total_seconds(),
            channel=card.channel,
            route=by,
        )

    def _post_analysis(self, incident: Incident, card: Card, chat: Chat) -> None:
        message = faces.webhook_analysis(incident, self._lane.now())
        self._send(incident, card, chat, message, notice=cards.ANALYSIS_MESSAGE)
        self._change(incident, lambda card: cards.told_analysis(card, incident))
        self._log("Analysis posted", incident)

    def _tell(self, step: Step, incident: Incident, card: Card, chat: Chat) -> None:
        notice = step.notice
        if notice is None:
            return
        if notice.kind is NoticeKind.ESCALATED:
            self._escalate(notice, incident, card, chat)
        elif chat.editable or notice.kind is not NoticeKind.SEVERITY_DOUBTED:
            held = storms.page_of(self._lane.store, incident, notice)
            message = notices.render(incident, notice, held, standalone=not chat.editable)
            self._send(incident, card, chat, message, notice=notice.number, thread_ts=card.ts)
            self._noted(notice, incident)
        # What a webhook's analysis message says of the severity is told by it.
        self._change(incident, lambda card: cards.told(card, notice.number))

    def _escalate(self, notice: Notice, incident: Incident, card: Card, chat: Chat) -> None:
        """Tell the channel of CRITICAL incidents, where it is another one, of a card elsewhere."""
        channel = route(incident, self._lane.channels).channel
        if not chat.editable or channel == card.channel:
            return
        message = notices.render(incident, notice, standalone=True, card_in=card.channel)
        try:
            self._send(incident, card, chat, message, notice=notice.number, channel=channel)
        except Permanent as error:
            self._not_escalated(incident, error)
            return
        self._noted(notice, incident)

    def _not_escalated(self, incident: Incident, error: Permanent) -> None:
        """The card's own thread has told it, too: it must not suffer from another channel."""
        self._lane.telemetry.count("NoticesRefused", reason=error.reason.value)
        self._lane.telemetry.warning(
            "Notice refused", incident_id=incident.incident_id, detail=str(error)
        )

    def _noted(self, notice: Notice, incident: Incident) -> None:
        self._lane.telemetry.count("NoticesPosted")
        self._log("Notice posted", incident, notice=notice.kind.value)

    def _update(self, incident: Incident, card: Card, chat: Chat) -> None:
        """Edit the message; no intent is needed, as repeating an edit is harmless."""
        self._take_slot(incident, UPDATES, self._lane.gap * UPDATE_GAP)
        delivery_id = f"{incident.incident_id}:card"
        now = self._lane.now()

        def send(message: Message) -> None:
            chat.update(cards.where(card), card.ts, message, delivery_id)

        try:
            self._plain_if_refused(send, faces.render(incident, now))
        except Permanent as error:
            if error.reason is not Reason.CARD_GONE or self._reposted:
                raise
            self._reposted = True
            self._change(incident, cards.gone)
            self._log("Card gone", incident)
            return
        self._change(incident, lambda card: cards.updated(card, incident, now))
        self._lane.telemetry.count("CardsUpdated")
        self._log("Card updated", incident)

    def _find(self, step: Step, incident: Incident, card: Card, chat: Chat) -> None:
        intent = step.intent
        if intent is None:
            return
        thread_ts = card.ts if intent.notice > 0 and not intent.channel else ""
        since = intent.at - SEARCH_MARGIN
        channel = intent.channel or cards.where(card)
        try:
            place = chat.find(channel, intent.delivery_id, since, thread_ts)
        except Permanent as error:
            if not intent.channel:
                raise
            self._not_escalated(incident, error)
            self._change(incident, lambda card: cards.told(card, intent.notice))
            return
        now = self._lane.now()
        if place is None:
            self._change(incident, cards.absent)
        else:
            self._change(incident, lambda card: cards.found(card, intent, place, now))
        self._log("Intent settled", incident, found=place is not None)

    def _detail(self, incident: Incident, card: Card, chat: Chat) -> None:
        """Bring the details reply up to date; none of its troubles is the card's."""
        contents = detail_faces.contents(incident)
        if not chat.editable:
            # The bot's token was taken away: nothing of ours can be reached any more.
            self._change(incident, lambda card: details.done(card, contents))
            return
        try:
            self._advance_details(incident, card, chat, contents)
        except Postponed as wait:
            self._detail_later(incident, wait, contents)
        except Retryable as error:
            until = waiting.next_try(self._announcement.first_sent, self._lane.now(), error.after)
            self._detail_later(incident, Postponed(until, error.reason), contents)
        except Permanent as error:
            self._refuse_details(incident, error.reason, contents)

    def _advance_details(self, incident: Incident, card: Card, chat: Chat, contents: str) -> None:
        settle, intent = self._lane.timing.settle, card.details.intent
        match details.next_act(card.details, self._lane.now(), settle):
            case details.Act.WAIT if intent is not None:
                raise Postponed(intent.at + settle, Reason.INTENT_UNSETTLED)
            case details.Act.FIND if intent is not None:
                self._find_details(intent, incident, card, chat)
            case details.Act.POST:
                self._post_details(incident, card, chat, contents)
            case details.Act.UPDATE:
                self._update_details(incident, card, chat, contents)

    def _post_details(self, incident: Incident, card: Card, chat: Chat, contents: str) -> None:
        self._take_spare_slot(card.channel, self._lane.gap)
        intent = Intent(delivery_id=self._lane.new_id(), at=self._lane.now())

        def post(message: Message) -> Place:
            return chat.post(cards.where(card), message, intent.delivery_id, card.ts)

        self._change(incident, lambda card: details.intended(card, intent))
        try:
            place = self._plain_if_refused(post, detail_faces.render(incident))
        except Retryable as error:
            if error.took_effect is False:
                self._change(incident, details.absent)
            raise
        self._change(incident, lambda card: details.posted(card, place.ts, contents))
        self._lane.telemetry.count("DetailsPosted")
        self._log("Details posted", incident)

    def _update_details(self, incident: Incident, card: Card, chat: Chat, contents: str) -> None:
        self._take_spare_slot(UPDATES, self._lane.gap * UPDATE_GAP)
        delivery_id = f"{incident.incident_id}:details"

        def send(message: Message) -> None:
            chat.update(cards.where(card), card.details.ts, message, delivery_id)

        self._change(incident, details.editing)
        self._plain_if_refused(send, detail_faces.render(incident))
        self._change(incident, lambda card: details.done(card, contents))
        self._log("Details updated", incident)

    def _find_details(self, intent: Intent, incident: Incident, card: Card, chat: Chat) -> None:
        since = intent.at - SEARCH_MARGIN
        place = chat.find(cards.where(card), intent.delivery_id, since, card.ts)
        if place is None:
            self._change(incident, details.absent)
        else:
            self._change(incident, lambda card: details.posted(card, place.ts, ""))
        self._log("Intent settled", incident, found=place is not None)

    def _take_spare_slot(self, line: str, gap: timedelta) -> None:
        """A slot that nobody waits for; else a turn among the details, after those who wait."""
        now, store = self._lane.now(), self._lane.store
        free = pace.spare(store, line, gap, now)
        if free > now:
            turn = pace.reserve(store, f"{line} details", gap * DETAILS_GAP, free, urgent=False)
            raise Postponed(turn, Reason.PACED)

    def _detail_later(self, incident: Incident, wait: Postponed, contents: str) -> None:
        """A copy comes back for the details alone; the card waits for nothing."""
        if self._lane.now() - self._announcement.first_sent >= PATIENCE:
            self._refuse_details(incident, Reason.TOO_OLD, contents)
            return
        copy = self._announcement.model_copy(update={"slot_reserved": False})
        self._lane._wait(copy, incident, wait.until, wait.reason)
        self._change(incident, lambda card: details.postponed(card, wait.until))

    def _refuse_details(self, incident: Incident, reason: Reason, contents: str) -> None:
        self._lane.telemetry.count("DetailsRefused", reason=reason.value)
        self._log("Details refused", incident, reason=reason.value)
        self._change(incident, lambda card: details.done(card, contents))

    def _send(
        self,
        incident: Incident,
        card: Card,
        chat: Chat,
        message: Message,
        *,
        notice: int,
        thread_ts: str = "",
        channel: str = "",
    ) -> Place:
        """Intent, then effect; the caller records the result. A sure refusal voids the intent.

        ``channel`` is where to, empty for the card's own.
        """
        self._take_slot(incident, channel or card.channel, self._lane.gap)
        delivery_id = self._lane.new_id()
        now = self._lane.now()

        def post(message: Message) -> Place:
            return chat.post(channel or cards.where(card), message, delivery_id, thread_ts)

        self._change(incident, lambda card: cards.intend(card, delivery_id, now, notice, channel))
        try:
            return self._plain_if_refused(post, message)
        except Retryable as error:
            if error.took_effect is False:
                self._change(incident, cards.absent)
            raise
        except Permanent:
            self._change(incident, cards.absent)
            raise

    def _plain_if_refused[T](self, send: Callable[[Message], T], message: Message) -> T:
        """A message that Slack finds invalid goes as plain text: an ugly card beats none."""
        try:
            return send(message)
        except Permanent as error:
            if error.reason is not Reason.INVALID_MESSAGE or not message.blocks:
                raise
            self._lane.telemetry.count("PlainCards")
            self._lane.telemetry.warning("Message refused, sent as text", detail=error.detail)
            return send(Message(text=message.text, broadcast=message.broadcast))

    def _take_slot(self, incident: Incident, line: str, gap: timedelta) -> None:
        if self._slot_free:
            self._slot_free = False
            return
        now = self._lane.now()
        urgent = incident.severity is Severity.CRITICAL
        slot = pace.reserve(self._lane.store, line, gap, now, urgent=urgent)
        if slot > now:
            raise Postponed(slot, Reason.PACED, slot_reserved=True)

    def _release(self, incident: Incident) -> bool:
        """Let go when everything is shown by then; False when somebody asked for more."""

        def step(card: Card) -> Card:
            done = cards.settled(card, incident, self._lane.now())
            return cards.release(card) if done else card

        return not self._change(incident, step).owner

    def _retry_later(self, incident: Incident, error: Retryable) -> None:
        now = self._lane.now()
        first_sent = self._announcement.first_sent
        if incident.synthetic and error.reason is Reason.SECRET_MISSING:
            self._hold_synthetic(incident)
            return
        if now - first_sent >= PATIENCE:
            too_old = Permanent(Reason.TOO_OLD, f"Slack not reached for 12 h: {error}")
            self._give_up(incident, too_old)
            raise too_old from error
        self._lane.telemetry.warning(
            "Not delivered yet", incident_id=incident.incident_id, detail=str(error)
        )
        if now - first_sent >= self._lane.operators.after:
            self._report_wait(incident, error)
        until = waiting.next_try(first_sent, now, error.after)
        self._postpone(incident, Postponed(until, error.reason))

    def _report_wait(self, incident: Incident, error: Retryable) -> None:
        """Report, then record it: a second report of the same trouble is told to nobody."""
        now = self._lane.now()
        card = self._change(incident, lambda card: card, owned=False)
        if cards.to_report(card, incident, now):
            self._lane.operators.report(self._announcement, incident, error)
            self._change(incident, lambda card: cards.reported(card, incident, now), owned=False)

    def _give_up(self, incident: Incident, error: Permanent) -> None:
        """The card's text goes with the dead letter, and operators are told on another way."""
        self._change(incident, cards.give_up, owned=False)
        self._lane.operators.report(self._announcement, incident, error)
        error.card = plain.card(incident)

    def _hold_synthetic(self, incident: Incident) -> None:
        """Nobody set a test channel's secret: nobody waits for the card of a check, either."""
        self._change(incident, cards.give_up, owned=False)
        self._lane.telemetry.count("AlertsHeld", reason=Reason.NO_TEST_CHANNEL.value)
        self._log("Synthetic alert held", incident)

    def _postpone(self, incident: Incident, wait: Postponed) -> None:
        """The copy first, then the lease: killed between them, the lease runs out by itself.

        What the copy will show is asked for: another announcement of it need not try, too.
        """
        update = {"slot_reserved": wait.slot_reserved}
        copy = self._announcement.model_copy(update=update)
        self._lane._wait(copy, incident, wait.until, wait.reason)
        first_sent = self._announcement.first_sent
        self._change(
            incident,
            lambda card: cards.ask_for(
                cards.postpone(card, wait.until, first_sent, wait.reason), incident.revision
            ),
            owned=False,
        )

    def _newest(self, incident: Incident) -> Incident:
        key = items.incident_item(incident.incident_id)
        newest = items.load(self._lane.store, key, Incident)
        if newest is None:
            raise LeaseLost
        return newest

    def _owned(self, incident: Incident) -> Card:
        """The card as it is now, its lease renewed for the next step."""
        now = self._lane.now()
        return self._change(
            incident, lambda card: cards.claim(card, self._me, now, self._lane.timing)
        )

    def _change(
        self, incident: Incident, step: Callable[[Card], Card], *, owned: bool = True
    ) -> Card:
        """Write the card; with ``owned`` only while the lease is ours, else LeaseLost."""

        def guarded(card: Card | None) -> Card | None:
            if card is None or card.owner != self._me:
                if owned:
                    raise LeaseLost
                return None
            return step(card)

        card = items.change(self._lane.store, self._key(incident), Card, guarded, self._lane.now())
        return card or Card(incident_id=incident.incident_id, channel="")

    def _key(self, incident: Incident) -> Key:
        return items.card_item(incident.incident_id)

    def _log(self, message: str, incident: Incident, **fields: object) -> None:
        self._lane.telemetry.info(
            message,
            incident_id=incident.incident_id,
            signature=incident.signature,
            alert_id=incident.first_alert_id,
            trace=self._announcement.trace or incident.trace,
            revision=incident.revision,
            **fields,
        )
