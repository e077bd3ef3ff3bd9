"""Envelopes: SNS, strings in strings, and requests for confirmation."""

import json

import pytest

from responder.alert import Severity
from responder.intake import parse
from responder.intake.envelope import MAX_ENVELOPES
from responder.raw import unpack
from samples import JSON, NOW, alerts, only, sample


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


@pytest.mark.parametrize(
    "name", ["alarm_through_sqs", "alarm_through_a_pipe", "alarm_through_a_pipe_and_bus"]
)
def test_an_alarm_is_the_same_whichever_queues_it_went_through(name: str) -> None:
    assert only(f"sns/{name}.json").alert_id == only("cloudwatch/raw_alarm.json").alert_id


def test_every_record_of_an_event_is_opened() -> None:
    first, second = alerts("sns/several_records.json")
    assert (first.title, second.title) == ("First", "Second")
    assert first.alert_id != second.alert_id


def test_several_messages_of_a_queue_are_several() -> None:
    (record,) = json.loads(sample("sns/alarm_through_a_pipe.json"))
    other = {**record, "messageId": "m-2", "body": '{"title": "Disk full"}'}
    for body in ({"Records": [record, other]}, [record, other]):
        found = parse(json.dumps(body).encode(), JSON, received_at=NOW)
        assert [alert.title for alert in found] == ["orders-api-5xx", "Disk full"]


def test_records_that_are_no_messages_stay_as_they_are() -> None:
    body = {"Records": [{"eventSource": "aws:s3", "s3": {"bucket": {"name": "exports"}}}]}
    (alert,) = parse(json.dumps(body).encode(), JSON, received_at=NOW)
    assert alert.unknown_format


@pytest.mark.parametrize("data", [None, 7, "", "no base64!", "/////w==", {}, []])
def test_a_push_without_readable_data_is_still_an_alert(data: object) -> None:
    body = {"message": {"data": data, "attributes": {"title": "x"}}, "subscription": "projects/p"}
    (alert,) = parse(json.dumps(body).encode(), JSON, received_at=NOW)
    assert alert.title


def test_a_record_on_a_bus_needs_not_say_where_it_came_from() -> None:
    event = json.loads(sample("sns/alarm_through_a_pipe_and_bus.json"))
    del event["detail"]["eventSource"]
    (alert,) = parse(json.dumps(event).encode(), JSON, received_at=NOW)
    assert alert.alert_id == only("cloudwatch/raw_alarm.json").alert_id


ALARM = {
    "AlarmName": "cpu",
    "NewStateValue": "ALARM",
    "AlarmArn": "arn:aws:cloudwatch:eu-west-1:1:alarm:cpu",
}


@pytest.mark.parametrize(
    "envelope",
    [
        {"Type": "Notification", "TopicArn": "arn:aws:sns:eu-west-1:1:t", "Message": ALARM},
        {"Type": "Notification", "Message": json.dumps(ALARM)},
        {"Subject": "ALARM", "Message": ALARM},
    ],
)
def test_a_known_payload_is_taken_out_of_a_poor_envelope(envelope: dict[str, object]) -> None:
    (alert,) = parse(json.dumps(envelope).encode(), JSON, received_at=NOW)
    assert (alert.source, alert.title) == ("cloudwatch", "cpu")


def test_a_message_that_no_tool_knows_stays_where_it_is() -> None:
    body = {"Title": "Disk", "Severity": "high", "Message": {"AlarmName": "cpu"}}
    (alert,) = parse(json.dumps(body).encode(), JSON, received_at=NOW)
    assert (alert.title, alert.unknown_format) == ("Disk", False)


def test_raw_prose_is_of_the_topic_that_its_headers_name() -> None:
    headers = {
        "x-amz-sns-rawdelivery": "true",
        "x-amz-sns-message-id": "m-1",
        "x-amz-sns-topic-arn": "arn:aws:sns:eu-west-1:1:ops",
        "Content-Type": "text/plain; charset=UTF-8",
    }
    (alert,) = parse(b"Warning: disk of db-1 is full", headers, received_at=NOW)
    assert (alert.source, alert.rule) == ("sns", "ops")
    assert (alert.severity, alert.unknown_format) == (Severity.MEDIUM, False)
    (again,) = parse(b"Warning: disk of db-1 is full", headers, received_at=NOW.replace(hour=9))
    assert again.alert_id == alert.alert_id


def test_raw_json_is_read_as_it_is() -> None:
    headers = {"x-amz-sns-rawdelivery": "true", "x-amz-sns-topic-arn": "arn:aws:sns:e:1:t"}
    (alert,) = parse(json.dumps(ALARM).encode(), headers, received_at=NOW)
    assert alert.source == "cloudwatch"
