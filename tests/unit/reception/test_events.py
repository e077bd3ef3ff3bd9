"""Events of SNS and EventBridge, the check of a new version, and the handler over all of them."""

import importlib.util
import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from responder.alert import SYNTHETIC_SOURCE
from responder.errors import Reason, Retryable
from responder.intake.reception import Reception, is_notification
from responder.ports import Queue
from samples import JSON, only, sample
from unit.reception.doubles import Wired, body_of, request

APP = Path(__file__).parents[3] / "functions" / "reception" / "app.py"


def event(name: str) -> dict[str, Any]:
    value = json.loads(sample(name))
    assert isinstance(value, dict)
    return value


@dataclass
class Context:
    aws_request_id: str = "request-1"


@dataclass
class Flushed:
    times: int = 0

    def flush(self) -> None:
        self.times += 1


def loaded(reception: Reception, flushed: Flushed, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The handler's module, wired to doubles instead of AWS."""
    root = ModuleType("responder.bootstrap.reception")
    root.build = lambda: (reception, flushed)  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, root.__name__, root)
    spec = importlib.util.spec_from_file_location("reception_app", APP)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    "name",
    [
        "cloudwatch/sns_alarm.json",
        "cloudwatch/eventbridge_alarm.json",
        "cloudwatch/lambda_action_alarm.json",
    ],
)
def test_notifications_become_alerts(name: str) -> None:
    wired = Wired()
    assert is_notification(event(name))
    wired.reception.notification(event(name), "trace-1")
    (message,) = wired.messages()
    assert message.alert.alert_id == only("cloudwatch/raw_alarm.json").alert_id
    assert message.trace == "trace-1"


def test_every_record_is_taken() -> None:
    records = (
        event("cloudwatch/sns_alarm.json")["Records"] + event("cloudwatch/sns_ok.json")["Records"]
    )
    wired = Wired()
    wired.reception.notification({"Records": records})
    assert [message.alert.status for message in wired.messages()] == ["firing", "resolved"]


def test_trouble_is_raised_so_that_lambda_tries_again() -> None:
    wired = Wired()
    wired.queues.trouble = Retryable(Reason.UNAVAILABLE)
    with pytest.raises(Retryable):
        wired.reception.notification(event("cloudwatch/sns_alarm.json"))


def test_the_check_sends_a_synthetic_alert() -> None:
    wired = Wired()
    found = wired.reception.self_check()
    message, again = wired.messages()
    assert message.alert.source == SYNTHETIC_SOURCE
    assert found == {"sources": "readable", "accepted": message.alert.alert_id}
    # Each queue can be sent to; the second of them is a duplicate.
    assert wired.queues.calls == [Queue.PROCESSING, Queue.CRITICAL_PROCESSING]
    assert again == message


def test_the_check_passes_without_the_secret_and_says_so() -> None:
    assert "mcp-responder/sources" in Wired(sources=None).reception.self_check()["sources"]


def test_the_check_fails_where_sending_does() -> None:
    wired = Wired()
    wired.queues.trouble = Retryable(Reason.UNAVAILABLE)
    with pytest.raises(Retryable):
        wired.reception.self_check()


def test_the_handler_tells_its_events_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    wired, flushed = Wired(), Flushed()
    app = loaded(wired.reception, flushed, monkeypatch)
    answer = app.handler(request(sample("generic/firing.json"), headers=JSON), Context())
    assert body_of(answer)["accepted"] == 1
    assert app.handler(event("cloudwatch/eventbridge_alarm.json"), Context()) == {}
    assert app.handler({"synthetic": "pre-traffic"}, Context())["sources"] == "readable"
    assert [message.trace for message in wired.messages()] == ["request-1"] * 4
    assert flushed.times == 3


@pytest.mark.parametrize("odd", [{}, {"Records": [{"eventSource": "aws:sqs"}]}, {"detail": {}}])
def test_the_handler_raises_on_any_other_event(
    odd: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    flushed = Flushed()
    app = loaded(Wired().reception, flushed, monkeypatch)
    with pytest.raises(ValueError, match="neither a request"):
        app.handler(odd, Context())
    assert flushed.times == 1


def test_reception_imports_neither_claude_nor_slack_nor_aws() -> None:
    code = "import sys, responder.intake.reception; print(*sys.modules)"
    found = subprocess.run(  # our own code in a fresh interpreter
        [sys.executable, "-c", code],
        env={"PYTHONPATH": ":".join(sys.path)},
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    assert not {"anthropic", "slack_sdk", "boto3", "botocore"} & set(found)
