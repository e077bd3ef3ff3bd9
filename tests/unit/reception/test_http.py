"""Requests on the route with API Gateway's key."""

import base64
import gzip

import pytest

from responder.errors import Permanent, Reason, Retryable
from responder.intake.body import MAX_BODY_BYTES
from samples import JSON, NOW, alerts, only, sample
from unit.reception.doubles import Wired, body_of, request


def test_alerts_are_queued_and_answered_with_their_ids() -> None:
    wired = Wired()
    event = request(sample("alertmanager/two_alerts.json"), headers=JSON)
    answer = wired.reception.http(event)
    ids = [alert.alert_id for alert in alerts("alertmanager/two_alerts.json")]
    assert answer["statusCode"] == 202
    assert body_of(answer) == {"alert_ids": ids, "accepted": 2}
    assert [message.alert.alert_id for message in wired.messages()] == ids
    assert wired.telemetry.counts["AlertsAccepted", ""] == 2
    assert [line["alert_id"] for line in wired.telemetry.lines] == ids


def test_the_trace_travels_with_the_alert() -> None:
    wired = Wired()
    traced = {**JSON, "X-Amzn-Trace-Id": "Root=1-2-3"}
    wired.reception.http(request(sample("generic/firing.json"), headers=traced), "request-1")
    wired.reception.http(request(sample("generic/firing.json"), headers=JSON), "request-2")
    assert [message.trace for message in wired.messages()] == ["Root=1-2-3", "request-2"]


def test_received_at_is_the_clock_of_reception() -> None:
    wired = Wired()
    wired.reception.http(request(b"disk full"))
    assert wired.messages()[0].alert.received_at == NOW


def test_base64_and_gzip_bodies_are_opened() -> None:
    wired = Wired()
    packed = gzip.compress(sample("alertmanager/firing.json"))
    headers = {**JSON, "content-encoding": "gzip"}
    wired.reception.http(request(packed, headers=headers, encoded=True))
    assert wired.messages()[0].alert.alert_id == only("alertmanager/firing.json").alert_id


def test_broken_base64_is_the_senders_fault() -> None:
    event = {**request(b""), "body": "§", "isBase64Encoded": True}
    assert Wired().reception.http(event)["statusCode"] == 400


@pytest.mark.parametrize(
    ("body", "headers", "status", "code"),
    [
        (None, JSON, 400, "empty_body"),
        (b"5", JSON, 400, "not_an_object"),
        (b"x" * (MAX_BODY_BYTES + 1), {}, 413, "too_large"),
    ],
)
def test_refusals_say_why_and_queue_nothing(
    body: bytes | None, headers: dict[str, str], status: int, code: str
) -> None:
    wired = Wired()
    answer = wired.reception.http(request(body, headers=headers))
    assert answer["statusCode"] == status
    said = body_of(answer)
    assert said["error"] == code
    assert said["message"]
    assert "field" in said
    assert wired.queues.sent == []
    assert wired.telemetry.counts == {("RequestsRefused", code): 1}


@pytest.mark.parametrize(
    ("trouble", "retry_after"),
    [
        (Retryable(Reason.UNAVAILABLE, "SQS refused", after=12), "12"),
        (Retryable(Reason.UNAVAILABLE), "5"),
        (Permanent(Reason.MISCONFIGURED, "no such queue"), "5"),
    ],
)
def test_our_own_trouble_is_503_so_that_the_sender_tries_again(
    trouble: Retryable | Permanent, retry_after: str
) -> None:
    wired = Wired()
    wired.queues.trouble = trouble
    answer = wired.reception.http(request(sample("generic/firing.json"), headers=JSON))
    assert answer["statusCode"] == 503
    assert answer["headers"] == {"Content-Type": "application/json", "Retry-After": retry_after}
    assert ("AlertsAccepted", "") not in wired.telemetry.counts
    wired.queues.trouble = None
    again = wired.reception.http(request(sample("generic/firing.json"), headers=JSON))
    assert body_of(again)["accepted"] == 1


def test_the_route_names_the_tool() -> None:
    wired = Wired()
    wired.reception.http(request(b'{"kind": "x"}', tool="home-made/extra"))
    assert wired.messages()[0].alert.source == "home-made"


def test_only_post_is_for_alerts() -> None:
    answer = Wired().reception.http(request(b"x", method="GET"))
    assert (answer["statusCode"], body_of(answer)["error"]) == (405, "method_not_allowed")


def test_another_path_is_not_found() -> None:
    event = {**request(b"x"), "resource": "/other"}
    assert Wired().reception.http(event)["statusCode"] == 404


def test_the_path_a_sender_wrote_cannot_choose_the_route() -> None:
    event = {**request(b"x", token="wrong"), "path": "/alerts"}
    assert Wired().reception.http(event)["statusCode"] == 403


def test_no_message_exceeds_its_bound() -> None:
    wired = Wired()
    body = base64.b64encode(bytes(range(256)) * 8_000)
    wired.reception.http(request(body))
    assert len(wired.queues.sent[0].body.encode()) <= 200_000
