"""Storms: how one is counted, ends, and lists what it held."""

from dataclasses import replace
from datetime import timedelta

import pytest

from desk import Desk
from responder.alert import Severity
from responder.cache_entry import CacheEntry, CacheState
from responder.contracts import AnalysisRequest
from responder.incident import IncidentState, NoticeKind
from responder.policy import storm
from responder.policy.storm import SHARDS
from responder.ports import Queue
from responder.protocols import items, storms
from unit.protocols.storming import MOST, STORM, break_out, ebbed, held, raging, stormy, tick, work


@pytest.fixture
def desk() -> Desk:
    return stormy()


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


def test_what_claude_thinks_of_its_severity_is_told_although_it_ebbs_before_that(
    desk: Desk,
) -> None:
    break_out(desk, *range(6))
    work(desk)
    tick(desk)
    desk.claude.says = {"severity_opinion": Severity.LOW}
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


def test_members_beyond_what_a_storm_remembers_are_counted(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(storm, "MAX_MEMBERS", 1)
    over = ebbed(desk, MOST + 100)
    assert over.storm is not None
    assert over.storm.incidents == 100
    assert over.storm.unlisted == 100 - SHARDS
    assert "by name" in next(c.text for c in desk.slack.calls if "Ebbed" in c.text)
