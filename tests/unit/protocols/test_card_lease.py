"""Who holds a card's lease shows the incident; others ask, leave, or take over from the dead."""

from dataclasses import replace

import pytest

from desk import TIMING, Desk
from faults.world import START
from responder.card import Card
from responder.protocols import items
from unit.protocols.delivering import (
    ID,
    announced_desk,
    change,
    copies,
    deliver,
    paced,
)


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
    stolen = Card(
        incident_id=ID, channel="#alerts", owner="other", lease_until=START + TIMING.lease
    )
    desk.slack.meanwhile = lambda: desk.put_card(stolen)
    deliver(desk)
    assert desk.card() == stolen
    assert desk.telemetry.said("Lease lost") == 1


def test_who_lost_the_card_does_not_post_a_second_message(desk: Desk) -> None:
    """The lease goes between the claim and the intent: nothing is sent."""
    stolen = Card(
        incident_id=ID, channel="#alerts", owner="other", lease_until=START + TIMING.lease
    )
    paced(desk)

    def steal() -> None:
        desk.put_card(stolen)

    def after_claim() -> None:
        desk.store.meanwhile = steal

    desk.store.meanwhile = after_claim
    deliver(desk)
    assert desk.slack.methods() == []
    assert desk.card() == stolen


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
