"""Which queue an alert of a request waits in, and what a sender hears where one refuses."""

import json

import pytest

from responder.contracts import AlertMessage
from responder.errors import Reason, Retryable
from responder.ports import Queue
from samples import JSON, sample
from unit.reception.doubles import Wired, body_of, request


def several(*severities: str) -> bytes:
    firing = {"status": "firing", "startsAt": "2026-11-21T10:00:00Z"}
    alerts = [
        {**firing, "labels": {"alertname": f"Rule{number}", "severity": severity}}
        for number, severity in enumerate(severities)
    ]
    return json.dumps({"version": "4", "groupKey": "{}", "alerts": alerts}).encode()


def titles(wired: Wired, queue: Queue) -> list[str]:
    sent = [message.body for kept, message in wired.queues.kept if kept is queue]
    return [AlertMessage.model_validate_json(body).alert.title for body in sent]


def test_critical_alerts_wait_for_each_other_only() -> None:
    wired = Wired()
    body = several("warning", "critical", "info", "critical")
    answer = wired.reception.http(request(body, headers=JSON, tool="alertmanager"))
    assert body_of(answer)["accepted"] == 4
    assert wired.queues.calls == [Queue.CRITICAL_PROCESSING, Queue.PROCESSING]
    assert titles(wired, Queue.CRITICAL_PROCESSING) == ["Rule1", "Rule3"]
    assert titles(wired, Queue.PROCESSING) == ["Rule0", "Rule2"]


def test_a_resolve_goes_by_its_own_severity() -> None:
    wired = Wired()
    body = json.loads(several("critical", "critical"))
    body["alerts"][1] |= {"status": "resolved", "endsAt": "2026-11-21T10:05:00Z"}
    wired.reception.http(request(json.dumps(body).encode(), headers=JSON, tool="alertmanager"))
    assert wired.queues.calls == [Queue.CRITICAL_PROCESSING]
    assert len(wired.queues.sent) == 2
    # Nagios' OK has no rank among the severities.
    for name in ("service_problem", "service_recovery"):
        wired.reception.http(request(sample(f"nagios/{name}.json"), headers=JSON, tool="nagios"))
    assert wired.queues.calls[1:] == [Queue.CRITICAL_PROCESSING, Queue.PROCESSING]


@pytest.mark.parametrize("troubled", [Queue.CRITICAL_PROCESSING, Queue.PROCESSING])
def test_where_one_of_two_queues_refuses_the_sender_tries_all_again(troubled: Queue) -> None:
    wired = Wired()
    wired.queues.trouble = Retryable(Reason.UNAVAILABLE, "SQS refused")
    wired.queues.troubled = [troubled]
    event = request(several("critical", "info"), headers=JSON, tool="alertmanager")
    assert wired.reception.http(event)["statusCode"] == 503
    first = [] if troubled is Queue.CRITICAL_PROCESSING else [Queue.CRITICAL_PROCESSING]
    assert wired.queues.calls == first
    assert ("AlertsAccepted", "") not in wired.telemetry.counts
    wired.queues.trouble = None
    assert body_of(wired.reception.http(event))["accepted"] == 2
    # Under the same ids, so that what came through the first time is known as a duplicate.
    assert len({message.alert.alert_id for message in wired.messages()}) == 2
