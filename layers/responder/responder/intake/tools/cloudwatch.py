"""CloudWatch alarms, as SNS, EventBridge and the alarms' own Lambda action carry them.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch-and-eventbridge.html
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-actions-Lambda.html

All ways give the same alert. ``INSUFFICIENT_DATA`` neither fires nor resolves its alarm: it is an
INFO alert of its own, with its own fingerprint, so that an alarm that stands keeps standing.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple
from urllib.parse import quote

from responder.alert import Scope, Severity, Status
from responder.intake.aws import arn_part, console, first_arn
from responder.intake.draft import Draft, Request
from responder.intake.errors import NotAnAlert, Unreadable
from responder.intake.fields import first, mapping, scope_of, sequence, string_map
from responder.intake.severity import default_of, read_severity
from responder.intake.times import read_time, whole_milliseconds

NAME = "cloudwatch"

_NO_DATA = "INSUFFICIENT_DATA"
_STATES = {"ALARM": Status.FIRING, "OK": Status.RESOLVED, _NO_DATA: Status.FIRING}
# Dimensions that name what an alarm watches, the most telling first.
_SERVICE_DIMENSIONS = (
    "ServiceName", "Service", "FunctionName", "QueueName", "TableName", "DBClusterIdentifier",
    "DBInstanceIdentifier", "CacheClusterId", "ApiName", "ApiId", "TargetGroup", "LoadBalancer",
    "StreamName", "TopicName", "StateMachineArn", "BucketName", "AutoScalingGroupName",
    "ClusterName",
)  # fmt: skip
_RESOURCE_DIMENSIONS = (
    "InstanceId",
    "VolumeId",
    "TaskId",
    "CacheNodeId",
    "LoadBalancer",
    "Resource",
)
_MAX_CHILDREN = 10
# What an alarm's name says of its severity. A "high" in it is rather the CPU's.
_WORD = re.compile(r"[a-z]+[0-9]*")
_RANK = re.compile(r"(?:p|sev)[0-5]")
_TELLING = frozenset({"critical", "crit", "warning", "warn"})
_LONGEST_NAME = 255
_NO_ATTRIBUTES: Mapping[str, str] = {}
# An event of this kind carries the state, too, but tells of an edit.
_EDITED = "CloudWatch Alarm Configuration Change"


class _Alarm(NamedTuple):
    """An alarm's state change, whichever way it came.

    ``contributor`` is the time series of an alarm that watches several, each with a state of its
    own; empty for the alarm as a whole.
    """

    name: str
    arn: str
    account: str
    region: str
    state: str
    reason: str
    at: datetime | None
    description: str
    rule: str
    metrics: Sequence[object]
    children: Sequence[object] = ()
    contributor: str = ""
    attributes: Mapping[str, str] = _NO_ATTRIBUTES


def split(payload: object) -> Sequence[object]:
    """One state change each."""
    return (payload,)


def read(element: object, whole: object, request: Request) -> Draft:
    """The alert of a state change."""
    alarm = _alarm(mapping(element))
    if not alarm.name or alarm.state not in _STATES:
        raise Unreadable("an alarm without a name or a known state")
    no_data = alarm.state == _NO_DATA
    status = _STATES[alarm.state]
    at = whole_milliseconds(alarm.at)
    labels = _labels(alarm) | ({"state": _NO_DATA} if no_data else {})
    identity = alarm.arn or f"{alarm.account}/{alarm.region}/{alarm.name}"
    if alarm.contributor:
        identity = f"{identity}#{alarm.contributor}"
    return Draft(
        source=NAME,
        fingerprint=f"{identity}#no-data" if no_data else identity,
        native_id=identity,
        title=f"{alarm.name}: insufficient data" if no_data else alarm.name,
        message=_message(alarm),
        rule=alarm.name,
        severity=Severity.INFO if no_data else _severity(alarm.name),
        status=status,
        service=first(labels, _SERVICE_DIMENSIONS) or labels.get("namespace", ""),
        resource=first(labels, _RESOURCE_DIMENSIONS) or first(labels, _SERVICE_DIMENSIONS),
        scope=_scope(alarm, labels),
        labels=labels,
        links=_links(alarm),
        happened_at=at,
        starts_at=at if status is Status.FIRING else None,
        ends_at=at if status is Status.RESOLVED else None,
        raw=element,
    )


def _severity(name: str) -> Severity:
    """As teams write it into their alarms' names: ``P1-checkout-5xx``, ``disk-full-warning``."""
    words = _WORD.findall(name[:_LONGEST_NAME].lower())
    ranks = [word for word in words if _RANK.fullmatch(word)]
    ends = [word for word in (words[:1] + words[-1:]) if word in _TELLING]
    return read_severity(next(iter(ranks + ends), None)) or default_of(NAME)


def _alarm(fields: Mapping[str, object]) -> _Alarm:
    if fields.get("detail-type") == _EDITED:
        raise NotAnAlert("an alarm was edited, not triggered")
    if "detail" in fields:
        return _from_event(fields)
    return _from_action(fields) if "alarmData" in fields else _from_message(fields)


def _from_message(fields: Mapping[str, object]) -> _Alarm:
    trigger = mapping(fields.get("Trigger"))
    arn = first(fields, ["AlarmArn"])
    return _Alarm(
        name=first(fields, ["AlarmName"]) or arn_part(arn, 6),
        arn=arn,
        account=first(fields, ["AWSAccountId"]) or arn_part(arn, 4),
        # The field Region is a display name ("US East (N. Virginia)").
        region=arn_part(arn, 3) or first(fields, ["Region"]),
        state=first(fields, ["NewStateValue"]).upper(),
        reason=first(fields, ["NewStateReason"]),
        at=read_time(fields.get("StateChangeTime")),
        description=first(fields, ["AlarmDescription"]),
        rule=first(fields, ["AlarmRule"]),
        metrics=sequence(trigger.get("Metrics")) or ((trigger,) if trigger else ()),
        children=sequence(fields.get("TriggeringChildren")),
        contributor=first(fields, ["AlarmContributorId"]),
        attributes=string_map(fields.get("AlarmContributorAttributes")),
    )


def _from_event(fields: Mapping[str, object]) -> _Alarm:
    detail, account = mapping(fields["detail"]), first(fields, ["account"])
    return _from_data(detail, fields, first_arn(fields), account)


def _from_action(fields: Mapping[str, object]) -> _Alarm:
    arn = first(fields, ["alarmArn"])
    return _from_data(mapping(fields["alarmData"]), fields, arn, first(fields, ["accountId"]))


def _from_data(
    data: Mapping[str, object], fields: Mapping[str, object], arn: str, account: str
) -> _Alarm:
    state, configuration = mapping(data.get("state")), mapping(data.get("configuration"))
    contributor = mapping(data.get("alarmContributor"))
    return _Alarm(
        name=first(data, ["alarmName"]) or arn_part(arn, 6),
        arn=arn,
        account=account or arn_part(arn, 4),
        region=first(fields, ["region"]) or arn_part(arn, 3),
        state=first(state, ["value"]).upper(),
        reason=first(state, ["reason"]),
        at=read_time(state.get("timestamp")) or read_time(fields.get("time")),
        description=first(configuration, ["description"]),
        rule=first(configuration, ["alarmRule"]),
        metrics=sequence(configuration.get("metrics")),
        contributor=first(contributor, ["id"]),
        attributes=string_map(contributor.get("attributes")),
    )


def _labels(alarm: _Alarm) -> dict[str, str]:
    """Namespace, metric, expression and dimensions; of several metrics the first one's win."""
    labels: dict[str, str] = {}
    for metric in alarm.metrics:
        outer = _lower(metric)
        inner = _lower(_lower(outer.get("metricstat")).get("metric")) or outer
        found = {
            "namespace": first(inner, ["namespace"]),
            "metric_name": first(inner, ["metricname", "name"]),
            "expression": first(outer, ["expression"]),
            **_dimensions(inner.get("dimensions")),
        }
        labels = {name: text for name, text in found.items() if text} | labels
    return {**labels, **alarm.attributes}


def _lower(value: object) -> dict[str, object]:
    """The object with lower-case names: SNS writes MetricName, EventBridge metricName."""
    return {str(name).lower(): item for name, item in mapping(value).items()}


def _dimensions(value: object) -> dict[str, str]:
    if isinstance(value, dict):
        return string_map(value)
    pairs = (_lower(item) for item in sequence(value))
    return {first(pair, ["name"]): first(pair, ["value"]) for pair in pairs if pair.get("name")}


def _scope(alarm: _Alarm, labels: Mapping[str, str]) -> Scope:
    named = scope_of({name.lower(): value for name, value in labels.items()})
    cluster = named.cluster or labels.get("ClusterName", "")
    return Scope(
        account=alarm.account,
        region=alarm.region,
        cluster=cluster,
        environment=named.environment,
    )


def _message(alarm: _Alarm) -> str:
    names = [first(mapping(child), ["Arn"]) for child in alarm.children[:_MAX_CHILDREN]]
    children = ", ".join(name.rpartition(":")[2] for name in names if name)
    parts = (
        alarm.description,
        alarm.reason,
        f"Rule: {alarm.rule}" if alarm.rule else "",
        f"Triggered by: {children}" if children else "",
    )
    return "\n".join(part for part in parts if part)


def _links(alarm: _Alarm) -> dict[str, str]:
    name = quote(alarm.name, safe="", errors="replace")
    region = arn_part(alarm.arn, 3)
    path = f"cloudwatch/home?region={region}#alarmsV2:alarm/{name}"
    return {"alarm": console(region, path, arn_part(alarm.arn, 1))}
