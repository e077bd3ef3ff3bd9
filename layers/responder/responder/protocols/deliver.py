"""The distribution queues' lane: performs the steps of ``card`` until Slack shows the incident.

It decides nothing from the order of messages: it reads the incident and the card, does what is
missing and ends. Timelines and what a crash leaves behind are told in ``card``; what each step
does in Slack is in ``card_messages`` and ``details_reply``.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta

from responder.alert import Severity
from responder.card import Card
from responder.clock import Clock
from responder.contracts import Announcement
from responder.delivery import plain
from responder.errors import Permanent, Reason, Retryable
from responder.incident import Incident
from responder.policy.route import Channels, refuge, route
from responder.ports import Chat, Queues, Store, Telemetry
from responder.protocols import announcing, card_steps, card_waits, items, waiting
from responder.protocols import card as cards
from responder.protocols.card import Timing
from responder.protocols.card_messages import CardMessages
from responder.protocols.card_steps import Act, Step
from responder.protocols.details_reply import DetailsReply
from responder.protocols.grip import Grip, LeaseLost
from responder.protocols.operators import Operators
from responder.protocols.waiting import Postponed


@dataclass(frozen=True)
class Deliverer:
    """The distribution lane with its ports. ``gap`` is the pace of a channel.

    ``names`` are the ids of channels by their names that this process has remembered.
    """

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
    names: dict[str, str] = field(default_factory=dict)

    def handle(self, announcement: Announcement) -> None:
        """Bring the card up to date, or wait as a delayed copy. Raises Permanent for the DLQ."""
        now = self.now()
        incident = items.load(self.store, items.incident_item(announcement.incident_id), Incident)
        if incident is None:
            self.telemetry.warning("Incident has expired", incident_id=announcement.incident_id)
            return
        if announcement.not_before is not None and announcement.not_before > now:
            waiting.send_copy(
                self.queues,
                announcing.queue_of(incident),
                announcement,
                announcement.not_before,
                self.now(),
                Reason.PACED,
                self.telemetry,
            )
            return
        if announcement.trouble is not None:
            self.operators.tell(announcement, announcement.trouble, incident)
            return
        Delivery(self, self._grip(announcement)).run(incident)

    def _grip(self, announcement: Announcement) -> Grip:
        return Grip(
            store=self.store,
            queues=self.queues,
            telemetry=self.telemetry,
            now=self.now,
            timing=self.timing,
            announcement=announcement,
            me=self.new_id(),
        )


@dataclass(frozen=True)
class Delivery:
    """One announcement being delivered by one worker."""

    lane: Deliverer
    grip: Grip

    def run(self, incident: Incident) -> None:
        """Claim the card, do what is missing, let go; every way out leaves nothing unattended."""
        try:
            if self._claim(incident):
                self._show_everything(incident, self.lane.chat(incident))
        except LeaseLost:
            self.lane.telemetry.info("Lease lost", incident_id=incident.incident_id)
        except Postponed as wait:
            self._postpone(incident, wait)
        except Retryable as error:
            self._retry_later(incident, error)
        except Permanent as error:
            self._give_up(incident, error)
        except Exception:
            # A bug must not keep the lease: the next receive would only ask the dead holder.
            self.grip.change(cards.let_go, owned=False)
            raise

    def _claim(self, incident: Incident) -> bool:
        """Take the lease where something is missing; else leave, asking the holder for more."""
        now, me = self.lane.now(), self.grip.me

        def step(card: Card | None) -> Card | None:
            blank = Card(
                incident_id=incident.incident_id,
                channel=route(incident, self.lane.channels).channel,
            )
            card = card or blank
            held_by_other = cards.held_by_other(card, me, now)
            # Not while somebody is about to post: he would look for it in another channel.
            if cards.unposted(card) and not held_by_other:
                elsewhere = refuge(incident, self.lane.channels, blank.channel)
                card = cards.addressed(card, blank.channel, elsewhere)
            if incident.held and cards.unposted(card):
                return None
            if cards.settled(card, incident, now) and not card.owner:
                return cards.release(card)
            has_slot = self.grip.announcement.slot_reserved
            if held_by_other or card_waits.waits_elsewhere(card, incident, now, has_slot=has_slot):
                return cards.ask_for(card, incident.revision)
            return cards.claim(card, me, now, self.lane.timing)

        card = self.grip.claim(step)
        if incident.held and (card is None or cards.unposted(card)):
            self.grip.log("Card held", incident, held=incident.held)
        return card is not None and card.owner == me

    def _show_everything(self, incident: Incident, chat: Chat) -> None:
        """Steps until nothing is missing; what changed meanwhile is read before letting go."""
        lane, slot_free = self.lane, self.grip.announcement.slot_reserved
        messages = CardMessages(
            self.grip, chat, lane.channels, lane.gap, lane.new_id, lane.names, slot_free
        )
        edit_waits: Postponed | None = None
        while True:
            card = self.grip.renew()
            step = card_steps.next_step(
                incident,
                card,
                lane.now(),
                lane.timing,
                editable=chat.editable,
                edit_waits=edit_waits is not None,
            )
            if step.act is Act.NOTHING:
                if edit_waits is not None and card.shown < incident.revision:
                    raise edit_waits
                if self._release(incident):
                    return
                incident = self.grip.newest()
                continue
            try:
                if self._perform_or_flee(step, incident, card, messages):
                    return
            except Postponed as wait:
                if step.act is not Act.UPDATE:
                    raise
                edit_waits = wait

    def _perform_or_flee(
        self, step: Step, incident: Incident, card: Card, messages: CardMessages
    ) -> bool:
        """A step; a card that Slack does not take to its channel goes to the default one.

        True where the card was let go of with the step's own record.
        """
        try:
            return self._perform(
                step, card_steps.as_it_stands(incident, card, step.act), card, messages
            )
        except Permanent as error:
            elsewhere = refuge(incident, self.lane.channels, card.channel)
            reason = error.reason
            # A webhook has one channel, whatever the routes say.
            stays = not messages.chat.editable or elsewhere in ("", card.channel)
            if stays and messages.follow_name(incident, card, error):
                return False
            if stays or not card_steps.flees(step.act, reason):
                messages.go_back()
                raise
            if step.act is Act.FIND:
                # Nobody can look there: posting shows whether the channel can be posted to.
                self.grip.change(cards.absent)
                return False
            self.grip.change(lambda card: cards.turned_away(card, incident, elsewhere, reason))
            self.lane.telemetry.count("CardsRedirected", reason=reason.value)
            self.lane.telemetry.warning(
                "Card redirected", incident_id=incident.incident_id, detail=error.detail
            )
        return False

    def _perform(self, step: Step, incident: Incident, card: Card, messages: CardMessages) -> bool:
        match step.act:
            case Act.WAIT if step.until is not None:
                raise Postponed(step.until, Reason.INTENT_UNSETTLED)
            case Act.FIND if step.intent is not None:
                messages.find(step.intent, incident, card)
            case Act.POST:
                return messages.post(incident, card)
            case Act.POST_ANALYSIS:
                messages.post_analysis(incident, card)
            case Act.TELL if step.notice is not None:
                return messages.tell(step.notice, incident, card)
            case Act.UPDATE:
                return messages.update(incident, card)
            case Act.DETAIL:
                reply = DetailsReply(self.grip, messages.chat, self.lane.gap, self.lane.new_id)
                reply.advance(incident, card)
            case Act.NOTE:
                now = self.lane.now()
                return self.grip.record(
                    lambda card: cards.updated(card, incident, now, shortened=card.shortened),
                    incident,
                )
        return False

    def _release(self, incident: Incident) -> bool:
        """Let go when everything is shown by then; False when somebody asked for more."""
        return self.grip.record(lambda card: card, incident)

    def _retry_later(self, incident: Incident, error: Retryable) -> None:
        if incident.synthetic and error.reason is Reason.SECRET_MISSING:
            self._hold_synthetic(incident, Reason.NO_TEST_CHANNEL)
            return
        if self.grip.too_old():
            too_old = Permanent(Reason.TOO_OLD, f"Slack not reached for 12 h: {error}")
            self._give_up(incident, too_old)
            return
        self.lane.telemetry.warning(
            "Not delivered yet", incident_id=incident.incident_id, detail=str(error)
        )
        now, first_sent = self.lane.now(), self.grip.announcement.first_sent
        if now - first_sent >= self.lane.operators.after:
            self._report_wait(incident, error)
        until = waiting.next_try(first_sent, now, error.after)
        self._postpone(incident, Postponed(until, error.reason))

    def _report_wait(self, incident: Incident, error: Retryable) -> None:
        """Report, then record it: a second report of the same trouble is told to nobody."""
        now = self.lane.now()
        card = self.grip.change(lambda card: card, owned=False)
        if card_waits.to_report(card, incident, now):
            self.lane.operators.report(self.grip.announcement, incident, error)
            self.grip.change(lambda card: card_waits.reported(card, incident, now), owned=False)

    def _give_up(self, incident: Incident, error: Permanent) -> None:
        """The card's text goes with the dead letter, and operators are told on another way.

        Raises ``error`` for the dead-letter queue, but for a check of our own: with a heartbeat
        every five minutes, the letters would bury those that matter.
        """
        if incident.synthetic:
            self._hold_synthetic(incident, error.reason)
            return
        self.grip.change(cards.let_go, owned=False)
        self.lane.operators.report(self.grip.announcement, incident, error)
        # The tick leaves alone what is given up. Another delivery of this very message may take it
        # off the queue meanwhile: without a letter, nobody would come back.
        error.lettered = lambda: self._record_letter(incident)
        error.card = plain.card(incident)
        raise error

    def _record_letter(self, incident: Incident) -> None:
        """The card is given up, unless somebody else has taken it up, or shown it, meanwhile."""
        now = self.lane.now()

        def step(card: Card | None) -> Card | None:
            if card is None or card.owner or cards.settled(card, incident, now):
                return None
            return card_waits.give_up(card)

        key = items.card_item(incident.incident_id)
        items.change(self.lane.store, key, Card, step, now)

    def _hold_synthetic(self, incident: Incident, reason: Reason) -> None:
        """Nobody waits for the card of a check; whoever sent it sees on the card why."""
        self.grip.change(lambda card: card_waits.held(card, reason), owned=False)
        self.lane.telemetry.count("AlertsHeld", reason=reason.value)
        self.grip.log("Synthetic alert held", incident, reason=reason.value)

    def _postpone(self, incident: Incident, wait: Postponed) -> None:
        """The copy first, then the lease: killed between them, the lease runs out by itself.

        What the copy will show is asked for: another announcement of it need not try, too.
        """
        self.grip.come_back(incident, wait)
        first_sent = self.grip.announcement.first_sent
        self.grip.change(
            lambda card: card_waits.postpone(
                card, wait.until, first_sent, wait.reason, incident.revision
            ),
            owned=False,
        )
        if wait.reason is Reason.PACED and incident.severity is not Severity.CRITICAL:
            self._hurry(incident)

    def _hurry(self, shown: Incident) -> None:
        """News that found the lease held was left to us, and does not wait as long as we do."""
        newest = items.load(self.lane.store, items.incident_item(shown.incident_id), Incident)
        if newest is None:
            return
        if newest.severity is Severity.CRITICAL or newest.last_notice > shown.last_notice:
            announcing.send(self.lane.queues, newest, self.lane.now())
