"""CloudWatch alarms over every path."""

import json

import pytest

from responder.alert import Severity, Status
from responder.intake import parse
from samples import NOW, only, sample

FIRING = ["sns_alarm", "sns_http_envelope", "raw_alarm", "eventbridge_alarm"]
ARN = "arn:aws:cloudwatch:eu-west-1:123456789012:alarm:orders-api-5xx"


@pytest.mark.parametrize("name", FIRING)
def test_alarm_is_understood_on_every_path(name: str) -> None:
    alert = only(f"cloudwatch/{name}.json")
    assert alert.source == "cloudwatch"
    assert alert.title == alert.rule == "orders-api-5xx"
    assert alert.severity is Severity.HIGH
    assert alert.status is Status.FIRING
    assert alert.fingerprint == alert.native_id == ARN
    assert alert.service == "orders-api"
    assert (alert.scope.account, alert.scope.region) == ("123456789012", "eu-west-1")
    assert alert.labels == {
        "namespace": "AWS/ApiGateway",
        "metric_name": "5XXError",
        "ApiName": "orders-api",
    }
    assert "server errors" in alert.message
    assert "Threshold Crossed" in alert.message
    assert alert.links["alarm"].endswith("region=eu-west-1#alarmsV2:alarm/orders-api-5xx")


def test_the_same_change_over_two_paths_is_one_alert() -> None:
    assert len({only(f"cloudwatch/{name}.json").alert_id for name in FIRING}) == 1
    assert (
        len(
            {
                only(f"cloudwatch/{name}.json").alert_id
                for name in ("ok", "sns_ok", "eventbridge_ok")
            }
        )
        == 1
    )


def test_ok_resolves_the_alarm() -> None:
    firing, ok = only("cloudwatch/raw_alarm.json"), only("cloudwatch/ok.json")
    assert ok.status is Status.RESOLVED
    assert ok.fingerprint == firing.fingerprint
    assert ok.ends_at == ok.event_at > firing.event_at


def test_insufficient_data_neither_resolves_nor_touches_the_alarm() -> None:
    alert = only("cloudwatch/insufficient_data.json")
    assert alert.status is Status.FIRING
    assert alert.severity is Severity.INFO
    assert alert.fingerprint != only("cloudwatch/ok.json").fingerprint
    assert "insufficient data" in alert.title


def test_composite_alarm_has_no_trigger() -> None:
    alert = only("cloudwatch/composite.json")
    assert alert.title == "orders-degraded"
    assert "ALARM(orders-queue-age)" in alert.message
    assert "Triggered by: orders-api-5xx" in alert.message


def test_metric_math_alarm_names_its_expression_and_dimensions() -> None:
    alert = only("cloudwatch/metric_math.json")
    assert alert.labels["expression"] == "m1/m2*100"
    assert alert.service == "orders-worker"


def test_same_name_in_two_accounts_is_two_alarms() -> None:
    alarm = json.loads(sample("cloudwatch/raw_alarm.json"))
    alarm["AWSAccountId"] = "210987654321"
    del alarm["AlarmArn"]
    (other,) = parse(json.dumps(alarm).encode(), {}, received_at=NOW)
    assert other.fingerprint != ARN
    assert "210987654321" in other.fingerprint


def test_unknown_state_is_kept_as_unknown_format() -> None:
    alarm = json.loads(sample("cloudwatch/raw_alarm.json"))
    alarm["NewStateValue"] = "SOMETHING_NEW"
    (alert,) = parse(json.dumps(alarm).encode(), {}, received_at=NOW)
    assert alert.unknown_format
    assert alert.source == "cloudwatch"


def test_the_alarm_s_own_lambda_action_is_the_same_alert() -> None:
    firing, ok = (only(f"cloudwatch/lambda_action_{state}.json") for state in ("alarm", "ok"))
    assert firing.alert_id == only("cloudwatch/raw_alarm.json").alert_id
    assert ok.alert_id == only("cloudwatch/ok.json").alert_id
    assert firing.labels == only("cloudwatch/raw_alarm.json").labels


def test_each_contributor_of_an_alarm_is_an_alert_of_its_own() -> None:
    event = json.loads(sample("cloudwatch/contributor_of_many.json"))
    alert = only("cloudwatch/contributor_of_many.json")
    assert (alert.title, alert.service) == ("queues-too-old", "orders")
    event["detail"]["alarmContributor"] = {"id": "other", "attributes": {"QueueName": "invoices"}}
    (other,) = parse(json.dumps(event).encode(), {}, received_at=NOW)
    assert other.fingerprint != alert.fingerprint


def test_an_edited_alarm_is_no_alert() -> None:
    assert parse(sample("cloudwatch/alarm_edited.json"), {}, received_at=NOW) == []


def test_a_composite_alarm_has_its_rule_over_eventbridge_too() -> None:
    alert, by_sns = (only(f"cloudwatch/composite{way}.json") for way in ("_event", ""))
    assert "Rule: ALARM(orders-api-5xx) OR ALARM(orders-queue-age)" in alert.message
    assert alert.alert_id == by_sns.alert_id


def test_an_alarm_without_its_name_is_named_by_its_arn() -> None:
    alarm = json.loads(sample("cloudwatch/raw_alarm.json")) | {"AlarmName": None}
    (alert,) = parse(json.dumps(alarm).encode(), {}, received_at=NOW)
    assert alert.title == "orders-api-5xx"
