"""Sysdig Monitor's webhook, which IBM Cloud Monitoring sends, too.

https://docs.sysdig.com/en/docs/sysdig-monitor/alerts/notification-channels/configure-a-webhook-channel/
https://cloud.ibm.com/docs/monitoring?topic=monitoring-webhook_notification

``resolved`` or the state ``OK`` ends an alert. Each segment of the scope is an alert of its own.
"""

from collections.abc import Mapping, Sequence

from responder.alert import Severity, Status
from responder.intake.draft import Draft, Request
from responder.intake.errors import Unreadable
from responder.intake.fields import (
    SERVICE_NAMES,
    first,
    mapping,
    scope_of,
    sequence,
    string_map,
)
from responder.intake.severity import default_of, read_severity
from responder.intake.times import read_time

NAME = "sysdig"

# High is 0 or 1, medium 2 or 3, low 4 or 5, info 6 or 7:
# https://docs.sysdig.com/en/docs/sysdig-monitor/alerts/alerts-configuration/
_SEVERITIES = (
    Severity.HIGH, Severity.HIGH, Severity.MEDIUM, Severity.MEDIUM,
    Severity.LOW, Severity.LOW, Severity.INFO, Severity.INFO,
)  # fmt: skip
_ENDS = frozenset({"ok", "resolved"})
_RESOURCES = ("host_hostname", "host.hostName", "kubernetes.pod.name", "kubernetes.node.name")


def split(payload: object) -> Sequence[object]:
    """One alert each."""
    return (payload,)


def read(element: object, whole: object, request: Request) -> Draft:
    """The alert of a notification."""
    fields = mapping(element)
    alert, event = mapping(fields.get("alert")), mapping(fields.get("event"))
    name, state = first(alert, ("name",)), first(fields, ("state",)).lower()
    if not name:
        raise Unreadable("an alert without a name")
    entity = mapping(next(iter(sequence(fields.get("entities"))), None))
    segment = first(entity, ("entity",)) or first(alert, ("scope",))
    labels = {**string_map(fields.get("labels")), **string_map(entity.get("labels"))}
    ended = fields.get("resolved") is True or state in _ENDS
    at = read_time(fields.get("timestamp"))
    rule = first(alert, ("id",)) or name
    return Draft(
        source=NAME,
        fingerprint=f"{rule}/{segment}",
        native_id=rule,
        title=name,
        message=_message(fields, alert, entity),
        rule=name,
        severity=_severity(alert),
        status=Status.RESOLVED if ended else Status.FIRING,
        service=first(labels, SERVICE_NAMES),
        resource=first(labels, _RESOURCES) or segment,
        scope=scope_of(labels),
        labels=labels,
        links={"source": first(event, ("url",)), "alert": first(alert, ("editUrl",))},
        happened_at=at,
        starts_at=None if ended else at,
        ends_at=at,
        raw=fields,
    )


def _severity(alert: Mapping[str, object]) -> Severity:
    if told := read_severity(first(alert, ("severityLabel",))):
        return told
    number = first(alert, ("severity",))
    if len(number) == 1 and number in "01234567":
        return _SEVERITIES[int(number)]
    return read_severity(number) or default_of(NAME)


def _message(
    fields: Mapping[str, object], alert: Mapping[str, object], entity: Mapping[str, object]
) -> str:
    values = [mapping(value) for value in sequence(entity.get("metricValues"))]
    measured = [f"{first(value, ('metric',))}: {first(value, ('value',))}" for value in values[:10]]
    parts = (first(alert, ("description",)), first(fields, ("condition",)), *measured)
    return "\n".join(part for part in parts if part)
