"""Maintenance windows and quiet hours in the lanes: what they hold, and what comes at their end."""

from dataclasses import replace
from datetime import time, timedelta
from typing import Any

import pytest

from desk import Desk
from doomed import Doomed, deaths, survive
from examples import alert, resolve
from faults.world import World
from responder.alert import Severity
from responder.contracts import Announcement
from responder.delivery import card as face
from responder.incident import IncidentState
from responder.policy.matching import Matcher
from responder.policy.window import Window
from responder.ports import Queue
from responder.protocols import chunks, items, windows
from responder.protocols.storms import Gate
from unit.protocols.silencing import silence

ID = "v1:disk|prod.1"


@pytest.fixture
def desk() -> Desk:
    return Desk()


def window(desk: Desk, **changes: Any) -> Window:
    """From 03:00 UTC, when the desk opens, until 03:30."""
    fields: dict[str, Any] = {
        "id": "w1",
        "matchers": (Matcher.parse("title=disk full"),),
        "at": time(3),
        "lasts": timedelta(minutes=30),
        "zone": "UTC",
        "comment": "backups",
        "author": "anna",
    }
    wanted = Window.model_validate(fields | changes)
    windows.add(desk.store, wanted, desk.now())
    desk.later(seconds=chunks.MAX_AGE.total_seconds())
    return wanted


def shown(desk: Desk) -> str:
    return str(face.render(desk.incident(), desk.now()).blocks)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [({}, "maintenance"), ({"below": Severity.CRITICAL}, "maintenance"),
     ({"below": Severity.HIGH, "matchers": ()}, "quiet_hours")],
)  # fmt: skip
def test_what_opens_in_a_window_gets_neither_card_nor_analysis_and_is_counted(
    desk: Desk, changes: dict[str, Any], reason: str
) -> None:
    window(desk, **changes)
    desk.record(alert("a1", severity=Severity.MEDIUM))
    desk.deliver_all()
    assert desk.slack.methods() == []
    assert desk.requested() == []
    assert desk.incident().held == reason
    assert desk.telemetry.counts[f"AlertsHeld:{reason}"] == 1


def test_critical_passes_a_window(desk: Desk) -> None:
    window(desk)
    desk.record(alert("a1", severity=Severity.CRITICAL))
    desk.deliver_all()
    assert desk.slack.methods() == ["post"]
    assert desk.requested() == [ID]


def test_what_becomes_critical_is_shown_at_once_and_analysed(desk: Desk) -> None:
    window(desk)
    desk.record(alert("a1"))
    desk.deliver_all()
    desk.record(alert("a2", at=20, severity=Severity.CRITICAL))
    assert desk.announced(Queue.CRITICAL_DISTRIBUTION) == [(ID, 0)]
    assert desk.requested() == [ID]
    desk.deliverer.handle(Announcement(incident_id=ID, first_sent=desk.now()))
    assert desk.slack.methods() == ["post"]
    assert "CRITICAL is not held by maintenance window* `w1` by anna: backups" in shown(desk)


def test_what_still_fires_at_the_end_is_shown_and_says_so(desk: Desk) -> None:
    window(desk)
    desk.record(alert("a1"))
    desk.tick(29)
    assert desk.slack.methods() == []
    assert "Maintenance window until <!date" in shown(desk)
    desk.tick(1)
    assert desk.slack.methods() == ["post"]
    said = "Still firing, and no longer held by maintenance window* `w1` by anna: backups"
    assert said in shown(desk)
    assert ID in desk.requested()
    desk.tick(3)
    assert desk.slack.methods().count("post") == 1


def guarded(world: World) -> Desk:
    """Four problems that open in a window, on a desk where three new ones a minute are enough."""
    desk = Desk(world)
    desk.recorder = replace(desk.recorder, gate=Gate(3))
    desk.ticker = replace(desk.ticker, gate=Gate(3))
    window(desk)
    for number in range(1, 5):
        desk.record(alert(f"a{number}", rule=f"v1:p{number}", fingerprint=f"f{number}"))
    return desk


def held_at_the_end(desk: Desk) -> list[str]:
    return [desk.incident(f"v1:p{number}|prod.1").held for number in range(1, 5)]


def cards(desk: Desk) -> int:
    return sum(call.method == "post" and not call.thread_ts for call in desk.slack.calls)


def test_too_many_that_still_fire_at_the_end_are_a_storm() -> None:
    desk = guarded(World(1))
    desk.tick(30)
    assert held_at_the_end(desk) == ["", "", "", "storm"]
    assert cards(desk) == 3 + 1
    assert desk.telemetry.counts["Storms"] == 1
    storm_id = desk.incident("v1:p4|prod.1").storm_id
    desk.tick(5)
    assert desk.incident(storm_id).state is IncidentState.RESOLVED


def test_what_fires_again_just_after_the_end_meets_the_same_gate() -> None:
    desk = guarded(World(1))
    desk.later(minutes=30)
    for number in range(1, 5):
        desk.record(alert(f"b{number}", rule=f"v1:p{number}", fingerprint=f"f{number}", at=1_800))
    assert held_at_the_end(desk) == ["", "", "", "storm"]


@pytest.mark.parametrize("after", [False, True])
def test_a_tick_killed_anywhere_at_the_end_leaves_one_storm_and_doubles_nothing(
    after: bool,
) -> None:
    def ended(world: Doomed) -> Desk:
        desk = guarded(world)
        desk.later(minutes=30)
        world.arm()
        survive(desk, desk.ticker.tick)
        world.disarm()
        desk.tick(3)
        return desk

    plays = deaths(ended, after=after)
    assert len(plays) > 11
    for number, desk in enumerate(plays):
        # Who comes a minute later makes no storm any more, and has a card of its own.
        assert sorted(held_at_the_end(desk)) in (["", "", "", "storm"], [""] * 4), number
        assert cards(desk) == 4, number


def ended_in_a_window(desk: Desk, **changes: Any) -> None:
    """A card stands, a window of half an hour begins, and the incident is over."""
    desk.record(alert("a1", **changes))
    desk.deliver_all()
    window(desk)
    desk.record(resolve(at=60, **changes))
    desk.deliver_all()


def test_an_end_in_a_window_is_on_the_card_at_once_and_told_to_nobody(desk: Desk) -> None:
    ended_in_a_window(desk)
    assert desk.slack.methods() == ["post", "update"]
    assert "Resolved after" in shown(desk)
    assert desk.telemetry.counts["NoticesHeld:maintenance"] == 1
    desk.tick(35)
    assert [call for call in desk.slack.calls if call.thread_ts] == []
    assert desk.card().told == desk.incident().last_notice
    assert desk.telemetry.counts["NoticesHeld:shown_meanwhile"] == 1
    assert desk.incident().due_at is None


def test_a_webhook_tells_of_an_end_when_the_window_is_over(desk: Desk) -> None:
    desk.slack.editable = False
    ended_in_a_window(desk)
    desk.tick(25)
    assert desk.slack.methods() == ["post"]
    desk.tick(10)
    assert [call.text.startswith("✅ Resolved") for call in desk.slack.calls] == [False, True]


def test_the_end_of_what_was_critical_is_told_at_once(desk: Desk) -> None:
    ended_in_a_window(desk, severity=Severity.CRITICAL)
    replies = [call.text for call in desk.slack.calls if call.thread_ts]
    assert [text.startswith("✅ Resolved") for text in replies] == [True]


def test_an_end_before_a_window_waits_for_nothing(desk: Desk) -> None:
    desk.record(alert("a1"))
    desk.record(resolve(at=30))
    window(desk)
    desk.record(resolve("r2", at=90))
    assert desk.incident().silence is None


def test_what_fires_again_in_the_window_is_told_at_its_end(desk: Desk) -> None:
    ended_in_a_window(desk)
    desk.record(alert("a2", at=120))
    desk.deliver_all()
    assert [call for call in desk.slack.calls if call.thread_ts] == []
    desk.tick(35)
    replies = [call.text for call in desk.slack.calls if call.thread_ts]
    assert [text.startswith("🔁 Fired again") for text in replies] == [True]


def test_what_was_resolved_in_a_window_is_never_shown(desk: Desk) -> None:
    window(desk)
    desk.record(alert("a1"))
    desk.record(resolve("r1", at=60))
    desk.tick(35)
    assert desk.slack.methods() == []
    assert desk.requested() == []


def test_what_fires_and_resolves_in_one_batch_is_never_shown_either(desk: Desk) -> None:
    window(desk)
    desk.record(alert("a1"), resolve("r1", at=1))
    desk.tick(35)
    assert desk.slack.methods() == []


def test_a_card_that_stands_is_kept_up_to_date_and_tells_only_of_critical(desk: Desk) -> None:
    desk.record(alert("a1", severity=Severity.LOW))
    desk.deliver_all()
    window(desk)
    desk.record(alert("a2", at=30, severity=Severity.HIGH))
    desk.deliver_all()
    assert desk.slack.methods() == ["post", "update"]
    desk.record(alert("a3", at=40, severity=Severity.CRITICAL))
    desk.deliver_all()
    assert desk.slack.methods() == ["post", "update", "update", "post"]


def test_a_window_that_is_removed_holds_nothing_more(desk: Desk) -> None:
    window(desk, id="w1")
    window(desk, id="w2", matchers=(Matcher.parse("service=elsewhere"),))
    desk.record(alert("a1"))
    removed = windows.remove(desk.store, "w1", desk.now())
    assert removed is not None
    assert [one.id for one in windows.load(desk.store)] == ["w2"]
    desk.tick(1)
    assert desk.slack.methods() == ["post"]
    assert windows.remove(desk.store, "w1", desk.now()) is None


def test_a_silence_comes_before_a_window_and_a_window_after_it(desk: Desk) -> None:
    window(desk)
    silence(desk, minutes=10)
    desk.record(alert("a1"))
    assert desk.incident().held == "silenced"
    desk.tick(12)
    assert desk.incident().held == "maintenance"
    assert desk.slack.methods() == []
    desk.tick(20)
    assert desk.slack.methods() == ["post"]
    assert "no longer held by maintenance window* `w1`" in shown(desk)


def test_a_zone_that_the_runtime_does_not_know_is_told_and_keeps_nobody_from_an_alert(
    desk: Desk,
) -> None:
    window(desk, zone="Europe/Atlantis")
    desk.record(alert("a1"))
    desk.deliver_all()
    assert desk.slack.methods() == ["post"]
    assert desk.telemetry.said("Window not obeyed: unknown time zone") == 1


def test_windows_outlive_alerts(desk: Desk) -> None:
    for name in ("windows", "windows#0"):
        written = items.write_of(items.state_item(name), chunks.Manifest(), 0, desk.now())
        assert written.expires_at == desk.now() + items.DECISION_RETENTION
