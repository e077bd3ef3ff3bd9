"""What becomes of a card, pure: who holds it, what it shows, when it is settled."""

from datetime import datetime, timedelta

import pytest

from desk import TIMING
from examples import incident
from faults.world import START as NOW
from responder.alert import Severity
from responder.card import Card, Details
from responder.errors import Reason
from responder.incident import Incident, Notice, NoticeKind
from responder.ports import Place
from responder.protocols import card as cards
from responder.protocols import card_waits
from responder.protocols.card_steps import Act, Step
from unit.protocols.carding import (
    ANALYSED,
    INTENT,
    NOTICES,
    REFUSED,
    SOON,
    card,
    shown,
    step,
)


def test_the_lease_outlives_slack_and_an_intent_settles_after_its_time_out() -> None:
    assert TIMING.lease == TIMING.timeout + timedelta(seconds=15)
    assert TIMING.settle == TIMING.timeout + timedelta(seconds=10)


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


@pytest.mark.parametrize(
    ("lease_until", "lasts"),
    [
        (None, False),
        (NOW + TIMING.step, True),
        (NOW + TIMING.step - timedelta(microseconds=1), False),
    ],
)
def test_a_lease_is_renewed_only_where_less_of_it_is_left_than_a_step_takes(
    lease_until: datetime | None, lasts: bool
) -> None:
    mine = card(owner="me", lease_until=lease_until)
    assert cards.lasts(mine, NOW, TIMING) is lasts
    renewed = cards.renewed(mine, "me", NOW, TIMING)
    assert renewed == (mine if lasts else cards.claim(mine, "me", NOW, TIMING))


def test_asking_for_an_older_revision_does_not_lower_what_is_wanted() -> None:
    assert cards.ask_for(card(wanted=3), 2).wanted == 3
    assert cards.ask_for(card(wanted=3), 4).wanted == 4


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
    assert cards.updated(shown(), ANALYSED, SOON, shortened=False) == shown(shown=2, shown_at=SOON)


def test_release_forgets_lease_wait_and_dead_letter_but_not_what_is_shown() -> None:
    waiting = {"next_try": SOON, "first_sent": NOW, "dead_lettered": True, "wanted": 1}
    assert cards.release(shown(owner="me", lease_until=SOON, **waiting)) == shown()


def test_a_wait_keeps_the_oldest_age() -> None:
    early, late = NOW - timedelta(hours=1), NOW
    claimed = card(owner="me", lease_until=SOON)
    waits = card_waits.postpone(claimed, SOON, late, Reason.PACED, 1)
    assert waits == card(next_try=SOON, first_sent=late, waits_for="paced", wanted=1)
    assert card_waits.postpone(waits, SOON, early, Reason.PACED, 1).first_sent == early
    older = card_waits.postpone(claimed, SOON, early, Reason.PACED, 1)
    assert card_waits.postpone(older, SOON, late, Reason.PACED, 1).first_sent == early


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
    assert card_waits.waits_elsewhere(state, of, NOW, has_slot=False) is reason


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


def test_a_card_goes_back_to_where_it_stood_unless_it_was_posted_elsewhere() -> None:
    left = shown(channel_id="C9", told=1, details={"ts": "2.0"})
    void = cards.gone(left, incident()).model_copy(update={"owner": "me"})
    assert cards.back(void, left) == left.model_copy(update={"owner": "me"})
    elsewhere = shown(channel_id="C8", ts="3.0")
    assert cards.back(elsewhere, left) == elsewhere


@pytest.mark.parametrize(
    ("channel_id", "by_name"), [("C9", True), ("#c", False), ("", False)], ids=str
)
def test_a_card_whose_id_slack_told_was_posted_by_name(channel_id: str, by_name: bool) -> None:
    assert cards.posted_by_name(shown(channel_id=channel_id)) == by_name
