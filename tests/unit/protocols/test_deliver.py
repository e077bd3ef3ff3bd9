"""The distribution lane with a bot: one card per incident, whatever Slack and other workers do."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from fakes import GAP, TIMING, Desk, alert, resolve, verdict
from faults.world import START
from responder.alert import Severity
from responder.contracts import Announcement
from responder.errors import Permanent, Reason, Retryable
from responder.incident import Card, Intent, Notice, NoticeKind
from responder.policy.route import Channels
from responder.ports import Message, Queue
from responder.protocols import items
from responder.protocols.card_messages import SEARCH_MARGIN, UPDATES
from responder.protocols.grip import PATIENCE
from responder.protocols.pace import reserve

ID = "v1:disk|prod.1"
REFUSED = Retryable(Reason.RATE_LIMITED, "429", after=20, took_effect=False)
UNANSWERED = Retryable(Reason.TIMEOUT, "no answer")


@pytest.fixture
def desk() -> Desk:
    """One incident, whose card is still to be posted."""
    desk = Desk()
    desk.record(alert())
    desk.announced()
    return desk


def deliver(desk: Desk, incident_id: str = ID, **changes: object) -> None:
    fields = {"incident_id": incident_id, "first_sent": desk.now()}
    desk.deliverer.handle(Announcement.model_validate(fields | changes))


def change(desk: Desk, **changes: object) -> None:
    """The next revision of the incident."""
    before = desk.incident()
    desk.put_incident(before.model_copy(update={"revision": before.revision + 1} | changes))


def copies(desk: Desk, queue: Queue = Queue.DISTRIBUTION) -> list[tuple[datetime | None, int]]:
    """The delayed copies in a queue, as (not before, delay)."""
    taken = [one for one in desk.taken(queue) if one[0]["trouble"] is None]
    return [(message["not_before"], delay) for message, delay in taken]


def pace(desk: Desk) -> None:
    desk.deliverer = replace(desk.deliverer, gap=GAP)


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


def test_what_changes_while_slack_is_asked_is_shown_before_letting_go(desk: Desk) -> None:
    def another_announcement() -> None:
        change(desk, count=2)
        deliver(desk)

    desk.slack.meanwhile = another_announcement
    deliver(desk)
    assert desk.slack.methods() == ["post", "update"]
    assert (desk.card().shown, desk.card().wanted, desk.card().owner) == (2, 0, "")


def test_who_finds_the_card_held_asks_its_holder_and_leaves(desk: Desk) -> None:
    held = Card(incident_id=ID, channel="#alerts", owner="other", lease_until=START + TIMING.lease)
    desk.put_card(held)
    deliver(desk)
    assert desk.slack.methods() == []
    assert desk.card() == held.model_copy(update={"wanted": 1})


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
    pace(desk)

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

    def fail_the_reply() -> None:
        desk.slack.errors = [UNANSWERED]

    desk.slack.meanwhile = fail_the_reply
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


def test_critical_news_does_not_wait_for_a_pace_slot(desk: Desk) -> None:
    pace(desk)
    desk.slack.post("#alerts", Message(text="other"), "d-0")
    reserve(desk.store, "#alerts", GAP, desk.now(), urgent=False)
    deliver(desk)
    copies(desk)
    change(desk, severity=Severity.CRITICAL)
    deliver(desk)
    assert desk.slack.methods() == ["post", "post"]
    assert desk.card().next_try is None


def test_critical_news_waits_as_slack_asked(desk: Desk) -> None:
    desk.slack.errors = [REFUSED]
    deliver(desk)
    copies(desk)
    desk.later(seconds=5)
    change(desk, severity=Severity.CRITICAL)
    deliver(desk)
    assert desk.slack.methods() == []


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
    pace(desk)

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


GONE = Permanent(Reason.CARD_GONE, "message_not_found")


def test_a_deleted_card_is_posted_anew(desk: Desk) -> None:
    deliver(desk)
    change(desk)
    desk.slack.errors = [GONE]
    deliver(desk)
    assert desk.slack.methods() == ["post", "post"]
    assert (desk.card().ts, desk.card().shown) == ("2.0", desk.incident().revision)


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


def test_counters_never_stand_before_a_first_card(desk: Desk) -> None:
    deliver(desk)
    pace(desk)
    for _ in range(30):
        reserve(desk.store, UPDATES, GAP, desk.now(), urgent=False)
    desk.record(alert("b1", fingerprint="f2", rule="v1:other"))
    [message] = [m for m, _ in desk.taken(Queue.DISTRIBUTION) if m["incident_id"] != ID]
    deliver(desk, message["incident_id"])
    assert desk.slack.methods() == ["post", "post"]


def test_in_an_outage_announcements_of_one_critical_revision_become_one_copy(desk: Desk) -> None:
    change(desk, severity=Severity.CRITICAL)
    desk.slack.errors = [REFUSED, REFUSED]
    deliver(desk)
    deliver(desk)
    assert len(copies(desk, Queue.CRITICAL)) == 1
    desk.later(seconds=20)
    deliver(desk)
    assert len(copies(desk, Queue.CRITICAL)) == 1
    desk.later(seconds=20)
    deliver(desk)
    assert desk.slack.methods() == ["post"]


def test_after_twelve_hours_the_announcement_is_given_up_with_its_reason(desk: Desk) -> None:
    first_sent = START - PATIENCE
    desk.slack.errors = [REFUSED]
    with pytest.raises(Permanent) as caught:
        deliver(desk, first_sent=first_sent)
    assert caught.value.reason is Reason.TOO_OLD
    assert (desk.card().dead_lettered, desk.card().owner) == (True, "")
    assert copies(desk) == []


def test_before_twelve_hours_it_waits_on(desk: Desk) -> None:
    desk.slack.errors = [REFUSED]
    deliver(desk, first_sent=START - PATIENCE + timedelta(seconds=1))
    assert len(copies(desk)) == 1
    assert not desk.card().dead_lettered


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


def test_a_card_without_a_way_is_permanent_before_anything_is_written(desk: Desk) -> None:
    nowhere = Channels("#alerts", test="")
    desk.deliverer = replace(desk.deliverer, channels=nowhere)
    change(desk, synthetic=True)
    with pytest.raises(Permanent):
        deliver(desk)
    assert items.card_item(ID) not in desk.store.items


def test_without_a_secret_the_card_waits(desk: Desk) -> None:
    def no_chat(incident: object) -> None:
        raise Retryable(Reason.SECRET_MISSING, "the secret s has no value", after=30)

    desk.deliverer = replace(desk.deliverer, chat=no_chat)  # type: ignore[arg-type]
    deliver(desk)
    assert copies(desk) == [(START + timedelta(seconds=30), 30)]
    assert desk.telemetry.counts["Waits:secret_missing"] == 1


def test_messages_of_a_channel_are_paced_and_a_copy_is_delayed_to_its_own_slot(
    desk: Desk,
) -> None:
    pace(desk)
    desk.record(alert("b1", fingerprint="f2", rule="v1:memory"))
    other = "v1:memory|prod.1"
    desk.taken(Queue.DISTRIBUTION)
    deliver(desk)
    deliver(desk, other)
    assert desk.slack.methods() == ["post"]
    ((message, delay),) = desk.taken(Queue.DISTRIBUTION)
    assert (message["incident_id"], message["slot_reserved"], delay) == (other, True, 1)
    assert desk.telemetry.counts["Waits:paced"] == 1
    desk.later(seconds=1)
    desk.deliverer.handle(Announcement.model_validate(message))
    assert desk.slack.methods() == ["post", "post"]


def test_a_reserved_slot_is_good_for_one_message(desk: Desk) -> None:
    pace(desk)
    deliver(desk)
    desk.record(resolve(at=60))
    desk.later(seconds=5)
    desk.taken(Queue.DISTRIBUTION)
    deliver(desk, slot_reserved=True)
    assert desk.slack.methods() == ["post", "update", "post"]
    assert copies(desk) == []
    change(desk, notices=(*desk.incident().notices, notice(2), notice(3)))
    deliver(desk, slot_reserved=True)
    assert desk.slack.methods() == ["post", "update", "post", "update"]
    assert [delay for _, delay in copies(desk)] == [1]


def notice(number: int) -> Notice:
    return Notice(number=number, kind=NoticeKind.REFIRED, at=START)


def test_a_critical_card_takes_the_next_slot_and_others_make_room(desk: Desk) -> None:
    pace(desk)
    desk.record(alert("b1", fingerprint="f2", rule="v1:memory", severity=Severity.CRITICAL))
    deliver(desk)
    deliver(desk, "v1:memory|prod.1")
    assert desk.slack.methods() == ["post", "post"]


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


def test_a_throttled_store_is_waited_out(desk: Desk) -> None:
    desk.store.refuses = "card#"
    deliver(desk)
    assert desk.slack.methods() == []
    assert [delay for _, delay in copies(desk)] == [2]
    desk.store.refuses = ""
    desk.later(seconds=2)
    deliver(desk)
    assert desk.slack.methods() == ["post"]


def test_an_analysis_that_arrives_is_an_edit_of_the_card(desk: Desk) -> None:
    deliver(desk)
    change(desk, analysis=verdict(headline="The pool is exhausted"))
    deliver(desk)
    assert desk.slack.methods() == ["post", "update"]


def escalated(desk: Desk) -> None:
    """The card stands in its channel; then the severity rises to CRITICAL, which has another."""
    deliver(desk)
    desk.deliverer = replace(desk.deliverer, channels=Channels("#alerts", "#critical"))
    desk.record(alert("a2", at=20, severity=Severity.CRITICAL))
    desk.taken(Queue.CRITICAL)


def test_a_rise_to_critical_is_told_in_the_channel_of_critical_incidents_too(desk: Desk) -> None:
    escalated(desk)
    deliver(desk)
    assert [(c.method, c.channel, c.thread_ts) for c in desk.slack.calls] == [
        ("post", "#alerts", ""),
        ("update", "C1", ""),
        ("post", "C1", "1.0"),
        ("post", "#critical", ""),
    ]
    assert desk.card().told == desk.incident().last_notice == 2
    deliver(desk)
    assert len(desk.slack.calls) == 4


def test_a_rise_to_critical_in_the_only_channel_is_told_once(desk: Desk) -> None:
    deliver(desk)
    desk.record(alert("a2", at=20, severity=Severity.CRITICAL))
    deliver(desk)
    assert desk.slack.methods() == ["post", "update", "post"]
    assert desk.card().told == 2


def leave_the_escalation_behind(desk: Desk) -> Intent:
    escalated(desk)

    def after_the_edit() -> None:
        desk.slack.meanwhile = after_the_reply

    def after_the_reply() -> None:
        desk.slack.errors = [UNANSWERED]

    desk.slack.meanwhile = after_the_edit
    deliver(desk)
    left = desk.card().intent
    assert left is not None
    assert (left.notice, left.channel) == (2, "#critical")
    desk.later(seconds=20)
    return left


def test_an_escalation_that_was_left_behind_is_looked_for_in_its_own_channel(desk: Desk) -> None:
    left = leave_the_escalation_behind(desk)
    desk.slack.lands[left.delivery_id] = "9.0"
    deliver(desk)
    assert [(c.method, c.channel, c.thread_ts) for c in desk.slack.calls[3:]] == [
        ("find", "#critical", "")
    ]
    assert (desk.card().told, desk.card().ts, desk.card().intent) == (2, "1.0", None)


@pytest.mark.parametrize("left_behind", [False, True])
def test_a_channel_of_critical_incidents_that_is_not_there_keeps_no_card_from_anything(
    desk: Desk, left_behind: bool
) -> None:
    missing = Permanent(Reason.REFUSED_BY_SLACK, "channel_not_found")
    if left_behind:
        leave_the_escalation_behind(desk)
        desk.slack.errors = [missing]
    else:
        escalated(desk)

        def after_the_edit() -> None:
            desk.slack.meanwhile = after_the_reply

        def after_the_reply() -> None:
            desk.slack.errors = [missing]

        desk.slack.meanwhile = after_the_edit
    deliver(desk)
    assert desk.telemetry.counts["NoticesRefused:refused_by_slack"] == 1
    assert (desk.card().told, desk.card().owner, desk.card().dead_lettered) == (2, "", False)
