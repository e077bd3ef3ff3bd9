"""Coralogix: the generic outbound webhook, whose template is an object with a list of ``fields``.

https://coralogix.com/docs/user-guides/alerting/outbound-webhooks/generic-outbound-webhooks-alert-webhooks/

Resolved is ``alert_action`` ``resolve``.
"""

from collections.abc import Mapping, Sequence

from responder.alert import Status
from responder.intake.draft import Draft, Request
from responder.intake.errors import Unreadable
from responder.intake.fields import first, mapping, scope_of, sequence, tag_map
from responder.intake.severity import default_of, read_severity
from responder.intake.states import status_by, words
from responder.intake.times import read_time

NAME = "coralogix"

_ACTIONS = words("trigger triggered trigger_reminder acknowledge update", "resolve resolved")
_TIMES = ("timestampMs", "timestampISO", "timestamp")
_LABELS = ("team", "application", "subsystem", "computer", "category", "threadId", "companyId")
_GROUPS = ("Group-by Value1", "Group-by Value2", "alertGroupByValues", "groupByValue1",
           "groupByValue2")  # fmt: skip


def split(payload: object) -> Sequence[object]:
    """One alert each."""
    return (payload,)


def read(element: object, whole: object, request: Request) -> Draft:
    """The alert of a notification."""
    body = mapping(element)
    fields = _fields(body)
    name = first(fields, ("name", "alert_name"))
    number = first(fields, ("alert_id", "alertUniqueIdentifier", "uuid"))
    if not name or "alert_action" not in body:
        raise Unreadable("an alert without a name or an action")
    status = status_by(_ACTIONS, first(fields, ["alert_action"]))
    at = next((at for key in _TIMES if (at := read_time(fields.get(key)))), None)
    groups = "|".join(value for key in _GROUPS if (value := first(fields, [key])))
    meta = tag_map(fields.get("metaLabelsList")) | tag_map(first(fields, ["metaLabels"]))
    severity = next((found for word in ("priority", "severity") if (found := read_severity(
        first(fields, [word])))), None)  # fmt: skip
    return Draft(
        source=NAME,
        fingerprint=first(fields, ["dedupKey"]) or f"{number or name}/{groups}",
        native_id=number,
        title=name,
        message=_message(fields),
        rule=name,
        severity=severity or read_severity(first(meta, ("severity",))) or default_of(NAME),
        status=status,
        service=first(fields, ("service", "application")),
        resource=first(fields, ("computer", "subsystem")),
        scope=scope_of(meta),
        labels={key: text for key in _LABELS if (text := first(fields, [key]))} | meta,
        links={link: url for link, key in (("source", "alert_url"), ("logs", "log_url"))
               if (url := first(fields, [key]))},
        happened_at=at,
        starts_at=at if status is Status.FIRING else None,
        ends_at=at,
        delivery_id=request.delivery_id,
        raw=element,
    )  # fmt: skip


def _fields(body: Mapping[str, object]) -> Mapping[str, object]:
    """The body with its list of fields as names, without the placeholders that were not filled."""
    fields = dict(body)
    for item in sequence(body.get("fields")):
        pair = mapping(item)
        key, value = pair.get("key"), pair.get("value")
        if isinstance(key, str) and not _is_placeholder(value):
            fields.setdefault(key, value)
    return fields


def _is_placeholder(value: object) -> bool:
    return isinstance(value, str) and (
        value == "null" or (value.startswith("*") and value.endswith("*"))
    )


def _message(fields: Mapping[str, object]) -> str:
    hits = first(fields, ["hitCount"])
    parts = (first(fields, ["description"]), first(fields, ["text"]),
             f"{hits} hits" if hits else "")  # fmt: skip
    return "\n".join(part for part in parts if part)
