"""Envelopes: SNS, strings in strings, and requests for confirmation."""

import json

from responder.alert import Severity
from responder.intake import parse
from responder.intake.envelope import MAX_ENVELOPES
from responder.raw import unpack
from samples import JSON, NOW, only, sample


def test_sns_with_prose_takes_the_subject_as_title_and_the_id_as_delivery() -> None:
    envelope = {
        "Type": "Notification",
        "MessageId": "m-1",
        "TopicArn": "arn:aws:sns:eu-west-1:1:t",
        "Subject": "Backup late",
        "Message": "It has not started.",
        "Timestamp": "2026-11-20T09:00:00.000Z",
    }
    body = json.dumps(envelope).encode()
    (first,) = parse(body, {"Content-Type": "text/plain; charset=UTF-8"}, received_at=NOW)
    (second,) = parse(body, {}, received_at=NOW.replace(microsecond=1))
    assert (first.title, first.message) == ("Backup late", "It has not started.")
    assert first.event_at.hour == 9
    assert first.alert_id == second.alert_id


def test_json_in_a_string_is_opened() -> None:
    wrapped = json.dumps(sample("alertmanager/firing.json").decode()).encode()
    (alert,) = parse(wrapped, JSON, received_at=NOW)
    assert alert.alert_id == only("alertmanager/firing.json").alert_id


def test_envelopes_are_opened_to_a_bounded_depth() -> None:
    text = '{"title": "deep"}'
    for _ in range(MAX_ENVELOPES + 1):
        text = json.dumps(text)
    (alert,) = parse(text.encode(), {"Content-Type": "text/plain"}, received_at=NOW)
    assert alert.unknown_format


def test_a_subscription_is_shown_and_never_confirmed() -> None:
    alert = only("cloudwatch/sns_subscription_confirmation.json")
    assert alert.severity is Severity.INFO
    assert alert.unknown_format
    assert "waits for a confirmation" in alert.title
    kept = unpack(alert.raw)
    assert "sample-token" not in alert.model_dump_json() + kept


def test_an_event_of_another_aws_service_keeps_its_name_account_and_region() -> None:
    alert = only("unknown/eventbridge_other_source.json")
    assert alert.unknown_format
    assert alert.title == "EC2 Instance State-change Notification"
    assert (alert.scope.account, alert.scope.region) == ("123456789012", "eu-west-1")
