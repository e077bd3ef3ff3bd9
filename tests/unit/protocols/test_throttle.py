"""The throttle: a source with too many new problems an hour has one digest for the rest of them."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from doomed import Doomed, survive
from fakes import Desk, Slack, alert, resolve
from faults.world import START
from responder.alert import SYNTHETIC_SOURCE, Scope, Severity
from responder.contracts import AnalysisRequest, Announcement
from responder.incident import Incident, IncidentState, NoticeKind
from responder.policy import storm
from responder.policy.inhibition import Inhibitions
from responder.policy.routes import Route, Routes
from responder.policy.storm import THROTTLE, Weather
from responder.ports import Message, Place, Queue
from responder.protocols import items, storms
from responder.protocols.storms import Gate
from unit.protocols.silencing import EVERYTHING, silence

HOURLY = 3
MINUTE = 60
KEY = storm.key_of("sentry|", THROTTLE)
DIGEST = f"{KEY}.1"


@pytest.fixture
def desk() -> Desk:
    desk = Desk()
    limit(desk)
    return desk


def limit(desk: Desk, most: int = 0, hourly: int = HOURLY) -> None:
    desk.recorder = replace(desk.recorder, gate=Gate(most, hourly))


def fire(desk: Desk, *numbers: int, **changes: object) -> None:
    """New problems, one a second."""
    for number in numbers:
        fields = {
            "source": "sentry",
            "rule": f"v1:p{number}",
            "fingerprint": f"f{number}",
            "title": f"problem {number}",
        }
        at = (desk.now() - START).total_seconds()
        desk.record(alert(f"a{number}-{at}", at=at, **(fields | changes)))
        desk.later(seconds=1)


def problem(desk: Desk, number: int) -> Incident:
    return desk.incident(f"v1:p{number}|prod.1")


def held(desk: Desk, *numbers: int) -> list[str]:
    return [problem(desk, number).held for number in numbers]


def tick(desk: Desk, minutes: int = 1) -> None:
    for _ in range(minutes):
        desk.later(seconds=MINUTE)
        desk.ticker.tick()


def work(desk: Desk) -> None:
    """Let analysis and distribution do what they were asked for."""
    for message, _ in desk.taken(Queue.ANALYSIS):
        desk.investigator.handle(AnalysisRequest.model_validate(message))
    for queue in (Queue.CRITICAL, Queue.DISTRIBUTION):
        for message, _ in desk.taken(queue):
            desk.deliverer.handle(Announcement.model_validate(message))


def is_open(desk: Desk, incident_id: str = DIGEST) -> bool:
    return desk.incident(incident_id).state is IncidentState.OPEN


def listed(desk: Desk, incident_id: str = DIGEST) -> list[str]:
    over = desk.incident(incident_id)
    pages = (storms.page_of(desk.store, over, notice) for notice in over.notices)
    return sorted(one.incident_id for page in pages for one in page)


def posted(desk: Desk, what: str) -> int:
    """Posts that say it; whom a list names is not told by that of anything."""
    return sum(what in text for text in first_lines(desk))


def first_lines(desk: Desk) -> list[str]:
    posts = [call.text for call in desk.slack.calls if call.method == "post"]
    return [text.partition("\n")[0] for text in posts]


def test_a_source_has_its_cards_and_what_is_more_goes_into_one_digest(desk: Desk) -> None:
    limit(desk, most=8, hourly=HOURLY)
    for number in range(6):
        fire(desk, number)
        tick(desk, 5)
    work(desk)
    assert held(desk, *range(6)) == ["", "", "", "throttle", "throttle", "throttle"]
    assert {problem(desk, number).storm_id for number in (3, 4, 5)} == {DIGEST}
    assert desk.telemetry.counts["Throttles"] == 1
    assert desk.telemetry.counts["AlertsHeld:throttle"] == 3
    assert desk.telemetry.counts["Storms"] == 0
    assert posted(desk, "Too many new problems from sentry") == 1
    assert not posted(desk, "problem 4")


def test_neither_what_it_holds_nor_the_digest_costs_an_analysis(desk: Desk) -> None:
    fire(desk, *range(6))
    tick(desk, 10)
    assert set(desk.requested()) == {f"v1:p{number}|prod.1" for number in range(HOURLY)}
    assert desk.incident(DIGEST).analysis.fallback_reason == "throttle"


def test_the_digest_counts_once_a_minute_what_it_holds(desk: Desk) -> None:
    fire(desk, *range(3), service="shop")
    fire(desk, 3, 4, service="shop", severity=Severity.LOW)
    fire(desk, 5, service="mail", severity=Severity.LOW)
    before = desk.incident(DIGEST).revision
    tick(desk)
    known = desk.incident(DIGEST)
    assert known.storm is not None
    assert known.storm.incidents == 3
    assert known.storm.services == (("shop", 2), ("mail", 1))
    assert known.severity is Severity.LOW
    assert known.revision == before + 1


def test_the_digest_names_the_worst_of_what_is_not_listed_yet_the_newest_first(desk: Desk) -> None:
    fire(desk, *range(6), severity=Severity.HIGH, service="shop")
    fire(desk, *range(10, 15), severity=Severity.LOW)
    tick(desk)
    known = desk.incident(DIGEST).storm
    assert known is not None
    assert known.worst == (
        *((Severity.HIGH, f"shop: v1:p{number}: problem {number}") for number in (5, 4, 3)),
        *((Severity.LOW, f"v1:p{number}: problem {number}") for number in (14, 13)),
    )


@pytest.mark.parametrize(
    "changes",
    [{"source": "zabbix"}, {"service": "pay"}],
    ids=["source", "channel"],
)
def test_nobody_is_held_for_what_another_one_sends(desk: Desk, changes: dict[str, object]) -> None:
    paid = Route(name="paid", match=("service=pay",), channel="#payments")
    desk.recorder = replace(desk.recorder, routes=lambda: Routes(routes=(paid,)))
    fire(desk, *range(6))
    fire(desk, 7, **changes)
    assert held(desk, 7) == [""]


def test_a_source_that_invents_environments_has_no_more_cards_for_it(desk: Desk) -> None:
    for number in range(6):
        fire(desk, number, scope=Scope(environment=f"pr-{number}"))
    opened = [desk.incident(f"v1:p{number}|pr-{number}.1") for number in range(6)]
    assert [one.held for one in opened] == ["", "", "", "throttle", "throttle", "throttle"]
    digest = desk.incident(DIGEST)
    assert (digest.title, digest.scope) == ("Too many new problems from sentry", Scope())


def test_critical_ones_and_our_own_checks_are_never_held_and_not_counted(desk: Desk) -> None:
    fire(desk, *range(9), severity=Severity.CRITICAL)
    fire(desk, *range(10, 20), source=SYNTHETIC_SOURCE)
    fire(desk, *range(20, 24))
    fire(desk, 30, severity=Severity.CRITICAL)
    fire(desk, 31, source=SYNTHETIC_SOURCE)
    assert held(desk, 0, 8, 10, 19, 20, 22, 23, 30, 31) == [*[""] * 6, "throttle", "", ""]


def test_a_held_one_that_becomes_critical_has_its_card_at_once(desk: Desk) -> None:
    fire(desk, *range(5))
    desk.announced()
    desk.requested()
    fire(desk, 4, severity=Severity.CRITICAL)
    assert held(desk, 3, 4) == ["throttle", ""]
    assert [name for name, _ in desk.announced(Queue.CRITICAL)] == ["v1:p4|prod.1"]
    assert desk.requested() == ["v1:p4|prod.1"]


def test_repeats_are_counted_and_resolves_close_what_is_held(desk: Desk) -> None:
    fire(desk, *range(5))
    fire(desk, 4, 4, 3)
    desk.record(resolve(source="sentry", fingerprint="f3", at=30))
    assert (problem(desk, 4).count, problem(desk, 4).held) == (3, "throttle")
    assert (problem(desk, 3).state, problem(desk, 3).held) == (IncidentState.RESOLVED, "throttle")
    work(desk)
    assert not posted(desk, "problem 3")


def test_nothing_is_held_where_it_is_switched_off(desk: Desk) -> None:
    limit(desk, hourly=0)
    fire(desk, *range(100))
    assert set(held(desk, *range(100))) == {""}


def test_what_is_held_when_it_is_switched_off_is_listed_all_the_same(desk: Desk) -> None:
    fire(desk, *range(5))
    limit(desk, hourly=0)
    fire(desk, 5)
    tick(desk, 16)
    assert held(desk, 3, 4, 5) == ["throttle", "throttle", ""]
    assert listed(desk) == ["v1:p3|prod.1", "v1:p4|prod.1"]


def test_it_ends_when_a_quarter_of_an_hour_brought_little(desk: Desk) -> None:
    fire(desk, *range(50))
    tick(desk, 14)
    assert is_open(desk)
    tick(desk, 2)
    assert not is_open(desk)
    assert listed(desk) == sorted(f"v1:p{number}|prod.1" for number in range(HOURLY, 50))


def test_it_ends_after_an_hour_although_the_source_goes_on(desk: Desk) -> None:
    fire(desk, *range(HOURLY))
    for number in range(HOURLY, 63):
        fire(desk, number)
        tick(desk)
        assert held(desk, number) == ["throttle"]
        if not is_open(desk):
            break
    opened = desk.incident(DIGEST).opened_at
    assert timedelta(hours=1) <= desk.now() - opened < timedelta(hours=1, minutes=2)
    fire(desk, *range(100, 103))
    assert held(desk, *range(100, 103)) == ["", "", ""]


def test_the_digest_is_listed_twenty_to_a_message_with_the_last_counts(desk: Desk) -> None:
    fire(desk, *range(HOURLY + 45))
    fire(desk, 7)
    work(desk)
    tick(desk, 17)
    work(desk)
    over = desk.incident(DIGEST)
    assert [n.kind for n in over.notices] == [NoticeKind.RESOLVED, *[NoticeKind.HELD_PAGE] * 3]
    card = desk.card(DIGEST)
    replies = [
        call.text.partition("\n")[0] for call in desk.slack.calls if call.thread_ts == card.ts
    ]
    assert replies[0].startswith(
        "🟠 Calm again after 44 s: it held 45 incidents; 45 still fire: Too"
    )
    assert replies[1:] == [f"Held by the throttle, part {number}" for number in (1, 2, 3)]
    assert (card.told, card.shown) == (over.last_notice, over.revision)
    assert len(listed(desk)) == len(set(listed(desk))) == 45


def test_after_it_whoever_fires_again_has_a_card_and_others_stay_listed(desk: Desk) -> None:
    fire(desk, *range(6))
    tick(desk, 61)
    fire(desk, 4)
    assert held(desk, 3, 4, 5) == ["throttle", "", "throttle"]
    work(desk)
    assert posted(desk, "problem 4") == 1


def test_the_cards_of_an_hour_count_for_that_hour_although_it_ended_before(desk: Desk) -> None:
    fire(desk, *range(5))
    tick(desk, 17)
    assert not is_open(desk)
    fire(desk, 10, 4)
    assert held(desk, 10, 4) == ["throttle", "throttle"]
    assert (problem(desk, 10).storm_id, problem(desk, 4).storm_id) == (f"{KEY}.2", DIGEST)
    tick(desk, 44)
    fire(desk, 11)
    assert held(desk, 11) == [""]


def test_what_began_a_digest_was_held_and_counts_as_no_card(desk: Desk) -> None:
    fire(desk, *range(5))
    tick(desk, 59)
    # The first card is an hour old, the second one not yet.
    desk.later(seconds=(START + timedelta(seconds=3600.5) - desk.now()).total_seconds())
    assert not is_open(desk)
    fire(desk, 10, 11, 12, 13)
    assert held(desk, 10, 11, 12, 13) == ["", "", "", "throttle"]


@given(
    seconds=st.lists(st.integers(1, 1500), min_size=HOURLY, max_size=60),
    hourly=st.integers(1, 4),
)
@settings(max_examples=30, deadline=None)
def test_a_source_never_has_more_cards_in_any_hour(seconds: list[int], hourly: int) -> None:
    desk = Desk()
    limit(desk, hourly=hourly)
    for number, gap in enumerate(seconds):
        due = desk.now() + timedelta(seconds=gap)
        while due - desk.now() > timedelta(minutes=5):
            tick(desk, 5)
        desk.later(seconds=max((due - desk.now()).total_seconds(), 0))
        fire(desk, number)
    every = [problem(desk, number) for number in range(len(seconds))]
    shown = [one.opened_at for one in every if not one.held]
    assert all(
        later - first >= THROTTLE.window
        for first, later in zip(shown, shown[hourly:], strict=False)
    )
    tick(desk, 62)
    begun = dict.fromkeys(one.storm_id for one in every if one.held)
    lists = [name for digest in begun for name in listed(desk, digest)]
    assert sorted(lists) == sorted(one.incident_id for one in every if one.held)
    began = [desk.incident(digest).opened_at for digest in begun]
    assert all(later - first >= THROTTLE.lull for first, later in pairwise(began))


def test_a_silence_comes_first_and_what_it_holds_is_not_counted(desk: Desk) -> None:
    silence(desk, EVERYTHING, minutes=10)
    fire(desk, *range(6))
    assert set(held(desk, *range(6))) == {"silenced"}
    tick(desk, 11)
    fire(desk, *range(10, 14))
    assert held(desk, *range(10, 14)) == ["", "", "", "throttle"]


def test_what_a_throttle_holds_stays_with_it_under_a_silence(desk: Desk) -> None:
    fire(desk, *range(5))
    silence(desk, EVERYTHING, minutes=10)
    fire(desk, 4)
    tick(desk)
    assert held(desk, 4) == ["throttle"]


def test_an_inhibition_comes_first(desk: Desk) -> None:
    rule = {"name": "p0", "why": "p0 does", "source": ["rule=v1:p0"], "target": ["rule=~v1:p1.*"]}
    muting = Inhibitions.model_validate({"rules": [rule]})
    desk.recorder = replace(desk.recorder, inhibitions=lambda: muting)
    fire(desk, 0, 10, 11, 12, 2, 3, 4)
    assert held(desk, 0, 10, 11, 12) == ["", "inhibited", "inhibited", "inhibited"]
    assert held(desk, 2, 3, 4) == ["", "", "throttle"]


def test_a_throttled_source_neither_makes_nor_prolongs_a_storm(desk: Desk) -> None:
    limit(desk, most=6)
    fire(desk, *range(20))
    assert desk.telemetry.counts["Storms"] == 0
    fire(desk, *range(20, 23), source="zabbix")
    fire(desk, 23, source="nagios")
    assert desk.telemetry.counts["Storms"] == 1
    fire(desk, 30)
    assert held(desk, 22, 23, 30) == ["", "storm", "throttle"]


def test_what_a_storm_holds_is_counted_and_listed_by_it_alone(desk: Desk) -> None:
    limit(desk, most=2, hourly=4)
    fire(desk, *range(12))
    assert held(desk, *range(12)) == ["", "", *["storm"] * 10]
    assert desk.telemetry.counts["Throttles"] == 0
    tick(desk, 3)
    work(desk)
    tick(desk, 3)
    assert not is_open(desk, problem(desk, 11).storm_id)
    fire(desk, 20, 11, source="sentry")
    assert held(desk, 20, 11) == ["", ""]
    tick(desk, 2)
    fire(desk, 21, 10)
    # The storm has listed the other one.
    assert held(desk, 21, 10) == ["throttle", "storm"]
    tick(desk, 20)
    assert listed(desk) == ["v1:p21|prod.1"]


def test_two_workers_never_both_begin_a_digest(desk: Desk) -> None:
    fire(desk, *range(HOURLY))
    desk.store.meanwhile = lambda: fire(desk, 8)
    fire(desk, 9)
    weather = items.load(desk.store, storms.weather_item(KEY), Weather)
    assert weather is not None
    assert (weather.storms, weather.storm_id) == (1, DIGEST)
    assert held(desk, 8, 9) == ["throttle", "throttle"]


def test_nobody_joins_a_digest_that_ends_at_that_moment(desk: Desk) -> None:
    """The tick's transaction comes between an opening's reads and its write."""
    fire(desk, *range(5))
    desk.later(minutes=61)
    desk.store.meanwhile = desk.ticker.tick
    fire(desk, 9)
    assert not is_open(desk)
    assert held(desk, 9) == [""]


class FoundAgain(Slack):
    """What was posted is found by its delivery id, also by who did not hear that it was."""

    def __init__(self, world: Doomed) -> None:
        super().__init__()
        self.world = world

    def post(self, channel: str, message: Message, delivery_id: str, thread_ts: str = "") -> Place:
        def act() -> Place:
            place = super(FoundAgain, self).post(channel, message, delivery_id, thread_ts)
            self.lands[delivery_id] = place.ts
            return place

        return self.world.effect("post", act)


def a_throttled_hour(world: Doomed) -> Desk:
    """A card, a digest of two, its list; SQS delivers again whatever died."""
    desk = Desk(world=world, slack=FoundAgain(world))
    limit(desk, hourly=1)
    world.seen = 0
    for number in range(3):
        at = START + timedelta(seconds=number)
        one = alert(
            f"a{number}",
            source="sentry",
            rule=f"v1:p{number}",
            fingerprint=f"f{number}",
            title=f"problem {number}",
            event_at=at,
            received_at=at,
        )
        survive(desk, lambda one=one: desk.record(one))  # type: ignore[misc]
    for _ in range(7):
        for announced in waiting(desk):
            survive(desk, lambda one=announced: desk.deliverer.handle(one))  # type: ignore[misc]
        desk.later(minutes=4)
        survive(desk, desk.ticker.tick)
    return desk


def waiting(desk: Desk) -> Sequence[Announcement]:
    return [Announcement.model_validate(message) for message, _ in desk.taken(Queue.DISTRIBUTION)]


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_killed_anywhere_every_held_one_is_listed_once_and_nothing_is_posted_twice(
    after: bool,
) -> None:
    calm = Doomed(0, after=after)
    a_throttled_hour(calm)
    for number in range(1, calm.seen + 1):
        desk = a_throttled_hour(Doomed(number, after=after))
        assert held(desk, 0, 1, 2) == ["", "throttle", "throttle"], number
        assert listed(desk) == ["v1:p1|prod.1", "v1:p2|prod.1"], number
        told = first_lines(desk)
        parts = ("problem 0", "held)", "Calm again", "part 1")
        assert [sum(part in text for text in told) for part in parts] == [1, 1, 1, 1], told
        assert not any("problem 1" in text or "problem 2" in text for text in told), number
