"""``responder feedback``, and what ``responder report`` counts of it, on moto's stores."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from examples import alert, verdict
from integration.cli_house import House, house_of
from responder.alert import Severity
from responder.cache_entry import CacheEntry, CacheState
from responder.clock import utc_now
from responder.incident import AlertRecord, Incident, IncidentState
from responder.ports import Queue, Table
from responder.protocols import items
from responder_cli.main import cli
from unit.cli.stacks import Client, stack

ID = "v1:disk|prod.1"


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    """One open incident with a cached analysis of Claude."""
    with house_of("feedback", tmp_path, *Table) as house:
        house.opened(ID, analysis=verdict())
        entry = CacheEntry(
            cache_key="v1:disk@",
            state=CacheState.DONE,
            analysis=verdict(),
            fresh_until=utc_now().replace(year=2100),
        )
        key = items.cache_item(entry.cache_key)
        house.store(Table.CACHE).write([items.write_of(key, entry, 0, utc_now())])
        yield house


def incident(house: House) -> Incident:
    found = items.load(house.store(Table.INCIDENTS), items.incident_item(ID), Incident)
    assert found is not None
    return found


def cached(house: House) -> CacheEntry:
    found = items.load(house.store(Table.CACHE), items.cache_item("v1:disk@"), CacheEntry)
    assert found is not None
    return found


def recorded(house: House, alert_id: str, **changes: Any) -> None:
    record = AlertRecord(alert=alert(alert_id), signature="v1:disk", **changes)
    key = items.alert_key(alert_id)
    house.store(Table.ALERTS).write([items.write_of(key, record, 0, utc_now())])


def test_wrong_leaves_the_cache_marks_the_card_and_asks_anew(house: House) -> None:
    done = house.run(ID, "wrong", "--note", "it was DNS")
    assert done.exit_code == 0, done.output
    assert done.stdout == (
        "Marked wrong: the disk is full (model). Claude is asked for another one.\n"
    )
    assert incident(house).disputed
    assert cached(house).analysis is None
    assert [one["incident_id"] for one in house.taken(Queue.DISTRIBUTION)] == [ID]
    assert [one["incident_id"] for one in house.taken(Queue.ANALYSIS)] == [ID]
    (shown,) = house.json(ID)["latest"]
    assert (shown["mark"], shown["note"]) == ("wrong", "it was DNS")
    assert shown["by"]
    assert "it was DNS" in house.run(ID).stdout


def test_right_asks_nobody(house: House) -> None:
    assert house.json(ID, "right")["mark"] == "right"
    assert cached(house).analysis is not None
    assert house.taken(Queue.ANALYSIS) == []
    assert house.json(ID)["marks"] == {"right": 1, "wrong": 0, "noise": 0}


def test_a_critical_card_is_announced_on_its_own_queue(house: House) -> None:
    house.opened("v1:disk|prod.2", analysis=verdict(), severity=Severity.CRITICAL)
    assert house.run("v1:disk|prod.2", "right").exit_code == 0
    assert len(house.taken(Queue.CRITICAL_DISTRIBUTION)) == 1


def test_wrong_of_what_is_over_waits_for_the_next_time(house: House) -> None:
    house.opened("v1:disk|prod.2", analysis=verdict(), state=IncidentState.RESOLVED)
    done = house.run("v1:disk|prod.2", "wrong")
    assert "when the problem comes back" in done.stdout
    assert house.taken(Queue.ANALYSIS) == []


def test_an_alert_leads_to_its_incident(house: House) -> None:
    recorded(house, "a7", incident_id=ID)
    assert house.json("a7", "noise")["incident_id"] == ID


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("v1:none.1", "right"), 4, "has no incident v1:none.1"),
        (("held", "right"), 4, "belongs to no incident: stale"),
        ((ID, "bad"), 2, "'right', 'wrong', 'noise'"),
        ((ID, "wrong", "--note", "n" * 251), 2, "at most 250 characters"),
    ],
)
def test_what_cannot_be_meant_is_refused(
    house: House, words: tuple[str, ...], code: int, said: str
) -> None:
    recorded(house, "held", held="stale")
    done = house.run(*words)
    assert (done.exit_code, said in done.output) == (code, True), done.output
    assert incident(house).feedback is None


def report(house: House) -> dict[str, Any]:
    assert house.stack is not None
    silent = Client({"get_metric_data": {"MetricDataResults": []}})
    clients = {"dynamodb": house.stack.client("dynamodb"), "cloudwatch": silent}
    target = stack({"WebhookUrl": "https://x"}, clients)
    done = CliRunner().invoke(cli, ["report", "weekly", "--json"], obj=lambda *_: target)
    assert done.exit_code == 0, done.output
    found: dict[str, Any] = json.loads(done.stdout)["feedback"]
    return found


def test_the_report_counts_marks_and_names_noise(house: House) -> None:
    for episode in range(2, 5):
        house.opened(f"v1:disk|prod.{episode}", analysis=verdict(), episode=episode)
        assert house.run(f"v1:disk|prod.{episode}", "noise").exit_code == 0
    assert house.run(ID, "right").exit_code == 0
    found = report(house)
    assert found["marks"] == {"right": 1, "wrong": 0, "noise": 3}
    assert found["false_positives"] == 0.75
    (noisy,) = found["noisy"]
    assert (noisy["signature"], noisy["title"]) == ("v1:disk", "disk full")
    assert noisy["marks"] == {"right": 1, "noise": 3}
