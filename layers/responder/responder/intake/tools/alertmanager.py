"""Prometheus Alertmanager: its webhook, version 4 and older, and its API that takes pushes.

https://prometheus.io/docs/alerting/latest/configuration/#webhook_config
https://prometheus.io/docs/alerting/latest/alerts_api/

An alert's own status counts. One without (pushed) is resolved when its end has come, or when its
group is: a group is resolved only with all of its alerts.
"""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import lru_cache

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
from responder.intake.severity import default_of, severity_of_labels
from responder.intake.times import read_time

NAME = "alertmanager"
_STATUSES = {status.value: status for status in Status}
# FNV-1a, 64 bit, over sorted labels with 0xff between: Alertmanager's own fingerprint, so that
# the same alert has the same one whether pushed by Prometheus or notified by Alertmanager.
_FNV_START = 14695981039346656037
_FNV_PRIME = 1099511628211
_FNV_BITS = 0xFFFFFFFFFFFFFFFF
# Bytes of labels that are hashed so; more would cost more than all the rest of a request.
_LONGEST_FNV = 4_000
_MOST_DIGITS = 9


def split(payload: object) -> Sequence[object]:
    """The alerts of a notification or a push."""
    if not isinstance(payload, dict):
        return sequence(payload)
    return sequence(payload["alerts"]) if "alerts" in payload else (payload,)


def read(element: object, whole: object, request: Request) -> Draft:
    """One alert. Its own status counts, not the group's (which fires while any member does)."""
    fields, group = mapping(element), mapping(whole)
    labels, annotations = labels_of(fields), string_map(fields.get("annotations"))
    ends_at = read_time(fields.get("endsAt"))
    fingerprint = first(fields, ("fingerprint",)) or fingerprint_of(labels)
    rule = labels.get("alertname", "")
    place = place_of(labels)
    return Draft(
        source=NAME,
        fingerprint=fingerprint,
        native_id=fingerprint,
        title=annotations.get("summary") or rule or first(annotations, ("title", "message")),
        message=first(annotations, ("description", "message", "summary")),
        rule=rule,
        severity=severity_of_labels(labels) or default_of(NAME),
        status=status_of(fields, group, ends_at, request),
        service=place.service,
        resource=place.resource,
        scope=place.scope,
        labels=labels,
        links={
            "source": first(fields, ("generatorURL",)),
            **links_of(annotations),
            "alertmanager": first(group, ("externalURL",)),
        },
        starts_at=read_time(fields.get("startsAt")),
        ends_at=ends_at,
        raw=element,
        notes=cut_by_sender(group, "Alertmanager"),
    )


def labels_of(fields: Mapping[str, object]) -> dict[str, str]:
    """The labels of an alert. Raises Unreadable for what has neither labels nor annotations."""
    labels = fields.get("labels")
    if not isinstance(labels, dict) and not isinstance(fields.get("annotations"), dict):
        raise Unreadable("an alert without labels")
    return string_map(labels)


def fingerprint_of(labels: Mapping[str, str]) -> str:
    """Alertmanager's fingerprint of a label set, in hexadecimal."""
    parts = (part.encode(errors="replace") for pair in sorted(labels.items()) for part in pair)
    text = b"".join([part + b"\xff" for part in parts])
    return _fnv(text) if len(text) <= _LONGEST_FNV else hashlib.sha256(text).hexdigest()[:16]


# Prometheus pushes what fires again every minute.
@lru_cache(maxsize=1024)
def _fnv(text: bytes) -> str:
    value, prime, bits = _FNV_START, _FNV_PRIME, _FNV_BITS
    for byte in text:
        value = ((value ^ byte) * prime) & bits
    return f"{value:016x}"


def status_of(
    fields: Mapping[str, object],
    group: Mapping[str, object],
    ends_at: datetime | None,
    request: Request,
) -> Status:
    """The status of an alert of a group."""
    status = fields.get("status")
    if isinstance(status, str) and (said := _STATUSES.get(status.lower())):
        return said
    has_ended = ends_at is not None and ends_at <= request.received_at
    return Status.RESOLVED if has_ended or group.get("status") == "resolved" else Status.FIRING


def links_of(annotations: Mapping[str, str]) -> dict[str, str]:
    """The links among annotations, ``runbook_url`` as ``runbook``."""
    return {
        name.removesuffix("_url"): value
        for name, value in annotations.items()
        if name.endswith("_url") or name in ("runbook", "dashboard")
    }


def cut_by_sender(group: Mapping[str, object], sender: str) -> tuple[str, ...]:
    """A note on the alerts of a group that its sender left out and never sends."""
    if not group.get("truncatedAlerts"):
        return ()
    cut = first(group, ("truncatedAlerts",))[:_MOST_DIGITS]
    if not cut.isdecimal() or not int(cut):
        return ()
    return (f"alerts: {cut} more of this group cut by {sender} (max_alerts)",)
