"""One pass through the whole pipeline, and what it answers to bad input; part of ``make test``."""

import base64
import gzip
import json
import urllib.request
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from e2e.payloads import a_minute_ago, alarm, alertmanager, problem
from e2e.pipeline import DEAD_LETTER_QUEUES, Pipeline, visible, wait_until
from responder.clock import utc_now
from responder.errors import Reason
from responder.incident import Incident, IncidentState
from responder.intake.body import MAX_BODY_BYTES
from responder_cli.inject import samples

pytestmark = pytest.mark.smoke

#: Cold starts of every function on a busy machine.
PATIENCE = 40
ALARM = {
    "Namespace": "AWS/ApiGateway",
    "MetricName": "5XXError",
    "Dimensions": [{"Name": "ApiName", "Value": "parcels"}],
    "Statistic": "Sum",
    "Period": 60,
    "EvaluationPeriods": 1,
    "Threshold": 10,
    "ComparisonOperator": "GreaterThanThreshold",
    "TreatMissingData": "ignore",
}


def until_incident(
    pipeline: Pipeline, alert_id: str, accept: Callable[[Incident], bool]
) -> Incident:
    def see() -> Incident | None:
        return pipeline.incident_of(alert_id)

    found = wait_until(see, lambda one: one is not None and accept(one), PATIENCE)
    assert found is not None
    return found


def until_card_says(pipeline: Pipeline, incident_id: str, *texts: str) -> None:
    wait_until(
        lambda: [visible(m) for m in pipeline.messages().get(incident_id, [])],
        lambda cards: len(cards) == 1 and all(text in cards[0] for text in texts),
        PATIENCE,
    )


def test_an_alert_fires_repeats_and_is_resolved_on_one_card(pipeline: Pipeline) -> None:
    start = a_minute_ago()
    first = pipeline.accept(alertmanager("BeltStopped", "belt-1", start))
    incident = until_incident(pipeline, first, lambda one: not one.analysis.is_fallback)
    name = incident.incident_id
    until_card_says(pipeline, name, "BeltStopped", "once", "belt-1")

    pipeline.accept(alertmanager("BeltStopped", "belt-1", start + timedelta(seconds=20)))
    until_incident(pipeline, first, lambda one: one.count == 2)
    until_card_says(pipeline, name, "2 times")

    end = start + timedelta(seconds=40)
    pipeline.accept(alertmanager("BeltStopped", "belt-1", start + timedelta(seconds=20), ends=end))
    until_incident(pipeline, first, lambda one: one.state is IncidentState.RESOLVED)
    until_card_says(pipeline, name, "RESOLVED", "2 times")
    card = pipeline.message_of(name)
    wait_until(lambda: pipeline.replies(card["ts"]), lambda told: len(told) == 1, PATIENCE)


def test_another_tool_gets_a_card_of_its_own(pipeline: Pipeline) -> None:
    alert_id = pipeline.accept(problem("other", 1, severity="CRITICAL"))
    incident = until_incident(pipeline, alert_id, lambda one: one.source == "e2e")
    until_card_says(pipeline, incident.incident_id, "Conveyor other", "CRITICAL")


def test_the_same_bytes_again_are_not_counted(pipeline: Pipeline) -> None:
    body = problem("identical", 1)
    first = pipeline.accept(body)
    pipeline.shown([first], PATIENCE)
    assert pipeline.accept(body) == first
    pipeline.idle()
    incident = pipeline.incident_of(first)
    assert incident is not None
    assert incident.count == 1
    pipeline.shown([first], PATIENCE)


def test_an_alarm_by_rule_and_by_topic_is_one_incident(pipeline: Pipeline) -> None:
    topic, name = pipeline.stack.outputs["AlarmIntakeTopicArn"], "parcels-api-errors"
    _, _, _, region, account, _ = topic.split(":")
    cloudwatch = pipeline.client("cloudwatch")
    cloudwatch.put_metric_alarm(**ALARM, AlarmName=name)
    cloudwatch.set_alarm_state(AlarmName=name, StateValue="ALARM", StateReason="41 errors")

    def incidents() -> list[Incident]:
        return [one for one in pipeline.incidents().values() if one.rule == name]

    (by_rule,) = wait_until(incidents, lambda found: len(found) == 1, PATIENCE)
    pipeline.shown([by_rule.first_alert_id], PATIENCE)
    record = pipeline.alert(by_rule.first_alert_id)
    assert record is not None
    # CloudWatch tells the topic the same change with the same time, and later another one.
    for moment in (record.alert.event_at, record.alert.event_at + timedelta(seconds=5)):
        message = json.dumps(alarm(name, account, region, moment))
        pipeline.client("sns").publish(TopicArn=topic, Message=message)
    wait_until(incidents, lambda found: [one.count for one in found] == [2], PATIENCE)
    pipeline.idle()
    (incident,) = incidents()
    assert incident.count == 2
    until_card_says(pipeline, incident.incident_id, name, "2 times")


@pytest.mark.parametrize(
    ("path", "authorization"),
    [
        ("", ""),
        ("basic", "Basic {basic}"),
        ("bearer", "Bearer {token}"),
    ],
    ids=["in the path", "Basic", "Bearer"],
)
def test_the_route_without_a_key_takes_a_token(
    pipeline: Pipeline, path: str, authorization: str
) -> None:
    token = pipeline.stack.token
    basic = base64.b64encode(f"prometheus:{token}".encode()).decode()
    url = f"{pipeline.stack.outputs['IntakeUrl']}/{path or token}/alertmanager"
    headers = {"authorization": authorization.format(basic=basic, token=token)}
    body = alertmanager(f"Token{path}", "belt-2", a_minute_ago())
    answer = pipeline.post(body, url=url, headers=headers if authorization else {})
    assert answer.status == 202, answer
    pipeline.shown(answer.alert_ids, PATIENCE)


def test_a_wrong_token_is_refused(pipeline: Pipeline) -> None:
    url = f"{pipeline.stack.outputs['IntakeUrl']}/guessed"
    answer = pipeline.post(problem("token", 1), url=url, headers={"authorization": "Bearer no"})
    assert answer.status == 403
    assert json.loads(answer.text)["error"] == "forbidden"


@pytest.mark.parametrize("headers", [{}, {"x-api-key": "wrong"}], ids=["no key", "wrong key"])
def test_a_wrong_key_is_refused(pipeline: Pipeline, headers: dict[str, str]) -> None:
    answer = pipeline.post(problem("key", 1), headers=headers)
    # The emulator does not render the template's gateway responses; tests/template reads them.
    assert answer.status == 403


@pytest.mark.parametrize(
    ("body", "error"),
    [
        (b"", "empty_body"),
        (b"  \n", "empty_body"),
        (b"42", "not_an_object"),
        (b"\xff\x00\xfe", "undecodable"),
    ],
    ids=["empty", "blank", "number", "no text"],
)
def test_what_cannot_be_read_is_refused_with_a_reason(
    pipeline: Pipeline, body: bytes, error: str
) -> None:
    answer = pipeline.post(body)
    assert answer.status == 400, answer
    told = json.loads(answer.text)
    assert told["error"] == error
    assert told["message"]


def test_broken_json_gets_a_card_of_unknown_format(pipeline: Pipeline) -> None:
    answer = pipeline.post(b'{"title": "cut off')
    assert answer.status == 202, answer
    (alert_id,) = answer.alert_ids
    incident = until_incident(pipeline, alert_id, lambda one: one.unknown_format)
    until_card_says(pipeline, incident.incident_id, "Unknown format", "cut off")


def test_compressed_bodies_arrive_byte_for_byte(pipeline: Pipeline) -> None:
    body = gzip.compress(problem("compressed", 1))
    headers = {"x-api-key": pipeline.stack.api_key, "content-encoding": "gzip"}
    answer = pipeline.post(body, headers=headers)
    assert answer.status == 202, answer
    pipeline.shown(answer.alert_ids, PATIENCE)


def test_too_large_a_body_is_refused(pipeline: Pipeline) -> None:
    body = json.dumps({"title": "x" * MAX_BODY_BYTES}).encode()
    answer = pipeline.post(body)
    assert answer.status == 413, answer
    assert json.loads(answer.text)["message"]


def test_an_unreadable_message_goes_to_the_dead_letter_queue_with_its_reason(
    pipeline: Pipeline,
) -> None:
    sqs, outputs = pipeline.client("sqs"), pipeline.stack.outputs
    sqs.send_message(QueueUrl=outputs["ProcessingQueueUrl"], MessageBody="neither JSON nor alert")

    def dead() -> list[dict[str, Any]]:
        answer = sqs.receive_message(
            QueueUrl=outputs["DeadLetterQueueUrl"], MessageAttributeNames=["All"]
        )
        return list(answer.get("Messages", []))

    (message,) = wait_until(dead, lambda found: found, PATIENCE)
    assert message["Body"] == "neither JSON nor alert"
    attributes = {k: v["StringValue"] for k, v in message["MessageAttributes"].items()}
    assert attributes["reason"] == Reason.UNREADABLE
    assert attributes["detail"]
    assert attributes["function"].endswith("AnalysisFunction")
    sqs.delete_message(
        QueueUrl=outputs["DeadLetterQueueUrl"], ReceiptHandle=message["ReceiptHandle"]
    )


def test_nothing_else_was_dead_lettered(pipeline: Pipeline) -> None:
    pipeline.idle()
    depth = pipeline.depth(DEAD_LETTER_QUEUES)
    assert not any(depth.values()), depth


def test_the_page_of_cards_is_served(pipeline: Pipeline) -> None:
    with urllib.request.urlopen(f"{pipeline.stack.slack_url}/", timeout=10) as page:
        assert page.headers["content-type"].startswith("text/html")


def test_a_deployment_is_remembered_and_has_no_card(pipeline: Pipeline) -> None:
    event = json.loads(samples.read("github/deployment", utc_now()))
    event["repository"]["full_name"] = "e2e/sorter-belt"
    for _ in range(2):
        answer = pipeline.post(json.dumps(event).encode())
        assert (answer.status, answer.alert_ids) == (202, [])

    def listed() -> list[dict[str, Any]]:
        told: list[dict[str, Any]] = json.loads(
            pipeline.responder("changes", "list", "--service", "sorter-belt", "--json")
        )
        return told

    (change,) = wait_until(listed, lambda found: len(found) == 1, PATIENCE)
    assert json.loads(answer.text)["change_ids"] == [change["change_id"]]
    pipeline.idle()
    assert len(listed()) == 1
    assert not [one for one in pipeline.incidents().values() if one.service == "sorter-belt"]
