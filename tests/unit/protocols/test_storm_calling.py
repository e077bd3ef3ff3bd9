"""Whom a storm calls when what it holds becomes worse, or is another team's: edits call nobody."""

from dataclasses import replace

from desk import Desk
from examples import alert, resolve
from faults.world import START
from responder.alert import Severity
from responder.incident import IncidentState, NoticeKind
from responder.policy.routes import Route, Routes
from unit.protocols.silencing import silence
from unit.protocols.storming import STORM, break_out, problem, stormy, tick, work
from unit.protocols.throttling import DIGEST, fire, throttled

WORSE = Route(name="worse", match=("severity=HIGH",), mentions=("S0ONCALL",))
WEB = Route(name="web", match=("service=web",), mentions=("S0WEB001",))
PAY = Route(name="pay", match=("service=pay",), mentions=("S0PAY001",))


def routed(desk: Desk, *routes: Route) -> Desk:
    desk.recorder = replace(desk.recorder, routes=lambda: Routes(routes=routes))
    return desk


def rise(desk: Desk, number: int, **changes: object) -> None:
    """The tool repeats a problem, and calls it HIGH by now."""
    fields = {"rule": f"v1:p{number}", "fingerprint": f"f{number}", "severity": Severity.HIGH}
    at = (desk.now() - START).total_seconds()
    desk.record(alert(f"rise{number}-{at}", at=at, **(fields | changes)))


def calling(desk: Desk, group: str) -> list[str]:
    """The messages that call a group, but for edits, which call nobody."""
    name = f"<!subteam^{group}>"
    return [call.text for call in desk.slack.calls if call.method == "post" and name in call.text]


def raging() -> Desk:
    desk = routed(stormy(), WORSE)
    break_out(desk, *range(6), severity=Severity.LOW)
    work(desk)
    desk.later(seconds=20)
    return desk


def test_what_becomes_worse_while_it_is_held_makes_the_storm_worse_and_calls_people() -> None:
    desk = raging()
    rise(desk, 5)
    tick(desk)
    work(desk)
    assert (problem(desk, 5).held, problem(desk, 5).severity) == ("storm", Severity.HIGH)
    known = desk.incident(STORM)
    assert known.severity is Severity.HIGH
    assert known.storm is not None
    assert known.storm.worst[0] == (Severity.HIGH, "v1:p5: problem 5")
    (called,) = calling(desk, "S0ONCALL")
    assert called.startswith("🟠 Severity raised to HIGH: Storm of alerts in prod")


def test_a_rise_makes_no_storm_last_longer_and_is_no_second_member() -> None:
    desk, calm = raging(), raging()
    for _ in range(6):
        rise(desk, 5)
        for one in (desk, calm):
            tick(one)
            work(one)
    ends = [one.incident(STORM) for one in (desk, calm)]
    assert [one.state for one in ends] == [IncidentState.RESOLVED] * 2
    assert len({one.incident(STORM).notices[-1].at for one in (desk, calm)}) == 1
    assert [one.storm.incidents for one in ends if one.storm] == [3, 3]


def test_a_rise_that_meets_the_storms_end_has_a_card_of_its_own() -> None:
    desk = raging()
    tick(desk)
    desk.later(seconds=120)
    desk.store.meanwhile = desk.ticker.tick
    rise(desk, 5)
    assert desk.incident(STORM).state is IncidentState.RESOLVED
    assert problem(desk, 5).held == ""
    work(desk)
    tick(desk, 16)
    work(desk)
    assert len(calling(desk, "S0ONCALL")) == 1


def test_what_becomes_worse_while_it_waits_for_room_after_the_end_calls_people() -> None:
    desk = routed(throttled(), WORSE)
    fire(desk, *range(5), severity=Severity.LOW)
    work(desk)
    tick(desk, 20)
    assert desk.incident(DIGEST).state is IncidentState.RESOLVED
    fire(desk, 50, 51, 52, 53, severity=Severity.LOW)
    for _ in range(16):
        rise(desk, 4, source="sentry")
        tick(desk)
        work(desk)
    assert problem(desk, 4).held == "throttle"
    over = desk.incident(DIGEST)
    assert (over.severity, over.notices[-1].kind) == (Severity.HIGH, NoticeKind.SEVERITY_RAISED)
    assert len(calling(desk, "S0ONCALL")) == 1


def team_joins() -> Desk:
    desk = routed(stormy(), WEB, PAY)
    break_out(desk, *range(5), severity=Severity.HIGH, service="web")
    work(desk)
    desk.later(seconds=20)
    break_out(desk, 7, severity=Severity.HIGH, service="pay")
    return desk


def test_a_team_whose_incident_joins_later_is_called_once() -> None:
    desk = team_joins()
    for _ in range(10):
        tick(desk)
        work(desk)
    (called,) = calling(desk, "S0PAY001")
    assert called.startswith("🟠 Still firing after 1 min")
    (reply,) = [call for call in desk.slack.calls if call.text == called]
    assert reply.broadcast


def test_a_newcomer_calls_its_own_team_and_nobody_again() -> None:
    teams = [f"S0TEAM{number:02}" for number in range(12)]
    routes = [
        Route(name=team, match=(f"service={team}",), mentions=(team,), channel="") for team in teams
    ]
    desk = routed(stormy(), *routes)
    break_out(desk, *range(4), service=teams[0])
    work(desk)
    cards = len(calling(desk, teams[0]))
    for number, team in enumerate(teams[1:], start=20):
        break_out(desk, number, number + 100, service=team)
        tick(desk)
        work(desk)
    assert len(calling(desk, teams[0])) == cards
    assert [len(calling(desk, team)) for team in teams[1:10]] == [1] * 9


def test_what_is_silenced_or_over_calls_nobody_by_its_storm() -> None:
    desk = raging()
    silence(desk, "title=problem 5")
    rise(desk, 5, title="problem 5")
    rise(desk, 4, fingerprint="f4")
    at = (desk.now() - START).total_seconds()
    desk.record(resolve("r3", at=at, fingerprint="f3"))
    tick(desk)
    work(desk)
    assert problem(desk, 5).silence is not None
    (called,) = calling(desk, "S0ONCALL")
    assert desk.incident(STORM).storm.severities[0] == (Severity.HIGH, 1)  # type: ignore[union-attr]
    assert "Severity raised" in called


def test_a_rise_that_is_over_in_the_same_batch_calls_nobody() -> None:
    desk = raging()
    at = (desk.now() - START).total_seconds()
    fields = {"rule": "v1:p5", "fingerprint": "f5"}
    desk.record(
        alert("rise", at=at, severity=Severity.HIGH, **fields),
        resolve("over", at=at + 1, fingerprint="f5"),
    )
    tick(desk)
    work(desk)
    assert problem(desk, 5).state is IncidentState.RESOLVED
    assert calling(desk, "S0ONCALL") == []


def test_what_is_muted_no_longer_is_told_by_its_storm() -> None:
    """Though nothing more is heard of it: the tick sees the end of its silence."""
    desk = raging()
    silence(desk, "title=problem 5", minutes=2)
    rise(desk, 5, title="problem 5")
    tick(desk)
    work(desk)
    assert calling(desk, "S0ONCALL") == []
    for number in range(3):
        break_out(desk, *range(40 + 4 * number, 44 + 4 * number), severity=Severity.LOW)
        tick(desk)
        work(desk)
    assert (problem(desk, 5).held, problem(desk, 5).silence) == ("storm", None)
    assert desk.incident(STORM).severity is Severity.HIGH
    assert len(calling(desk, "S0ONCALL")) == 1


def test_other_routes_of_what_is_held_call_whom_they_name_at_the_next_look() -> None:
    desk = raging()
    desk.recorder = replace(
        desk.recorder, routes=lambda: Routes(routes=(Route(name="all", mentions=("S0PAY001",)),))
    )
    rise(desk, 5, severity=Severity.LOW)
    tick(desk)
    work(desk)
    assert len(calling(desk, "S0PAY001")) == 1


def test_a_team_is_called_though_the_storm_ends_before_anything_is_told() -> None:
    desk = team_joins()
    tick(desk, 5)
    assert desk.incident(STORM).state is IncidentState.RESOLVED
    work(desk)
    assert len(calling(desk, "S0PAY001")) == 1


def test_nobody_is_called_to_a_storm_of_which_nothing_fires_any_more() -> None:
    desk = team_joins()
    tick(desk)
    assert desk.incident(STORM).notices[-1].kind is NoticeKind.STILL_FIRING
    for number in (3, 4, 7):
        at = (desk.now() - START).total_seconds()
        desk.record(resolve(f"r{number}", at=at, fingerprint=f"f{number}"))
    tick(desk, 5)
    assert not desk.incident(STORM).still_fires
    work(desk)
    assert calling(desk, "S0PAY001") == []


def test_what_opens_and_becomes_critical_at_once_has_its_analysis_and_joins_no_storm() -> None:
    desk = stormy()
    break_out(desk, *range(5))
    work(desk)
    tick(desk)
    work(desk)
    before = desk.incident(STORM).storm
    at = (desk.now() - START).total_seconds()
    desk.record(
        alert("b1", at=at, rule="v1:p9", fingerprint="f9", severity=Severity.HIGH),
        alert("b2", at=at + 1, rule="v1:p9", fingerprint="f10", severity=Severity.CRITICAL),
    )
    assert (problem(desk, 9).held, problem(desk, 9).storm_id) == ("", "")
    assert desk.requested() == ["v1:p9|prod.1"]
    desk.later(seconds=20)
    desk.ticker.tick()
    assert desk.incident(STORM).storm == before
