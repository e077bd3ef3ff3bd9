"""OpenSearch Alerting: the message of an action is a template, and may be JSON or prose.

https://docs.opensearch.org/latest/observing-your-data/alerting/actions/

Understood are ``ctx`` as it is, bodies with the usual names of its fields, and the prose that
OpenSearch proposes. Resolved is what has the state COMPLETED, or is among ``completedAlerts``.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

from responder.alert import Severity, Status
from responder.intake.draft import Draft, Request
from responder.intake.errors import Unreadable
from responder.intake.fields import first, mapping, place_of, sequence, string_map, tag_map
from responder.intake.severity import default_of, read_severity
from responder.intake.times import read_time

NAME = "opensearch"

_LISTS = ("newAlerts", "dedupedAlerts", "completedAlerts", "alerts")
#: How the prose begins, and what follows the monitor's name in it.
PROSE = ("Monitor ", " just entered alert status")
_RESOLVED = frozenset({"completed", "resolved", "recovered", "ok", "deleted"})
# https://docs.opensearch.org/latest/observing-your-data/alerting/triggers/ : 1 is the highest.
_SEVERITIES = dict(zip("12345", Severity, strict=True))
_MAX_LINES = 200

Fields = Mapping[str, object]


def split(payload: object) -> Sequence[object]:
    """The alerts of a trigger that runs for each bucket, else the one of the whole."""
    context = mapping(mapping(payload).get("ctx")) or mapping(payload)
    found = [item for name in _LISTS for item in sequence(context.get(name))]
    return found if found and all(isinstance(item, dict) for item in found) else (payload,)


def read(element: object, whole: object, request: Request) -> Draft:
    """The alert of a trigger."""
    text = element if isinstance(element, str) else first(mapping(element), ["text", "content"])
    if is_prose(text):
        return _draft(_of_prose(text), {}, "", request, element)
    body = mapping(whole)
    context = mapping(body.get("ctx")) or body
    alert = mapping(element) if element is not whole else {}
    completed = any(item is element for item in sequence(context.get("completedAlerts")))
    return _draft(context, alert, "completed" if completed else "", request, element)


def is_prose(text: str) -> bool:
    """Whether it is the message that OpenSearch proposes."""
    begin, then = PROSE
    return text.startswith(begin) and then in text[:500]


def _draft(context: Fields, alert: Fields, state: str, request: Request, raw: object) -> Draft:
    monitor, trigger = mapping(context.get("monitor")), mapping(context.get("trigger"))
    monitor_name = first(monitor, ["name"]) or first(
        context, ("monitor_name", "monitorName", "monitor")
    )
    trigger_name = first(trigger, ["name"]) or first(
        context, ("trigger_name", "triggerName", "trigger")
    )
    if not monitor_name and not trigger_name:
        raise Unreadable("neither a monitor nor a trigger")
    monitor_id = first(monitor, ("id", "_id")) or first(context, ("monitor_id", "monitorId"))
    trigger_id = first(trigger, ("id",)) or first(context, ("trigger_id", "triggerId"))
    keys = first(alert, ("bucket_keys", "bucketKeys")) or ",".join(
        map(str, sequence(alert.get("bucket_keys")))
    )
    status = _status(state, alert, context)
    over = status is Status.RESOLVED
    labels = tag_map(context.get("labels")) | tag_map(context.get("tags"))
    labels |= string_map({"monitor": monitor_name, "trigger": trigger_name, "bucket": keys})
    place = place_of(labels)
    return Draft(
        source=NAME,
        fingerprint="/".join(
            (monitor_id or monitor_name, trigger_id or trigger_name, keys or first(alert, ["id"]))
        ),
        native_id=first(alert, ["id"]) or trigger_id,
        title=": ".join(part for part in (monitor_name, trigger_name, keys) if part),
        message=first(context, ("message", "description", "text", "error")),
        rule=trigger_name or monitor_name,
        severity=_severity(trigger, alert, context, labels),
        status=status,
        service=place.service,
        resource=place.resource or keys,
        scope=place.scope,
        labels=labels,
        links={"source": first(context, ("url", "link"))},
        happened_at=_time(alert, ("end_time", "endTime"), context) if over
        else _time(alert, ("start_time", "startTime", "last_notification_time"), context),
        starts_at=_time(alert, ("start_time", "startTime"), {} if over else context),
        ends_at=_time(alert, ("end_time", "endTime"), context),
        delivery_id=request.delivery_id,
        raw=raw,
    )  # fmt: skip


def _status(state: str, alert: Fields, context: Fields) -> Status:
    names = ("state", "status", "alert_state", "alertState")
    word = state or first(alert, names) or first(context, names)
    word = word or first(mapping(context.get("alert")), names)
    return Status.RESOLVED if word.lower() in _RESOLVED else Status.FIRING


def _severity(trigger: Fields, alert: Fields, context: Fields, labels: Fields) -> Severity:
    word = first(trigger, ["severity"]) or first(alert, ["severity"])
    word = word or first(context, ("severity", "trigger_severity", "priority"))
    word = word or first(labels, ("severity", "priority"))
    return _SEVERITIES.get(word) or read_severity(word) or default_of(NAME)


_PERIOD = ("periodEnd", "period_end", "timestamp", "time", "@timestamp", "periodStart",
           "period_start")  # fmt: skip


def _time(alert: Fields, names: Sequence[str], context: Fields) -> datetime | None:
    return read_time(first(alert, names)) or read_time(first(context, _PERIOD))


def _of_prose(text: str) -> dict[str, object]:
    begin, then = PROSE
    name = text[len(begin) : text.index(then)]
    fields: dict[str, object] = {"monitor_name": name, "message": text}
    for line in text.splitlines()[:_MAX_LINES]:
        label, _, value = line.strip(" -*\t").partition(":")
        key = label.strip().lower().replace(" ", "_")
        if key in ("trigger", "severity", "period_start", "period_end") and value.strip():
            fields[key] = value.strip()
    return fields
