"""A card that waits: a delayed copy that keeps its age, and after twelve hours a dead letter."""

from dataclasses import replace
from datetime import timedelta

import pytest

from desk import TIMING, Desk
from faults.world import START
from responder.alert import Severity
from responder.contracts import Announcement
from responder.errors import Permanent, Reason, Retryable
from responder.policy.route import Channels
from responder.ports import Queue
from responder.protocols import card as cards
from responder.protocols import items
from responder.protocols.grip import PATIENCE
from unit.protocols.delivering import (
    ID,
    REFUSED,
    announced_desk,
    change,
    copies,
    deliver,
)


@pytest.fixture
def desk() -> Desk:
    return announced_desk()


def test_a_copy_that_comes_too_early_waits_on(desk: Desk) -> None:
    until = START + timedelta(seconds=1200)
    deliver(desk, not_before=until, slot_reserved=True)
    (sent,) = desk.taken(Queue.DISTRIBUTION)
    assert (sent[0]["not_before"], sent[0]["slot_reserved"], sent[1]) == (until, True, 900)
    assert desk.slack.methods() == []
    deliver(desk, not_before=desk.now())
    assert desk.slack.methods() == ["post"]


def test_a_refusal_is_waited_out_as_a_copy_that_keeps_its_age(desk: Desk) -> None:
    desk.slack.errors = [REFUSED]
    first_sent = START - timedelta(minutes=5)
    deliver(desk, first_sent=first_sent)
    until = START + timedelta(seconds=20)
    ((message, delay),) = desk.taken(Queue.DISTRIBUTION)
    assert (message["first_sent"], message["not_before"], delay) == (first_sent, until, 20)
    card = desk.card()
    assert (card.owner, card.intent) == ("", None)
    assert (card.next_try, card.first_sent) == (until, first_sent)
    assert desk.telemetry.counts["Waits:rate_limited"] == 1
    desk.later(seconds=20)
    deliver(desk, first_sent=first_sent, not_before=until)
    assert desk.slack.methods() == ["post"]
    assert (desk.card().next_try, desk.card().first_sent) == (None, None)


def test_while_one_copy_waits_other_announcements_leave_it_the_work(desk: Desk) -> None:
    desk.slack.errors = [REFUSED]
    deliver(desk)
    copies(desk)
    desk.later(seconds=5)
    change(desk)
    deliver(desk)
    assert desk.slack.methods() == []
    assert copies(desk) == []
    assert desk.card().wanted == 2


def test_critical_news_waits_as_slack_asked(desk: Desk) -> None:
    desk.slack.errors = [REFUSED]
    deliver(desk)
    copies(desk)
    desk.later(seconds=5)
    change(desk, severity=Severity.CRITICAL)
    deliver(desk)
    assert desk.slack.methods() == []


def test_in_an_outage_announcements_of_one_critical_revision_become_one_copy(desk: Desk) -> None:
    change(desk, severity=Severity.CRITICAL)
    desk.slack.errors = [REFUSED, REFUSED]
    deliver(desk)
    deliver(desk)
    assert len(copies(desk, Queue.CRITICAL_DISTRIBUTION)) == 1
    desk.later(seconds=20)
    deliver(desk)
    assert len(copies(desk, Queue.CRITICAL_DISTRIBUTION)) == 1
    desk.later(seconds=20)
    deliver(desk)
    assert desk.slack.methods() == ["post"]


def test_a_throttled_store_is_waited_out(desk: Desk) -> None:
    desk.store.refuses = "card#"
    deliver(desk)
    assert desk.slack.methods() == []
    assert [delay for _, delay in copies(desk)] == [2]
    desk.store.refuses = ""
    desk.later(seconds=2)
    deliver(desk)
    assert desk.slack.methods() == ["post"]


def test_without_a_secret_the_card_waits(desk: Desk) -> None:
    def no_chat(incident: object) -> None:
        raise Retryable(Reason.SECRET_MISSING, "the secret s has no value", after=30)

    desk.deliverer = replace(desk.deliverer, chat=no_chat)  # type: ignore[arg-type]
    deliver(desk)
    assert copies(desk) == [(START + timedelta(seconds=30), 30)]
    assert desk.telemetry.counts["Waits:secret_missing"] == 1


def test_before_twelve_hours_it_waits_on(desk: Desk) -> None:
    desk.slack.errors = [REFUSED]
    deliver(desk, first_sent=START - PATIENCE + timedelta(seconds=1))
    assert len(copies(desk)) == 1
    assert not desk.card().dead_lettered


def test_after_twelve_hours_the_announcement_is_given_up_with_its_reason(desk: Desk) -> None:
    first_sent = START - PATIENCE
    desk.slack.errors = [REFUSED]
    with pytest.raises(Permanent) as caught:
        deliver(desk, first_sent=first_sent)
    assert caught.value.reason is Reason.TOO_OLD
    assert (desk.card().dead_lettered, desk.card().owner) == (True, "")
    assert copies(desk) == []


def test_a_card_whose_dead_letter_was_not_taken_is_announced_once_its_next_holder_died(
    desk: Desk,
) -> None:
    """The queue delivers again what could not be dead-lettered, and then finds the card held."""
    desk.slack.errors = [Permanent(Reason.CHANNEL_NOT_FOUND, "channel_not_found")]
    with pytest.raises(Permanent):
        deliver(desk)
    died = cards.claim(desk.card(), "died", desk.now(), TIMING)
    desk.put_card(died)
    deliver(desk)
    assert desk.slack.methods() == []
    desk.taken(Queue.DISTRIBUTION)
    desk.tick(times=5)
    assert desk.slack.methods() == ["post"]


def test_a_card_whose_letter_is_not_there_yet_is_not_given_up() -> None:
    desk = announced_desk()
    desk.slack.errors = [Permanent(Reason.REFUSED_BY_SLACK, "no")]
    with pytest.raises(Permanent):
        desk.deliverer.handle(Announcement(incident_id=ID, first_sent=desk.now()))
    assert (desk.card().dead_lettered, desk.card().owner) == (False, "")
    desk.announced()
    desk.later(seconds=120)
    desk.ticker.tick()
    assert [name for name, _ in desk.announced()] == [ID]


def test_a_dead_lettered_card_comes_back_to_life_with_the_next_success(desk: Desk) -> None:
    desk.slack.errors = [Permanent(Reason.CHANNEL_NOT_FOUND, "channel_not_found")]
    with pytest.raises(Permanent):
        deliver(desk)
    assert desk.card().dead_lettered
    assert desk.card().intent is None
    deliver(desk)
    assert desk.slack.methods() == ["post"]
    assert not desk.card().dead_lettered


def test_an_edit_that_slack_refuses_for_good_is_given_up(desk: Desk) -> None:
    deliver(desk)
    change(desk)
    desk.slack.errors = [Permanent(Reason.REFUSED_BY_SLACK, "message_not_found")]
    with pytest.raises(Permanent):
        deliver(desk)
    assert desk.card().dead_lettered


def test_a_check_without_a_way_is_held_before_anything_is_written(desk: Desk) -> None:
    nowhere = Channels("#alerts", test="")
    desk.deliverer = replace(desk.deliverer, channels=nowhere)
    change(desk, synthetic=True)
    deliver(desk)
    assert items.card_item(ID) not in desk.store.items
    assert desk.telemetry.counts["AlertsHeld:misconfigured"] == 1
