"""Slack refuses a channel: where the card goes, and what a crash on its way leaves behind."""

from dataclasses import replace

import pytest

from desk import Desk
from examples import alert, resolve
from fakes import Slack
from faults.world import START
from responder.alert import SYNTHETIC_SOURCE, Severity
from responder.card import Card, Intent
from responder.errors import Permanent, Reason, Retryable
from responder.incident import Destination
from responder.policy.route import Channels
from responder.ports import Message, Place
from responder.protocols import items
from responder.protocols.card_steps import TURNED_AWAY
from unit.protocols.delivering import ID, deliver, fail_after
from unit.protocols.routing import PAYMENTS, apply, channels

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


def test_what_is_critical_is_looked_for_in_its_channel_before_the_default_one(desk: Desk) -> None:
    desk.deliverer = replace(desk.deliverer, channels=Channels("#alerts", "#critical"))
    apply(desk, PAYMENTS)
    desk.record(alert("a1", severity=Severity.CRITICAL))
    desk.slack.errors = [MISSING]
    desk.deliver_all()
    assert channels(desk) == [("post", "#critical")]


def test_where_that_refuses_it_too_it_is_in_the_default_one(desk: Desk) -> None:
    desk.deliverer = replace(desk.deliverer, channels=Channels("#alerts", "#critical"))
    apply(desk, PAYMENTS)
    desk.record(alert("a1", severity=Severity.CRITICAL))
    desk.slack.errors = [MISSING, MISSING]
    desk.deliver_all()
    assert channels(desk) == [("post", "#alerts")]
    assert desk.telemetry.counts["CardsRedirected:channel_not_found"] == 2


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
