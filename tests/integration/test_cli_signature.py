"""``responder signature`` on moto's DynamoDB: history is replayed, rules are versions."""

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from integration.cli_house import House, house_of
from responder.clock import utc_now
from responder.incident import AlertRecord
from responder.ports import Table
from responder.protocols.versions import RULES
from responder.signature import signature
from samples import only

MERGES = {"rules": [{"why": "one sorter", "ignore_labels": ["job"]}]}


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    with house_of("signature", tmp_path, Table.ALERTS, Table.STATE) as house:
        yield house


def accepted(house: House, job: str, number: int, *, days_ago: int = 0) -> None:
    alert = only("alertmanager/firing.json").model_copy(
        update={
            "alert_id": f"al-{job}-{number}",
            "labels": {"job": job},
            "received_at": utc_now() - timedelta(days=days_ago),
        }
    )
    record = AlertRecord(alert=alert, signature=signature(alert).key, incident_id="i")
    house.recorded(record)


def test_a_diff_replays_what_was_stored_lately(house: House) -> None:
    for number in range(3):
        accepted(house, "sorter", number)
    accepted(house, "packer", 1)
    accepted(house, "loader", 1, days_ago=30)
    done = house.run("diff", "--rules", house.file(MERGES), "--json")
    assert done.exit_code == 0, done.output
    found = json.loads(done.stdout)
    assert (found["alerts"], found["before"], found["after"]) == (4, 2, 1)
    assert sorted(side["alerts"] for side in found["merges"][0]["sides"]) == [1, 3]
    told = house.run("diff", "--rules", house.file(MERGES), "--days", "60").stdout
    assert "5 firing alerts of 60 days: 3 problems now, 1 then; 5 alerts" in told
    assert "would be made of 3" in told


def test_no_more_alerts_are_read_than_asked_for(house: House) -> None:
    for number in range(120):
        accepted(house, "sorter", number)
    every = json.loads(house.run("diff", "--json").stdout)
    few = json.loads(house.run("diff", "--most", "7", "--json").stdout)
    assert (every["alerts"], few["alerts"]) == (120, 7)


def test_rules_are_applied_after_a_look_and_a_yes(house: House) -> None:
    accepted(house, "sorter", 1)
    accepted(house, "packer", 1)
    refused = house.run("rules", "apply", house.file(MERGES), answer="n\n")
    assert refused.exit_code == 1
    assert RULES.load(house.store(Table.STATE)).number == 0
    done = house.run("rules", "apply", house.file(MERGES), answer="y\n")
    assert done.exit_code == 0, (done.output, done.exception)
    assert "2 problems now, 1 then" in done.output
    assert "Version 1 is active" in done.output
    active = RULES.load(house.store(Table.STATE))
    assert (active.number, active.rules[0].why, bool(active.by)) == (1, "one sorter", True)


def test_what_is_shown_can_be_applied_again_and_older_versions_come_back(house: House) -> None:
    house.run("rules", "apply", house.file(MERGES), "--yes")
    shown = house.run("rules", "show").stdout
    assert house.json("rules", "show") == json.loads(shown)
    other = {"rules": [{"why": "apart", "split_by": ["job"]}]}
    house.run("rules", "apply", house.file(other), "--yes")
    assert house.run("rules", "use", "1").exit_code == 0
    assert json.loads(house.run("rules", "show").stdout) == json.loads(shown)
    assert "Version 3" in house.run("rules", "apply", house.file(shown), "--yes").output
    assert json.loads(house.run("rules", "show", "2").stdout)["rules"] == other["rules"]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("{", "is not JSON"),
        ({"rules": [{"why": "none"}]}, "changes nothing"),
        ({"rules": [{"why": "typo", "ignore_label": ["a"]}]}, "(did you mean ignore_labels?)"),
        ({"rules": [{"why": "part", "keep_text": ["db-*"]}]}, "rule 1: 'db-*' has a * inside"),
        ([], "rules.json"),
    ],
)
def test_a_wrong_file_says_what_is_wrong(house: House, content: object, said: str) -> None:
    done = house.run("rules", "check", house.file(content))
    assert done.exit_code == 1
    assert said in done.output


def test_unknown_versions_are_refused(house: House) -> None:
    assert house.run("rules", "use", "4").exit_code == 4
    assert house.run("rules", "show", "4").exit_code == 4
    assert json.loads(house.run("rules", "show").stdout) == {"rules": []}
