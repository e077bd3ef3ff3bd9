"""Many alerts of few problems from 20 threads, in memory, against the local Claude over HTTP.

The 10,000 alerts of 200 problems are ``tests/e2e/test_replay.py``'s.
"""

from collections.abc import Iterator

import pytest

from e2e.replay import Replay, Size
from e2e.replay_services import Moody, SharedMemory
from responder.analysis.budget import MICRO, Limits
from responder.errors import Reason
from serving import serving

SEED = 5
SIZE = Size(alerts=1_500, problems=40)
#: Of the card, by ``delivery.findings``.
NOT_ASKED = "budget is spent"
PLENTY = Limits(daily_usd=1_000)


@pytest.fixture
def moody() -> Iterator[tuple[Moody, str]]:
    application = Moody(SEED)
    with serving(application) as server:
        yield application, server.url


def replayed(url: str, limits: Limits) -> Replay:
    replay = Replay(SharedMemory(), url, SIZE, limits, SEED)
    replay.run()
    replay.print_figures()
    return replay


def test_one_analysis_is_stored_for_each_problem_and_tier_and_all_calls_are_booked(
    moody: tuple[Moody, str],
) -> None:
    claude, url = moody
    replay = replayed(url, PLENTY)

    replay.check_one_analysis_each()
    replay.check_the_books(claude.fates)
    assert claude.most_under_way == 1


def test_a_small_budget_is_never_exceeded_and_who_gets_nothing_keeps_the_triage(
    moody: tuple[Moody, str],
) -> None:
    claude, url = moody
    # Well below what all of it would cost, whatever order the workers take.
    limits = Limits(daily_usd=0.05)
    replay = replayed(url, limits)

    replay.check_the_books(claude.fates)
    assert 0.8 * limits.daily_usd * MICRO < replay.most_taken <= limits.daily_usd * MICRO
    assert replay.claude.most_in_flight == 1
    reasons = {one.analysis.fallback_reason for one in replay.incidents()}
    assert reasons == {"", Reason.BUDGET_SPENT.value}


def test_without_a_budget_every_card_carries_the_triage_and_says_why(
    moody: tuple[Moody, str],
) -> None:
    claude, url = moody
    replay = replayed(url, Limits(daily_usd=0))

    assert claude.fates.total() == 0
    assert {one.analysis.fallback_reason for one in replay.incidents()} == {"budget_spent"}
    assert len(replay.incidents()) == replay.places()
    cards = replay.cards()
    assert len(cards) == replay.places()
    assert [one for one, shown in cards.items() if NOT_ASKED not in shown] == []
