"""The heartbeat runs where it is wanted, its silence is told, and drift is computed rightly."""

from typing import Any

import pytest

from responder.adapters.front_door import TIMEOUT_SECONDS
from responder.errors import Reason
from template import deployed
from template.deployed import Json, resources, stack

ALARMS = "AWS::CloudWatch::Alarm"


def test_it_beats_every_five_minutes_where_it_is_wanted() -> None:
    rule = resources("AWS::Events::Rule")["HeartbeatFunctionBeat"]
    assert rule["ScheduleExpression"] == "rate(5 minutes)"
    assert rule["State"] == {"Ref": "HeartbeatState"}
    wanted = {name: deployed.parameters(name)["HeartbeatState"] for name in deployed.ENVIRONMENTS}
    assert wanted == {
        "local": "DISABLED",
        "dev": "ENABLED",
        "staging": "ENABLED",
        "prod": "ENABLED",
    }


def test_a_late_beat_is_dropped() -> None:
    config = resources("AWS::Lambda::EventInvokeConfig")["HeartbeatFunctionEventInvokeConfig"]
    assert (config["MaximumEventAgeInSeconds"], config["MaximumRetryAttempts"]) == (60, 0)


def test_it_waits_longer_than_the_front_door_takes_to_give_up() -> None:
    assert resources("AWS::Lambda::Function")["HeartbeatFunction"]["Timeout"] > TIMEOUT_SECONDS + 15


def test_its_silence_is_an_alarm_after_a_quarter_of_an_hour_and_only_where_it_beats() -> None:
    missing = stack()["Resources"]["HeartbeatMissing"]
    assert missing["Condition"] == "HasHeartbeat"
    assert missing["DependsOn"] == "HeartbeatFunctionBeat"
    alarm = missing["Properties"]
    assert alarm["TreatMissingData"] == "breaching"
    assert alarm["Period"] * alarm["EvaluationPeriods"] == 900
    assert alarm["DatapointsToAlarm"] == alarm["EvaluationPeriods"]
    assert (alarm["Statistic"], alarm["ComparisonOperator"]) == ("Sum", "LessThanThreshold")
    assert (alarm["MetricName"], alarm["Threshold"]) == ("HeartbeatArrived", 1)


def drift() -> Json:
    return resources(ALARMS)["Drift"]


def measured() -> dict[str, Json]:
    return {m["Id"]: m["MetricStat"] for m in drift()["Metrics"] if "MetricStat" in m}


def share(**values: float | None) -> float:
    """The alarm's expressions as CloudWatch computes them; None is a metric without data."""
    known: dict[str, Any] = {
        **dict.fromkeys(measured()),
        **values,
        "FILL": lambda value, otherwise: otherwise if value is None else value,
        "IF": lambda condition, yes, no: yes if condition else no,
    }
    for metric in drift()["Metrics"]:
        if "Expression" in metric:
            known[metric["Id"]] = eval(metric["Expression"], {}, known)  # noqa: S307 - ours
    (returned,) = (m["Id"] for m in drift()["Metrics"] if m.get("ReturnData", True))
    return float(known[returned])


@pytest.mark.parametrize(
    ("values", "alarms"),
    [
        ({}, False),
        ({"accepted": 500, "counted": 500}, False),
        ({"accepted": 500, "counted": 495}, False),
        ({"accepted": 500, "counted": 490}, True),
        ({"accepted": 3, "counted": None}, True),
        ({"accepted": None, "counted": 40}, False),
        ({"accepted": 100, "counted": 60, "duplicate": 20, "stale": 10, "unopened": 10}, False),
        ({"accepted": 100, "counted": 20, "waiting": 70, "inwork": 10}, False),
        ({"accepted": 100, "counted": 20, "waiting": 70, "inwork": 5}, True),
        ({"accepted": 100, "counted": 20, "criticalwaiting": 70, "criticalinwork": 10}, False),
        ({"accepted": 100, "counted": 90, "dead": 10}, False),
    ],
)
def test_what_is_accepted_must_be_counted_held_waiting_or_dead(
    values: dict[str, float | None], alarms: bool
) -> None:
    assert (share(**values) > drift()["Threshold"]) is alarms


def test_drift_counts_each_held_alert_that_is_not_counted_and_no_other() -> None:
    # An alert that is counted on a held incident (silenced, in a storm) is counted twice, not lost.
    held = {
        dimension["Value"]
        for one in measured().values()
        for dimension in one["Metric"]["Dimensions"]
        if one["Metric"]["MetricName"] == "AlertsHeld" and dimension["Name"] == "reason"
    }
    assert held == {Reason.DUPLICATE, Reason.STALE, Reason.RESOLVE_WITHOUT_FIRING}


def test_drift_is_within_what_cloudwatch_allows_and_looks_at_equal_periods() -> None:
    # https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html
    assert len(measured()) <= 10
    assert {one["Period"] for one in measured().values()} == {900}
    assert drift()["DatapointsToAlarm"] == 2
    queues = [one for one in measured().values() if one["Metric"]["Namespace"] == "AWS/SQS"]
    assert {one["Stat"] for one in queues} == {"Maximum"}


def test_a_roll_that_nobody_calls_is_told_within_half_an_hour() -> None:
    silent = stack()["Resources"]["RollCallSilent"]
    alarm = silent["Properties"]
    assert (alarm["MetricName"], alarm["Statistic"]) == ("AlertsCalled", "SampleCount")
    assert alarm["Period"] * alarm["EvaluationPeriods"] == 1_800
    assert (alarm["ComparisonOperator"], alarm["Threshold"]) == ("LessThanThreshold", 1)
    assert alarm["TreatMissingData"] == "breaching"
    assert silent["DependsOn"] == "HeartbeatFunctionBeat"
