"""Tools that manage incidents: incident.io, Rootly, FireHydrant, ilert, Squadcast."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from responder.alert import Severity, Status
from responder.intake import parse
from samples import NOW, alerts, only, sample

AT_0940 = datetime(2026, 11, 20, 9, 40, tzinfo=UTC)


@pytest.mark.parametrize(
    ("name", "title", "severity", "service"),
    [
        ("incident-io/incident_created", "Checkout is down", Severity.HIGH, "checkout"),
        ("incident-io/alert_firing", "Disk of db-3 is nearly full", Severity.HIGH, "ledger"),
        ("rootly/incident_created", "Checkout is down", Severity.CRITICAL, "checkout"),
        ("rootly/alert_created", "Memory of db-2 above 85 %", Severity.HIGH, "ledger"),
        ("firehydrant/incident_created", "Checkout is down", Severity.CRITICAL, "checkout"),
        ("ilert/created", "Host app.compute is down", Severity.HIGH, "Network and hosts"),
        ("squadcast/v2_triggered", "Disk of db-3 is nearly full", Severity.CRITICAL, "ledger"),
        ("squadcast/v1_triggered", "Disk of db-3 is nearly full", Severity.HIGH, "ledger"),
    ],
)
def test_open_incident_is_understood(
    name: str, title: str, severity: Severity, service: str
) -> None:
    alert = only(f"{name}.json")
    assert alert.source == name.partition("/")[0]
    assert (alert.title, alert.severity, alert.service) == (title, severity, service)
    assert alert.status is Status.FIRING
    assert alert.starts_at is not None
    assert alert.starts_at.replace(second=0, microsecond=0) == datetime(
        2026, 11, 20, 9, 12, tzinfo=UTC
    )
    # The bodies of the other two have no address of the incident.
    has_link = name not in ("ilert/created", "squadcast/v1_triggered")
    assert ("source" in alert.links) == has_link


@pytest.mark.parametrize(
    ("opened", "resolved"),
    [
        ("incident-io/incident_created", "incident-io/status_updated_closed"),
        ("rootly/incident_created", "rootly/incident_resolved"),
        ("firehydrant/incident_created", "firehydrant/incident_resolved"),
        ("squadcast/v2_triggered", "squadcast/v2_resolved"),
        ("ilert/created", "ilert/resolved"),
    ],
)
def test_resolve_meets_its_trigger(opened: str, resolved: str) -> None:
    first, last = only(f"{opened}.json"), only(f"{resolved}.json")
    assert last.status is Status.RESOLVED
    assert (last.fingerprint, last.title) == (first.fingerprint, first.title)
    told_at = {"ilert": NOW, "rootly": AT_0940 + timedelta(seconds=1)}
    assert last.event_at == told_at.get(last.source, AT_0940)


@pytest.mark.parametrize("tool", ["rootly", "firehydrant"])
def test_an_end_that_a_person_dated_back_is_newer_than_the_update_before(tool: str) -> None:
    opened = json.loads(sample(f"{tool}/incident_created.json"))
    over = json.loads(sample(f"{tool}/incident_resolved.json"))
    if tool == "rootly":
        opened["event"] |= {"type": "incident.mitigated", "issued_at": "2026-11-20T09:39:00Z"}
        over["data"]["resolved_at"] = "2026-11-20T09:30:00Z"
    else:
        opened["data"]["incident"]["updated_at"] = "2026-11-20T09:39:00Z"
        over["data"]["incident"]["updated_at"] = "2026-11-20T09:40:00Z"
        over["data"]["incident"]["milestones"][-1]["occurred_at"] = "2026-11-20T09:30:00Z"
    (updated,), (ended,) = (
        parse(json.dumps(one).encode(), {}, received_at=NOW) for one in (opened, over)
    )
    assert (updated.status, ended.status) == (Status.FIRING, Status.RESOLVED)
    assert updated.event_at < ended.event_at
    assert ended.ends_at == datetime(2026, 11, 20, 9, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("word", "severity"),
    [("SEV0", "CRITICAL"), ("SEV1", "CRITICAL"), ("SEV2", "HIGH"), ("SEV5", "INFO")],
)
def test_firehydrant_counts_severities_from_one(word: str, severity: str) -> None:
    body = json.loads(sample("firehydrant/incident_created.json"))
    body["data"]["incident"] |= {"severity": word, "priority": None}
    (alert,) = parse(json.dumps(body).encode(), {}, received_at=NOW)
    assert alert.severity == severity


@pytest.mark.parametrize(
    "name",
    ["incident-io/follow_up", "rootly/post_mortem", "firehydrant/change_event", "ilert/comment",
     "squadcast/v2_note"],
)  # fmt: skip
def test_events_without_a_state_are_no_alerts(name: str) -> None:
    assert alerts(f"{name}.json") == []


@pytest.mark.parametrize("kind", ["acknowledged", "reassigned"])
def test_acknowledged_incident_of_squadcast_still_fires(kind: str) -> None:
    body = json.loads(sample("squadcast/v1_triggered.json")) | {"event_type": f"incident_{kind}"}
    (alert,) = parse(json.dumps(body).encode(), {}, received_at=NOW)
    assert alert.status is Status.FIRING


def test_accepted_alert_still_fires() -> None:
    alert = only("ilert/accepted.json")
    assert (alert.status, alert.severity) == (Status.FIRING, Severity.LOW)


@pytest.mark.parametrize(
    ("category", "status"),
    [
        ("triage", Status.FIRING),
        ("live", Status.FIRING),
        ("paused", Status.FIRING),
        ("learning", Status.RESOLVED),
        ("declined", Status.RESOLVED),
        ("closed", Status.RESOLVED),
    ],
)
def test_categories_of_incident_io(category: str, status: Status) -> None:
    body = json.loads(sample("incident-io/incident_created.json"))
    body["public_incident.incident_created_v2"]["incident_status"]["category"] = category
    (alert,) = parse(json.dumps(body).encode(), {}, received_at=NOW)
    assert alert.status is status


def test_private_incident_of_incident_io_has_its_id_alone() -> None:
    kind = "private_incident.incident_created_v2"
    (alert,) = parse(json.dumps({"event_type": kind, kind: {"id": "01F"}}).encode(), {})
    assert (alert.title, alert.status) == ("Private incident 01F", Status.FIRING)
    kind = "private_incident.incident_updated_v2"
    assert parse(json.dumps({"event_type": kind, kind: {"id": "01F"}}).encode(), {}) == []


@pytest.mark.parametrize(
    ("kind", "status", "count"),
    [
        ("incident.mitigated", "mitigated", 1),
        ("incident.updated", "started", 1),
        ("incident.updated", "resolved", 0),
        ("incident.deleted", "started", 0),
        ("incident.scheduled.created", "scheduled", 0),
        ("pulse.created", "", 0),
    ],
)
def test_events_of_rootly(kind: str, status: str, count: int) -> None:
    body = json.loads(sample("rootly/incident_created.json"))
    body["event"]["type"], body["data"]["status"] = kind, status
    found = parse(json.dumps(body).encode(), {}, received_at=NOW)
    assert [alert.status for alert in found] == [Status.FIRING] * count


@pytest.mark.parametrize("tool", ["pagerduty", "incident-io", "ilert", None])
def test_any_route(tool: str | None) -> None:
    for name in ("incident-io/incident_created", "rootly/incident_created", "ilert/created",
                 "firehydrant/incident_created", "squadcast/v2_triggered"):  # fmt: skip
        assert only(f"{name}.json", tool).source == name.partition("/")[0]
