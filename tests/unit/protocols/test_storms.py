"""Storms: who has a card, what is held, how it ebbs and is listed."""

import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

from fakes import Desk, alert, resolve
from responder.alert import SYNTHETIC_SOURCE, Scope, Severity
from responder.analysis.context import Case
from responder.analysis.verdict import Analysis
from responder.contracts import AnalysisRequest, Announcement
from responder.incident import (
    MAX_NOTICES,
    CacheEntry,
    CacheState,
    Incident,
    IncidentState,
    NoticeKind,
)
from responder.policy import storm
from responder.policy.matching import Matcher
from responder.policy.routes import Route, Routes
from responder.policy.silence import Silence
from responder.policy.storm import SHARDS, Shard, Weather
from responder.ports import Key, Queue, Record
from responder.protocols import chunks, items, silences, storms
from responder.protocols.storms import Gate

MOST = 3
STORM = f"{storm.key_of('prod|')}.1"


@pytest.fixture
def desk() -> Desk:
    desk = Desk()
    desk.recorder = replace(desk.recorder, gate=Gate(MOST))
    return desk


def break_out(desk: Desk, *numbers: int, **changes: object) -> None:
    """New problems, one after the other."""
    for number in numbers:
        fields = {
            "rule": f"v1:p{number}",
            "fingerprint": f"f{number}",
            "title": f"problem {number}",
        }
        desk.record(
            alert(
                f"a{number}-{desk.now():%H%M%S}",
                at=(desk.now() - START).total_seconds(),
                **(fields | changes),
            )
        )


START = Desk().now()


def problem(desk: Desk, number: int) -> Incident:
    return desk.incident(f"v1:p{number}|prod.1")


def held(desk: Desk, *numbers: int) -> list[str]:
    return [problem(desk, number).held for number in numbers]


def tick(desk: Desk, times: int = 1) -> None:
    for _ in range(times):
        desk.later(seconds=60)
        desk.ticker.tick()


def work(desk: Desk) -> None:
    """Let analysis and distribution do what they were asked for."""
    for message, _ in desk.taken(Queue.ANALYSIS):
        desk.investigator.handle(AnalysisRequest.model_validate(message))
    for queue in (Queue.CRITICAL, Queue.DISTRIBUTION):
        for message, _ in desk.taken(queue):
            desk.deliverer.handle(Announcement.model_validate(message))


def test_the_first_ones_have_cards_and_the_next_ones_are_held_by_one_storm(desk: Desk) -> None:
    break_out(desk, *range(6))
    assert held(desk, *range(6)) == ["", "", "", "storm", "storm", "storm"]
    assert {problem(desk, number).storm_id for number in (3, 4, 5)} == {STORM}
    assert desk.telemetry.counts["Storms"] == 1
    assert desk.telemetry.counts["AlertsHeld:storm"] == 3


def test_what_a_storm_holds_is_neither_shown_nor_analysed(desk: Desk) -> None:
    break_out(desk, *range(5))
    shown = [f"v1:p{number}|prod.1" for number in range(MOST)]
    assert desk.requested() == shown
    announced = desk.announced()
    assert announced == [(name, 0) for name in [*shown, STORM]]
    for name, _ in announced:
        desk.deliverer.handle(Announcement(incident_id=name, first_sent=desk.now()))
    texts = [call.text for call in desk.slack.calls]
    assert len(texts) == MOST + 1
    assert "Storm of alerts in prod" in texts[-1]
    assert not any("problem 4" in text for text in texts)


def test_its_first_card_counts_the_one_that_began_it_and_the_next_tick_the_others(
    desk: Desk,
) -> None:
    break_out(desk, *range(6), service="shop")
    known = desk.incident(STORM)
    assert known.storm is not None
    assert (known.storm.incidents, known.storm.services) == (1, (("shop", 1),))
    desk.later(seconds=storms.SETTLES.total_seconds())
    desk.ticker.tick()
    known = desk.incident(STORM)
    assert known.storm is not None
    assert known.storm.incidents == 3


def test_a_whole_batch_that_breaks_out_at_once_is_held_from_the_same_one_on(desk: Desk) -> None:
    desk.record(*(alert(f"a{n}", rule=f"v1:p{n}", fingerprint=f"f{n}") for n in range(MOST + 2)))
    assert sorted(held(desk, *range(MOST + 2))) == ["", "", "", "storm", "storm"]


def test_few_new_incidents_a_minute_are_no_storm(desk: Desk) -> None:
    for number in range(9):
        break_out(desk, number)
        desk.later(seconds=20)
    assert set(held(desk, *range(9))) == {""}


def test_repeats_are_no_new_incidents(desk: Desk) -> None:
    for at in range(9):
        desk.record(alert(f"a{at}", at=at))
    assert desk.incident().count == 9
    assert desk.telemetry.counts["Storms"] == 0


def test_critical_ones_are_never_held_and_make_no_storm(desk: Desk) -> None:
    break_out(desk, *range(9), severity=Severity.CRITICAL)
    assert desk.telemetry.counts["Storms"] == 0
    break_out(desk, *range(10, 20))
    break_out(desk, 21, severity=Severity.CRITICAL)
    assert held(desk, 13, 21) == ["storm", ""]


def test_a_held_one_that_becomes_critical_has_its_card_at_once(desk: Desk) -> None:
    break_out(desk, *range(5))
    desk.announced()
    desk.requested()
    desk.later(seconds=1)
    break_out(desk, 4, severity=Severity.CRITICAL)
    assert held(desk, 3, 4) == ["storm", ""]
    assert desk.announced(Queue.CRITICAL) == [("v1:p4|prod.1", 0)]
    assert desk.requested() == ["v1:p4|prod.1"]


def silence_all(desk: Desk, matcher: str = "severity=~.+") -> None:
    found = Silence(
        id="s1",
        matchers=(Matcher.parse(matcher),),
        starts_at=desk.now(),
        ends_at=desk.now() + timedelta(hours=1),
        comment="load test",
    )
    silences.add(desk.store, found, desk.now())
    desk.later(seconds=chunks.MAX_AGE.total_seconds())


def test_one_that_becomes_critical_under_a_silence_goes_from_the_storm_to_the_silence(
    desk: Desk,
) -> None:
    break_out(desk, *range(5))
    silence_all(desk)
    break_out(desk, 4, severity=Severity.CRITICAL)
    assert held(desk, 3, 4) == ["storm", "silenced"]
    assert desk.announced(Queue.CRITICAL) == []
    desk.later(hours=1)
    desk.ticker.tick()
    assert held(desk, 4) == [""]
    assert desk.announced(Queue.CRITICAL) == [("v1:p4|prod.1", 0)]


def test_one_that_fires_after_the_storm_under_a_silence_stays_held_by_it(desk: Desk) -> None:
    ebbed(desk, 6)
    silence_all(desk)
    break_out(desk, 4)
    assert held(desk, 3, 4) == ["storm", "silenced"]


def test_our_own_checks_are_never_held(desk: Desk) -> None:
    break_out(desk, *range(5))
    break_out(desk, 6, source=SYNTHETIC_SOURCE)
    assert problem(desk, 6).synthetic
    assert held(desk, 6) == [""]


def test_each_environment_has_its_own_storm(desk: Desk) -> None:
    break_out(desk, *range(5))
    break_out(desk, 7, scope=Scope(environment="dev"))
    assert desk.incident("v1:p7|dev.1").held == ""


def test_a_channel_has_three_times_as_many_whatever_environments_are_invented(desk: Desk) -> None:
    for number in range(3 * MOST + 2):
        break_out(desk, number, scope=Scope(environment=f"pr-{number}"))
    opened = [desk.incident(f"v1:p{n}|pr-{n}.1") for n in range(3 * MOST + 2)]
    assert [one.held for one in opened] == [*[""] * 3 * MOST, "storm", "storm"]
    begun = desk.incident(opened[-1].storm_id)
    assert begun.storm is not None
    assert (begun.title, begun.scope, begun.storm.most) == ("Storm of alerts", Scope(), 3 * MOST)
    break_out(desk, 50, scope=Scope(environment="prod"))
    assert held(desk, 50) == ["storm"]
    tick(desk, 3)
    assert desk.incident(begun.incident_id).state is IncidentState.RESOLVED
    break_out(desk, 51)
    assert held(desk, 51) == [""]


def test_a_storm_of_one_environment_leaves_the_channel_to_the_others(desk: Desk) -> None:
    break_out(desk, *range(20), scope=Scope(environment="dev"))
    break_out(desk, *range(20, 24))
    assert held(desk, *range(20, 24)) == ["", "", "", "storm"]
    assert desk.telemetry.counts["Storms"] == 2


def test_each_channel_has_its_own_storm_which_is_told_there(desk: Desk) -> None:
    paid = Route(name="paid", match=("service=pay",), channel="#payments")
    desk.recorder = replace(desk.recorder, routes=lambda: Routes(routes=(paid,)))
    break_out(desk, *range(5))
    break_out(desk, *range(10, 13), service="pay")
    assert held(desk, 10, 11, 12) == ["", "", ""]
    break_out(desk, 13, service="pay")
    begun = desk.incident(problem(desk, 13).storm_id)
    assert begun.incident_id != STORM
    assert begun.route is not None
    assert begun.route.channel == "#payments"


def test_the_tick_counts_and_asks_for_one_analysis_of_the_whole(desk: Desk) -> None:
    break_out(desk, 0, 1, 2, 3, 4, service="shop")
    break_out(desk, 5, severity=Severity.LOW, service="mail")
    desk.requested()
    tick(desk)
    known = desk.incident(STORM)
    assert known.storm is not None
    assert (known.storm.incidents, known.storm.services) == (3, (("shop", 2), ("mail", 1)))
    assert known.severity is Severity.HIGH
    assert "1 x HIGH shop: v1:p4: problem 4" in known.message
    assert desk.requested().count(STORM) == 1
    tick(desk)
    assert STORM not in desk.requested()


def test_it_lasts_as_long_as_incidents_come(desk: Desk) -> None:
    break_out(desk, *range(5))
    for number in range(10, 22, 3):
        tick(desk)
        break_out(desk, number, number + 1, number + 2)
    assert desk.incident(STORM).state is IncidentState.OPEN
    assert held(desk, 10, 21) == ["storm", "storm"]


def ebbed(desk: Desk, problems: int) -> Incident:
    break_out(desk, *range(problems))
    work(desk)
    tick(desk, 3)
    work(desk)
    return desk.incident(STORM)


def test_when_it_ebbs_it_is_resolved_and_lists_what_it_held_twenty_to_a_message(
    desk: Desk,
) -> None:
    over = ebbed(desk, MOST + 45)
    assert over.state is IncidentState.RESOLVED
    assert [n.kind for n in over.notices] == [NoticeKind.RESOLVED, *[NoticeKind.HELD_PAGE] * 3]
    card = desk.card(STORM)
    replies = [call for call in desk.slack.calls if call.thread_ts == card.ts]
    assert [call.text.partition("\n")[0] for call in replies] == [
        f"🟠 Ebbed after 0 s: it held 45 incidents; 45 still fire: {over.title}",
        *(f"Held by the storm, part {number}" for number in (1, 2, 3)),
    ]
    assert card.told == over.last_notice


def test_every_held_incident_is_on_exactly_one_page_with_its_last_counts(desk: Desk) -> None:
    break_out(desk, *range(MOST + 45))
    desk.later(seconds=1)
    break_out(desk, 7)
    tick(desk, 3)
    over = desk.incident(STORM)
    listed = [
        incident for notice in over.notices for incident in storms.page_of(desk.store, over, notice)
    ]
    wanted = [f"v1:p{number}|prod.1" for number in range(MOST, MOST + 45)]
    assert sorted(incident.incident_id for incident in listed) == sorted(wanted)
    assert {one.incident_id: one.count for one in listed}["v1:p7|prod.1"] == 2


def test_a_storm_that_slack_shows_only_when_it_is_over_is_listed_all_the_same(desk: Desk) -> None:
    break_out(desk, *range(6))
    desk.taken(Queue.DISTRIBUTION)
    tick(desk, 3)
    desk.taken(Queue.DISTRIBUTION)
    assert desk.incident(STORM).state is IncidentState.RESOLVED
    tick(desk)
    work(desk)
    card = desk.card(STORM)
    replies = [
        call.text.partition("\n")[0] for call in desk.slack.calls if call.thread_ts == card.ts
    ]
    assert replies == ["Held by the storm, part 1"]


def doubting(desk: Desk) -> None:
    """Claude finds everything milder than the alerts do."""
    answer = desk.claude.analyse

    def analyse(case: Case, tier: str) -> Analysis:
        return answer(case, tier).model_copy(update={"severity_opinion": Severity.LOW})

    desk.claude.analyse = analyse  # type: ignore[method-assign]


def test_what_claude_thinks_of_its_severity_is_told_although_it_ebbs_before_that(
    desk: Desk,
) -> None:
    break_out(desk, *range(6))
    work(desk)
    tick(desk)
    doubting(desk)
    for message, _ in desk.taken(Queue.ANALYSIS):
        desk.investigator.handle(AnalysisRequest.model_validate(message))
    desk.taken(Queue.DISTRIBUTION)
    tick(desk, 2)
    work(desk)
    ts = desk.card(STORM).ts
    told = [
        call.text.splitlines()[0].partition(":")[0]
        for call in desk.slack.calls
        if call.thread_ts == ts
    ]
    assert told == [
        "🤔 Claude doubts the severity",
        "🟠 Ebbed after 0 s",
        "Held by the storm, part 1",
    ]


def test_after_it_whoever_fires_again_has_a_card_and_others_stay_listed(desk: Desk) -> None:
    ebbed(desk, 6)
    break_out(desk, 4)
    assert held(desk, 3, 4, 5) == ["storm", "", "storm"]
    assert desk.requested() == ["v1:p4|prod.1"]
    desk.record(resolve(fingerprint="f5", at=400))
    assert held(desk, 5) == ["storm"]
    work(desk)
    posts = [call.text.partition("\n")[0] for call in desk.slack.calls]
    assert sum("problem 4" in text for text in posts) == 1


def test_a_second_storm_is_another_one_and_holds_what_was_over_and_fires_again(desk: Desk) -> None:
    ebbed(desk, 6)
    resolve_problems(desk, 4)
    desk.later(seconds=1)
    break_out(desk, 10, 11, 12, 13, 4, 5)
    second = f"{storm.key_of('prod|')}.2"
    assert held(desk, 12, 13, 4, 5) == ["", "storm", "storm", "storm"]
    assert (problem(desk, 4).storm_id, problem(desk, 5).storm_id) == (second, STORM)
    assert desk.incident(second).storm is not None


def resolve_problems(desk: Desk, *numbers: int) -> None:
    desk.later(seconds=1)
    for number in numbers:
        at = (desk.now() - START).total_seconds()
        desk.record(resolve(f"r{number}-{at}", fingerprint=f"f{number}", at=at))


def still_fire(desk: Desk) -> int:
    known = desk.incident(STORM).storm
    assert known is not None
    return known.firing


def test_its_end_counts_who_still_fires_until_none_does_and_nothing_is_due_any_more(
    desk: Desk,
) -> None:
    break_out(desk, *range(7))
    work(desk)
    resolve_problems(desk, 3)
    tick(desk, 3)
    assert still_fire(desk) == 3
    work(desk)
    resolve_problems(desk, 4, 5)
    tick(desk, 15)
    assert still_fire(desk) == 1
    resolve_problems(desk, 6)
    tick(desk, 15)
    work(desk)
    tick(desk)
    over = desk.incident(STORM)
    assert (still_fire(desk), over.due_at, over.still_fires) == (0, None, False)
    assert desk.card(STORM).shown == over.revision
    assert desk.slack.calls[-1].text.startswith("✅ RESOLVED")


def test_one_that_fires_beside_the_end_is_counted_after_it(desk: Desk) -> None:
    """Held, resolved, and fired again by a worker who read the weather before the end."""
    break_out(desk, *range(5))
    work(desk)
    resolve_problems(desk, 3, 4)
    tick(desk, 3)
    assert still_fire(desk) == 0
    again = problem(desk, 4).model_copy(update={"state": IncidentState.OPEN, "firing": 1})
    desk.put_incident(again)
    tick(desk, 16)
    assert still_fire(desk) == 1
    assert desk.incident(STORM).storm is not None
    assert desk.incident(STORM).due_at is not None


def repeat(desk: Desk, number: int) -> None:
    """A tool that says the very same again, as Alertmanager does every few hours."""
    fields = {"rule": f"v1:p{number}", "fingerprint": f"f{number}", "title": f"problem {number}"}
    first = f"a{number}-{START:%H%M%S}"
    desk.record(alert(first, event_at=START, received_at=desk.now(), **fields))


def test_one_that_its_tool_says_still_fires_has_a_card_after_the_storm(desk: Desk) -> None:
    break_out(desk, *range(6))
    work(desk)
    desk.later(minutes=1)
    repeat(desk, 4)
    assert held(desk, 4) == ["storm"]
    tick(desk, 3)
    work(desk)
    desk.later(hours=4)
    repeat(desk, 4)
    assert desk.telemetry.counts["AlertsHeld:duplicate"] == 2
    assert held(desk, 3, 4, 5) == ["storm", "", "storm"]
    assert desk.requested() == ["v1:p4|prod.1"]
    work(desk)
    assert desk.card("v1:p4|prod.1").ts


def test_what_all_tools_repeat_after_a_storm_meets_the_gate(desk: Desk) -> None:
    ebbed(desk, 12)
    desk.later(hours=4)
    for number in range(3, 12):
        repeat(desk, number)
    assert held(desk, *range(3, 12)) == [*[""] * MOST, *["storm"] * 6]
    assert {problem(desk, number).storm_id for number in range(6, 12)} == {STORM}
    assert desk.telemetry.counts["Storms"] == 1


def test_what_is_repeated_every_few_minutes_makes_no_storm_and_has_its_cards_bit_by_bit(
    desk: Desk,
) -> None:
    ebbed(desk, 12)
    assert still_fire(desk) == 9
    for left in (6, 3, 0):
        desk.later(minutes=20)
        for number in range(12):
            repeat(desk, number)
        tick(desk)
        work(desk)
        assert still_fire(desk) == left
    assert held(desk, *range(12)) == [""] * 12
    assert desk.telemetry.counts["Storms"] == 1
    assert not desk.incident(STORM).still_fires


def test_what_was_listed_and_is_repeated_joins_no_storm_of_others(desk: Desk) -> None:
    ebbed(desk, 6)
    desk.later(minutes=5)
    break_out(desk, *range(20, 24))
    repeat(desk, 4)
    assert (held(desk, 23, 4), problem(desk, 4).storm_id) == (["storm", "storm"], STORM)


def test_a_resolve_of_one_of_two_is_no_reason_for_a_card(desk: Desk) -> None:
    break_out(desk, *range(5))
    break_out(desk, 44, rule="v1:p4")
    tick(desk, 3)
    resolve_problems(desk, 44)
    assert (problem(desk, 4).firing, problem(desk, 4).held) == (1, "storm")


def test_a_storm_whose_incidents_still_fire_is_told_of_again_as_their_routes_want(
    desk: Desk,
) -> None:
    again = Route(name="again", mentions=("here",), renotify_after="10m")
    desk.recorder = replace(desk.recorder, routes=lambda: Routes(routes=(again,)))
    ebbed(desk, MOST + 450)
    desk.taken(Queue.DISTRIBUTION)
    tick(desk, 11 * 23)
    work(desk)
    reminders = [n for n in desk.incident(STORM).notices if n.kind is NoticeKind.STILL_FIRING]
    assert len(reminders) == MAX_NOTICES
    # Nobody was told meanwhile: of all that waited the newest is news.
    (told,) = [call for call in desk.slack.calls if "450 still fire): Storm" in call.text]
    assert told.broadcast
    assert "<!here>" in told.text
    pages = {n.detail for n in desk.incident(STORM).notices if n.kind is NoticeKind.HELD_PAGE}
    assert len(pages) == 23


def reminders(desk: Desk) -> int:
    return sum(n.kind is NoticeKind.STILL_FIRING for n in desk.incident(STORM).notices)


def test_what_is_silenced_after_a_storm_is_no_reason_to_remind_of_it_until_the_silence_ends(
    desk: Desk,
) -> None:
    again = Route(name="again", mentions=("here",), renotify_after="20m")
    desk.recorder = replace(desk.recorder, routes=lambda: Routes(routes=(again,)))
    ebbed(desk, 6)
    silence_all(desk, "rule=~v1:p[345]")
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
    silence_all(desk, "title=Storm of alerts in prod")
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


def test_nobody_joins_a_storm_that_ebbs_at_that_moment(desk: Desk) -> None:
    """The tick's transaction comes between an opening's reads and its write."""
    break_out(desk, *range(5))
    tick(desk)
    desk.later(seconds=120)
    desk.store.meanwhile = desk.ticker.tick
    break_out(desk, 9)
    assert desk.incident(STORM).state is IncidentState.RESOLVED
    assert held(desk, 9) == [""]


def test_a_storm_that_is_joined_while_it_ebbs_goes_on(desk: Desk) -> None:
    """An opening comes between the tick's reads and its transaction."""
    break_out(desk, *range(5))
    tick(desk)
    desk.later(seconds=120)
    desk.store.meanwhile = lambda: break_out(desk, 9)
    desk.ticker.tick()
    assert held(desk, 9) == ["storm"]
    members = [m.incident_id for s in shards(desk) for m in s.members]
    assert "v1:p9|prod.1" in members
    tick(desk, 3)
    assert desk.incident(STORM).state is IncidentState.RESOLVED


def test_a_storm_that_others_join_all_the_time_ends_with_its_hour(desk: Desk) -> None:
    """One joins while the tick reads the members, which takes long, and one before it writes."""
    break_out(desk, *range(6))
    number = raging(desk, 59)
    read = desk.store.read
    break_out(desk, *range(number, number + 4))
    joining = iter(range(number + 4, number + 100))

    def read_members(keys: Sequence[Key]) -> dict[Key, Record]:
        found = read(keys)
        if {items.incident_item(f"v1:p{n}|prod.1") for n in (3, 4)} <= set(keys):
            break_out(desk, next(joining))
            desk.store.meanwhile = beside.pop() if beside else None
        return found

    desk.store.read = read_members  # type: ignore[method-assign]
    beside = [lambda: break_out(desk, next(joining))]
    desk.later(seconds=60)
    desk.ticker.tick()
    desk.store.read = read  # type: ignore[method-assign]
    over = desk.incident(STORM)
    assert over.state is IncidentState.RESOLVED
    assert over.storm is not None
    assert over.storm.goes_on
    listed = {one.incident_id for n in over.notices for one in storms.page_of(desk.store, over, n)}
    joined = [problem(desk, one) for one in range(number, next(joining))]
    assert len(joined) == 4 + 3
    assert {one.incident_id for one in joined} <= listed
    assert all(shard.sealed for shard in shards(desk))


def test_a_storm_that_no_tick_saw_for_a_day_ends_with_its_list_all_the_same(desk: Desk) -> None:
    desk.ticker = replace(desk.ticker, quiet_after=timedelta(hours=1))
    break_out(desk, *range(6))
    work(desk)
    desk.later(hours=25)
    tick(desk, 3)
    over = desk.incident(STORM)
    assert over.state is IncidentState.RESOLVED
    assert len([one for n in over.notices for one in storms.page_of(desk.store, over, n)]) == 3
    break_out(desk, 9)
    assert held(desk, 9) == [""]


@pytest.mark.parametrize("lost", [False, True], ids=["closed", "expired"])
def test_a_storm_that_is_not_open_holds_nobody(desk: Desk, *, lost: bool) -> None:
    break_out(desk, *range(6))
    if lost:
        desk.store.lose(items.incident_item(STORM))
    else:
        dead = desk.incident(STORM).model_copy(update={"state": IncidentState.CLOSED})
        desk.put_incident(dead)
    desk.later(seconds=90)
    break_out(desk, 9, 4)
    assert held(desk, 3, 9, 4) == ["storm", "", ""]
    weather = items.load(desk.store, storms.weather_item(storm.key_of("prod|")), Weather)
    assert weather is not None
    assert (weather.storm_id, weather.storms) == ("", 1)


def raging(desk: Desk, minutes: int, number: int = 100) -> int:
    """Four new problems a minute; the number of the last one."""
    for _ in range(minutes):
        break_out(desk, *range(number, number + 4))
        tick(desk)
        number += 4
    work(desk)
    return number


def test_a_storm_that_does_not_end_is_listed_after_an_hour_and_the_next_one_begins(
    desk: Desk,
) -> None:
    break_out(desk, *range(6))
    work(desk)
    raging(desk, 70)
    over, second = desk.incident(STORM), desk.incident(f"{storm.key_of('prod|')}.2")
    assert (over.state, second.state) == (IncidentState.RESOLVED, IncidentState.OPEN)
    listed = [one for n in over.notices for one in storms.page_of(desk.store, over, n)]
    assert len(listed) == 3 + 4 * 60
    posts = [call.text for call in desk.slack.calls if call.thread_ts == desk.card(STORM).ts]
    assert posts[0].startswith("🟠 Listed after 59 min, as it went on: it held 243 incidents")


def test_a_storm_whose_analysis_cannot_be_asked_for_ends_all_the_same(desk: Desk) -> None:
    break_out(desk, *range(6))
    begun = desk.incident(STORM)
    busy = CacheEntry(
        cache_key=begun.cache_key,
        state=CacheState.PENDING,
        owner="x",
        lease_until=desk.now() + timedelta(days=9),
    )
    desk.store.write([items.write_of(items.cache_item(begun.cache_key), busy, 0, desk.now())])
    tick(desk, 58)
    assert desk.incident(STORM).state is IncidentState.OPEN
    tick(desk, 3)
    over = desk.incident(STORM)
    assert over.state is IncidentState.RESOLVED
    assert over.storm is not None
    assert not over.storm.goes_on


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


def shards(desk: Desk) -> list[Shard]:
    found = [items.state_item(f"{STORM}#{number}") for number in range(SHARDS)]
    return [items.load(desk.store, key, Shard) or Shard() for key in found]


def test_two_workers_never_both_begin_a_storm(desk: Desk) -> None:
    break_out(desk, *range(MOST))
    desk.store.meanwhile = lambda: break_out(desk, 8)
    break_out(desk, 9)
    weather = items.load(desk.store, storms.weather_item(storm.key_of("prod|")), Weather)
    assert weather is not None
    assert (weather.storms, weather.storm_id) == (1, STORM)
    assert held(desk, 8, 9) == ["storm", "storm"]


def test_a_storm_that_ebbs_between_two_reads_sends_the_worker_to_look_again(desk: Desk) -> None:
    break_out(desk, *range(5))
    tick(desk)
    desk.later(seconds=120)
    read = desk.store.read

    def read_late(keys: Sequence[Key]) -> dict[Key, Record]:
        if len(keys) == 1 and keys[0].id.startswith("storm:"):
            desk.store.read = read  # type: ignore[method-assign]
            desk.ticker.tick()
        return read(keys)

    desk.store.read = read_late  # type: ignore[method-assign]
    break_out(desk, 9)
    assert desk.store.read == read
    assert held(desk, 9) == [""]


def test_members_beyond_what_a_storm_remembers_are_counted(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(storm, "MAX_MEMBERS", 1)
    over = ebbed(desk, MOST + 100)
    assert over.storm is not None
    assert over.storm.incidents == 100
    assert over.storm.unlisted == 100 - SHARDS
    assert "by name" in next(c.text for c in desk.slack.calls if "Ebbed" in c.text)


def test_five_thousand_alerts_of_a_storm_at_handler_level() -> None:
    """The measure: 5 CRITICAL among 400 problems, at most 30 messages before it ebbs."""
    desk = Desk()
    desk.recorder = replace(desk.recorder, gate=Gate(8))
    rng = random.Random(4)
    critical = {40, 120, 200, 280, 360}
    times = sorted(rng.uniform(0, 60) for _ in range(5_000))
    chosen = [number % 400 for number in range(5_000)]
    sent = Counter(chosen)
    for number, (at, which) in enumerate(zip(times, chosen, strict=True)):
        desk.world.advance(START + timedelta(seconds=at))
        severity = Severity.CRITICAL if which in critical else Severity.HIGH
        desk.record(
            alert(
                f"a{number}",
                at=at,
                rule=f"v1:p{which}",
                fingerprint=f"f{which}-{number}",
                severity=severity,
                service=f"service-{which % 12}",
            )
        )
        if number % 100 == 0:
            work(desk)
    work(desk)
    posts = [call for call in desk.slack.calls if call.method == "post"]
    assert len(posts) <= 30
    assert all(problem(desk, number).held == "" for number in critical)
    assert all(desk.card(f"v1:p{number}|prod.1").ts for number in critical)
    tick(desk, 4)
    work(desk)
    over = desk.incident(STORM)
    assert over.state is IncidentState.RESOLVED
    listed = [one for n in over.notices for one in storms.page_of(desk.store, over, n)]
    shown = [problem(desk, number) for number in range(400) if not problem(desk, number).held]
    assert {one.incident_id for one in listed}.isdisjoint(one.incident_id for one in shown)
    assert len(listed) + len(shown) == 400
    assert sum(one.count for one in [*listed, *shown]) == 5_000
    assert all(one.count == sent[int(one.signature[4:])] for one in [*listed, *shown])
    told = desk.telemetry.counts
    assert told["AlertsCounted"] == 5_000
    assert told["AlertsHeld:storm"] == sum(one.count for one in listed)
    pages = [call for call in desk.slack.calls if call.text.startswith("Held by the storm")]
    assert len(pages) == -(-len(listed) // 20)
