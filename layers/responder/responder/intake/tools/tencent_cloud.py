"""Tencent Cloud Observability Platform's alarm callback.

https://www.tencentcloud.com/document/product/248/38926

``alarmStatus`` 1 is an alarm, 0 its recovery, 2 that data is missing.
"""

from collections.abc import Mapping, Sequence

from responder.alert import Scope, Status
from responder.intake.draft import Draft, Request
from responder.intake.errors import Unreadable
from responder.intake.fields import SERVICE_NAMES, first, mapping, string_map
from responder.intake.severity import default_of, read_severity
from responder.intake.times import read_time

NAME = "tencent-cloud"

_RECOVERED = "0"


def split(payload: object) -> Sequence[object]:
    """One alarm each."""
    return (payload,)


def read(element: object, whole: object, request: Request) -> Draft:
    """The alert of an alarm."""
    fields = mapping(element)
    policy, thing = mapping(fields.get("alarmPolicyInfo")), mapping(fields.get("alarmObjInfo"))
    native_id, name = first(fields, ("sessionId",)), first(policy, ("policyName",))
    if not name and not native_id:
        raise Unreadable("an alarm without a policy or a session")
    labels = string_map(thing.get("dimensions"))
    ended = first(fields, ("alarmStatus",)) == _RECOVERED
    account, region = first(thing, ("appId",)), first(thing, ("region",))
    starts_at = read_time(fields.get("firstOccurTime"))
    ends_at = read_time(fields.get("recoverTime"))
    resource = first(labels, ("objName", "unInstanceId", "objId")) or "/".join(labels.values())
    told = read_severity(first(policy, ("severity", "level")))
    return Draft(
        source=NAME,
        fingerprint=f"{account}/{region}/{native_id or f'{name}/{resource}'}",
        native_id=native_id,
        title=name or native_id,
        message=_condition(policy),
        rule=name,
        severity=told or default_of(NAME),
        status=Status.RESOLVED if ended else Status.FIRING,
        service=first(labels, SERVICE_NAMES) or first(thing, ("namespace",)),
        resource=resource,
        scope=Scope(account=account, region=region),
        labels=labels,
        happened_at=ends_at if ended else starts_at,
        starts_at=starts_at,
        ends_at=ends_at,
        raw=fields,
    )


def _condition(policy: Mapping[str, object]) -> str:
    conditions = mapping(policy.get("conditions"))
    what = first(conditions, ("metricShowName", "metricName", "productShowName", "eventShowName"))
    names = ("calcType", "calcValue", "calcUnit")
    limit = " ".join(text for name in names if (text := first(conditions, (name,))))
    value = first(conditions, ("currentValue", "alarmValue"))
    return f"{what} {limit}".strip() + (f", value {value}" if value else "")
