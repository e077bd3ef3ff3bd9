"""A channel is deleted and made anew under its name: its cards follow the name.

Of the channel's id, which went with it, ``channels`` and every card keep a memory.
"""

from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from desk import Desk
from doomed import Doomed, deaths, survive
from examples import alert, resolve
from fakes import RememberingSlack
from faults.world import World
from responder.alert import SYNTHETIC_SOURCE
from responder.errors import Permanent, Reason, Retryable
from responder.policy.route import Channels
from responder.ports import Message, Place
from unit.protocols.delivering import change, deliver, fail_after
from unit.protocols.routing import channels


class Workspace(RememberingSlack):
    """Slack where channels are made, posted to by their names, and deleted."""

    def __init__(self, **ids: str) -> None:
        super().__init__()
        self.ids = {f"#{name}": one for name, one in ids.items()}

    def post(self, channel: str, message: Message, delivery_id: str, thread_ts: str = "") -> Place:
        place = super().post(self._id_of(channel), message, delivery_id, thread_ts)
        return Place(self.calls[-1].channel, place.ts)

    def update(self, channel: str, ts: str, message: Message, delivery_id: str) -> None:
        super().update(self._id_of(channel), ts, message, delivery_id)

    def find(
        self, channel: str, delivery_id: str, since: datetime, thread_ts: str = ""
    ) -> Place | None:
        place = super().find(self._id_of(channel), delivery_id, since, thread_ts)
        return place and Place(self._id_of(channel), place.ts)

    def _id_of(self, channel: str) -> str:
        found = self.ids.get(channel, channel)
        if found not in self.ids.values():
            raise Permanent(Reason.CHANNEL_NOT_FOUND, "channel_not_found")
        return found


def made_anew(world: World | None = None, **changes: Any) -> tuple[Desk, Workspace]:
    """A card in the default channel, which is then deleted and made anew under its name."""
    slack = Workspace(alerts="C0BEFORE")
    desk = Desk(world=world or World(1), slack=slack)
    desk.record(alert("a1", **changes))
    deliver(desk)
    assert set(channels(desk)) == {("post", "C0BEFORE")}
    slack.ids["#alerts"] = "C0AFTER1"
    return desk, slack


@pytest.mark.parametrize("source", ["prometheus", SYNTHETIC_SOURCE])
def test_a_default_channel_that_was_made_anew_under_its_name_gets_the_card(source: str) -> None:
    desk, _ = made_anew(source=source)
    desk.record(resolve("r1", at=60, source=source))
    deliver(desk)
    assert channels(desk)[1:] == [("post", "C0AFTER1")]
    card = desk.card()
    assert (card.channel, card.channel_id, card.dead_lettered) == ("#alerts", "C0AFTER1", False)
    assert (card.shown, card.told, card.owner) == (desk.incident().revision, 1, "")
    desk.record(alert("a2", at=120, source=source))
    deliver(desk)
    assert ("update", "C0AFTER1") in channels(desk)


def test_a_notice_meets_a_channel_that_was_made_anew_just_after_the_edit() -> None:
    desk, slack = made_anew()
    slack.ids["#alerts"] = "C0BEFORE"
    desk.record(resolve("r1", at=60))
    slack.meanwhile = lambda: slack.ids.update({"#alerts": "C0AFTER1"})
    deliver(desk)
    assert channels(desk)[1:] == [("update", "C0BEFORE"), ("post", "C0AFTER1")]
    assert slack.calls[-1].thread_ts == ""
    assert (desk.card().told, desk.card().intent) == (1, None)


def test_a_notice_that_was_left_behind_in_a_deleted_channel_holds_up_nothing() -> None:
    desk, slack = made_anew()
    slack.ids["#alerts"] = "C0BEFORE"
    desk.record(resolve("r1", at=60))
    fail_after(desk, 1, Retryable(Reason.TIMEOUT, "no answer"))
    deliver(desk)
    assert desk.card().intent is not None
    slack.ids["#alerts"] = "C0AFTER1"
    desk.later(seconds=20)
    deliver(desk)
    assert channels(desk)[1:] == [("update", "C0BEFORE"), ("post", "C0AFTER1")]
    assert (desk.card().told, desk.card().intent) == (1, None)


@pytest.mark.parametrize("landed", [False, True])
def test_a_first_post_is_not_looked_for_by_the_remembered_id_of_a_deleted_channel(
    landed: bool,
) -> None:
    desk, slack = made_anew()
    slack.errors = [Retryable(Reason.TIMEOUT, "no answer")]
    desk.record(alert("b1", rule="v1:other", fingerprint="f2"))
    other = "v1:other|prod.1"
    deliver(desk, other)
    intent = desk.card(other).intent
    assert intent is not None
    if landed:
        slack.lands[intent.delivery_id] = "9.0"
    desk.later(seconds=20)
    deliver(desk, other)
    assert channels(desk)[1:] == [
        ("find", "C0AFTER1"),
        ("update" if landed else "post", "C0AFTER1"),
    ]
    assert desk.card(other).channel_id == "C0AFTER1"


def test_the_details_of_a_card_that_followed_its_channels_name_are_in_the_new_thread() -> None:
    desk, slack = made_anew(message="long " * 2_000)
    desk.record(alert("a2", at=60, message="long " * 2_000))
    desk.later(minutes=1)
    deliver(desk)
    calls = [(call.method, call.channel, bool(call.thread_ts)) for call in slack.calls[1:]]
    assert calls[-2:] == [("post", "C0AFTER1", False), ("post", "C0AFTER1", True)]


def test_a_card_is_given_up_where_its_channels_name_leads_nowhere_and_stays_where_it_was() -> None:
    """So it is with a private channel that the app was removed from, until it is let in again."""
    desk, slack = made_anew()
    slack.ids = {}
    desk.record(resolve("r1", at=60))
    before = desk.card()
    with pytest.raises(Permanent):
        deliver(desk)
    after = desk.card()
    assert (after.dead_lettered, after.intent) == (True, None)
    assert (after.ts, after.channel_id, after.shown) == (before.ts, "C0BEFORE", before.shown)
    slack.ids = {"#alerts": "C0BEFORE"}
    deliver(desk)
    assert channels(desk)[1:] == [("update", "C0BEFORE"), ("post", "C0BEFORE")]


def test_a_card_that_follows_its_channels_name_does_so_once_in_a_delivery() -> None:
    desk, slack = made_anew()
    desk.record(resolve("r1", at=60))

    def posted() -> None:
        slack.ids["#alerts"] = "C0AFTER2"
        change(desk)
        deliver(desk)

    slack.meanwhile = posted
    with pytest.raises(Permanent):
        deliver(desk)
    assert channels(desk)[1:] == [("post", "C0AFTER1")]
    assert desk.card().dead_lettered


def test_a_channel_that_is_configured_by_its_id_has_no_name_to_follow() -> None:
    slack = Workspace(alerts="C0BEFORE")
    desk = Desk(slack=slack)
    desk.deliverer = replace(desk.deliverer, channels=Channels("C0BEFORE"))
    desk.record(alert("a1"))
    deliver(desk)
    before = desk.card()
    slack.ids = {"#alerts": "C0AFTER1"}
    desk.record(resolve("r1", at=60))
    with pytest.raises(Permanent):
        deliver(desk)
    assert (desk.card().ts, desk.card().told) == (before.ts, 0)


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_killed_anywhere_a_card_follows_its_channels_name_and_is_there_once(after: bool) -> None:
    def followed(world: Doomed) -> Desk:
        desk, _ = made_anew(world)
        desk.record(resolve("r1", at=60))
        world.arm()
        for _ in range(2):
            survive(desk, lambda: deliver(desk))
        world.disarm()
        return desk

    plays = deaths(followed, after=after)
    assert len(plays) > 4
    for number, desk in enumerate(plays):
        anew = [call for call in desk.slack.calls[1:] if call.method == "post"]
        assert {call.channel for call in anew} == {"C0AFTER1"}, number
        firsts = [call for call in anew if not call.thread_ts]
        assert len(firsts) == 1, number
        card = desk.card()
        assert (card.ts, card.channel_id, card.owner) == (firsts[0].ts, "C0AFTER1", ""), number
        assert (card.shown, card.told) == (desk.incident().revision, 1), number
