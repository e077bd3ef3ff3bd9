"""CloudWatch alarms that look at their own metric, by the clock, and tell EventBridge."""

import json
import time
import uuid
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from ministack.core.responses import get_account_id, get_region
from ministack.services import cloudwatch, eventbridge
from ministack.services.cloudformation import provisioners

from local_stack.patches.background import scoped

_BREACHES: Mapping[str, Callable[[float, float], bool]] = {
    "GreaterThanOrEqualToThreshold": lambda value, threshold: value >= threshold,
    "GreaterThanThreshold": lambda value, threshold: value > threshold,
    "LessThanThreshold": lambda value, threshold: value < threshold,
    "LessThanOrEqualToThreshold": lambda value, threshold: value <= threshold,
}


def evaluate_by_dimensions() -> None:
    """An alarm reads every metric of its name, whatever the dimensions, and never recovers.

    One function's error flips the alarms of all functions, and without new data the state stays
    for ever.
    """
    cloudwatch._evaluate_alarm = _evaluate


def state_changes_reach_eventbridge() -> None:
    """A state change reaches SNS only; rules for "CloudWatch Alarm State Change" never fire."""
    dispatch = cloudwatch._dispatch_alarm_actions

    def and_event(alarm: dict[str, Any], old: str, new: str, reason: str) -> None:
        dispatch(alarm, old, new, reason)
        eventbridge._put_events({"Entries": [_event(alarm, old, reason)]}, allow_aws_source=True)

    cloudwatch._dispatch_alarm_actions = and_event


def accept_expressions() -> None:
    """A stack with an alarm over a metric expression cannot be created at all.

    The alarm is kept, and stays without data: the emulator cannot compute expressions.
    """
    record = provisioners._cw_metric_alarm_record

    def without_expression(name: str, properties: dict[str, Any]) -> dict[str, Any]:
        if "Metrics" not in properties:
            return dict(record(name, properties))
        plain = {key: value for key, value in properties.items() if key != "Metrics"}
        alarm = record(name, {**plain, "Namespace": "Expression", "MetricName": "Expression"})
        return {**alarm, "Namespace": "", "MetricName": ""}

    provisioners._cw_metric_alarm_record = without_expression


def evaluate_all() -> None:
    """Alarms are looked at only when a metric is put, not when time passes."""
    for _, alarm in scoped(cloudwatch._alarms):
        _evaluate(alarm)


def _evaluate(alarm: dict[str, Any]) -> None:
    if not alarm.get("Namespace") or alarm.get("ComparisonOperator") not in _BREACHES:
        return
    new, reason = _state(alarm)
    old = alarm["StateValue"]
    if new == old:
        return
    alarm.update(StateValue=new, StateReason=reason, StateUpdatedTimestamp=int(time.time()))
    cloudwatch._record_history(alarm["AlarmName"], old, new, reason)
    cloudwatch._dispatch_alarm_actions(alarm, old, new, reason)
    cloudwatch._evaluate_parent_alarms(alarm)


def _state(alarm: Mapping[str, Any]) -> tuple[str, str]:
    periods = int(alarm.get("EvaluationPeriods") or 1)
    needed = int(alarm.get("DatapointsToAlarm") or periods)
    missing = alarm.get("TreatMissingData") or "missing"
    values = [_value(alarm, back) for back in range(periods)]
    present = [value for value in values if value is not None]
    if not present and missing in ("missing", "ignore"):
        state = "INSUFFICIENT_DATA" if missing == "missing" else alarm["StateValue"]
        return state, "no datapoints were received"
    breaches = _BREACHES[alarm["ComparisonOperator"]]
    threshold = alarm.get("Threshold") or 0
    bad = sum(1 for value in present if breaches(value, threshold))
    if missing == "breaching":
        bad += periods - len(present)
    reason = f"{bad} of {periods} datapoints {present} crossed the threshold {threshold}"
    return ("ALARM" if bad >= needed else "OK"), reason


def _value(alarm: Mapping[str, Any], back: int) -> float | None:
    """The alarm's statistic over its ``back``-th last period, None without data."""
    dimensions = {d["Name"]: d["Value"] for d in alarm.get("Dimensions") or []}
    key = (alarm["Namespace"], alarm["MetricName"], cloudwatch._dims_key(dimensions))
    period = int(alarm.get("Period") or 60)
    end = time.time() - back * period
    points = [
        point
        for point in list(cloudwatch._metrics.get(key) or [])
        if end - period <= point["Timestamp"] < end
    ]
    if not points:
        return None
    statistic = alarm.get("ExtendedStatistic") or alarm.get("Statistic") or "Average"
    value = cloudwatch._stat_value(cloudwatch._calc_stats(points), statistic, points)
    return None if value is None else float(value)


def _event(alarm: Mapping[str, Any], old: str, reason: str) -> dict[str, Any]:
    name = alarm["AlarmName"]
    moment = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "+0000"
    metric = {
        "namespace": alarm.get("Namespace", ""),
        "name": alarm.get("MetricName", ""),
        "dimensions": {d["Name"]: d["Value"] for d in alarm.get("Dimensions") or []},
    }
    detail = {
        "alarmName": name,
        "state": {"value": alarm["StateValue"], "reason": reason, "timestamp": moment},
        "previousState": {"value": old, "timestamp": moment},
        "configuration": {
            "description": alarm.get("AlarmDescription") or "",
            "metrics": [
                {
                    "id": str(uuid.uuid4()),
                    "metricStat": {
                        "metric": metric,
                        "period": alarm.get("Period", 60),
                        "stat": alarm.get("Statistic") or "Average",
                    },
                    "returnData": True,
                }
            ],
        },
    }
    return {
        "Source": "aws.cloudwatch",
        "DetailType": "CloudWatch Alarm State Change",
        "Detail": json.dumps(detail),
        "Resources": [f"arn:aws:cloudwatch:{get_region()}:{get_account_id()}:alarm:{name}"],
    }
