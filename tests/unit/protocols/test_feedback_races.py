"""A person's word on an analysis: through any crash, and beside other people's."""

import pytest

from desk import Desk
from doomed import Doomed, deaths
from examples import alert
from faults.world import Killed
from responder.errors import Retryable
from responder.incident import Mark
from unit.protocols.analysing import awaiting
from unit.protocols.marking import analysed, given, meanwhile, say, today, work_off


@pytest.fixture
def desk() -> Desk:
    return analysed(awaiting())


def killed(world: Doomed, *, again: bool) -> Desk:
    """Somebody says "wrong", is killed at one side effect, and maybe says it again."""
    desk = Desk(world=world)
    desk.record(alert())
    desk.announced()
    desk.requested()
    analysed(desk)
    world.arm()
    try:
        say(desk)
    except Killed:
        if again:
            say(desk)
    world.disarm()
    return desk


@pytest.mark.parametrize("again", [False, True], ids=["left", "repeated"])
@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_killed_anywhere_it_is_done_once_or_not_at_all(after: bool, again: bool) -> None:
    _, *plays = deaths(lambda world: killed(world, again=again), after=after)
    written = len(plays) - 2  # the announcement and the request follow
    for number, desk in enumerate(plays, start=1):
        for _ in range(3):
            work_off(desk)
            desk.deliver_all()
            desk.tick()
        done = again or number > written or (number == written and after)
        counted = {Mark.WRONG: 1} if done else {}
        assert (today(desk), given(desk).marks) == (counted, counted), number
        assert (desk.incident().feedback is not None) == done, number
        assert len(desk.claude.asked) == (2 if done else 1), number
        assert desk.card().shown == desk.incident().revision, number


def test_who_loses_the_race_decides_again(desk: Desk) -> None:
    desk.store.meanwhile = lambda: desk.record(alert("a2", fingerprint="f2", at=61))
    say(desk)
    assert desk.incident().count == 2
    assert desk.incident().disputed


def test_two_people_at_once_count_as_the_later_one(desk: Desk) -> None:
    desk.store.meanwhile = meanwhile(desk, Mark.RIGHT, by="ben")
    say(desk)
    assert today(desk) == {Mark.WRONG: 1}
    assert given(desk).marks == {Mark.WRONG: 1}


def test_an_answer_that_is_lost_may_be_asked_for_again(desk: Desk) -> None:
    desk.store.refuses = "feedback-day"
    with pytest.raises(Retryable):
        say(desk)
    assert desk.incident().feedback is None
    desk.store.refuses = ""
    say(desk)
    assert today(desk) == {Mark.WRONG: 1}
