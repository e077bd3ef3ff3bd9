"""Tables are lost and come back, and a person is forgotten: on the deployed stack, card by card."""

import json
from pathlib import Path

import pytest

from e2e.payloads import problem
from e2e.pipeline import Pipeline, visible, wait_until
from responder.clock import to_utc
from responder.ports import Table
from responder_cli.backup.taking import TABLES

pytestmark = pytest.mark.e2e_long

PROBLEMS = 12
PATIENCE = 120
WHO = "jane.doe@example.com"


def send(pipeline: Pipeline, host: str) -> list[str]:
    return [pipeline.accept(problem("recovered", number, host=host)) for number in range(PROBLEMS)]


def lose(pipeline: Pipeline, table: Table) -> None:
    """Every item of a table, as by a mistaken command."""
    client, name = pipeline.client("dynamodb"), pipeline.stack.outputs[_OUTPUTS[table]]
    key = client.describe_table(TableName=name)["Table"]["KeySchema"][0]["AttributeName"]
    for page in client.get_paginator("scan").paginate(TableName=name):
        for item in page["Items"]:
            client.delete_item(TableName=name, Key={key: item[key]})


_OUTPUTS = {
    Table.ALERTS: "AlertsTableName",
    Table.INCIDENTS: "IncidentsTableName",
    Table.STATE: "StateTableName",
}


def test_after_a_restore_the_same_problems_go_on_in_the_same_cards(
    pipeline: Pipeline, tmp_path: Path
) -> None:
    pipeline.responder("silence", "add", "service=other", "--for", "2h", "--comment", "kept")
    before = send(pipeline, "host-1")
    pipeline.shown(before, PATIENCE)
    pipeline.idle()
    cards = {name: one.ts for name, one in pipeline.cards().items()}
    kept = pipeline.asked("backup", "--directory", str(tmp_path / "kept"))
    assert kept["tables"]["alerts"]["items"] >= PROBLEMS

    for table in TABLES:
        lose(pipeline, table)
    assert not pipeline.cards()
    dry = pipeline.asked("restore", str(tmp_path / "kept"), "--dry-run")
    assert dry["tables"]["incidents"]["coming"] > PROBLEMS
    assert not pipeline.cards()
    pipeline.asked("restore", str(tmp_path / "kept"), "--yes")
    assert "kept" in pipeline.responder("silence", "list")

    after = send(pipeline, "host-2")
    pipeline.shown(before + after, PATIENCE)
    pipeline.idle()
    incidents = pipeline.incidents(before + after)
    assert [one.count for one in incidents.values()] == [2] * PROBLEMS
    assert {name: one.ts for name, one in pipeline.cards().items()} == cards
    assert len(pipeline.messages()) == PROBLEMS


def test_a_copy_of_an_earlier_moment_brings_back_what_was_lost_since(pipeline: Pipeline) -> None:
    alert_id = pipeline.accept(problem("copied", 1))
    pipeline.shown([alert_id], PATIENCE)
    pipeline.idle()
    incident = pipeline.incident_of(alert_id)
    assert incident is not None
    # The emulator copies a table as it is now: what is lost, is lost after the copy.
    pipeline.asked("restore", "--at", "latest", "--table", "incidents", "--keep", "--yes")
    lose(pipeline, Table.INCIDENTS)
    client = pipeline.client("dynamodb")
    copy = f"{pipeline.stack.outputs[_OUTPUTS[Table.INCIDENTS]]}-restored"
    summary = client.describe_table(TableName=copy)["Table"]["RestoreSummary"]
    then = to_utc(summary["RestoreDateTime"]).isoformat()
    told = pipeline.asked("restore", "--at", then, "--table", "incidents", "--yes")
    assert told["tables"]["incidents"]["written"] >= 3
    pipeline.shown([alert_id], PATIENCE)
    assert pipeline.incident_of(alert_id) is not None
    client.delete_table(TableName=copy)


def test_a_person_is_forgotten_in_the_tables_and_on_the_card(pipeline: Pipeline) -> None:
    body = {"source": "e2e", "title": f"Disk of {WHO} is full", "severity": "HIGH"}
    alert_id = pipeline.accept(json.dumps(body).encode())
    pipeline.shown([alert_id], PATIENCE)
    pipeline.idle()
    incident = pipeline.incident_of(alert_id)
    assert incident is not None
    assert WHO in visible(pipeline.message_of(incident.incident_id))

    told = pipeline.asked("erase", WHO, "--yes")
    assert [one["incident_id"] for one in told["cards"]] == [incident.incident_id]
    wait_until(
        lambda: visible(pipeline.message_of(incident.incident_id)),
        lambda text: WHO not in text,
        PATIENCE,
    )
    assert pipeline.asked("erase", WHO, "--dry-run")["items"] == []
    pipeline.shown([alert_id], PATIENCE)
