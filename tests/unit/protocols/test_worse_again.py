"""What got better meanwhile and is worse again is told, and calls whom it called before."""

from dataclasses import replace

import pytest

from desk import Desk
from examples import alert, resolve
from fakes import Call
from responder.alert import Severity
from responder.errors import Permanent, Reason, Retryable
from responder.incident import NoticeKind
from responder.policy.route import Channels
from responder.ports import Queue
from responder.protocols import pace
from unit.protocols.delivering import deliver, paced
from unit.protocols.routing import PAYMENTS, apply

TEAM = "<!subteam^S0123ABC>"
CRITICAL = {"severity": Severity.CRITICAL, "fingerprint": "critical"}
RISE = [NoticeKind.SEVERITY_RAISED, NoticeKind.ESCALATED]


def kinds(desk: Desk) -> list[NoticeKind]:
    return [notice.kind for notice in desk.incident().notices]


def called(desk: Desk) -> list[Call]:
    """The messages that called the team, edits aside."""
    return [one for one in desk.slack.calls if one.method == "post" and TEAM in one.text]


def told(desk: Desk) -> None:
    desk.announced()
    desk.announced(Queue.CRITICAL_DISTRIBUTION)
    deliver(desk)


@pytest.fixture
def desk() -> Desk:
    """A warning of one host, and of another one what was CRITICAL and is over."""
    desk = Desk()
    apply(desk, PAYMENTS)
    desk.record(alert("w", severity=Severity.MEDIUM, fingerprint="warning"))
    told(desk)
    desk.record(alert("c1", at=300, **CRITICAL))
    told(desk)
    desk.record(resolve("r", at=900, fingerprint="critical"))
    told(desk)
    return desk


def test_critical_again_in_an_open_incident_calls_again(desk: Desk) -> None:
    assert (kinds(desk), len(called(desk))) == (RISE, 2)
    desk.later(hours=5)
    desk.record(alert("c2", at=18_900, **CRITICAL))
    told(desk)
    assert kinds(desk) == [*RISE, *RISE]
    assert called(desk)[2].broadcast
    assert "Severity raised to CRITICAL" in called(desk)[2].text


def test_a_rise_below_what_it_once_was_says_how_bad_it_is(desk: Desk) -> None:
    desk.later(hours=5)
    desk.record(alert("h", at=18_900, severity=Severity.HIGH, fingerprint="high"))
    told(desk)
    assert kinds(desk) == [*RISE, NoticeKind.SEVERITY_RAISED]
    assert "Severity raised to HIGH" in called(desk)[2].text
    assert desk.incident().severity is Severity.CRITICAL


def test_critical_beside_those_that_nobody_knows_by_name_calls(desk: Desk) -> None:
    """Of more than twenty that fire, the list names twenty; here all of those have ended."""
    incident = desk.incident().model_copy(update={"firing": 3, "firing_now": ()})
    desk.put_incident(incident)
    desk.record(alert("c2", at=18_900, **CRITICAL))
    assert kinds(desk) == [*RISE, *RISE]
    desk.record(alert("c3", at=18_901, severity=Severity.CRITICAL, fingerprint="third"))
    assert kinds(desk) == [*RISE, *RISE]


def test_another_one_as_bad_as_what_fires_is_no_news(desk: Desk) -> None:
    desk.record(alert("c2", at=1_000, **CRITICAL))
    before = kinds(desk)
    desk.record(alert("c3", at=1_001, severity=Severity.CRITICAL, fingerprint="third"))
    desk.record(alert("c0", at=700, severity=Severity.CRITICAL, fingerprint="critical"))
    assert kinds(desk) == before


def test_what_gets_better_and_worse_all_the_time_is_flapping(desk: Desk) -> None:
    for turn in range(4):
        desk.later(minutes=2)
        desk.record(alert(f"c{turn}+", at=1_000 + 120 * turn, **CRITICAL))
        desk.later(minutes=1)
        desk.record(resolve(f"r{turn}+", at=1_060 + 120 * turn, fingerprint="critical"))
    assert kinds(desk) == [*RISE, *RISE, *RISE, NoticeKind.FLAPPING]


def test_what_flapped_and_settles_while_it_fires_is_told(desk: Desk) -> None:
    test_what_gets_better_and_worse_all_the_time_is_flapping(desk)
    desk.later(minutes=20)
    desk.ticker.tick()
    assert kinds(desk)[-1] is NoticeKind.STILL_FIRING
    assert not desk.incident().flapping


def test_critical_that_fires_again_after_its_end_calls_again() -> None:
    desk = Desk()
    apply(desk, PAYMENTS)
    desk.record(alert("c1", **CRITICAL))
    told(desk)
    desk.record(resolve("r", at=300, fingerprint="critical"))
    told(desk)
    desk.record(alert("c2", at=600, **CRITICAL))
    told(desk)
    again = called(desk)[-1]
    assert (len(called(desk)), again.broadcast) == (2, True)
    assert "Fired again" in again.text


def test_a_card_posted_anew_tells_the_rise_that_nobody_was_told_of() -> None:
    desk = Desk()
    apply(desk, PAYMENTS)
    desk.record(alert())
    told(desk)
    desk.record(alert("c", at=300, **CRITICAL))
    desk.slack.errors = [Permanent(Reason.CARD_GONE, "message_not_found")]
    told(desk)
    assert [TEAM in one.text for one in desk.slack.calls if one.method == "post"] == [True, True]
    desk.record(alert("d", at=400, severity=Severity.LOW, fingerprint="low"))
    desk.slack.errors = [Permanent(Reason.CARD_GONE, "message_not_found")]
    told(desk)
    assert TEAM not in desk.slack.calls[-1].text


def test_a_left_behind_first_post_does_not_tell_the_channel_of_what_is_critical() -> None:
    desk = Desk()
    desk.deliverer = replace(desk.deliverer, channels=Channels("#alerts", "#critical", "#test"))
    desk.record(alert())
    desk.slack.errors = [Retryable(Reason.UNAVAILABLE, "503")]
    told(desk)
    desk.later(seconds=10)
    desk.record(alert("c", at=10, **CRITICAL))
    desk.later(seconds=30)
    told(desk)
    posts = [one.channel for one in desk.slack.calls if one.method == "post"]
    assert posts == ["#alerts", "#critical"]


def test_a_rise_to_critical_while_a_milder_change_takes_its_slot_is_announced_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    desk = Desk()
    paced(desk)
    desk.record(alert())
    told(desk)
    desk.later(seconds=30)
    gap, reserve = desk.deliverer.gap, pace.reserve
    for _ in range(100):
        reserve(desk.store, "chat.update", gap, desk.now(), urgent=False)
    desk.record(alert("b", at=20, fingerprint="b"))
    rises = [alert("c", at=31, **CRITICAL)]

    def meanwhile(*args: object, urgent: bool) -> object:
        if rises:
            desk.record(rises.pop())
            deliver(desk)
        return reserve(*args, urgent=urgent)  # type: ignore[arg-type]

    monkeypatch.setattr(pace, "reserve", meanwhile)
    deliver(desk)
    assert desk.card().told == 0
    desk.announced()
    assert len(desk.announced(Queue.CRITICAL_DISTRIBUTION)) == 2
    deliver(desk)
    assert desk.card().told == 2
