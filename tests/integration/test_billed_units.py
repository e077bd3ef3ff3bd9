"""What an alert is billed, counted on the wire; and that the wire's memory is as moto's tables."""

import json
from collections.abc import Iterator
from dataclasses import asdict
from datetime import timedelta
from typing import Any

import boto3
import pytest
from bench.cost import cases, replay
from bench.cost.cases import ALONE, FRESH, OF_TEN, Case
from bench.cost.wire import INCIDENTS, STATE, Bill, Wire

from examples import incident
from integration.cli_house import make_table
from moto_aws import moto_aws
from responder.adapters.dynamodb import DynamoStore
from responder.clock import utc_now
from responder.errors import Conflict
from responder.ports import Key, Table, Write
from responder.protocols import items

TABLES = {Table.INCIDENTS: INCIDENTS, Table.STATE: STATE}


@pytest.fixture(scope="module")
def measured() -> dict[str, Case]:
    return {case.name: case for case in cases.measure()}


@pytest.mark.parametrize(
    ("name", "sqs", "writes"), [(ALONE, 6, 14), (FRESH, 12, 32), (OF_TEN, 0.7, 6)]
)
def test_an_alert_is_billed_no_more_than_this(
    measured: dict[str, Case], name: str, sqs: float, writes: float
) -> None:
    """Write units with those of the indexes, for alert and incident of at most 1 KB each."""
    case = measured[name]
    assert case.sqs <= sqs
    assert case.small <= writes


def test_claude_is_asked_for_a_fresh_analysis_alone(measured: dict[str, Case]) -> None:
    assert {case.claude for case in measured.values() if case.name != FRESH} == {0}
    assert measured[FRESH].claude == 1


@pytest.mark.parametrize("name", [ALONE, OF_TEN])
def test_a_repeat_logs_at_most_two_kilobytes(measured: dict[str, Case], name: str) -> None:
    assert measured[name].log <= 2048


def test_a_mixs_bill_can_be_written_as_json() -> None:
    for bill in replay.measure(20):
        assert json.loads(json.dumps(asdict(bill)))["units"] == bill.units


@pytest.fixture
def wired(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[DynamoStore, Wire, Any]]:
    """A store on moto, and a wire that listens."""
    with moto_aws(monkeypatch):
        session = boto3.Session()
        wire = Wire(Bill(), lambda url, entry: None, {}, answers=False)
        wire.attach(session.events)
        client = session.client("dynamodb")
        for table, name in ((Table.INCIDENTS, INCIDENTS), (Table.STATE, STATE)):
            make_table(boto3.client("dynamodb"), table, name)
        yield DynamoStore(client, TABLES), wire, boto3.client("dynamodb")


def test_the_wire_holds_what_moto_holds(wired: tuple[DynamoStore, Wire, Any]) -> None:
    store, wire, client = wired
    now = utc_now()
    due = incident("a", due_at=now - timedelta(minutes=1))
    first = items.write_of(items.incident_item("a"), due, 0, now)
    state = Write(Key(Table.STATE, "pace#x"), {"next": 1.5, "who": ["a", True, None]}, 0, now)
    store.write([first, state])
    store.write([Write(state.key, {"next": 2}, 1)])
    for lost in ([state], [first, Write(state.key, {}, 2)]):
        with pytest.raises(Conflict):
            store.write(lost)
    assert store.due(now, 5) == ["a"]
    found = store.read([first.key, state.key, Key(Table.STATE, "absent")])
    assert [record.version for record in found.values()] == [1, 2, 0]
    for name in (INCIDENTS, STATE):
        stored = client.scan(TableName=name)["Items"]
        assert {item["id"]["S"]: item for item in stored} == wire.tables[name]


def test_the_wires_own_answers_are_as_motos(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "x")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "x")
    session = boto3.Session()
    wire = Wire(Bill(), lambda url, entry: None, {})
    wire.attach(session.events)
    store = DynamoStore(session.client("dynamodb"), TABLES)
    now = utc_now()
    key, other = Key(Table.STATE, "a"), Key(Table.STATE, "b")
    store.write([Write(key, {"n": 1}, 0)])
    store.write([Write(key, {"n": 2}, 1), Write(other, {}, 0)])
    for lost in ([Write(key, {}, 1)], [Write(key, {}, 2), Write(other, {}, 0)]):
        with pytest.raises(Conflict):
            store.write(lost)
    found = store.read([key, other, Key(Table.STATE, "absent")])
    assert [record.version for record in found.values()] == [2, 1, 0]
    assert (found[key].data or {})["n"] == 2
    assert store.read([key])[key] == found[key]
    assert store.due(now, 1) == []
