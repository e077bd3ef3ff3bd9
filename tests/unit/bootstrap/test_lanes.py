"""An alert's way through every lane, and the dead letter queue of each."""

import json
from typing import Any

import pytest
from bench.inside import records

from responder.adapters import environment
from responder.adapters.dynamodb import DynamoStore
from responder.bootstrap import analysis, distribution, reception
from responder.clock import utc_now
from responder.contracts import AlertMessage
from responder.policy.routes import Routes
from responder.ports import Table
from responder.protocols.versions import ROUTES
from unit.bootstrap.house import NO_FAILURES, House, accepted


@pytest.mark.parametrize(
    ("severity", "queue"), [("HIGH", "it-processing"), ("CRITICAL", "it-processing-critical")]
)
def test_reception_sends_to_the_processing_queues(house: House, severity: str, queue: str) -> None:
    receiver, _ = reception.build()
    event = {
        "httpMethod": "POST",
        "path": "/alerts",
        "resource": "/alerts",
        "headers": {"Content-Type": "application/json"},
        "body": json.dumps({"source": "s", "title": "t", "severity": severity}),
        "isBase64Encoded": False,
        "requestContext": {"requestId": "r"},
    }
    assert receiver.http(event, "trace")["statusCode"] == 202
    (body,) = house.taken(queue)
    assert AlertMessage.model_validate_json(body).alert.title == "t"


def test_an_alert_passes_through_every_lane_to_slack(
    house: House, slack: tuple[str, list[Any]]
) -> None:
    address, messages = slack
    house.set("SLACK_WEBHOOK_SECRET", address)
    analyser, distributor = analysis.build(), distribution.build()
    answer = analyser.consume(records("it-processing", accepted()))
    assert answer == NO_FAILURES
    requests = house.taken("it-analysis")
    assert analyser.consume(records("it-analysis", *requests)) == NO_FAILURES
    (first, *more) = house.taken("it-distribution")
    assert distributor.consume(records("it-distribution", first)) == NO_FAILURES
    (message,) = messages
    assert "disk full" in message["text"]
    assert distributor.consume(records("it-distribution", *more)) == NO_FAILURES
    assert len(messages) == 1


def test_a_critical_alert_takes_the_critical_lane(
    house: House, slack: tuple[str, list[Any]]
) -> None:
    address, messages = slack
    house.set("SLACK_WEBHOOK_SECRET", address)
    own = records("it-processing-critical", accepted(severity="CRITICAL"))
    assert analysis.build().consume(own) == NO_FAILURES
    (body,) = house.taken("it-critical")
    assert house.taken("it-distribution") == []
    assert distribution.build().consume(records("it-critical", body)) == NO_FAILURES
    assert len(messages) == 1


def test_what_the_operators_rate_as_critical_takes_the_critical_lane(house: House) -> None:
    store = DynamoStore(environment.dynamodb(), {Table.STATE: "it-state"})
    rating = {"match": ["title=~disk.*", "severity=LOW"], "severity": "CRITICAL"}
    ROUTES.save(store, Routes.model_validate({"severities": [rating]}), 0, utc_now())
    analysis.build().consume(records("it-processing", accepted(severity="LOW")))
    assert len(house.taken("it-critical")) == 1
    assert house.taken("it-distribution") == []


@pytest.mark.parametrize(
    ("queue", "dead", "function"),
    [
        ("it-processing", "it-processing-dlq", analysis.build),
        ("it-processing-critical", "it-processing-dlq", analysis.build),
        ("it-analysis", "it-analysis-dlq", analysis.build),
        ("it-distribution", "it-distribution-dlq", distribution.build),
        ("it-critical", "it-critical-dlq", distribution.build),
    ],
)
def test_each_lane_has_its_dead_letter_queue(
    house: House, queue: str, dead: str, function: Any
) -> None:
    assert function().consume(records(queue, "{")) == NO_FAILURES
    assert house.taken(dead) == ["{"]


def test_a_dead_letter_names_the_function_and_its_version(house: House) -> None:
    analysis.build().consume(records("it-analysis", "{"))
    answer = house.sqs.receive_message(
        QueueUrl=house.urls["it-analysis-dlq"], MessageAttributeNames=["All"]
    )
    (message,) = answer["Messages"]
    told = {name: one["StringValue"] for name, one in message["MessageAttributes"].items()}
    assert (told["function"], told["version"]) == ("it-Function", "7")
    assert told["reason"] == "unreadable"


def test_a_batch_of_a_strangers_queue_is_refused(house: House) -> None:
    with pytest.raises(KeyError):
        analysis.build().consume(records("it-distribution", "{}"))
