"""What Slack shows of an incident: one card, edited; posted again only where it is not there."""

from dataclasses import replace

import pytest

from desk import TIMING, Desk
from examples import resolve, verdict
from faults.world import START
from responder.card import Card, Intent
from responder.contracts import Announcement
from responder.errors import Permanent, Reason
from responder.policy.route import Channels
from responder.protocols.card_messages import SEARCH_MARGIN
from unit.protocols.delivering import (
    ID,
    UNANSWERED,
    announced_desk,
    change,
    copies,
    deliver,
    fail_after,
    paced,
)

GONE = Permanent(Reason.CARD_GONE, "message_not_found")
THREAD_GONE = Permanent(Reason.CARD_GONE, "thread_not_found")


@pytest.fixture
def desk() -> Desk:
    return announced_desk()


def test_the_first_announcement_posts_the_card(desk: Desk) -> None:
    desk.later(seconds=2)
    deliver(desk)
    card = desk.card()
    assert (card.channel, card.ts, card.shown) == ("#alerts", "1.0", 1)
    assert (card.owner, card.lease_until, card.intent) == ("", None, None)
    assert desk.slack.methods() == ["post"]
    assert desk.telemetry.counts["CardsPosted"] == 1
    assert desk.telemetry.durations["TimeToCard"] == 2


def test_the_intent_is_written_before_the_message_is_sent(desk: Desk) -> None:
    seen: list[Card] = []
    desk.slack.meanwhile = lambda: seen.append(desk.card())
    deliver(desk)
    assert seen[0].intent == Intent(delivery_id=desk.slack.calls[0].delivery_id, at=START)
    assert seen[0].lease_until == START + TIMING.lease


def test_a_second_announcement_finds_nothing_to_do(desk: Desk) -> None:
    deliver(desk)
    before = desk.card()
    deliver(desk)
    assert desk.slack.methods() == ["post"]
    assert desk.card() == before


def test_a_newer_revision_edits_the_card(desk: Desk) -> None:
    deliver(desk)
    change(desk, count=5)
    deliver(desk)
    assert [(call.method, call.ts) for call in desk.slack.calls] == [
        ("post", "1.0"),
        ("update", "1.0"),
    ]
    assert desk.card().shown == 2
    assert desk.telemetry.counts["CardsUpdated"] == 1


def test_an_analysis_that_arrives_is_an_edit_of_the_card(desk: Desk) -> None:
    deliver(desk)
    change(desk, analysis=verdict(headline="The pool is exhausted"))
    deliver(desk)
    assert desk.slack.methods() == ["post", "update"]


def test_a_notice_is_told_in_the_cards_thread_after_the_edit(desk: Desk) -> None:
    deliver(desk)
    desk.record(resolve(at=60))
    deliver(desk)
    assert desk.slack.methods() == ["post", "update", "post"]
    assert desk.slack.calls[2].thread_ts == "1.0"
    assert desk.card().told == 1
    assert desk.telemetry.counts["NoticesPosted"] == 1


def test_the_first_message_says_it_all_and_notices_are_not_repeated(desk: Desk) -> None:
    desk.record(resolve(at=60))
    deliver(desk)
    assert desk.slack.methods() == ["post"]


def test_a_post_without_an_answer_leaves_its_intent_and_waits_for_it_to_settle(
    desk: Desk,
) -> None:
    desk.slack.errors = [UNANSWERED]
    deliver(desk)
    left = desk.card().intent
    assert left is not None
    (first_copy,) = copies(desk)
    assert first_copy[1] == 2
    desk.later(seconds=2)
    deliver(desk)
    assert copies(desk) == [(START + TIMING.settle, 18)]
    assert desk.slack.methods() == []
    assert desk.telemetry.counts["Waits:intent_unsettled"] == 1


def test_a_left_behind_message_is_found_edited_and_never_posted_twice(desk: Desk) -> None:
    desk.slack.errors = [UNANSWERED]
    deliver(desk)
    left = desk.card().intent
    assert left is not None
    desk.slack.lands[left.delivery_id] = "9.0"
    desk.later(seconds=20)
    deliver(desk)
    assert [(call.method, call.ts) for call in desk.slack.calls] == [
        ("find", ""),
        ("update", "9.0"),
    ]
    assert desk.slack.searched == [START - SEARCH_MARGIN]
    assert desk.card().ts == "9.0"


def test_an_absent_message_is_posted_again(desk: Desk) -> None:
    desk.slack.errors = [UNANSWERED]
    deliver(desk)
    desk.later(seconds=20)
    deliver(desk)
    assert desk.slack.methods() == ["find", "post"]


def test_a_left_behind_notice_is_looked_for_in_the_thread(desk: Desk) -> None:
    deliver(desk)
    desk.record(resolve(at=60))
    fail_after(desk, 1, UNANSWERED)
    deliver(desk)
    left = desk.card().intent
    assert left is not None
    assert left.notice == 1
    desk.slack.lands[left.delivery_id] = "9.0"
    desk.later(seconds=20)
    deliver(desk)
    assert desk.slack.methods() == ["post", "update", "find"]
    assert desk.slack.calls[2].thread_ts == "1.0"
    assert (desk.card().told, desk.card().ts) == (1, "1.0")


def test_a_channel_that_was_set_wrong_can_be_set_right(desk: Desk) -> None:
    desk.slack.errors = [Permanent(Reason.CHANNEL_NOT_FOUND, "channel_not_found")]
    with pytest.raises(Permanent):
        deliver(desk)
    desk.deliverer = replace(desk.deliverer, channels=Channels("#right"))
    deliver(desk)
    assert desk.card().channel == "#right"


def test_a_card_that_is_being_posted_stays_in_the_channel_that_it_is_looked_for_in(
    desk: Desk,
) -> None:
    """Between claim and intent another worker comes, for whom it would go elsewhere."""
    paced(desk)
    desk.put_card(Card(incident_id=ID, channel="#alerts"))

    def another() -> None:
        right = replace(desk.deliverer, channels=Channels("#elsewhere"))
        right.handle(Announcement(incident_id=ID, first_sent=desk.now()))

    def after_claim() -> None:
        desk.store.meanwhile = another

    desk.store.meanwhile = after_claim
    deliver(desk)
    assert [call.channel for call in desk.slack.calls] == ["#alerts"]
    assert desk.card().channel == "#alerts"


def test_a_posted_card_stays_in_its_channel(desk: Desk) -> None:
    deliver(desk)
    desk.deliverer = replace(desk.deliverer, channels=Channels("#elsewhere"))
    change(desk)
    deliver(desk)
    assert desk.card().channel == "#alerts"


def test_a_deleted_card_is_posted_anew(desk: Desk) -> None:
    deliver(desk)
    change(desk)
    desk.slack.errors = [GONE]
    deliver(desk)
    assert desk.slack.methods() == ["post", "post"]
    assert (desk.card().ts, desk.card().shown) == ("2.0", desk.incident().revision)


def test_a_card_that_was_deleted_before_its_notice_is_posted_anew_and_says_it(desk: Desk) -> None:
    deliver(desk)
    desk.record(resolve(at=60))
    fail_after(desk, 1, THREAD_GONE)
    deliver(desk)
    assert desk.slack.methods() == ["post", "update", "post"]
    assert desk.slack.calls[2].thread_ts == ""
    assert (desk.card().told, desk.card().intent) == (1, None)


def test_a_notice_that_was_left_behind_in_the_thread_of_a_deleted_card_holds_up_nothing(
    desk: Desk,
) -> None:
    deliver(desk)
    desk.record(resolve(at=60))
    fail_after(desk, 1, UNANSWERED)
    deliver(desk)
    desk.later(seconds=20)
    desk.slack.errors = [THREAD_GONE]
    deliver(desk)
    assert desk.slack.methods() == ["post", "update", "post"]
    assert desk.slack.calls[2].thread_ts == ""
    assert (desk.card().told, desk.card().intent) == (1, None)


def test_a_card_that_cannot_even_be_posted_anew_is_a_dead_letter(desk: Desk) -> None:
    deliver(desk)
    change(desk)
    desk.slack.errors = [GONE, Permanent(Reason.CHANNEL_ARCHIVED, "is_archived")]
    with pytest.raises(Permanent, match="is_archived"):
        deliver(desk)
    assert desk.card().dead_lettered


def test_a_card_that_vanishes_again_at_once_is_given_up(desk: Desk) -> None:
    deliver(desk)
    change(desk)

    def vanish() -> None:
        change(desk)
        deliver(desk)
        desk.slack.errors = [GONE]

    desk.slack.errors = [GONE]
    desk.slack.meanwhile = vanish
    with pytest.raises(Permanent, match="message_not_found"):
        deliver(desk)
    assert desk.slack.methods() == ["post", "post"]
    assert desk.card().dead_lettered


def test_an_edit_that_slack_finds_invalid_goes_as_text(desk: Desk) -> None:
    deliver(desk)
    change(desk)
    desk.slack.errors = [Permanent(Reason.INVALID_MESSAGE, "invalid_blocks")]
    deliver(desk)
    assert [(call.method, call.blocks) for call in desk.slack.calls] == [
        ("post", True),
        ("update", False),
    ]


def test_a_text_that_slack_finds_invalid_too_is_given_up(desk: Desk) -> None:
    desk.slack.errors = [Permanent(Reason.INVALID_MESSAGE, "no_text")] * 2
    with pytest.raises(Permanent):
        deliver(desk)
    assert (desk.card().dead_lettered, desk.card().intent) == (True, None)


def test_a_message_that_slack_finds_invalid_goes_as_text(desk: Desk) -> None:
    desk.slack.errors = [Permanent(Reason.INVALID_MESSAGE, "invalid_blocks")]
    deliver(desk)
    assert desk.slack.methods() == ["post"]
    assert desk.telemetry.counts["PlainCards"] == 1
