"""A person's word on an analysis: kept and counted once."""

from datetime import timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from desk import Desk
from examples import incident, verdict
from responder.analysis import prompt
from responder.incident import Mark
from responder.protocols import feedback, items
from responder.protocols.feedback import MAX_LATEST
from unit.protocols.analysing import DEV, ID, awaiting, join
from unit.protocols.marking import analysed, given, many, said, say, today, work_off

MINUTE = timedelta(minutes=1)


@pytest.fixture
def desk() -> Desk:
    return analysed(awaiting())


def test_it_is_kept_with_the_analysis_that_it_is_about(desk: Desk) -> None:
    before = desk.incident()
    say(desk, Mark.RIGHT)
    (one,) = given(desk).latest
    assert one == desk.incident().feedback
    assert (one.mark, one.by, one.note, one.at) == (Mark.RIGHT, "anna", "it was DNS", desk.now())
    assert one.headline == "verdict 1"
    assert (one.made_at, one.made_by) == (before.analysis.made_at, "model")
    assert one.prompt_version == prompt.PROMPT_VERSION
    assert given(desk).title == "disk full"


def test_the_card_follows_once(desk: Desk) -> None:
    before = desk.incident()
    say(desk, Mark.RIGHT)
    assert desk.incident().revision == before.revision + 1
    assert desk.announced() == [(ID, 0)]


def test_the_same_word_again_changes_nothing_and_is_announced_again(desk: Desk) -> None:
    say(desk)
    once = desk.incident()
    desk.announced()
    desk.requested()
    desk.later(seconds=5)
    say(desk)
    assert desk.incident() == once
    assert today(desk) == {Mark.WRONG: 1}
    assert desk.announced() == [(ID, 0)]
    assert desk.requested() == [ID]


def test_the_same_word_again_is_not_said_of_the_analysis_that_came_meanwhile(desk: Desk) -> None:
    first = said(desk)
    feedback.give(desk.store, desk.queues, first)
    work_off(desk)
    again = first.model_copy(update={"at": desk.now() + MINUTE})
    feedback.give(desk.store, desk.queues, again)
    assert not desk.incident().disputed
    assert desk.requested() == []
    assert today(desk) == {Mark.WRONG: 1}


def test_another_word_on_an_analysis_that_is_no_longer_there_is_refused(desk: Desk) -> None:
    old = said(desk, Mark.RIGHT)
    say(desk)
    work_off(desk)
    assert feedback.give(desk.store, desk.queues, old) is None
    assert today(desk) == {Mark.WRONG: 1}


def test_of_an_incident_that_is_gone_nothing_is_kept(desk: Desk) -> None:
    one = said(desk)
    desk.store.lose(items.incident_item(ID))
    assert feedback.give(desk.store, desk.queues, one) is None
    assert today(desk) == {}


def test_a_change_of_mind_counts_once_on_the_day_of_the_latest_word(desk: Desk) -> None:
    join(desk)
    monday = desk.now().date()
    say(desk, Mark.RIGHT)
    say(desk, Mark.RIGHT, DEV)
    desk.later(days=1)
    say(desk, Mark.NOISE)
    tuesday = desk.now().date()
    assert feedback.summary(desk.store, monday, monday).marks == {Mark.RIGHT: 1}
    assert feedback.summary(desk.store, tuesday, tuesday).marks == {Mark.NOISE: 1}
    both = {Mark.RIGHT: 1, Mark.NOISE: 1}
    assert feedback.summary(desk.store, monday, tuesday).marks == both
    assert given(desk).marks == both


def test_the_list_of_a_signature_is_bounded_and_the_rest_is_counted(desk: Desk) -> None:
    many(desk, MAX_LATEST + 5)
    assert len(given(desk).latest) == MAX_LATEST
    assert given(desk).latest[0].incident_id == f"v1:disk|prod.{MAX_LATEST + 6}"
    assert given(desk).marks == {Mark.NOISE: MAX_LATEST + 5}


def test_a_change_of_mind_on_what_left_the_list_counts_once(desk: Desk) -> None:
    many(desk, MAX_LATEST + 5)
    say(desk, Mark.RIGHT, "v1:disk|prod.2")
    assert given(desk).marks == {Mark.NOISE: MAX_LATEST + 4, Mark.RIGHT: 1}


def test_three_times_noise_is_named_and_two_times_is_not(desk: Desk) -> None:
    day = desk.now().date()
    many(desk, 2)
    assert feedback.summary(desk.store, day, day).noisy == []
    many(desk, 3)
    (one,) = feedback.summary(desk.store, day, day).noisy
    assert (one.signature, one.title, one.marks[Mark.NOISE]) == ("v1:disk", "disk full", 3)
    say(desk, Mark.RIGHT, "v1:disk|prod.2")
    assert feedback.summary(desk.store, day, day).noisy == []


def test_a_note_is_bounded(desk: Desk) -> None:
    with pytest.raises(ValidationError):
        feedback.of(desk.incident(), Mark.WRONG, "anna", "n" * 251, desk.now())


def test_an_incident_without_a_card_gets_none_by_feedback(desk: Desk) -> None:
    desk.put_incident(desk.incident().model_copy(update={"held": "silenced"}))
    asked = desk.incident().analysis_requested_at
    say(desk)
    assert desk.incident().analysis_requested_at == asked
    assert desk.announced() == []
    assert desk.requested() == []
    assert given(desk).marks == {Mark.WRONG: 1}


def test_the_storms_of_a_place_are_apart_from_those_of_another() -> None:
    desk = Desk()
    for place in ("prod", "dev"):
        one: dict[str, Any] = {"signature": "storm", "analysis": verdict(), "storm": {"most": 8}}
        desk.put_incident(incident(f"storm:{place}.1", **one))
    say(desk, incident_id="storm:prod.1")
    assert given(desk, "storm:prod.1").marks == {Mark.WRONG: 1}
    assert given(desk, "storm:dev.1").marks == {}
