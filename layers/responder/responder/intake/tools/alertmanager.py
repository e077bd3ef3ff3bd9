"""Prometheus Alertmanager: webhook version 4, and the v2 push API that Prometheus itself uses.

https://prometheus.io/docs/alerting/latest/configuration/#webhook_config
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
)
from responder.intake.severity import default_of, read_severity
from responder.intake.times import read_time

NAME = "alertmanager"

_SEVERITY_LABELS = ("severity", "priority", "level")

# FNV-1a, 64 bit, over sorted labels with 0xff between: Alertmanager's own fingerprint, so that
# the same alert has the same one whether pushed by Prometheus or notified by Alertmanager.
_FNV_START = 14695981039346656037
_FNV_PRIME = 1099511628211
_FNV_BITS = 0xFFFFFFFFFFFFFFFF


def split(payload: object) -> Sequence[object]:
    """The alerts of a notification or a push."""
    return (
        sequence(mapping(payload).get("alerts")) if isinstance(payload, dict) else sequence(payload)
    )


def read(element: object, whole: object, request: Request) -> Draft:
    """One alert. Its own status counts, not the group's (which fires while any member does)."""
    fields, group = mapping(element), mapping(whole)
    if not isinstance(fields.get("labels"), dict):
        raise Unreadable("an alert without labels")
    labels, annotations = string_map(fields["labels"]), string_map(fields.get("annotations"))
    ends_at = read_time(fields.get("endsAt"))
    status = _status(fields.get("status"), ends_at is not None and ends_at <= request.received_at)
    fingerprint = first(fields, ["fingerprint"]) or fingerprint_of(labels)
    rule = labels.get("alertname", "")
    place = place_of(labels)
    return Draft(
        source=NAME,
        fingerprint=fingerprint,
        native_id=fingerprint,
        title=annotations.get("summary") or rule or first(annotations, ["title", "message"]),
        message=first(annotations, ["description", "message", "summary"]),
        rule=rule,
        severity=read_severity(first(labels, _SEVERITY_LABELS)) or default_of(NAME),
        status=status,
        service=place.service,
        resource=place.resource,
        scope=place.scope,
        labels=labels,
        links=_links(fields, annotations, group),
        starts_at=read_time(fields.get("startsAt")),
        ends_at=ends_at,
        raw=element,
        notes=_cut_by_sender(group),
    )


def fingerprint_of(labels: Mapping[str, str]) -> str:
    """Alertmanager's fingerprint of a label set, in hexadecimal."""
    value = _FNV_START
    for name in sorted(labels):
        for byte in b"%b\xff%b\xff" % (name.encode(errors="replace"),
                                        labels[name].encode(errors="replace")):  # fmt: skip
            value = ((value ^ byte) * _FNV_PRIME) & _FNV_BITS
    return f"{value:016x}"


def _status(value: object, has_ended: bool) -> Status:
    if value in ("firing", "resolved"):
        return Status(value)
    return Status.RESOLVED if has_ended else Status.FIRING


def _links(
    fields: Mapping[str, object], annotations: Mapping[str, str], group: Mapping[str, object]
) -> dict[str, str]:
    found = {
        "source": first(fields, ["generatorURL"]),
        "runbook": first(annotations, ["runbook_url", "runbook"]),
        "dashboard": first(annotations, ["dashboard_url", "dashboard"])
        or first(fields, ["dashboardURL"]),
        "alertmanager": first(group, ["externalURL"]),
    }
    return {name: url for name, url in found.items() if url}


def _cut_by_sender(group: Mapping[str, object]) -> tuple[str, ...]:
    cut = group.get("truncatedAlerts")
    if not isinstance(cut, int) or cut <= 0:
        return ()
    return (f"alerts: {cut} more of this group cut by Alertmanager (max_alerts)",)
