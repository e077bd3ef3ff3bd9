"""This version goes on where an earlier one stopped: no card twice, nothing silenced is told."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from bench.cost.town import alert

from responder.incident import IncidentState
from upgrades.old import NAMES, Old, left_by

#: Before signatures were final, a repeat was another problem; a resolve goes by its fingerprint.
FIRST = "1-first-pipeline"
WITH_SIGNATURES = [name for name in NAMES if name != FIRST]


@pytest.fixture(params=NAMES)
def old(request: pytest.FixtureRequest) -> Iterator[Old]:
    with left_by(request.param) as left:
        yield left
        assert left.troubles == {}


def told(old: Old, **changes: Any) -> None:
    """An alert of a service that the earlier version knew."""
    service = changes.pop("service")
    title = f"Errors of the {service} service are above their limit"
    given = {"id": f"{service}-1", "service": service, "title": title}
    old.pipeline.request(alert(**(given | changes)))
    old.pipeline.settle(20)


def test_a_resolve_turns_the_card_that_is_there_green(old: Old) -> None:
    card = old.card(old.incident("pay-api"))
    told(old, service="pay-api", status="resolved")
    after = old.incident("pay-api")
    assert after.state is IncidentState.RESOLVED
    assert card.ts in old.slack.edited
    assert old.card(after).ts == card.ts
    threads = [json.loads(one).get("thread_ts") for one in old.slack.new]
    assert set(threads) <= {card.ts}


@pytest.mark.parametrize("name", WITH_SIGNATURES)
def test_a_repeat_changes_the_card_that_is_there_and_asks_nobody(name: str) -> None:
    with left_by(name) as old:
        before = old.incident("orders")
        old.pipeline.request(alert(id="orders-9"))
        old.pipeline.settle(20)
        after = old.incident("orders")
        assert after.count == before.count + 1
        assert after.analysis == before.analysis
        assert old.slack.edited == [old.card(before).ts]
        assert old.slack.new == []
        assert old.pipeline.bill.units["claude calls"] == 0


@pytest.mark.parametrize("name", WITH_SIGNATURES)
def test_a_cached_analysis_serves_a_new_incident(name: str) -> None:
    with left_by(name) as old:
        old.pipeline.request(alert(id="orders-b", cluster="other"))
        old.pipeline.settle(20)
        (post,) = old.slack.new
        assert "canned answer" in post


@pytest.mark.parametrize("name", WITH_SIGNATURES)
@pytest.mark.parametrize("service", ["silenced", "windowed"])
def test_what_was_silenced_stays_so(name: str, service: str) -> None:
    with left_by(name) as old:
        told(old, service=service, id=f"{service}-2")
        assert old.incident(service).held
        assert old.incident(service).count == 2
        assert (old.slack.new, old.slack.edited) == ([], [])


@pytest.mark.parametrize("name", WITH_SIGNATURES)
def test_operators_routes_are_obeyed(name: str) -> None:
    with left_by(name) as old:
        told(old, service="pay-web")
        card, *_ = old.slack.new
        assert "<!here>" in card


def test_what_waited_in_the_queues_is_done(old: Old) -> None:
    for queue, bodies in old.written["messages"].items():
        for body in bodies:
            old.pipeline.sent(f"https://sqs/{queue}", {"MessageBody": body})
    old.pipeline.settle(120)
    last = old.incident("last")
    card = old.card(last)
    assert card.posted
    assert card.shown >= last.revision
    assert not card.owner


def test_the_tick_shows_what_the_earlier_version_left_unshown(old: Old) -> None:
    old.pipeline.log.kept = []
    old.pipeline.ticks = True
    old.pipeline.settle(300)
    last = old.incident("last")
    assert old.card(last).posted
    assert not last.analysis.is_fallback
    assert "FailedItems" not in "".join(old.pipeline.log.kept)


@pytest.mark.parametrize("name", WITH_SIGNATURES)
def test_a_fingerprint_that_was_resolved_fires_again_on_its_card(name: str) -> None:
    with left_by(name) as old:
        card = old.card(old.incident("search"))
        told(old, service="search")
        assert old.incident("search").state is IncidentState.OPEN
        assert old.slack.edited == [card.ts]
