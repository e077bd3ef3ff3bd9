"""Storms: whom they call again, when they get worse or still fire, and what a silence keeps."""

from dataclasses import replace

import pytest

from desk import Desk
from responder.alert import Severity
from responder.incident import MAX_NOTICES, IncidentState, NoticeKind
from responder.policy.routes import Route, Routes
from responder.ports import Queue
from unit.protocols.silencing import silence
from unit.protocols.storming import (
    MOST,
    STORM,
    break_out,
    ebbed,
    raging,
    still_fire,
    stormy,
    tick,
    work,
)


@pytest.fixture
def desk() -> Desk:
    return stormy()


def reminders(desk: Desk) -> int:
    return sum(n.kind is NoticeKind.STILL_FIRING for n in desk.incident(STORM).notices)


def test_a_storm_whose_incidents_still_fire_is_told_of_again_as_their_routes_want(
    desk: Desk,
) -> None:
    again = Route(name="again", mentions=("here",), renotify_after="10m")
    desk.recorder = replace(desk.recorder, routes=lambda: Routes(routes=(again,)))
    ebbed(desk, MOST + 450)
    desk.taken(Queue.DISTRIBUTION)
    tick(desk, 11 * 23)
    work(desk)
    notices = desk.incident(STORM).notices
    assert len([n for n in notices if n.kind is not NoticeKind.HELD_PAGE]) == MAX_NOTICES
    assert reminders(desk) == MAX_NOTICES - 1
    # Nobody was told meanwhile: of all that waited the newest is news.
    (told,) = [call for call in desk.slack.calls if "450 still fire): Storm" in call.text]
    assert told.broadcast
    assert "<!here>" in told.text
    pages = {n.detail for n in desk.incident(STORM).notices if n.kind is NoticeKind.HELD_PAGE}
    assert len(pages) == 23


def test_what_is_silenced_after_a_storm_is_no_reason_to_remind_of_it_until_the_silence_ends(
    desk: Desk,
) -> None:
    again = Route(name="again", mentions=("here",), renotify_after="20m")
    desk.recorder = replace(desk.recorder, routes=lambda: Routes(routes=(again,)))
    ebbed(desk, 6)
    silence(desk, "rule=~v1:p[345]", minutes=60)
    tick(desk, 55)
    assert (still_fire(desk), reminders(desk)) == (0, 0)
    assert desk.incident(STORM).silence is None
    tick(desk, 25)
    assert (still_fire(desk), reminders(desk)) == (3, 1)


def test_a_silence_of_a_storm_itself_keeps_its_notices_until_it_ends(desk: Desk) -> None:
    again = Route(name="again", mentions=("here",), renotify_after="10m")
    desk.recorder = replace(desk.recorder, routes=lambda: Routes(routes=(again,)))
    break_out(desk, *range(6))
    work(desk)
    silence(desk, "title=Storm of alerts in prod", minutes=60)
    for _ in range(50):
        tick(desk)
        work(desk)
    assert desk.incident(STORM).state is IncidentState.RESOLVED
    assert (still_fire(desk), reminders(desk)) == (3, 0)
    ts = desk.card(STORM).ts
    assert not [call for call in desk.slack.calls if call.thread_ts == ts]
    for _ in range(12):
        tick(desk)
        work(desk)
    told = [call.text for call in desk.slack.calls if call.thread_ts == ts]
    assert any(text.startswith("Held by the storm, part 1") for text in told)


@pytest.mark.parametrize("editable", [True, False], ids=["bot", "webhook"])
def test_a_reminder_does_not_stand_for_the_end_of_a_storm(desk: Desk, *, editable: bool) -> None:
    desk.slack.editable = editable
    again = Route(name="again", renotify_after="10m")
    desk.recorder = replace(desk.recorder, routes=lambda: Routes(routes=(again,)))
    break_out(desk, *range(6))
    work(desk)
    tick(desk, 15)
    desk.taken(Queue.DISTRIBUTION)
    tick(desk)
    work(desk)
    texts = [call.text for call in desk.slack.calls if "Storm of" in call.text]
    assert reminders(desk) == 1
    assert sum("Ebbed" in text for text in texts) == 1
    assert sum("Still firing after" in text for text in texts) == 1


def test_a_storm_that_gets_worse_tells_so_and_calls_whom_the_held_cards_would_call(
    desk: Desk,
) -> None:
    team = Route(name="team", match=("service=pay",), mentions=("S0TEAM1",), renotify_after="20m")
    all_here = Route(name="all", mentions=("here",), renotify_after="2h")
    desk.recorder = replace(desk.recorder, routes=lambda: Routes(routes=(team, all_here)))
    break_out(desk, *range(5), severity=Severity.LOW)
    work(desk)
    first = next(call.text for call in desk.slack.calls if "Storm of alerts" in call.text)
    assert first.endswith("<!here>")
    break_out(desk, 7, severity=Severity.HIGH, service="pay")
    tick(desk)
    work(desk)
    worse = desk.incident(STORM)
    assert [(n.kind, n.detail) for n in worse.notices] == [
        (NoticeKind.SEVERITY_RAISED, "LOW → HIGH")
    ]
    (call,) = [c for c in desk.slack.calls if "Severity raised" in c.text]
    assert call.broadcast
    assert "<!subteam^S0TEAM1>" in call.text
    assert "<!here>" in call.text
    number = raging(desk, 22)
    reminded = desk.incident(STORM).notices
    assert [notice.kind for notice in reminded][1:] == [NoticeKind.STILL_FIRING]
    raging(desk, 5, number)
    assert desk.incident(STORM).notices == reminded
