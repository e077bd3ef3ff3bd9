"""Alibaba Cloud Monitor's alert callback, as a form or as JSON.

https://www.alibabacloud.com/help/en/cms/user-guide/use-the-alert-callback-feature

``OK`` ends an alert; ``INSUFFICIENT_DATA`` says neither that it fires nor that it is over.
"""

from collections.abc import Mapping, Sequence

from responder.alert import Scope, Severity, Status
from responder.intake.draft import Draft, Request
from responder.intake.errors import Unreadable
from responder.intake.fields import first, mapping, string_map
from responder.intake.severity import default_of, read_severity
from responder.intake.text import as_text
from responder.intake.times import read_time

NAME = "alibaba-cloud"

_NO_DATA = "INSUFFICIENT_DATA"


def split(payload: object) -> Sequence[object]:
    """One alert each."""
    return (payload,)


def read(element: object, whole: object, request: Request) -> Draft:
    """The alert of a callback."""
    fields = mapping(element)
    name, state = first(fields, ("alertName",)), first(fields, ("alertState",)).upper()
    if not name or not state:
        raise Unreadable("an alert without a name or a state")
    labels = _dimensions(fields.get("dimensions"))
    ended, no_data = state == "OK", state == _NO_DATA
    at = read_time(fields.get("timestamp"))
    owner, region = first(fields, ("userId",)), first(fields, ("regionId", "regionName"))
    rule = first(fields, ("ruleId",)) or name
    resource = first(fields, ("instanceName",)) or first(labels, ("instanceId",))
    told = first(fields, ("preTriggerLevel" if ended else "triggerLevel", "triggerLevel"))
    return Draft(
        source=NAME,
        fingerprint="/".join((owner, region, rule, *labels.values()))
        + ("#no-data" if no_data else ""),
        native_id=rule,
        title=f"{name}: insufficient data" if no_data else name,
        message=_measured(fields),
        rule=name,
        severity=Severity.INFO if no_data else read_severity(told) or default_of(NAME),
        status=Status.RESOLVED if ended else Status.FIRING,
        service=first(fields, ("namespace", "metricProject")),
        resource=resource,
        scope=Scope(account=owner, region=region),
        labels=labels | {"metric": first(fields, ("metricName",))},
        happened_at=at,
        starts_at=None if ended else at,
        ends_at=at,
        raw=fields,
    )


def _dimensions(value: object) -> dict[str, str]:
    """An object, or its text in the manner of Java: ``{instanceId=i-1, userId=2}``."""
    if isinstance(value, dict):
        return string_map(value)
    pairs = as_text(value).strip("{}").split(",")
    named = (pair.strip().partition("=") for pair in pairs)
    return {name: text for name, equals, text in named if name and equals and text}


def _measured(fields: Mapping[str, object]) -> str:
    parts = (("Metric", "metricName"), ("Value", "curValue"), ("Rule", "expression"))
    return "\n".join(f"{name}: {text}" for name, key in parts if (text := first(fields, (key,))))
