"""Honeycomb: triggers and SLO burn alerts, by the default template of its webhooks.

https://docs.honeycomb.io/notify/webhooks/

``OK`` resolves. A trigger is one alert, whatever number of its groups triggered: its OK names no
groups. The shared secret in the body is never kept.
"""

from collections.abc import Mapping, Sequence

from responder.alert import Status
from responder.intake.draft import Draft, Request
from responder.intake.errors import Unreadable
from responder.intake.fields import (
    first,
    mapping,
    place_of,
    sequence,
    string_map,
    tag_map,
)
from responder.intake.severity import default_of, read_severity, severity_of_labels
from responder.intake.times import read_time

NAME = "honeycomb"

_RESOLVED = frozenset({"ok", "resolved"})
_MAX_GROUPS = 10


def split(payload: object) -> Sequence[object]:
    """One trigger or burn alert each."""
    return (payload,)


def read(element: object, whole: object, request: Request) -> Draft:
    """The alert of a trigger or of an SLO."""
    fields = mapping(element)
    slo = mapping(fields.get("slo"))
    own_id, name = first(fields, ("id",)), first(fields, ("name",)) or first(slo, ("name",))
    status = first(fields, ("status",)).lower()
    if not (own_id or name) or not status:
        raise Unreadable("neither a trigger nor a burn alert")
    groups = _groups(fields)
    labels = tag_map(fields.get("tags")) | {
        label: text for label in ("environment", "dataset") if (text := _named(fields, label))
    }
    everything = {**(groups[0] if len(groups) == 1 else {}), **labels}
    at = read_time(fields.get("timestamp")) or read_time(fields.get("triggered_at"))
    resolved = status in _RESOLVED
    place = place_of(everything)
    return Draft(
        source=NAME,
        fingerprint=own_id or name,
        native_id=own_id,
        title=name or first(fields, ("summary",)) or f"Honeycomb alert {own_id}",
        message=_message(fields, slo, groups),
        rule=name,
        severity=read_severity(first(fields, ("severity",)))
        or severity_of_labels(everything)
        or default_of(NAME),
        status=Status.RESOLVED if resolved else Status.FIRING,
        service=place.service or labels.get("dataset", ""),
        resource=place.resource,
        scope=place.scope,
        labels=labels,
        links={
            "source": first(fields, ("result_url", "url", "slo_url")) or first(slo, ("url",)),
            "trigger": first(fields, ("trigger_url", "burn_alert_url", "alert_url")),
        },
        happened_at=at,
        starts_at=None if resolved else at,
        ends_at=at if resolved else None,
        delivery_id=request.headers.get("x-honeycomb-webhook-delivery-id", ""),
        raw=element,
    )


def _named(fields: Mapping[str, object], name: str) -> str:
    """A field that is a text, or an object with a name."""
    value = fields.get(name)
    return first(value, ("name", "slug")) if isinstance(value, dict) else first(fields, (name,))


def _groups(fields: Mapping[str, object]) -> list[dict[str, str]]:
    """The groups that triggered, each its columns' values."""
    triggered = sequence(fields.get("result_groups_triggered"))[:_MAX_GROUPS]
    return [string_map(mapping(group).get("Group")) for group in map(mapping, triggered)]


def _message(
    fields: Mapping[str, object], slo: Mapping[str, object], groups: list[dict[str, str]]
) -> str:
    described = first(fields, ("trigger_description", "description")) or first(
        slo, ("description",)
    )
    lines = [first(fields, ("summary",)), described]
    lines += [", ".join(f"{name}={text}" for name, text in group.items()) for group in groups]
    return "\n".join(line for line in lines if line)
