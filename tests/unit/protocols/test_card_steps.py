"""What is next for a card: post, edit, tell, look for what was left behind, or nothing."""

from datetime import datetime, timedelta

import pytest

from examples import incident, verdict
from faults.world import START as NOW
from responder.card import Card, Details
from responder.errors import Reason
from responder.incident import Destination, Hold, IncidentState, Notice, NoticeKind
from responder.ports import Place
from responder.protocols import card as cards
from responder.protocols import card_steps
from responder.protocols.card_steps import Act, Step
from unit.protocols.carding import (
    ANALYSED,
    INTENT,
    NOTICES,
    REFUSED,
    SETTLED,
    SOON,
    card,
    shown,
    step,
)

OPEN, RESOLVED = IncidentState.OPEN, IncidentState.RESOLVED


def test_details_come_when_nothing_else_is_missing() -> None:
    old = shown(details=Details(ts="2.0", shows="old"))
    assert step(incident(), old) == Step(Act.DETAIL)
    assert step(incident(revision=2), old) == Step(Act.UPDATE)
    assert step(incident(), shown()) == Step(Act.NOTHING)
    assert step(incident(), old, editable=False) == Step(Act.DETAIL)


def test_a_new_card_is_posted() -> None:
    assert step(incident(), card()) == Step(Act.POST)


def test_a_newer_revision_is_an_edit() -> None:
    assert step(incident(revision=2), shown()) == Step(Act.UPDATE)


def test_untold_notices_are_told_in_order_after_the_edit() -> None:
    noticed = incident(revision=2, notices=NOTICES)
    assert step(noticed, shown()).act is Act.UPDATE
    assert step(noticed, shown(shown=2)) == Step(Act.TELL, notice=NOTICES[0])
    assert step(noticed, shown(shown=2, told=1)) == Step(Act.TELL, notice=NOTICES[1])
    assert step(noticed, shown(shown=2, told=2)) == Step(Act.NOTHING)


@pytest.mark.parametrize("editable", [True, False])
def test_an_intent_is_left_alone_until_it_has_settled(editable: bool) -> None:
    just_before = SETTLED - timedelta(microseconds=1)
    wait = step(incident(), card(intent=INTENT), editable=editable, at=just_before)
    assert wait == Step(Act.WAIT, until=SETTLED)


def test_a_settled_intent_is_looked_for() -> None:
    assert step(incident(), card(intent=INTENT), at=SETTLED) == Step(Act.FIND, intent=INTENT)


def test_a_webhook_cannot_look_and_repeats_what_a_settled_intent_left_open() -> None:
    assert step(incident(), card(intent=INTENT), editable=False, at=SETTLED) == Step(Act.POST)
    tells = card(posted=True, shown=1, intent=INTENT.model_copy(update={"notice": 1}))
    noticed = incident(notices=NOTICES)
    again = step(noticed, tells, editable=False, at=SETTLED)
    assert again == Step(Act.TELL, notice=NOTICES[0])


def test_a_webhook_posts_first_then_the_analysis_then_the_notices() -> None:
    analysed = ANALYSED.model_copy(update={"notices": NOTICES})
    said = cards.analysis_id(analysed)
    first = card(posted=True, shown=1)
    assert step(analysed, card(), editable=False) == Step(Act.POST)
    assert step(analysed, first, editable=False) == Step(Act.POST_ANALYSIS)
    told = first.model_copy(update={"told_analysis": said})
    assert step(analysed, told, editable=False) == Step(Act.TELL, notice=NOTICES[0])
    all_told = told.model_copy(update={"told": 2})
    assert step(analysed, all_told, editable=False) == Step(Act.NOTE)
    noted = all_told.model_copy(update={"shown": 2})
    assert step(analysed, noted, editable=False) == Step(Act.NOTHING)


def test_a_webhook_sends_no_message_for_a_triage_or_a_counter() -> None:
    counted = incident(revision=7, count=9)
    assert step(counted, card(posted=True, shown=1), editable=False) == Step(Act.NOTE)


def test_a_newer_analysis_is_another_message_of_the_webhook() -> None:
    old = card(posted=True, shown=1, told_analysis=NOW.isoformat())
    assert step(ANALYSED, old, editable=False) == Step(Act.POST_ANALYSIS)


def test_the_first_message_carries_analysis_and_notices() -> None:
    noticed = ANALYSED.model_copy(update={"notices": NOTICES})
    posted = cards.posted(
        cards.intend(card(), "d", NOW), noticed, Place("C1", "1.0"), SOON, shortened=False
    )
    assert cards.where(posted) == "C1"
    assert (posted.ts, posted.posted, posted.posted_at, posted.intent) == ("1.0", True, SOON, None)
    assert (posted.shown, posted.told) == (2, 2)
    assert step(noticed, posted) == Step(Act.NOTHING)
    assert step(noticed, posted, editable=False) == Step(Act.NOTHING)


SILENCED = incident(
    revision=2, notices=NOTICES, silence=Hold(silence_id="s", until=NOW + timedelta(hours=1))
)

LOUD = SILENCED.model_copy(update={"silence": None})


def test_under_a_silence_an_edit_is_all_that_is_told_and_the_rest_comes_at_its_end() -> None:
    assert step(SILENCED, shown()).act is Act.UPDATE
    edited = cards.updated(shown(), SILENCED, SOON, shortened=False)
    assert (edited.shown, edited.told) == (2, 0)
    assert step(SILENCED, edited).act is Act.NOTHING
    assert cards.settled(edited, SILENCED, NOW)
    assert step(LOUD, edited) == Step(Act.TELL, notice=NOTICES[0])


K = NoticeKind


@pytest.mark.parametrize(
    ("waiting", "told", "state"),
    [
        ((K.STILL_FIRING, K.STILL_FIRING, K.STILL_FIRING), (3,), OPEN),
        ((K.RESOLVED, K.REFIRED), (2,), OPEN),
        ((K.RESOLVED, K.REFIRED, K.RESOLVED), (3,), RESOLVED),
        ((K.SEVERITY_RAISED, K.ESCALATED, K.SEVERITY_RAISED, K.ESCALATED), (3, 4), OPEN),
        ((K.SEVERITY_RAISED, K.RESOLVED, K.REFIRED), (1, 3), OPEN),
        ((K.SEVERITY_RAISED, K.STILL_FIRING, K.RESOLVED), (3,), RESOLVED),
        ((K.RESOLVED, K.HELD_PAGE, K.HELD_PAGE), (1, 2, 3), RESOLVED),
        ((K.FLAPPING, K.SEVERITY_DOUBTED, K.STILL_FIRING), (1, 2, 3), OPEN),
    ],
)
def test_of_notices_that_waited_only_what_is_news_still_is_told(
    waiting: tuple[NoticeKind, ...], told: tuple[int, ...], state: IncidentState
) -> None:
    notices = tuple(Notice(number=n, kind=kind, at=NOW) for n, kind in enumerate(waiting, 1))
    noticed = incident(notices=notices, state=state)
    state_of_card, said, passed = shown(), [], 0
    while (now := step(noticed, state_of_card)).notice is not None:
        said.append(now.notice.number)
        passed += len(card_steps.passed_over(noticed, state_of_card, now.notice.number))
        state_of_card = cards.told(state_of_card, now.notice.number)
    assert tuple(said) == told
    assert passed == len(waiting) - len(told)
    assert cards.settled(state_of_card, noticed, NOW)


def test_without_one_an_edit_tells_no_notice() -> None:
    edited = cards.updated(shown(), LOUD, SOON, shortened=False)
    assert (edited.shown, edited.told) == (2, 0)
    assert step(LOUD, edited).act is Act.TELL
    assert not cards.settled(edited, LOUD, NOW)


RESOLVES = Notice(number=1, kind=K.RESOLVED, at=NOW)


@pytest.mark.parametrize(
    ("told_from", "state", "kind", "said"),
    [
        (SOON, RESOLVED, K.RESOLVED, True),
        (NOW, RESOLVED, K.RESOLVED, False),
        (None, RESOLVED, K.RESOLVED, False),
        (SOON, OPEN, K.RESOLVED, False),
        (SOON, RESOLVED, K.REFIRED, False),
    ],
    ids=["before", "at its end", "no window", "fires again", "other news"],
)
def test_an_edited_card_has_said_during_a_window_that_it_is_over(
    told_from: datetime | None, state: IncidentState, kind: NoticeKind, said: bool
) -> None:
    over = incident(state=state, told_from=told_from)
    notice = RESOLVES.model_copy(update={"kind": kind})
    assert card_steps.says_already(notice, over) is said


def test_under_a_silence_a_webhook_sends_nothing_more() -> None:
    analysed = SILENCED.model_copy(update={"analysis": verdict(made_at=SOON)})
    assert step(analysed, shown(), editable=False).act is Act.NOTE
    assert step(analysed, shown(shown=2), editable=False).act is Act.NOTHING
    assert step(analysed, card(), editable=False).act is Act.POST


CALLING = incident(route=Destination(channel="#gone", mentions=("here",)))


@pytest.mark.parametrize(
    ("state", "act", "called"),
    [
        (card(), Act.POST, ("here",)),
        (shown(), Act.UPDATE, ("here",)),
        (shown(), Act.TELL, ("here",)),
        (cards.gone(shown(), incident()), Act.POST, ()),
        (shown(ts=""), Act.POST, ()),
        (shown(ts=""), Act.TELL, ("here",)),
        (
            cards.turned_away(shown(), incident(), "#refuge", Reason.CHANNEL_ARCHIVED),
            Act.POST,
            ("here",),
        ),
    ],
    ids=["first", "edit", "notice", "deleted", "bot after webhook", "webhook", "refused"],
)
def test_only_a_card_that_is_posted_anew_in_its_channel_calls_nobody(
    state: Card, act: Act, called: tuple[str, ...]
) -> None:
    stands = card_steps.as_it_stands(CALLING, state, act).route
    assert stands is not None
    assert (stands.mentions, stands.refused) == (called, state.refused)


def test_an_incident_without_a_route_has_a_refused_channel_all_the_same() -> None:
    stands = card_steps.as_it_stands(incident(), card(refused=REFUSED), Act.POST).route
    assert stands == Destination(refused=REFUSED)
