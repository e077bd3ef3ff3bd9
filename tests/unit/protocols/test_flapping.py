"""An incident that ends and begins again and again."""

from datetime import timedelta

import pytest

from desk import Desk
from examples import alert, resolve
from responder.alert import Severity
from responder.contracts import Announcement
from responder.incident import IncidentState, NoticeKind
from responder.policy import flapping
from responder.ports import Queue


@pytest.fixture
def desk() -> Desk:
    return Desk()


def flap(desk: Desk, times: int, *, every: float = 120) -> None:
    """Resolve and fire again."""
    for _ in range(times):
        for made in (resolve, alert):
            desk.later(seconds=every / 2)
            at = (desk.now() - START).total_seconds()
            desk.record(made(f"{made.__name__}{at}", at=at))


START = Desk().now()


def kinds(desk: Desk) -> list[NoticeKind]:
    return [notice.kind for notice in desk.incident().notices]


def test_the_third_new_beginning_is_told_as_flapping_and_then_no_more(desk: Desk) -> None:
    desk.record(alert())
    flap(desk, 2)
    told = [NoticeKind.RESOLVED, NoticeKind.REFIRED] * 2
    assert kinds(desk) == told
    flap(desk, 6)
    assert kinds(desk) == [*told, NoticeKind.RESOLVED, NoticeKind.FLAPPING]
    assert desk.telemetry.counts["NoticesHeld:flapping"] == 10
    assert desk.incident().count == 9


def test_its_card_is_kept_up_to_date(desk: Desk) -> None:
    desk.record(alert())
    for _ in range(5):
        flap(desk, 1)
        for message, _ in desk.taken(Queue.DISTRIBUTION):
            desk.deliverer.handle(Announcement.model_validate(message))
    assert desk.card().shown == desk.incident().revision
    replies = [call.text for call in desk.slack.calls if call.thread_ts]
    assert sum("Flapping: fired again 3 times in 4 min" in text for text in replies) == 1
    assert "Flapping" in replies[-1]


def test_few_new_beginnings_in_an_hour_are_told_each(desk: Desk) -> None:
    desk.record(alert())
    flap(desk, 6, every=3599)
    assert NoticeKind.FLAPPING not in kinds(desk)
    assert kinds(desk).count(NoticeKind.REFIRED) == 6


def test_when_it_has_settled_its_end_is_told(desk: Desk) -> None:
    desk.record(alert())
    flap(desk, 4)
    desk.record(resolve("last", at=(desk.now() - START).total_seconds() + 1))
    ended = desk.incident()
    assert ended.state is IncidentState.RESOLVED
    assert ended.last_notice == 6
    desk.ticker.tick()
    for _ in range(15):
        desk.later(seconds=60)
        desk.ticker.tick()
    assert desk.incident().flapping
    desk.later(seconds=61)
    desk.ticker.tick()
    over = desk.incident()
    assert not over.flapping
    assert over.notices[-1].kind is NoticeKind.RESOLVED
    assert over.notices[-1].at == ended.resolved_at
    assert over.last_notice == 7


def test_when_it_settles_firing_its_next_end_is_told_again(desk: Desk) -> None:
    desk.record(alert())
    flap(desk, 4)
    desk.later(seconds=flapping.SETTLES.total_seconds() + 61)
    desk.ticker.tick()
    assert not desk.incident().flapping
    desk.record(resolve("last", at=(desk.now() - START).total_seconds()))
    assert kinds(desk)[-1] is NoticeKind.RESOLVED


def test_one_that_flaps_on_does_not_settle(desk: Desk) -> None:
    desk.record(alert())
    for _ in range(20):
        flap(desk, 2, every=180)
        desk.ticker.tick()
    assert desk.incident().flapping
    assert len(desk.incident().refires) <= timedelta(hours=1) / timedelta(seconds=180)


def test_critical_beside_what_flaps_is_told_and_calls() -> None:
    """The incident has been CRITICAL long ago, so its severity does not rise."""
    desk = Desk()
    desk.record(alert("old", severity=Severity.CRITICAL, fingerprint="db-1"))
    desk.record(alert("steady", at=1, severity=Severity.LOW, fingerprint="db-2"))
    desk.record(resolve("over", at=300, fingerprint="db-1"))
    desk.later(hours=5)
    for turn in range(4):
        at = (desk.now() - START).total_seconds()
        desk.record(alert(f"m{turn}", at=at, severity=Severity.MEDIUM, fingerprint="db-3"))
        desk.record(resolve(f"n{turn}", at=at + 30, fingerprint="db-3"))
        desk.later(minutes=1)
    assert kinds(desk)[-1] is NoticeKind.FLAPPING
    for turn in range(4):
        at = (desk.now() - START).total_seconds()
        desk.record(alert(f"c{turn}", at=at, severity=Severity.CRITICAL, fingerprint="db-4"))
        desk.record(resolve(f"d{turn}", at=at + 30, fingerprint="db-4"))
        desk.later(minutes=1)
    rises = [NoticeKind.SEVERITY_RAISED, NoticeKind.ESCALATED] * 2
    assert kinds(desk)[-5:] == [NoticeKind.FLAPPING, *rises], "then CRITICAL itself flaps"


def flapped_as(*severities: Severity) -> Desk:
    """What was CRITICAL begins and ends at another host, each time as bad as one of these."""
    desk = Desk()
    desk.record(alert("old", severity=Severity.CRITICAL, fingerprint="db-1"))
    desk.record(resolve("over", at=300, fingerprint="db-1"))
    for turn, severity in enumerate(severities):
        at = 360 + 120 * turn
        desk.record(alert(f"m{turn}", at=at, severity=severity, fingerprint="db-3"))
        desk.record(resolve(f"n{turn}", at=at + 60, fingerprint="db-3"))
        desk.later(minutes=2)
    return desk


def test_critical_that_begins_anew_while_a_milder_one_flapped_is_told() -> None:
    desk = flapped_as(*[Severity.MEDIUM] * 4)
    assert kinds(desk)[-1] is NoticeKind.FLAPPING
    desk.record(alert("new", at=900, severity=Severity.CRITICAL, fingerprint="db-4"))
    assert kinds(desk)[-2:] == [NoticeKind.REFIRED, NoticeKind.ESCALATED]


def test_critical_that_makes_it_flap_is_told_beside_it() -> None:
    begins = [NoticeKind.FLAPPING, NoticeKind.REFIRED, NoticeKind.ESCALATED]
    desk = flapped_as(Severity.MEDIUM, Severity.MEDIUM, Severity.CRITICAL)
    assert kinds(desk)[-3:] == begins


def test_critical_in_one_batch_with_what_flaps_is_told() -> None:
    desk = flapped_as(*[Severity.MEDIUM] * 4)
    mild = alert("again", at=900, severity=Severity.MEDIUM, fingerprint="db-3")
    desk.record(mild, alert("new", at=901, severity=Severity.CRITICAL, fingerprint="db-4"))
    assert kinds(desk)[-2:] == [NoticeKind.SEVERITY_RAISED, NoticeKind.ESCALATED]
