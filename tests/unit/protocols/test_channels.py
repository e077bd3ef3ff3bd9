"""The ids of channels that are configured by name: learnt from posts, used by searches."""

from dataclasses import replace
from datetime import datetime

import pytest

from desk import Desk
from doomed import Doomed, deaths, survive
from examples import alert
from fakes import RememberingSlack
from responder.alert import Severity
from responder.card import Card, Intent
from responder.policy.route import Channels
from responder.ports import Message, Place
from responder.protocols import channels, items
from unit.protocols.delivering import deliver

IDS = {"#alerts": "C0ALERTS", "#critical": "C0CRITICAL"}


class Workspace(RememberingSlack):
    """Slack that tells its channels' ids, and keeps what was posted."""

    def post(self, channel: str, message: Message, delivery_id: str, thread_ts: str = "") -> Place:
        place = super().post(channel, message, delivery_id, thread_ts)
        return Place(IDS.get(channel, channel), place.ts)

    def find(
        self, channel: str, delivery_id: str, since: datetime, thread_ts: str = ""
    ) -> Place | None:
        place = super().find(channel, delivery_id, since, thread_ts)
        return place and Place(IDS.get(channel, channel), place.ts)

    def searches(self) -> list[str]:
        return [call.channel for call in self.calls if call.method == "find"]

    def posts(self) -> list[str]:
        return [call.channel for call in self.calls if call.method == "post"]


@pytest.fixture
def desk() -> Desk:
    return Desk(slack=Workspace())


def left_behind(desk: Desk, incident_id: str = "v1:lost|prod.1") -> None:
    """Another incident's first post got no answer, and it has settled."""
    desk.record(alert("a9", rule="v1:lost", fingerprint="f9"))
    intent = Intent(delivery_id="lost", at=desk.now())
    desk.put_card(Card(incident_id=incident_id, channel="#alerts", intent=intent))
    desk.later(minutes=1)
    deliver(desk, incident_id)


def searches(desk: Desk) -> list[str]:
    assert isinstance(desk.slack, Workspace)
    return desk.slack.searches()


def test_a_search_asks_in_the_channel_that_an_earlier_post_told(desk: Desk) -> None:
    desk.record(alert())
    deliver(desk)
    left_behind(desk)
    assert searches(desk) == ["C0ALERTS"]


def test_before_any_post_a_search_goes_by_name_and_what_it_finds_is_remembered(desk: Desk) -> None:
    desk.slack.lands["lost"] = "9.0"
    left_behind(desk)
    assert searches(desk) == ["#alerts"]
    assert channels.known(desk.store, "#alerts") == "C0ALERTS"


def test_a_name_that_was_given_to_another_channel_is_learnt_with_the_next_post(desk: Desk) -> None:
    channels.remember(desk.store, "#alerts", "C0BEFORE", desk.now(), {})
    assert channels.known(desk.store, "#alerts") == "C0BEFORE"
    desk.record(alert())
    deliver(desk)
    assert channels.known(desk.store, "#alerts") == "C0ALERTS"


def test_what_is_known_is_written_once(desk: Desk) -> None:
    for number in range(3):
        desk.record(alert(f"a{number}", rule=f"v1:p{number}", fingerprint=f"f{number}"))
        deliver(desk, f"v1:p{number}|prod.1")
    assert desk.store.written.count("channel##alerts") == 1


def test_an_id_needs_no_memory(desk: Desk) -> None:
    desk.deliverer = replace(desk.deliverer, channels=Channels("C0ALERTS"))
    desk.record(alert())
    deliver(desk)
    assert not [key for key in desk.store.written if key.startswith("channel#")]


def test_a_memory_that_cannot_be_written_keeps_no_card_from_anything(desk: Desk) -> None:
    desk.store.refuses = "channel#"
    desk.record(alert())
    deliver(desk)
    assert (desk.card().channel_id, desk.card().intent, desk.card().owner) == ("C0ALERTS", None, "")


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_killed_anywhere_there_is_one_card_and_its_channel_is_known(after: bool) -> None:
    def posted(world: Doomed) -> Desk:
        desk = Desk(world=world, slack=Workspace())
        desk.record(alert())
        world.arm()
        for _ in range(2):
            survive(desk, lambda: deliver(desk))
        world.disarm()
        return desk

    plays = deaths(posted, after=after)
    assert len(plays) > 6
    for number, desk in enumerate(plays):
        assert desk.slack.methods().count("post") == 1, number
        assert [desk.card().ts] == list(desk.slack.lands.values()), number
        assert channels.known(desk.store, "#alerts") == "C0ALERTS", number


def test_a_channel_that_is_named_in_two_ways_is_told_of_a_rise_once(desk: Desk) -> None:
    desk.deliverer = replace(desk.deliverer, channels=Channels("#alerts"))
    desk.record(alert())
    deliver(desk)
    desk.deliverer = replace(desk.deliverer, channels=Channels("#alerts", "C0ALERTS"))
    desk.record(alert("a2", at=20, severity=Severity.CRITICAL))
    deliver(desk)
    assert desk.slack.methods() == ["post", "update", "post"]
    assert desk.card().told == 2


def test_an_unanswered_escalation_is_looked_for_by_id(desk: Desk) -> None:
    channels.remember(desk.store, "#critical", "C0CRITICAL", desk.now(), {})
    desk.record(alert())
    deliver(desk)
    left = Intent(delivery_id="d9", at=desk.now(), notice=2, channel="#critical")
    desk.put(
        items.card_item(desk.incident().incident_id),
        desk.card().model_copy(update={"intent": left}),
    )
    desk.later(minutes=1)
    deliver(desk)
    assert searches(desk) == ["C0CRITICAL"]


def test_an_id_that_an_item_does_not_have_is_learnt_anew(desk: Desk) -> None:
    """As DynamoDB has it from before: the item's own key stood in the place of the id."""
    place = items.state_item("channel##alerts")
    desk.store.items[place] = (1, {"id": place.id})
    assert channels.known(desk.store, "#alerts") == "#alerts"
    channels.remember(desk.store, "#alerts", IDS["#alerts"], desk.now(), {})
    assert channels.known(desk.store, "#alerts") == IDS["#alerts"]
