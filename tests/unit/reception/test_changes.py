"""Changes through the front door: queued and counted, whichever way they come."""

import json

from responder.contracts import AlertMessage, ChangeMessage, carries_change
from responder.errors import Reason, Retryable
from samples import JSON, sample
from unit.reception.doubles import TOKEN, Wired, body_of, request


def queued(wired: Wired) -> tuple[list[AlertMessage], list[ChangeMessage]]:
    bodies = [sent.body for sent in wired.queues.sent]
    changes = [ChangeMessage.model_validate_json(one) for one in bodies if carries_change(one)]
    alerts = [AlertMessage.model_validate_json(one) for one in bodies if not carries_change(one)]
    return alerts, changes


def test_a_deployment_is_accepted_and_is_no_alert() -> None:
    wired = Wired()
    answer = wired.reception.http(request(sample("github/deployment.json"), headers=JSON), "t")
    alerts, (message,) = queued(wired)
    assert alerts == []
    assert message.trace == "t"
    assert answer["statusCode"] == 202
    assert body_of(answer) == {
        "alert_ids": [],
        "accepted": 0,
        "change_ids": [message.change.change_id],
    }
    assert wired.telemetry.counts == {("ChangesAccepted", ""): 1}


def test_a_failed_one_is_both() -> None:
    wired = Wired()
    wired.reception.http(
        request(sample("gitlab/deployment_failed.json"), token=TOKEN, tool="gitlab", headers=JSON)
    )
    (alert,), (change,) = queued(wired)
    assert alert.alert.service == change.change.service == "checkout"
    assert wired.telemetry.counts == {("AlertsAccepted", ""): 1, ("ChangesAccepted", ""): 1}


def test_what_changes_nothing_is_accepted_and_counted_with_its_reason() -> None:
    wired = Wired()
    answer = wired.reception.http(request(sample("github/ping.json"), headers=JSON))
    assert (answer["statusCode"], body_of(answer)["change_ids"]) == (202, [])
    assert wired.queues.sent == []
    assert wired.telemetry.counts == {("ChangesHeld", "no_change"): 1}


def test_eventbridge_and_sns_bring_changes_too() -> None:
    wired = Wired()
    event = json.loads(sample("cloudformation/update_started.json"))
    wired.reception.notification(event)
    wired.reception.notification(
        {
            "Records": [
                {
                    "EventSource": "aws:sns",
                    "Sns": {
                        "Type": "Notification",
                        "TopicArn": "arn:aws:sns:eu-west-1:123456789012:changes",
                        "MessageId": "m-1",
                        "Message": json.dumps(event),
                    },
                }
            ]
        }
    )
    _, changes = queued(wired)
    assert len(changes) == 2
    assert changes[0].change == changes[1].change


def test_while_the_queue_refuses_the_sender_tries_again() -> None:
    wired = Wired()
    wired.queues.trouble = Retryable(Reason.UNAVAILABLE)
    answer = wired.reception.http(request(sample("github/deployment.json"), headers=JSON))
    assert answer["statusCode"] == 503
    assert wired.telemetry.counts == {}
