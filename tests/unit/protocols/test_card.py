"""The card's steps as pure functions: what is next, who holds it, when it is settled."""

from datetime import timedelta
from typing import Any

import pytest

from desk import TIMING
from examples import incident, verdict
from faults.world import START as NOW
from responder.alert import Severity
from responder.errors import Reason
from responder.incident import (
    Card,
    Destination,
    Details,
    Hold,
    Incident,
    IncidentState,
    Intent,
    Notice,
    NoticeKind,
    Refusal,
)
from responder.ports import Place
from responder.protocols import card as cards
from responder.protocols import card_waits
from responder.protocols.card import Act, Step

OPEN, RESOLVED = IncidentState.OPEN, IncidentState.RESOLVED
SOON = NOW + timedelta(seconds=5)
INTENT = Intent(delivery_id="d", at=NOW)
SETTLED = NOW + TIMING.settle
NOTICES = (
    Notice(number=1, kind=NoticeKind.SEVERITY_RAISED, at=NOW),
    Notice(number=2, kind=NoticeKind.REFIRED, at=NOW),
)
ANALYSED = incident(revision=2, analysis=verdict(made_at=SOON))


def card(**changes: Any) -> Card:
    return Card.model_validate({"incident_id": "i", "channel": "#c"} | changes)


def shown(**changes: Any) -> Card:
    return card(**({"ts": "1.0", "posted": True, "posted_at": NOW, "shown": 1} | changes))


def step(of: Incident, state: Card, *, editable: bool = True, at: Any = NOW) -> Step:
    return cards.next_step(of, state, at, TIMING, editable=editable)


def test_details_come_when_nothing_else_is_missing() -> None:
    old = shown(details=Details(ts="2.0", shows="old"))
    assert step(incident(), old) == Step(Act.DETAIL)
    assert step(incident(revision=2), old) == Step(Act.UPDATE)
    assert step(incident(), shown()) == Step(Act.NOTHING)
    assert step(incident(), old, editable=False) == Step(Act.DETAIL)


def test_the_lease_outlives_slack_and_an_intent_settles_after_its_time_out() -> None:
    assert TIMING.lease == TIMING.timeout + timedelta(seconds=15)
    assert TIMING.settle == TIMING.timeout + timedelta(seconds=10)


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


@pytest.mark.parametrize(
    ("state", "settled"),
    [
        (shown(), True),
        (shown(shown=2, wanted=2), True),
        (shown(shown=0), False),
        (shown(wanted=2), False),
        (shown(intent=INTENT), False),
    ],
)
def test_a_card_is_settled_when_all_is_shown_and_nothing_left_behind(
    state: Card, settled: bool
) -> None:
    assert cards.settled(state, incident(), NOW) is settled


def test_a_card_is_not_settled_before_the_last_notice_is_told() -> None:
    noticed = incident(notices=NOTICES)
    assert not cards.settled(shown(told=1), noticed, NOW)
    assert cards.settled(shown(told=2), noticed, NOW)


@pytest.mark.parametrize(
    ("state", "held"),
    [
        (None, False),
        (card(), False),
        (card(owner="other", lease_until=SOON), True),
        (card(owner="me", lease_until=SOON), False),
        (card(owner="other", lease_until=NOW), False),
        (card(owner="other"), False),
        (card(lease_until=SOON), False),
    ],
)
def test_only_a_live_lease_of_another_holds_a_card(state: Card | None, held: bool) -> None:
    assert cards.held_by_other(state, "me", NOW) is held


def test_claiming_sets_and_renews_the_lease() -> None:
    claimed = cards.claim(card(), "me", NOW, TIMING)
    assert (claimed.owner, claimed.lease_until) == ("me", NOW + TIMING.lease)
    assert cards.claim(claimed, "me", SOON, TIMING).lease_until == SOON + TIMING.lease


def test_asking_for_an_older_revision_does_not_lower_what_is_wanted() -> None:
    assert cards.ask_for(card(wanted=3), 2).wanted == 3
    assert cards.ask_for(card(wanted=3), 4).wanted == 4


def test_the_first_message_carries_analysis_and_notices() -> None:
    noticed = ANALYSED.model_copy(update={"notices": NOTICES})
    posted = cards.posted(cards.intend(card(), "d", NOW), noticed, Place("C1", "1.0"), SOON)
    assert cards.where(posted) == "C1"
    assert (posted.ts, posted.posted, posted.posted_at, posted.intent) == ("1.0", True, SOON, None)
    assert (posted.shown, posted.told) == (2, 2)
    assert step(noticed, posted) == Step(Act.NOTHING)
    assert step(noticed, posted, editable=False) == Step(Act.NOTHING)


def test_what_a_found_message_shows_is_unknown_so_it_is_edited() -> None:
    found = cards.found(card(intent=INTENT), INTENT, Place("C1", "7.0"), SOON)
    assert cards.where(found) == "C1"
    assert (found.ts, found.posted, found.posted_at, found.intent) == ("7.0", True, SOON, None)
    assert step(incident(), found) == Step(Act.UPDATE)


def test_a_found_notice_is_told_and_the_card_keeps_its_ts() -> None:
    intent = INTENT.model_copy(update={"notice": 2})
    found = cards.found(shown(intent=intent), intent, Place("C1", "7.0"), SOON)
    assert found == shown(told=2)


def test_an_absent_message_voids_its_intent() -> None:
    assert cards.absent(card(intent=INTENT)) == card()


def test_telling_twice_never_goes_back() -> None:
    assert cards.told(shown(told=2, intent=INTENT), 1) == shown(told=2)


def test_the_analysis_message_shows_the_revision() -> None:
    told = cards.told_analysis(card(posted=True, shown=1, intent=INTENT), ANALYSED)
    assert (told.shown, told.intent) == (2, None)
    assert step(ANALYSED, told, editable=False) == Step(Act.NOTHING)


def test_an_update_shows_the_revision() -> None:
    assert cards.updated(shown(), ANALYSED, SOON) == shown(shown=2, shown_at=SOON)


def test_release_forgets_lease_wait_and_dead_letter_but_not_what_is_shown() -> None:
    waiting = {"next_try": SOON, "first_sent": NOW, "dead_lettered": True, "wanted": 1}
    assert cards.release(shown(owner="me", lease_until=SOON, **waiting)) == shown()


def test_a_wait_keeps_the_oldest_age() -> None:
    early, late = NOW - timedelta(hours=1), NOW
    claimed = card(owner="me", lease_until=SOON)
    waits = card_waits.postpone(claimed, SOON, late, Reason.PACED)
    assert waits == card(next_try=SOON, first_sent=late, waits_for="paced")
    assert card_waits.postpone(waits, SOON, early, Reason.PACED).first_sent == early
    older = card_waits.postpone(claimed, SOON, early, Reason.PACED)
    assert card_waits.postpone(older, SOON, late, Reason.PACED).first_sent == early


def test_giving_up_leaves_a_mark_for_the_tick() -> None:
    waited = card(owner="me", lease_until=SOON, next_try=SOON, first_sent=NOW)
    given_up = card_waits.give_up(waited)
    assert given_up == card(dead_lettered=True)


def test_giving_up_forgets_who_refused_a_card_that_stands_nowhere() -> None:
    assert card_waits.give_up(card(refused=REFUSED)).refused is None
    assert card_waits.give_up(shown(refused=REFUSED)).refused == REFUSED
    assert card_waits.give_up(card(refused=REFUSED, intent=INTENT)).refused == REFUSED


def test_what_was_deleted_in_slack_is_posted_anew() -> None:
    gone = cards.gone(shown(told=1, intent=INTENT, channel_id="C1"), incident())
    assert cards.where(gone) == "#c"
    assert gone == card(told=1, posted_at=NOW)
    detailed = shown(details=Details(ts="2.0", shows="x"))
    assert cards.gone(detailed, incident()).details == Details()
    assert step(incident(), gone) == Step(Act.POST)


@pytest.mark.parametrize(("told", "again"), [(0, 0), (1, 1), (2, 1), (3, 1), (4, 4), (5, 5)])
def test_a_list_that_was_begun_in_another_thread_begins_anew(told: int, again: int) -> None:
    kinds = [NoticeKind.RESOLVED, *[NoticeKind.HELD_PAGE] * 3, NoticeKind.STILL_FIRING]
    notices = tuple(
        Notice(number=number, kind=kind, at=NOW) for number, kind in enumerate(kinds, start=1)
    )
    assert cards.gone(shown(told=told), incident(notices=notices)).told == again


def test_a_failed_worker_gives_back_the_lease_and_leaves_its_intent() -> None:
    failed = card(owner="me", lease_until=SOON, intent=INTENT)
    assert cards.let_go(failed) == card(intent=INTENT)


@pytest.mark.parametrize(
    ("state", "unposted"),
    [
        (card(), True),
        (card(ts="1.0"), False),
        (card(posted=True), False),
        (card(intent=INTENT), False),
    ],
)
def test_a_card_may_go_elsewhere_while_nothing_of_it_is_in_slack(
    state: Card, unposted: bool
) -> None:
    assert cards.unposted(state) is unposted


CRITICAL = incident(severity=Severity.CRITICAL, revision=2)


@pytest.mark.parametrize(
    ("state", "of", "reason"),
    [
        (None, incident(), None),
        (card(), incident(), None),
        (card(next_try=NOW), incident(), None),
        (card(next_try=SOON), incident(), Reason.UNAVAILABLE),
        (card(next_try=SOON, waits_for="paced"), CRITICAL, None),
        (card(next_try=SOON, waits_for="paced", wanted=1), CRITICAL, None),
        (card(next_try=SOON, waits_for="paced", wanted=2), CRITICAL, Reason.UNAVAILABLE),
        (card(next_try=SOON, waits_for="rate_limited"), CRITICAL, Reason.UNAVAILABLE),
        (card(next_try=SOON), incident(revision=2), Reason.UNAVAILABLE),
    ],
)
def test_a_waiting_copy_carries_the_news_unless_it_is_critical_news_that_is_only_paced(
    state: Card | None, of: Incident, reason: Reason | None
) -> None:
    assert card_waits.waits_elsewhere(state, of, NOW) is reason


SILENCED = incident(
    revision=2, notices=NOTICES, silence=Hold(silence_id="s", until=NOW + timedelta(hours=1))
)
LOUD = SILENCED.model_copy(update={"silence": None})


def test_under_a_silence_an_edit_is_all_that_is_told_and_the_rest_comes_at_its_end() -> None:
    assert step(SILENCED, shown()).act is Act.UPDATE
    edited = cards.updated(shown(), SILENCED, SOON)
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
        passed += len(cards.passed_over(noticed, state_of_card, now.notice.number))
        state_of_card = cards.told(state_of_card, now.notice.number)
    assert tuple(said) == told
    assert passed == len(waiting) - len(told)
    assert cards.settled(state_of_card, noticed, NOW)


def test_without_one_an_edit_tells_no_notice() -> None:
    edited = cards.updated(shown(), LOUD, SOON)
    assert (edited.shown, edited.told) == (2, 0)
    assert step(LOUD, edited).act is Act.TELL
    assert not cards.settled(edited, LOUD, NOW)


def test_under_a_silence_a_webhook_sends_nothing_more() -> None:
    analysed = SILENCED.model_copy(update={"analysis": verdict(made_at=SOON)})
    assert step(analysed, shown(), editable=False).act is Act.NOTE
    assert step(analysed, shown(shown=2), editable=False).act is Act.NOTHING
    assert step(analysed, card(), editable=False).act is Act.POST


REFUSED = Refusal(channel="#gone", reason=Reason.CHANNEL_NOT_FOUND.value)


def test_a_new_card_is_bound_for_its_channel() -> None:
    assert cards.addressed(card(), "#new", "#refuge") == card(channel="#new")


def test_a_refused_card_is_bound_for_the_refuge_while_its_route_leads_to_the_same_channel() -> None:
    away = card(channel="#refuge", refused=REFUSED)
    assert cards.addressed(away, "#gone", "#refuge") == away
    assert cards.addressed(away, "#new", "#refuge") == card(channel="#new")


def test_a_card_that_is_turned_away_forgets_where_it_stood() -> None:
    stood = shown(channel="#gone", channel_id="C9", intent=INTENT)
    away = cards.turned_away(stood, incident(), "#refuge", Reason.CHANNEL_NOT_FOUND)
    assert away == card(channel="#refuge", refused=REFUSED, posted_at=NOW)
    assert cards.unposted(away)


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
    stands = cards.as_it_stands(CALLING, state, act).route
    assert stands is not None
    assert (stands.mentions, stands.refused) == (called, state.refused)


def test_an_incident_without_a_route_has_a_refused_channel_all_the_same() -> None:
    stands = cards.as_it_stands(incident(), card(refused=REFUSED), Act.POST).route
    assert stands == Destination(refused=REFUSED)
