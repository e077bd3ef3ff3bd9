"""The usual names of an alert's fields, and which of them a body has: ``names_of``.

``generic`` and ``unknown`` read by them. A name counts in any case and with any separators.
"""

from collections.abc import Mapping
from functools import lru_cache
from typing import NamedTuple

from responder.intake.fields import RESOURCE_NAMES, SERVICE_NAMES, bare

# A body with more or longer names is asked for each of the usual ones as it is written here: what
# such a body has is not worth remembering.
_MAX_NAMES = 64
_MAX_NAMES_LENGTH = 1_000


class Names(NamedTuple):
    """The names of a body by what they may say, each kind in order of trust."""

    titles: tuple[str, ...]
    messages: tuple[str, ...]
    severities: tuple[str, ...]
    states: tuple[str, ...]
    ids: tuple[str, ...]
    rules: tuple[str, ...]
    times: tuple[str, ...]
    starts: tuple[str, ...]
    ends: tuple[str, ...]
    links: tuple[str, ...]
    services: tuple[str, ...]
    resources: tuple[str, ...]
    title: tuple[str, ...]
    message: tuple[str, ...]
    source: tuple[str, ...]
    maps: tuple[str, ...]
    resolved_flags: tuple[str, ...]
    firing_flags: tuple[str, ...]
    closed_at: tuple[str, ...]


USUAL = Names(
    titles=(
        "title", "alert_name", "alertname", "alertName", "alert_title", "alertTitle", "name",
        "summary", "subject", "headline", "short_description", "event_title", "incident_title",
        "rule_name", "ruleName", "check_name", "checkName", "monitor_name", "monitorName",
        "alarm_name", "display_name", "displayName", "detail-type", "alert", "event", "incident",
        "problem",
    ),
    messages=(
        "message", "description", "text", "body", "msg", "details", "reason", "content", "summary",
        "output", "error", "long_description", "comment", "info",
    ),
    severities=(
        "severity", "priority", "level", "urgency", "alert_severity", "alertSeverity",
        "severity_level", "severityLevel", "criticality", "sev", "importance", "alert_level",
    ),
    states=(
        "status", "state", "alert_status", "alertStatus", "alert_state", "alertState",
        "current_state", "currentState", "new_state", "newState", "incident_status",
        "monitor_status", "event_action", "action", "event_type", "transition",
    ),
    ids=(
        "fingerprint", "dedup_key", "dedupKey", "dedup_id", "incident_key", "incidentKey", "alias",
        "alert_id", "alertId", "alertID", "alert_uid", "incident_id", "incidentId", "problem_id",
        "problemId", "id", "uid", "uuid", "key",
    ),
    rules=(
        "rule", "rule_name", "ruleName", "alertname", "monitor", "check", "check_name",
        "monitor_name",
    ),
    times=(
        "timestamp", "@timestamp", "event_at", "event_time", "eventTime", "occurred_at",
        "occurredAt", "time", "datetime", "date", "ts", "updated_at", "updatedAt", "triggered_at",
        "triggeredAt", "fired_at", "firedAt", "sent_at",
    ),
    starts=(
        "starts_at", "startsAt", "started_at", "startedAt", "start_time", "startTime",
        "created_at", "createdAt", "opened_at", "openedAt",
    ),
    ends=(
        "ends_at", "endsAt", "ended_at", "endedAt", "end_time", "endTime", "resolved_at",
        "resolvedAt", "closed_at", "closedAt",
    ),
    links=(
        "url", "link", "runbook_url", "runbook", "dashboard_url", "dashboard", "alert_url",
        "alertUrl", "html_url", "web_url", "permalink", "incident_url", "details_url",
        "source_url", "link_to_upstream_details",
    ),
    services=(*SERVICE_NAMES, "serviceName", "component", "app_name", "appName", "system"),
    resources=(
        *RESOURCE_NAMES, "host_name", "hostName", "server", "resource_name", "resourceName",
        "instance_id", "target", "entity",
    ),
    title=("title",),
    message=("message",),
    source=("source",),
    maps=("labels", "tags"),
    resolved_flags=("resolved", "is_resolved", "recovered", "is_recovered"),
    firing_flags=("firing", "is_firing"),
    closed_at=("resolved_at", "closed_at"),
)  # fmt: skip


def names_of(fields: Mapping[str, object]) -> Names:
    """The names that a body has, by what they may say."""
    if len(fields) > _MAX_NAMES:
        return USUAL
    names = tuple(fields)
    return USUAL if len("".join(names)) > _MAX_NAMES_LENGTH else _found_among(names)


def _places() -> dict[str, list[tuple[int, int]]]:
    """Where each bare name stands: in which kinds, and at which rank."""
    places: dict[str, list[tuple[int, int]]] = {}
    for kind, names in enumerate(USUAL):
        for rank, name in enumerate(dict.fromkeys(map(bare, names))):
            places.setdefault(name, []).append((kind, rank))
    return places


_PLACES = _places()
_SPELLED = frozenset(name for kind in USUAL for name in kind)


# A sender's bodies have few sets of names.
@lru_cache(maxsize=256)
def _found_among(names: tuple[str, ...]) -> Names:
    """The names as written, or else in another case or with other separators: ``AlertName``."""
    found: list[list[tuple[int, bool, str]]] = [[] for _ in USUAL]
    for name in names:
        for kind, rank in _PLACES.get(bare(name), ()):
            found[kind].append((rank, name not in _SPELLED, name))
    return Names(*(tuple(name for *_, name in sorted(ranked)) for ranked in found))
