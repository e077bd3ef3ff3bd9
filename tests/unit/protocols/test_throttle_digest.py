"""The throttle's digest: what it costs, counts and names, when it ends, and its list."""

from datetime import timedelta

import pytest

from desk import Desk
from responder.alert import Severity
from responder.incident import NoticeKind
from unit.protocols.storming import held, tick, work
from unit.protocols.throttling import DIGEST, HOURLY, fire, is_open, listed, throttled


@pytest.fixture
def desk() -> Desk:
    return throttled()


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
