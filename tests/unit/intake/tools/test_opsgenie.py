"""Opsgenie and Jira Service Management."""

import json
from datetime import UTC, datetime

import pytest

from responder.alert import Severity, Status
from responder.intake import parse
from samples import NOW, alerts, only, sample

BEGAN = datetime(2026, 11, 20, 9, 12, 43, 905000, tzinfo=UTC)


def test_created_alert_is_understood() -> None:
    alert = only("opsgenie/create.json")
    assert alert.source == "opsgenie"
    assert alert.title == "Disk of db-3 is nearly full"
    assert alert.message == "91 % is used."
    assert (alert.severity, alert.status) == (Severity.HIGH, Status.FIRING)
    assert (alert.service, alert.resource) == ("ledger", "db-3")
    assert (alert.scope.environment, alert.scope.region) == ("prod", "eu-west-1")
    assert alert.labels["disk"] == "true"
    assert alert.links == {"runbook": "https://runbooks.example.net/disk"}
    assert alert.native_id == alert.fingerprint == "052652ac-5d1c-464a-812a-7dd18bbfba8c"
    assert alert.event_at == alert.starts_at == BEGAN


@pytest.mark.parametrize("name", ["close", "jsm_delete"])
def test_resolve_meets_its_trigger(name: str) -> None:
    resolved = only(f"opsgenie/{name}.json")
    assert resolved.status is Status.RESOLVED
    assert resolved.fingerprint == only("opsgenie/create.json").fingerprint
    assert resolved.event_at == resolved.ends_at == datetime(2026, 11, 20, 9, 40, tzinfo=UTC)


@pytest.mark.parametrize(
    "action",
    ["Acknowledge", "UnAcknowledge", "Snooze", "SnoozeEnded", "Escalate", "EscalateNext",
     "AssignOwnership", "TakeOwnership", "UpdatePriority", "AddTeam", "AddRecipient"],
)  # fmt: skip
def test_what_happens_to_an_open_alert_fires(action: str) -> None:
    body = json.loads(sample("opsgenie/create.json")) | {"action": action}
    (alert,) = parse(json.dumps(body).encode(), {}, received_at=NOW)
    assert alert.status is Status.FIRING


@pytest.mark.parametrize("action", ["AddNote", "AddTags", "RemoveTags", "AddDetails", "MyAction"])
def test_other_actions_are_no_alerts(action: str) -> None:
    body = json.loads(sample("opsgenie/create.json")) | {"action": action}
    assert parse(json.dumps(body).encode(), {}, received_at=NOW) == []
    assert alerts("opsgenie/add_note.json") == []


def test_raised_priority_is_taken() -> None:
    assert only("opsgenie/update_priority.json").severity is Severity.CRITICAL


def test_alert_without_tags_and_details() -> None:
    alert = only("opsgenie/acknowledge.json")
    assert (alert.labels, alert.resource) == ({}, "db-3")


def test_create_for_a_team_that_is_added_later_is_a_duplicate() -> None:
    body = json.loads(sample("opsgenie/create.json"))
    body["alert"]["updatedAt"] = 1795167000000000000
    (again,) = parse(json.dumps(body).encode(), {}, received_at=NOW)
    assert again.alert_id == only("opsgenie/create.json").alert_id


@pytest.mark.parametrize("tool", ["opsgenie", "jsm", "grafana", None])
def test_any_route(tool: str | None) -> None:
    assert only("opsgenie/create.json", tool).source == "opsgenie"
