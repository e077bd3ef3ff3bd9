"""``responder health`` on what the product is for: cards, tick, heartbeat, drift."""

from datetime import timedelta
from typing import Any

import pytest

from responder.adapters import telemetry
from responder.protocols.heartbeat import Beat
from responder_cli.aws import Stack
from responder_cli.health import pulse
from responder_cli.health.metrics import Window
from responder_cli.health.verdict import Finding, Verdict
from unit.cli.health_house import FIVE_MINUTES, NOW, verdicts, watch
from unit.cli.stacks import Client, stack


@pytest.mark.parametrize(
    ("unshown", "verdict"), [(None, Verdict.OK), (0.0, Verdict.OK), (3.0, Verdict.FAILING)]
)
def test_an_alert_that_nobody_sees_is_failing(unshown: float | None, verdict: Verdict) -> None:
    metrics = watch() if unshown is None else watch(AlertsUnshown=unshown)
    (found,) = pulse.cards(stack({}, {"cloudwatch": metrics}), Window(NOW, 1440))
    assert found.verdict is verdict
    assert verdict is Verdict.OK or found.reason == "3 alerts shown to nobody for 15 minutes"
    (asked,) = metrics.asked("get_metric_statistics")
    assert asked["Namespace"] == f"{telemetry.NAMESPACE}/it"
    assert asked["Dimensions"] == [{"Name": "service", "Value": "analysis"}]
    assert asked["StartTime"] == NOW - timedelta(minutes=5)


@pytest.mark.parametrize(
    ("age", "verdict"),
    [(None, Verdict.FAILING), (60, Verdict.OK), (181, Verdict.FAILING)],
)
def test_the_tick_must_have_run_lately(age: int | None, verdict: Verdict) -> None:
    at = (NOW - timedelta(seconds=age or 0)).isoformat()
    item = {} if age is None else {"Item": {"at": {"S": at}}}
    house = stack({}, {"dynamodb": Client({"get_item": item})})
    assert verdicts(pulse.tick(house, NOW)) == {"tick": verdict}


@pytest.mark.parametrize(
    ("created", "updated", "verdict"),
    [
        (40, None, Verdict.WARNING),
        (5000, 40, Verdict.WARNING),
        (200, None, Verdict.FAILING),
        (5000, 200, Verdict.FAILING),
    ],
)
def test_a_stack_of_a_minute_has_not_ticked_yet(
    created: int, updated: int | None, verdict: Verdict
) -> None:
    times = {"CreationTime": created, "LastUpdatedTime": updated}
    described = {
        name: NOW - timedelta(seconds=age) for name, age in times.items() if age is not None
    }
    clients = {
        "cloudformation": Client({"describe_stacks": {"Stacks": [described]}}),
        "dynamodb": Client({"get_item": {}}),
    }
    (found,) = pulse.tick(Stack("it", clients.__getitem__), NOW)
    assert found.verdict is verdict
    assert verdict is Verdict.FAILING or found.reason == "not yet: the stack is 40 s old"


def judged(beat: dict[str, Any] | None, *, state: str = "ENABLED", age: int = 5000) -> Finding:
    """What is said of a heartbeat, in a stack that is so many seconds old."""
    item: dict[str, Any] = {}
    if beat is not None:
        sent = {"sent_at": NOW - timedelta(seconds=60), "alert_id": "a"}
        told = Beat.model_validate(sent | beat)
        values = told.model_dump(mode="json", exclude_none=True)
        item["Item"] = {
            name: {"N": str(value)} if isinstance(value, int | float) else {"S": value}
            for name, value in values.items()
        }
    described = {
        "Outputs": [{"OutputKey": "SecretPrefix", "OutputValue": "mine"}],
        "Parameters": [{"ParameterKey": "HeartbeatState", "ParameterValue": state}],
        "CreationTime": NOW - timedelta(seconds=age),
    }
    clients = {
        "cloudformation": Client({"describe_stacks": {"Stacks": [described]}}),
        "dynamodb": Client({"get_item": item}),
    }
    (found,) = pulse.heartbeat(Stack("it", clients.__getitem__), NOW)
    return found


ARRIVED = {"arrived_at": NOW - timedelta(seconds=358), "seconds": 2.5}


@pytest.mark.parametrize(
    ("beat", "verdict", "reason", "mend"),
    [
        (ARRIVED, Verdict.OK, "arrived 358 s ago, 2.5 s to its card", ""),
        ({}, Verdict.OK, "none yet", ""),
        (
            {**ARRIVED, "missed": 1, "reason": "not_shown"},
            Verdict.WARNING,
            "1 missed in a row: not_shown; the last to come arrived 358 s ago",
            "--function distribution",
        ),
        (
            {"missed": 3, "reason": "not_accepted", "trouble": "unavailable: it answered 503"},
            Verdict.FAILING,
            "3 missed in a row: not_accepted, unavailable: it answered 503; the last to come none",
            "--function reception",
        ),
        (
            {"missed": 4, "reason": "not_recorded"},
            Verdict.FAILING,
            "4 missed in a row: not_recorded",
            "--function analysis",
        ),
        (
            {**ARRIVED, "seconds": None, "reason": "no_test_channel"},
            Verdict.WARNING,
            "no test channel",
            "secrets set slack-test-webhook",
        ),
        (
            {**ARRIVED, "sent_at": NOW - timedelta(seconds=901)},
            Verdict.FAILING,
            "stale: sent 901 s ago",
            "--function heartbeat",
        ),
    ],
)
def test_a_heartbeat_is_judged_by_how_far_it_came(
    beat: dict[str, Any], verdict: Verdict, reason: str, mend: str
) -> None:
    found = judged(beat)
    assert (found.component, found.verdict) == ("heartbeat", verdict)
    assert reason in found.reason
    assert mend in found.mend
    assert bool(found.mend) is (verdict is not Verdict.OK)


@pytest.mark.parametrize(
    ("age", "verdict"), [(899, Verdict.WARNING), (900, Verdict.FAILING)], ids=["young", "old"]
)
def test_a_stack_without_a_heartbeat_is_failing_once_it_is_old_enough(
    age: int, verdict: Verdict
) -> None:
    assert judged(None, age=age).verdict is verdict


def test_a_heartbeat_that_is_switched_off_is_worth_a_look() -> None:
    found = judged(None, state="DISABLED")
    assert found.verdict is Verdict.WARNING
    assert "HeartbeatState=ENABLED" in found.mend


def drifting(
    accepted: int,
    counted: int,
    held: dict[str, int],
    waiting: int = 0,
    critical: int = 0,
    dead: int = 0,
    nowhere: int | None = None,
) -> tuple[Finding, Client]:
    def statistics(
        Namespace: str, MetricName: str, Dimensions: list[dict[str, str]], **_: object
    ) -> dict[str, Any]:
        named = {one["Name"]: one["Value"] for one in Dimensions}
        assert Namespace == f"{telemetry.NAMESPACE}/it"
        known = {
            ("AlertsAccepted", "reception", ""): accepted,
            ("AlertsCounted", "analysis", ""): counted,
            ("AlertsNowhere", "heartbeat", ""): nowhere,
            **{("AlertsHeld", "analysis", reason): number for reason, number in held.items()},
        }
        value = known.get((MetricName, named["service"], named.get("reason", "")))
        return {"Datapoints": [] if value is None else [{"Sum": float(value)}]}

    lengths = {"q": waiting, "c": critical, "d": dead}
    sqs = {
        "get_queue_attributes": lambda QueueUrl, **_: {
            "Attributes": {"ApproximateNumberOfMessagesNotVisible": str(lengths[QueueUrl])}
        }
    }
    metrics = Client({"get_metric_statistics": statistics})
    outputs = {
        "ProcessingQueueUrl": "q",
        "CriticalProcessingQueueUrl": "c",
        "DeadLetterQueueUrl": "d",
    }
    house = stack(outputs, {"sqs": Client(sqs), "cloudwatch": metrics})
    (found,) = pulse.drift(house, FIVE_MINUTES)
    return found, metrics


@pytest.mark.parametrize(
    ("figures", "verdict"),
    [
        ({"accepted": 0, "counted": 0, "held": {}}, Verdict.OK),
        ({"accepted": 10, "counted": 8, "held": {}}, Verdict.OK),
        ({"accepted": 10, "counted": 7, "held": {}}, Verdict.FAILING),
        ({"accepted": 1000, "counted": 990, "held": {}}, Verdict.OK),
        ({"accepted": 1000, "counted": 989, "held": {}}, Verdict.FAILING),
        ({"accepted": 10, "counted": 0, "held": {"duplicate": 8, "stale": 2}}, Verdict.OK),
        ({"accepted": 10, "counted": 0, "held": {"silenced": 10}}, Verdict.FAILING),
        (
            {"accepted": 10, "counted": 0, "held": {}, "waiting": 5, "critical": 1, "dead": 4},
            Verdict.OK,
        ),
        ({"accepted": 10, "counted": 30, "held": {}}, Verdict.OK),
    ],
)
def test_accepted_alerts_that_are_nowhere_are_drift(
    figures: dict[str, Any], verdict: Verdict
) -> None:
    found, metrics = drifting(**figures)
    assert (found.component, found.verdict) == ("drift", verdict)
    asked = metrics.asked("get_metric_statistics")
    assert {one["EndTime"] - one["StartTime"] for one in asked} == {timedelta(hours=1)}
    if verdict is Verdict.FAILING:
        gone = figures["accepted"] - figures["counted"]
        assert found.reason.startswith(f"{gone} alerts are nowhere: ")
        assert "--function analysis" in found.mend


def test_one_alert_that_is_nowhere_is_told_although_a_thousand_are_not() -> None:
    assert drifting(1000, 999, {}, nowhere=0)[0].verdict is Verdict.OK
    found, _ = drifting(1000, 999, {}, nowhere=1)
    assert found.verdict is Verdict.FAILING
    assert found.reason.startswith("1 alerts did not answer the roll call: ")
    assert found.mend == "scripts/responder reconcile --since 24h --stack it"
