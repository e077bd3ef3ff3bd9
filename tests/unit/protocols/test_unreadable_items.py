"""Items that this version cannot read, as another one wrote them: they cost no paid answer.

During a canary deployment old containers meet what new ones write; nothing that only helps an
analysis may fail it, as each receive of its message would be paid again.
"""

from typing import Any

import pytest
from pydantic import BaseModel

from desk import Desk
from examples import alert
from faults.world import START
from responder.alert import Scope
from responder.analysis.budget import day_of
from responder.ports import Key, Queue
from responder.protocols import items
from responder.protocols.spending import ledger_item
from responder.protocols.troubles import NOTES
from unit.protocols.analysing import DEV, ID, UNAVAILABLE, awaiting, handle, request


@pytest.fixture
def desk() -> Desk:
    return awaiting()


def put(desk: Desk, key: Key, fields: dict[str, Any]) -> None:
    """An item of a version to come."""

    class Unknown(BaseModel, extra="allow"):
        pass

    desk.put(key, Unknown.model_validate(fields))


@pytest.mark.parametrize(
    ("key", "fields"),
    [
        (items.state_item("changes#everywhere"), {"changes": [{"change_id": "c", "state": "new"}]}),
        (items.state_item("feedback#v1:disk"), {"older": {"doubtful": 1}}),
    ],
)
def test_what_is_known_around_an_incident_is_left_out(
    desk: Desk, key: Key, fields: dict[str, Any]
) -> None:
    put(desk, key, fields)
    handle(desk)
    assert desk.incident().analysis.headline == "verdict 1"
    assert sum(n for name, n in desk.telemetry.counts.items() if "ContextMissing" in name) == 1


def test_an_unreadable_neighbour_hides_no_other_one(desk: Desk) -> None:
    desk.record(alert("b1", rule="v1:cpu", fingerprint="f2", title="cpu"))
    desk.record(alert("c1", rule="v1:dns", fingerprint="f3", title="dns"))
    found = desk.incident("v1:cpu|prod.1").model_dump(mode="json")
    due = {"due_shard": "0", "due_at": int(START.timestamp())}
    put(desk, items.incident_item("v1:cpu|prod.1"), found | due | {"severity": "DIRE"})
    handle(desk)
    (case,) = desk.claude.cases
    assert [one.title for one in case.context.siblings] == ["dns"]


def test_unreadable_notes_of_trouble_lose_no_paid_answer(desk: Desk) -> None:
    note = {"trouble": "weather", "tier": "", "since": START.isoformat()}
    put(desk, NOTES, {"standing": [note]})
    handle(desk)
    assert len(desk.claude.asked) == 1
    assert desk.incident().analysis.headline == "verdict 1"


def test_an_unreadable_cache_entry_holds_no_alert_and_is_made_anew(desk: Desk) -> None:
    handle(desk)
    put(desk, items.cache_item("v1:disk@"), {"cache_key": "v1:disk@", "state": "weighed"})
    desk.record(alert("b1", fingerprint="f2", scope=Scope(environment="dev")))
    assert desk.incident(DEV).analysis.is_awaited
    assert desk.requested() == [DEV]
    handle(desk, DEV)
    assert desk.incident(DEV).analysis.headline == "verdict 2"
    assert desk.entry().waiters == ()


def test_an_unreadable_ledger_loses_no_paid_answer(desk: Desk) -> None:
    put(desk, ledger_item(day_of(desk.now())), {"day": 7})
    handle(desk)
    assert len(desk.claude.asked) == 1
    assert desk.incident().analysis.headline == "verdict 1"
    assert desk.telemetry.said("Budget not settled") == 1


def test_the_lease_that_is_given_back_is_the_one_that_was_taken(desk: Desk) -> None:
    """Whatever key the request names."""
    desk.claude.errors = [UNAVAILABLE]
    desk.investigator.handle(request(desk, ID, cache_key="v0:disk@"))
    assert desk.entry().owner == ""
    assert len(desk.taken(Queue.ANALYSIS)) == 1
