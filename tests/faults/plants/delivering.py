"""Mistakes that are easy to make between an announcement and Slack."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

from faults.substitutes import Replacement
from responder.card import Card, Details
from responder.contracts import AnalysisRequest, Announcement, Trouble
from responder.errors import Permanent, Reason
from responder.incident import Incident
from responder.ports import (
    Key,
    Message,
    OperatorNotice,
    Place,
    Queue,
    Queues,
)
from responder.protocols import card as cards
from responder.protocols import (
    card_messages,
    card_steps,
    card_waits,
    deliver,
    details,
    details_reply,
    operators,
    waiting,
)
from responder.protocols.card_messages import CardMessages
from responder.protocols.grip import Grip


def post_before_intent() -> Sequence[Replacement]:
    """The message is sent first and the intent written afterwards."""

    def send(
        self: CardMessages,
        incident: Incident,
        card: Card,
        message: Message,
        *,
        notice: int,
        thread_ts: str = "",
        channel: str = "",
    ) -> Place:
        self._take_slot(incident, card.channel, self.gap)
        place = self.chat.post(channel or card.channel, message, self.new_id(), thread_ts)
        now = self.grip.now()
        self.grip.change(lambda card: cards.intend(card, "late", now, notice))
        return place

    return [(CardMessages, "_send", send)]


def write_over_a_new_card() -> Sequence[Replacement]:
    """Who loses the race for a new card writes his own claim and intent over the winner's."""

    def first_change(grip: Grip, step: Callable[[Card], Card]) -> Card | None:
        unwritten, grip._unwritten = grip._unwritten, None
        if unwritten is None:
            return None
        return grip._take(lambda _: step(unwritten))

    return [(Grip, "_first_change", first_change)]


def reply_without_looking() -> Sequence[Replacement]:
    """A details reply that was left behind is sent again, without a look into the thread."""

    def next_act(reply: Details, now: datetime, settle: timedelta) -> details.Act:
        return details.Act.UPDATE if reply.ts else details.Act.POST

    return [(details, "next_act", next_act)]


def give_up_a_lost_thread() -> Sequence[Replacement]:
    """Only an edit is taken to find that somebody deleted the card, and no reply in its thread."""
    post_anew = CardMessages._post_anew

    def after_edits(self: CardMessages, incident: Incident, error: Permanent) -> None:
        if error.detail == "thread_not_found":
            raise error
        post_anew(self, incident, error)

    return [(CardMessages, "_post_anew", after_edits)]


def delete_before_copy() -> Sequence[Replacement]:
    """The waiting message is deleted first, its delayed copy sent afterwards."""
    original = waiting.send_copy

    def send_copy(
        queues: Queues, queue: Queue, message: AnalysisRequest | Announcement, *rest: Any
    ) -> None:
        held = getattr(queues, "messages")[queue]  # noqa: B009 - only the port in memory has it
        for one in list(held):
            if one.receives and _same(one.body, message):
                held.remove(one)
        original(queues, queue, message, *rest)

    return [(waiting, "send_copy", send_copy)]


def stay_in_a_refused_channel() -> Sequence[Replacement]:
    """A card whose channel Slack refuses is given up like any other that Slack refuses."""

    def flees(act: card_steps.Act, reason: Reason) -> bool:
        return False

    return [(card_steps, "flees", flees)]


def record_before_tell() -> Sequence[Replacement]:
    """A sink is recorded as told first, and told afterwards."""
    original = operators.Operators._tell_sinks

    def tell_sinks(
        self: operators.Operators,
        report: Announcement,
        trouble: Trouble,
        incident: Incident,
        key: Key,
        window: operators.Window,
        notice: OperatorNotice,
    ) -> None:
        for name in self.sinks:
            self._record(key, window.owner, name)
        original(self, report, trouble, incident, key, window, notice)

    return [(operators.Operators, "_tell_sinks", tell_sinks)]


def search_from_the_intent() -> Sequence[Replacement]:
    """A message is looked for from the moment of its intent on, by a clock that is not Slack's."""
    return [(owner, "SEARCH_MARGIN", timedelta()) for owner in (card_messages, details_reply)]


def give_up_unsaid() -> Sequence[Replacement]:
    """A card that Slack refuses for good is given up without a dead letter."""

    def give_up(self: deliver.Delivery, incident: Incident, error: Permanent) -> None:
        self.grip.change(card_waits.give_up, owned=False)

    return [(deliver.Delivery, "_give_up", give_up)]


def _same(body: str, message: AnalysisRequest | Announcement) -> bool:
    return f'"incident_id":"{message.incident_id}"' in body
