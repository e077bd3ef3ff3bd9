"""On any tool's route the body of another sender is read as what it is."""

import json

import pytest

from responder.alert import Alert, Severity, Status
from responder.intake.recognition import TOOLS
from responder.intake.registry import parse
from samples import JSON, NOW

GENERIC = {"source": "billing", "title": "Payments fail", "message": "5 % of the charges",
           "severity": "critical", "timestamp": "2026-11-20T09:30:00Z"}  # fmt: skip
EVENT = {"specversion": "1.0", "type": "com.example.disk.firing", "source": "/hosts/db-1",
         "id": "1", "subject": "sda",
         "data": {"title": "Disk full", "severity": "critical"}}  # fmt: skip


def one(body: object, tool: str | None) -> Alert:
    (alert,) = parse(json.dumps(body).encode(), JSON, tool, received_at=NOW)
    return alert


@pytest.mark.parametrize("tool", TOOLS)
def test_the_generic_body_keeps_its_severity_and_state(tool: str) -> None:
    firing = one(GENERIC, tool)
    assert (firing.status, firing.severity) == (Status.FIRING, Severity.CRITICAL)
    assert not firing.unknown_format
    resolved = one({**GENERIC, "status": "resolved"}, tool)
    assert resolved.status is Status.RESOLVED
    assert (resolved.source, resolved.fingerprint) == (firing.source, firing.fingerprint)
    assert resolved.event_at == resolved.ends_at or not resolved.ends_at


@pytest.mark.parametrize("tool", TOOLS)
def test_a_cloud_event_says_its_state_by_its_type(tool: str) -> None:
    firing = one(EVENT, tool)
    resolved = one({**EVENT, "id": "2", "type": "com.example.disk.resolved"}, tool)
    assert (firing.status, resolved.status) == (Status.FIRING, Status.RESOLVED)
    assert (firing.title, firing.severity) == ("Disk full", Severity.CRITICAL)
    assert resolved.fingerprint == firing.fingerprint


@pytest.mark.parametrize("tool", TOOLS)
def test_the_handshake_of_event_grid_is_no_alert(tool: str) -> None:
    event = {"id": "1", "topic": "/subscriptions/s", "subject": "", "eventTime": "2026-11-20",
             "eventType": "Microsoft.EventGrid.SubscriptionValidationEvent",
             "data": {"validationCode": "512d38b6", "validationUrl": "https://a.example.net"},
             "dataVersion": "1"}  # fmt: skip
    assert parse(json.dumps([event]).encode(), JSON, tool, received_at=NOW) == []


def alarm_event() -> dict[str, object]:
    arn = "arn:aws:cloudwatch:eu-west-1:1:alarm:cpu"
    state = {"value": "ALARM", "reason": "over", "timestamp": "2026-11-20T09:30:00.000+0000"}
    return {"version": "0", "id": "1", "detail-type": "CloudWatch Alarm State Change",
            "source": "aws.cloudwatch", "account": "1", "region": "eu-west-1",
            "time": "2026-11-20T09:30:00Z", "resources": [arn],
            "detail": {"alarmName": "cpu", "state": state}}  # fmt: skip


def finding_event() -> dict[str, object]:
    detail = {"id": "f-1", "severity": 8, "title": "Mining", "type": "CryptoCurrency:EC2/x"}
    return {"version": "0", "id": "1", "detail-type": "GuardDuty Finding", "account": "1",
            "source": "aws.guardduty", "region": "eu-west-1", "time": "2026-11-20T09:30:00Z",
            "resources": [], "detail": detail}  # fmt: skip


@pytest.mark.parametrize(
    ("event", "source"), [(alarm_event(), "cloudwatch"), (finding_event(), "guardduty")]
)
@pytest.mark.parametrize("route", [None, "eventbridge", "aws-eventbridge", "sns", "cloudevents"])
def test_a_bus_s_route_is_for_all_that_the_bus_carries(
    event: dict[str, object], source: str, route: str | None
) -> None:
    alert = one(event, route)
    assert (alert.source, alert.severity) == (source, Severity.HIGH)
    assert alert.alert_id == one(event, source).alert_id


def test_an_event_of_no_other_tool_stays_the_bus_s() -> None:
    event = {**finding_event(), "source": "com.example.shop", "detail-type": "OrderFailed"}
    assert one(event, "eventbridge").source == "eventbridge"
