"""LibreNMS: the API transport with our template, or another of LibreNMS' own field names.

https://docs.librenms.org/Alerting/Transports/#api
https://docs.librenms.org/Alerting/Templates/

``state`` 0 is recovered; 1 alert, 2 acknowledged, 3 worse, 4 better and 5 changed are open. The
device and the rule identify an alert: ``id`` and ``uid`` are of one entry of its log.
"""

from collections.abc import Mapping, Sequence

from responder.alert import Status
from responder.intake.draft import Draft, Request
from responder.intake.errors import Unreadable
from responder.intake.fields import first, mapping, place_of
from responder.intake.severity import default_of, read_severity
from responder.intake.times import read_time

NAME = "librenms"

_OVER = frozenset({"0", "ok", "recovered", "recovery", "resolved"})
_LABELS = ("os", "hardware", "type", "location", "sysName", "display", "ip")


def split(payload: object) -> Sequence[object]:
    """One alert each."""
    return (payload,)


def read(element: object, whole: object, request: Request) -> Draft:
    """An alert of a rule on a device, or its recovery."""
    fields = mapping(element)
    device = first(fields, ("hostname", "sysName", "display", "host", "device", "device_id"))
    rule, title = _rule(fields), first(fields, ("title",))
    if not rule and not title:
        raise Unreadable("neither a rule nor a title")
    state = first(fields, ("state", "alert_state")).lower()
    said = first(fields, ("severity",)).lower()
    is_over = state in _OVER if state else said in _OVER
    labels = _labels(fields)
    place = place_of(labels)
    at = read_time(fields.get("timestamp"))
    about = first(fields, ("rule_id",)) or rule or first(fields, ("alert_id",))
    identity = f"{first(fields, ('device_id',)) or device}/{about or title}"
    return Draft(
        source=NAME,
        fingerprint=identity,
        native_id=identity,
        title=(f"{rule} on {device}" if device else rule) or title,
        message=first(fields, ("msg", "message")) or title,
        rule=rule,
        severity=(None if said in _OVER else read_severity(said)) or default_of(NAME),
        status=Status.RESOLVED if is_over else Status.FIRING,
        service=place.service or device,
        resource=device,
        scope=place.scope,
        labels=labels,
        links={
            "alert": first(fields, ("url", "alert_url", "link")),
            "runbook": first(fields, ("proc",)),
        },
        happened_at=at,
        starts_at=None if is_over else at,
        ends_at=at,
        delivery_id=first(fields, ("uid",)) if at is None else "",
        raw=element,
    )


def _rule(fields: Mapping[str, object]) -> str:
    """A rule's name; LibreNMS' own ``rule`` is its condition, a template's may be the name."""
    name = first(fields, ("name", "rule_name", "rule"))
    return "" if name.startswith("{") else name


def _labels(fields: Mapping[str, object]) -> dict[str, str]:
    return {name: text for name in _LABELS if (text := first(fields, (name,)))}
