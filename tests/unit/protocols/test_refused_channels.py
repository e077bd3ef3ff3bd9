"""Slack refuses a channel: where the card goes, and what a crash on its way leaves behind."""

from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from desk import Desk
from doomed import Doomed, survive
from examples import alert, resolve
from fakes import Slack
from faults.world import START, World
from responder.alert import SYNTHETIC_SOURCE, Severity
from responder.card import Card, Intent
from responder.contracts import Announcement
from responder.errors import Permanent, Reason, Retryable
from responder.incident import Destination
from responder.policy.route import Channels
from responder.ports import Message, Place
from responder.protocols import items
from responder.protocols.card_steps import TURNED_AWAY
from unit.protocols.delivering import change, fail_after
from unit.protocols.routing import ID, PAYMENTS, apply, channels, deliver

MISSING = Permanent(Reason.CHANNEL_NOT_FOUND, "channel_not_found")


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.mark.parametrize("reason", sorted(TURNED_AWAY))
def test_a_refused_channel_leaves_the_card_in_the_default_one_saying_so(reason: Reason) -> None:
    reader = Reader()
    desk = Desk(slack=reader)
    apply(desk, PAYMENTS)
    desk.record(alert("a1"))
    desk.slack.errors = [Permanent(reason, "no")]
    desk.deliver_all()
    assert channels(desk) == [("post", "#alerts")]
    assert desk.telemetry.counts[f"CardsRedirected:{reason.value}"] == 1
    assert "#payments" in str(reader.posted[0].blocks)
    assert "shown here" in str(reader.posted[0].blocks)
    assert not desk.card().dead_lettered
    desk.record(alert("a2", at=60))
    desk.later(seconds=60)
    desk.deliver_all()
    assert channels(desk) == [("post", "#alerts"), ("update", "C1")]


class Reader(Slack):
    """Slack whose posts are read."""

    def __init__(self) -> None:
        super().__init__()
        self.posted: list[Message] = []

    def post(self, channel: str, message: Message, delivery_id: str, thread_ts: str = "") -> Place:
        place = super().post(channel, message, delivery_id, thread_ts)
        self.posted.append(message)
        return place


def test_the_channel_of_critical_falls_back_to_the_default_one_too(desk: Desk) -> None:
    desk.deliverer = replace(desk.deliverer, channels=Channels("#alerts", "#gone"))
    desk.record(alert("a1", severity=Severity.CRITICAL))
    desk.slack.errors = [MISSING]
    desk.deliver_all()
    assert channels(desk) == [("post", "#alerts")]


REFUSED = Permanent(Reason.REFUSED_BY_SLACK, "posting_to_general_channel_denied")


@pytest.mark.parametrize("refusal", [MISSING, REFUSED], ids=["of the channel", "unknown"])
def test_a_refused_default_channel_is_a_dead_letter(desk: Desk, refusal: Permanent) -> None:
    apply(desk, PAYMENTS)
    desk.record(alert("a1"))
    desk.slack.errors = [refusal, refusal]
    with pytest.raises(Permanent):
        deliver(desk)
    assert desk.slack.methods() == []
    assert desk.card().dead_lettered
    assert desk.card().intent is None


@pytest.mark.parametrize(
    ("still_refused", "shown_in"), [([], "#payments"), ([MISSING], "#alerts")], ids=["own", "other"]
)
def test_after_both_channels_refused_the_one_that_is_mended_gets_the_card(
    desk: Desk, still_refused: list[Permanent], shown_in: str
) -> None:
    apply(desk, PAYMENTS)
    desk.record(alert("a1"))
    desk.slack.errors = [MISSING, MISSING]
    with pytest.raises(Permanent):
        deliver(desk)
    desk.slack.errors = [*still_refused]
    deliver(desk)
    assert channels(desk) == [("post", shown_in)]
    assert (desk.card().refused is None) == (not still_refused)


def test_a_first_message_that_is_refused_in_unknown_words_is_tried_in_the_default_channel(
    desk: Desk,
) -> None:
    apply(desk, PAYMENTS)
    desk.record(alert("a1"))
    desk.slack.errors = [REFUSED]
    desk.deliver_all()
    assert channels(desk) == [("post", "#alerts")]
    assert desk.telemetry.counts["CardsRedirected:refused_by_slack"] == 1
    assert not desk.card().dead_lettered


def test_an_edit_that_is_refused_in_unknown_words_leaves_the_card_where_it_stands(
    desk: Desk,
) -> None:
    apply(desk, PAYMENTS)
    desk.record(alert("a1"))
    desk.deliver_all()
    desk.record(resolve("r1", at=60))
    desk.slack.errors = [REFUSED]
    with pytest.raises(Permanent):
        deliver(desk)
    assert channels(desk) == [("post", "#payments")]


@pytest.mark.parametrize("reason", [Reason.INVALID_MESSAGE, Reason.MISCONFIGURED])
def test_what_is_wrong_anywhere_is_not_tried_elsewhere(desk: Desk, reason: Reason) -> None:
    apply(desk, PAYMENTS)
    desk.record(alert("a1"))
    # A message that Slack finds invalid is refused as plain text as well.
    desk.slack.errors = [Permanent(reason, "no")] * 2
    with pytest.raises(Permanent):
        deliver(desk)
    assert desk.slack.methods() == []
    assert desk.telemetry.counts[f"CardsRedirected:{reason.value}"] == 0


def test_a_test_alert_is_never_shown_to_people_instead(desk: Desk) -> None:
    desk.deliverer = replace(desk.deliverer, channels=Channels("#alerts", test="#test"))
    desk.record(alert("a1", source=SYNTHETIC_SOURCE))
    desk.slack.errors = [MISSING]
    deliver(desk)
    assert desk.slack.methods() == []
    assert desk.telemetry.counts[f"AlertsHeld:{MISSING.reason.value}"] == 1


def test_a_webhook_has_one_channel_whatever_the_routes_say(desk: Desk) -> None:
    apply(desk, PAYMENTS)
    desk.slack.editable = False
    desk.record(alert("a1"))
    desk.slack.errors = [MISSING]
    with pytest.raises(Permanent):
        deliver(desk)
    assert desk.slack.methods() == []


def test_killed_between_the_refusal_and_its_record_the_next_worker_is_refused_and_goes_on(
    desk: Desk,
) -> None:
    apply(desk, PAYMENTS)
    desk.record(alert("a1"))
    # What the dead worker left: its lease, and an intent for the channel that refused it.
    intent = Intent(delivery_id="d0", at=START)
    left = Card(incident_id=ID, channel="#payments", intent=intent, owner="dead", lease_until=START)
    desk.put_card(left)
    desk.later(minutes=1)
    desk.slack.errors = [MISSING, MISSING]
    deliver(desk)
    assert channels(desk) == [("post", "#alerts")]
    assert desk.card().shown == desk.incident().revision


def test_killed_before_the_post_to_the_default_channel_the_next_worker_posts_there(
    desk: Desk,
) -> None:
    apply(desk, PAYMENTS)
    desk.record(alert("a1"))
    desk.slack.errors = [MISSING, Retryable(Reason.RATE_LIMITED, "429", took_effect=False)]
    deliver(desk)
    assert desk.slack.methods() == []
    kept = desk.card()
    assert (kept.channel, kept.intent) == ("#alerts", None)
    desk.later(minutes=2)
    deliver(desk)
    assert channels(desk) == [("post", "#alerts")]


def test_a_refusal_is_forgotten_when_the_route_leads_elsewhere(desk: Desk) -> None:
    apply(desk, PAYMENTS)
    desk.record(alert("a1"))
    desk.slack.errors = [MISSING, Retryable(Reason.RATE_LIMITED, "429", took_effect=False)]
    deliver(desk)
    desk.later(minutes=2)
    elsewhere = Destination(route="r", channel="#elsewhere")
    before = desk.incident()
    update = {"route": elsewhere, "revision": before.revision + 1}
    desk.put_incident(before.model_copy(update=update))
    deliver(desk)
    assert channels(desk) == [("post", "#elsewhere")]
    assert desk.card().refused is None


@pytest.mark.parametrize("refusals", [1, 2])
def test_a_card_whose_channel_is_archived_goes_on_in_the_default_one(
    desk: Desk, refusals: int
) -> None:
    apply(desk, PAYMENTS)
    desk.record(alert("a1"))
    desk.deliver_all()
    desk.record(resolve("r1", at=60))
    archived = Permanent(Reason.CHANNEL_ARCHIVED, "is_archived")
    # The edit is refused; or it went through just before, and the notice is.
    if refusals == 1:
        desk.slack.errors = [archived]
    else:
        fail_after(desk, 1, archived)
    desk.deliver_all()
    assert channels(desk)[-1] == ("post", "#alerts")
    assert desk.slack.calls[-1].thread_ts == ""
    assert (desk.card().shown, desk.card().told) == (desk.incident().revision, 1)
    assert items.load(desk.store, items.card_item(ID), Card).owner == ""  # type: ignore[union-attr]


class Workspace(Slack):
    """Slack where channels are made, posted to by their names, and deleted."""

    def __init__(self, **ids: str) -> None:
        super().__init__()
        self.ids = {f"#{name}": one for name, one in ids.items()}

    def post(self, channel: str, message: Message, delivery_id: str, thread_ts: str = "") -> Place:
        place = super().post(self._id_of(channel), message, delivery_id, thread_ts)
        self.lands[delivery_id] = place.ts
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
            raise MISSING
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
    by_id(desk, other)
    intent = desk.card(other).intent
    assert intent is not None
    if landed:
        slack.lands[intent.delivery_id] = "9.0"
    desk.later(seconds=20)
    by_id(desk, other)
    assert channels(desk)[1:] == [
        ("find", "C0AFTER1"),
        ("update" if landed else "post", "C0AFTER1"),
    ]
    assert desk.card(other).channel_id == "C0AFTER1"


def by_id(desk: Desk, incident_id: str) -> None:
    desk.deliverer.handle(Announcement(incident_id=incident_id, first_sent=desk.now()))


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
        by_id(desk, ID)

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
        world.seen = 0
        for _ in range(2):
            survive(desk, lambda: by_id(desk, ID))
        world.number = 0
        return desk

    calm = Doomed(0, after=after)
    followed(calm)
    assert calm.seen > 3
    for number in range(1, calm.seen + 1):
        desk = followed(Doomed(number, after=after))
        anew = [call for call in desk.slack.calls[1:] if call.method == "post"]
        assert {call.channel for call in anew} == {"C0AFTER1"}, number
        firsts = [call for call in anew if not call.thread_ts]
        assert len(firsts) == 1, number
        card = desk.card()
        assert (card.ts, card.channel_id, card.owner) == (firsts[0].ts, "C0AFTER1", ""), number
        assert (card.shown, card.told) == (desk.incident().revision, 1), number
