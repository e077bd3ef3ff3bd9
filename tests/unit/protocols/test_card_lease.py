"""Who holds a card's lease shows the incident; others ask, leave, or take over from the dead."""

from dataclasses import replace

import pytest

from desk import GAP, TIMING, Desk
from faults.world import START
from responder.card import Card
from responder.protocols import items, pace
from unit.protocols.delivering import (
    ID,
    announced_desk,
    change,
    copies,
    deliver,
    paced,
)

STOLEN = Card(incident_id=ID, channel="#alerts", owner="other", lease_until=START + TIMING.lease)


@pytest.fixture
def desk() -> Desk:
    return announced_desk()


def test_who_finds_the_card_held_asks_its_holder_and_leaves(desk: Desk) -> None:
    held = Card(incident_id=ID, channel="#alerts", owner="other", lease_until=START + TIMING.lease)
    desk.put_card(held)
    deliver(desk)
    assert desk.slack.methods() == []
    assert desk.card() == held.model_copy(update={"wanted": 1})


def test_what_changes_while_slack_is_asked_is_shown_before_letting_go(desk: Desk) -> None:
    def another_announcement() -> None:
        change(desk, count=2)
        deliver(desk)

    desk.slack.meanwhile = another_announcement
    deliver(desk)
    assert desk.slack.methods() == ["post", "update"]
    assert (desk.card().shown, desk.card().wanted, desk.card().owner) == (2, 0, "")


def test_a_lease_that_ran_out_is_taken_over(desk: Desk) -> None:
    desk.put_card(Card(incident_id=ID, channel="#alerts", owner="dead", lease_until=START))
    deliver(desk)
    assert desk.slack.methods() == ["post"]


def test_a_dead_holder_of_a_settled_card_is_released(desk: Desk) -> None:
    deliver(desk)
    dead = {"owner": "dead", "lease_until": START, "wanted": 1}
    desk.put_card(desk.card().model_copy(update=dead))
    deliver(desk)
    assert (desk.card().owner, desk.card().wanted) == ("", 0)
    assert desk.slack.methods() == ["post"]


def test_who_lost_the_card_records_nothing_and_leaves_it_to_the_winner(desk: Desk) -> None:
    desk.slack.meanwhile = lambda: desk.put_card(STOLEN)
    deliver(desk)
    assert desk.card() == STOLEN
    assert desk.telemetry.said("Lease lost") == 1


def test_who_lost_the_card_does_not_post_a_second_message(desk: Desk) -> None:
    """The lease goes between the claim and the intent: nothing is sent."""
    paced(desk)
    desk.put_card(Card(incident_id=ID, channel="#alerts"))

    def steal() -> None:
        desk.put_card(STOLEN)

    def after_claim() -> None:
        desk.store.meanwhile = steal

    desk.store.meanwhile = after_claim
    deliver(desk)
    assert desk.slack.methods() == []
    assert desk.card() == STOLEN


def test_who_is_second_to_write_a_new_card_sends_nothing_and_asks_its_holder(desk: Desk) -> None:
    change(desk, revision=4)
    desk.store.meanwhile = lambda: desk.put_card(STOLEN)
    deliver(desk)
    assert desk.slack.methods() == []
    assert desk.card() == STOLEN.model_copy(update={"wanted": 4})
    assert desk.telemetry.said("Lease lost") == 1


def test_who_is_second_to_write_a_card_that_is_shown_by_then_sends_nothing(desk: Desk) -> None:
    desk.store.meanwhile = lambda: deliver(desk)
    deliver(desk)
    assert desk.slack.methods() == ["post"]
    assert (desk.card().owner, desk.card().ts) == ("", "1.0")


def test_who_is_second_to_write_a_new_card_takes_it_over_from_a_dead_holder(desk: Desk) -> None:
    dead = STOLEN.model_copy(update={"lease_until": START - TIMING.lease})
    desk.store.meanwhile = lambda: desk.put_card(dead)
    deliver(desk)
    assert desk.slack.methods() == ["post"]
    assert (desk.card().owner, desk.card().shown) == ("", desk.incident().revision)


def test_a_new_card_that_waits_for_its_slot_is_written_once(desk: Desk) -> None:
    paced(desk)
    pace.reserve(desk.store, "#alerts", GAP, desk.now(), urgent=False)
    desk.store.written.clear()
    deliver(desk)
    assert desk.slack.methods() == []
    assert desk.store.written.count(items.card_item(ID).id) == 1
    assert (desk.card().owner, desk.card().wanted) == ("", desk.incident().revision)
    assert desk.card().next_try == desk.now() + GAP


def test_a_card_whose_incident_expires_meanwhile_is_left(desk: Desk) -> None:
    def expire() -> None:
        desk.store.lose(items.incident_item(ID))
        desk.put_card(desk.card().model_copy(update={"wanted": 2}))

    desk.slack.meanwhile = expire
    deliver(desk)
    assert desk.slack.methods() == ["post"]
    assert desk.telemetry.said("Lease lost") == 1


def test_the_announcement_of_an_expired_incident_is_dropped_visibly(desk: Desk) -> None:
    deliver(desk, "gone.1")
    assert desk.telemetry.said("Incident has expired") == 1
    assert desk.slack.methods() == []


def test_an_unexpected_error_gives_the_lease_back(desk: Desk) -> None:
    class Broken(Exception):
        pass

    def chat(incident: object) -> None:
        raise Broken

    desk.deliverer = replace(desk.deliverer, chat=chat)  # type: ignore[arg-type]
    with pytest.raises(Broken):
        deliver(desk)
    assert (desk.card().owner, desk.card().lease_until) == ("", None)
    assert copies(desk) == []
