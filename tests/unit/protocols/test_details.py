"""The details reply: after everything else, at most once, and never in anybody's way."""

from datetime import timedelta
from typing import Any

import pytest

from desk import GAP, TIMING, Desk
from examples import alert, incident, verdict
from faults.world import START as NOW
from responder.analysis.verdict import Cause, Check
from responder.card import Card, Details, Intent
from responder.delivery import details as faces
from responder.errors import Permanent, Reason
from responder.incident import Hold, Incident, IncidentState
from responder.ports import Queue
from responder.protocols import card as cards
from responder.protocols import card_steps, details, pace
from responder.protocols.card_messages import UPDATES
from responder.protocols.grip import PATIENCE
from unit.protocols.delivering import ID, REFUSED, UNANSWERED, change, deliver, fail_after, paced

SOON = NOW + timedelta(seconds=5)
WORDY = verdict(checks=tuple(Check(text=f"check {n}") for n in range(9)))
LARGE = incident(analysis=WORDY)
SHOWS = faces.contents(LARGE)


def shown(**reply: Any) -> Card:
    return Card(incident_id=ID, channel="#c", ts="1.0", shown=1, details=Details(**reply))


@pytest.mark.parametrize(
    ("state", "of", "missing"),
    [
        (shown(), LARGE, True),
        (shown(), incident(), False),
        (shown().model_copy(update={"ts": ""}), LARGE, False),
        (shown(ts="2.0", shows=SHOWS), LARGE, False),
        (shown(shows=SHOWS), LARGE, False),
        (shown(ts="2.0", shows="old"), LARGE, True),
        (shown(ts="2.0", shows="old"), incident(), True),
        (shown(intent=Intent(delivery_id="d", at=NOW)), incident(), True),
    ],
)
def test_what_is_cut_is_missing_until_it_is_shown(state: Card, of: Incident, missing: bool) -> None:
    assert details.missing(state, of) is missing
    assert details.due(state, of, NOW) is missing
    assert cards.settled(state, of, NOW) is not missing


def test_under_a_silence_nothing_is_begun_and_what_stands_is_kept_up_to_date() -> None:
    silenced = LARGE.model_copy(update={"silence": Hold(silence_id="s", until=SOON)})
    assert not details.missing(shown(), silenced)
    assert details.missing(shown(ts="2.0", shows="old"), silenced)


def test_it_is_not_due_before_its_turn() -> None:
    waits = details.postponed(shown(), SOON)
    assert details.missing(waits, LARGE)
    assert not details.due(waits, LARGE, NOW)
    assert cards.settled(waits, LARGE, NOW)
    assert details.due(waits, LARGE, SOON)


def test_it_comes_after_edits_and_notices_and_in_either_mode() -> None:
    def step(of: Incident, *, editable: bool = True) -> card_steps.Act:
        return card_steps.next_step(of, shown(), NOW, TIMING, editable=editable).act

    assert step(LARGE.model_copy(update={"revision": 2})) is card_steps.Act.UPDATE
    assert step(LARGE) is card_steps.Act.DETAIL
    assert step(incident()) is card_steps.Act.NOTHING


@pytest.mark.parametrize(
    ("state", "act"),
    [
        (Details(), details.Act.POST),
        (Details(ts="2.0"), details.Act.UPDATE),
        (Details(intent=Intent(delivery_id="d", at=NOW)), details.Act.WAIT),
        (Details(intent=Intent(delivery_id="d", at=NOW - TIMING.settle)), details.Act.FIND),
    ],
)
def test_what_was_left_behind_settles_and_is_looked_for(state: Details, act: details.Act) -> None:
    assert details.next_act(state, NOW, TIMING.settle) is act


@pytest.fixture
def desk() -> Desk:
    """One incident, shown, whose analysis is more than a card holds."""
    desk = Desk()
    desk.record(alert())
    deliver(desk)
    change(desk, analysis=WORDY)
    desk.taken(Queue.DISTRIBUTION)
    return desk


def test_a_card_whose_blocks_were_too_much_together_has_details_until_it_is_shorter() -> None:
    """Each text fits: only the card as it is shown tells."""
    desk = Desk()
    desk.record(alert())
    causes = (Cause(text="c" * 350, evidence=("e" * 180,) * 2),) * 3
    checks = (Check(text="k" * 250, command="x" * 440),) * 4
    full = verdict(summary="s" * 900, causes=causes, checks=checks, actions=("a" * 300,) * 4)
    links = {f"dashboard {n}": f"https://boards.example.com/{'b' * 200}" for n in range(6)}
    change(desk, analysis=full, links=links, message="m" * 700, explanation="e" * 400)
    deliver(desk)
    assert desk.card().shortened
    assert replies(desk) == ["post"]
    change(desk, analysis=verdict())
    deliver(desk)
    assert not desk.card().shortened


def replies(desk: Desk) -> list[str]:
    return [call.method for call in desk.slack.calls if call.text.startswith("Details of")]


def test_one_reply_in_the_cards_thread(desk: Desk) -> None:
    deliver(desk)
    deliver(desk)
    assert desk.slack.methods() == ["post", "update", "post"]
    reply = desk.slack.calls[2]
    assert (reply.thread_ts, reply.text) == ("1.0", "Details of disk full")
    assert (desk.card().details.ts, desk.card().owner) == (reply.ts, "")
    assert desk.telemetry.counts["DetailsPosted"] == 1


def test_the_intent_is_written_before_the_reply_is_sent(desk: Desk) -> None:
    seen: list[Details] = []

    def after_the_edit() -> None:
        desk.slack.meanwhile = lambda: seen.append(desk.card().details)

    desk.slack.meanwhile = after_the_edit
    deliver(desk)
    assert seen[0].intent == Intent(delivery_id=desk.slack.calls[2].delivery_id, at=NOW)


def test_a_new_analysis_edits_the_reply_also_where_the_card_has_room_for_it(desk: Desk) -> None:
    deliver(desk)
    change(desk, analysis=verdict(made_at=SOON))
    deliver(desk)
    assert replies(desk) == ["post", "update"]
    assert desk.slack.calls[-1].ts == desk.card().details.ts


def test_a_counter_does_not_touch_it_and_the_end_does(desk: Desk) -> None:
    deliver(desk)
    desk.record(alert("a2", at=20))
    deliver(desk)
    assert replies(desk) == ["post"]
    change(desk, state=IncidentState.CLOSED)
    deliver(desk)
    assert replies(desk) == ["post", "update"]


def test_an_edit_without_an_answer_is_repeated_even_for_what_stood_there_before(
    desk: Desk,
) -> None:
    deliver(desk)
    desk.record(alert("a2", at=20))
    deliver(desk)
    change(desk, state=IncidentState.CLOSED)
    fail_after(desk, 1, UNANSWERED)
    deliver(desk)
    change(desk, state=IncidentState.OPEN)
    desk.later(seconds=30)
    deliver(desk)
    assert replies(desk) == ["post", "update"]
    assert desk.card().details.shows == faces.contents(desk.incident())


def test_a_reply_that_was_left_behind_is_found_and_edited_never_sent_twice(desk: Desk) -> None:
    fail_after(desk, 1, UNANSWERED)
    deliver(desk)
    left = desk.card().details.intent
    assert left is not None
    desk.slack.lands[left.delivery_id] = "9.0"
    assert [delay for _, delay in desk.taken(Queue.DISTRIBUTION)] == [2]
    desk.later(seconds=5)
    deliver(desk)
    assert [delay for _, delay in desk.taken(Queue.DISTRIBUTION)] == [15]
    assert desk.slack.methods() == ["post", "update"]
    desk.later(seconds=15)
    deliver(desk)
    assert [(c.method, c.thread_ts, c.ts) for c in desk.slack.calls[2:]] == [
        ("find", "1.0", ""),
        ("update", "", "9.0"),
    ]
    assert desk.card().details == Details(ts="9.0", shows=SHOWS)


def test_an_absent_reply_is_sent_again(desk: Desk) -> None:
    fail_after(desk, 1, UNANSWERED)
    deliver(desk)
    desk.later(seconds=20)
    deliver(desk)
    assert desk.slack.methods() == ["post", "update", "find", "post"]


def test_while_the_details_wait_the_card_does_not(desk: Desk) -> None:
    fail_after(desk, 1, REFUSED)
    deliver(desk)
    card = desk.card()
    assert (card.owner, card.next_try, card.details.intent) == ("", None, None)
    assert card.details.next_try == NOW + timedelta(seconds=20)
    assert [delay for _, delay in desk.taken(Queue.DISTRIBUTION)] == [20]
    change(desk, count=7)
    deliver(desk)
    assert desk.slack.methods() == ["post", "update", "update"]
    assert desk.taken(Queue.DISTRIBUTION) == []
    desk.later(seconds=20)
    deliver(desk)
    assert replies(desk) == ["post"]


def test_what_slack_refuses_for_good_is_counted_and_the_card_lives_on(desk: Desk) -> None:
    fail_after(desk, 1, Permanent(Reason.REFUSED_BY_SLACK, "thread_locked"))
    deliver(desk)
    deliver(desk)
    assert desk.telemetry.counts["DetailsRefused:refused_by_slack"] == 1
    assert not desk.card().dead_lettered
    assert desk.slack.methods() == ["post", "update"]
    change(desk, analysis=WORDY.model_copy(update={"made_at": SOON}))
    deliver(desk)
    assert replies(desk) == ["post"]


def test_details_that_are_refused_for_twelve_hours_are_given_up(desk: Desk) -> None:
    fail_after(desk, 1, REFUSED)
    deliver(desk, first_sent=NOW - PATIENCE)
    assert desk.telemetry.counts["DetailsRefused:too_old"] == 1
    assert desk.taken(Queue.DISTRIBUTION) == []
    assert not desk.card().dead_lettered


def test_blocks_that_slack_finds_invalid_go_as_text(desk: Desk) -> None:
    fail_after(desk, 1, Permanent(Reason.INVALID_MESSAGE, "invalid_blocks"))
    deliver(desk)
    assert [call.blocks for call in desk.slack.calls] == [True, True, False]


def test_details_take_no_slot_that_a_card_waits_for(desk: Desk) -> None:
    paced(desk)
    for _ in range(3):
        pace.reserve(desk.store, "#alerts", GAP, NOW, urgent=False)
    deliver(desk)
    deliver(desk)
    assert replies(desk) == []
    ((message, delay),) = desk.taken(Queue.DISTRIBUTION)
    assert (message["slot_reserved"], delay) == (False, 3)
    assert pace.reserve(desk.store, "#alerts", GAP, NOW, urgent=False) == NOW + 3 * GAP
    desk.later(seconds=4)
    deliver(desk)
    assert replies(desk) == ["post"]


def test_edits_of_details_wait_for_the_cards_edits(desk: Desk) -> None:
    deliver(desk)
    paced(desk)
    change(desk, analysis=verdict(made_at=SOON))
    deliver(desk)
    assert desk.slack.methods() == ["post", "update", "post", "update"]
    assert desk.card().details.next_try == NOW + GAP * 1.2
    assert pace.reserve(desk.store, UPDATES, GAP, NOW, urgent=False) == NOW + GAP * 1.2


def test_a_card_that_is_posted_anew_gets_its_details_anew(desk: Desk) -> None:
    deliver(desk)
    change(desk)
    desk.slack.errors = [Permanent(Reason.CARD_GONE, "message_not_found")]
    deliver(desk)
    assert replies(desk) == ["post", "post"]
    assert desk.slack.calls[-1].thread_ts == desk.card().ts


def test_a_bot_whose_token_is_taken_away_leaves_no_card_unsettled(desk: Desk) -> None:
    desk.slack.editable = False
    deliver(desk)
    assert replies(desk) == []
    assert desk.card().owner == ""


def test_a_webhook_has_no_thread_for_details() -> None:
    desk = Desk()
    desk.slack.editable = False
    desk.record(alert())
    change(desk, analysis=WORDY)
    deliver(desk)
    assert desk.slack.methods() == ["post"]
    assert desk.card().details == Details()


def test_the_tick_announces_details_that_nobody_came_for(desk: Desk) -> None:
    deliver(desk)
    until = NOW + timedelta(seconds=70)
    desk.put_card(desk.card().model_copy(update={"details": Details(next_try=until)}))
    desk.later(seconds=60)
    desk.ticker.tick()
    assert desk.announced() == []
    assert desk.incident().due_at == until + timedelta(seconds=60)
    desk.later(seconds=70)
    desk.ticker.tick()
    assert desk.announced() == [(ID, 0)]
    assert desk.incident().unshown_since is None
    assert desk.incident().due_at == desk.now() + timedelta(seconds=60)
