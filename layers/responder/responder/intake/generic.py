"""The documented generic body, and the best effort on bodies of unknown format.

The generic body is ``{"source", "title", "message", "severity", "timestamp"}`` and the common
names beside them. What no reader knows is read here too: it is accepted, marked and never dropped.
"""

import re
from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from functools import lru_cache
from itertools import islice
from typing import NamedTuple

from pydantic_core import to_json

from responder.alert import Severity, Status
from responder.intake.draft import Draft, Request, digest
from responder.intake.errors import NotAnAlert
from responder.intake.fields import (
    RESOURCE_NAMES,
    SERVICE_NAMES,
    bare,
    first,
    mapping,
    scope_of,
    sequence,
    string_map,
    tag_map,
)
from responder.intake.secret_fields import is_secret, text_without_secrets, without_secrets
from responder.intake.severity import default_of, heading_severity, read_severity
from responder.intake.text import as_json, as_text, one_line
from responder.intake.times import read_time

NAME = "generic"

_DEFAULT_SEVERITY = Severity.MEDIUM
_NO_TITLE = "Alert of unknown format"
_TITLES = ("title", "alert_name", "alertname", "alertName", "alert_title", "alertTitle", "name",
           "summary", "subject", "headline", "short_description", "event_title", "incident_title",
           "rule_name", "ruleName", "check_name", "checkName", "monitor_name", "monitorName",
           "alarm_name", "display_name", "displayName", "detail-type", "alert", "event", "incident",
           "problem")  # fmt: skip
_MESSAGES = ("message", "description", "text", "body", "msg", "details", "reason", "content",
             "summary", "output", "error", "long_description", "comment", "info")  # fmt: skip
_SEVERITIES = ("severity", "priority", "level", "urgency", "alert_severity", "alertSeverity",
               "severity_level", "severityLevel", "criticality", "sev", "importance",
               "alert_level")  # fmt: skip
_STATES = ("status", "state", "alert_status", "alertStatus", "alert_state", "alertState",
           "current_state", "currentState", "new_state", "newState", "incident_status",
           "monitor_status", "event_action", "action", "event_type",
           "transition")  # fmt: skip
_IDS = ("fingerprint", "dedup_key", "dedupKey", "dedup_id", "incident_key", "incidentKey", "alias",
        "alert_id", "alertId", "alertID", "alert_uid", "incident_id", "incidentId",
        "problem_id", "problemId", "id", "uid", "uuid", "key")  # fmt: skip
_RULES = ("rule", "rule_name", "ruleName", "alertname", "monitor", "check", "check_name",
          "monitor_name")  # fmt: skip
_TIMES = ("timestamp", "@timestamp", "event_at", "event_time", "eventTime", "occurred_at",
          "occurredAt", "time", "datetime", "date", "ts", "updated_at", "updatedAt",
          "triggered_at", "triggeredAt", "fired_at", "firedAt", "sent_at")  # fmt: skip
_STARTS = ("starts_at", "startsAt", "started_at", "startedAt", "start_time", "startTime",
           "created_at", "createdAt", "opened_at", "openedAt")  # fmt: skip
_ENDS = ("ends_at", "endsAt", "ended_at", "endedAt", "end_time", "endTime", "resolved_at",
         "resolvedAt", "closed_at", "closedAt")  # fmt: skip
_LINKS = ("url", "link", "runbook_url", "runbook", "dashboard_url", "dashboard", "alert_url",
          "alertUrl", "html_url", "web_url", "permalink", "incident_url", "details_url",
          "source_url", "link_to_upstream_details")  # fmt: skip
_SERVICES = (*SERVICE_NAMES, "serviceName", "component", "app_name", "appName", "system")
_RESOURCES = (*RESOURCE_NAMES, "host_name", "hostName", "server", "resource_name", "resourceName",
              "instance_id", "target", "entity")  # fmt: skip
_RESOLVED_FLAGS = ("resolved", "is_resolved", "recovered", "is_recovered")
_FIRING_FLAGS = ("firing", "is_firing")
_CLOSED_AT = ("resolved_at", "closed_at")
_MAPS = ("labels", "tags")
# Lists in which senders put several alerts, and what each of them takes from beside its list.
_LISTS = ("alerts", "events", "incidents", "problems", "alarms", "notifications", "items",
          "records", "data")  # fmt: skip
_INHERITED = ("source", "service", "environment", "region", "account", "cluster", "timestamp")
# Objects in which senders of unknown formats put the alert itself, and under which names such an
# object says what it is.
_NESTS = ("alert", "event", "incident", "problem", "data", "issue", "notification", "payload",
          "detail", "attributes", "alarm", "monitor", "check")  # fmt: skip
_OWN_NAMES = ("name", "title", "label", "value", "level", "id")
_OWN_STATES = ("state", "status", "name", "value")
_OWN_LINKS = ("url", "href", "link")
_OWN_LINK_NAMES = ("name", "text", "title", "rel")
_TELLING = frozenset({*_TITLES, *_MESSAGES})
_MAX_NAMES = 64
_MAX_NAMES_LENGTH = 1_000
_RESOLVED = frozenset({"resolved", "resolve", "ok", "recovered", "recovery", "closed", "close",
                       "clear", "cleared", "normal", "healthy", "up", "fixed", "restored",
                       "success", "succeeded", "successful", "passed", "inactive", "good",
                       "online", "resolve_alert", "alert_resolved", "alert_closed",
                       "alert_recovered", "incident_resolved", "incident_closed", "auto_resolved",
                       "manually_resolved", "back_to_normal"})  # fmt: skip
_WORD = str.maketrans(" -.", "___")
# States that are severities as well ("status": "critical"); others, such as "alert", are none.
_TELLING_STATES = frozenset({"critical", "crit", "fatal", "emergency", "major", "error", "warning",
                             "warn", "minor"})  # fmt: skip
_MAX_LINKS = 20
# How far the search for a title goes in a body of unknown format.
_MAX_NODES = 300
# Elements of a list that are looked at for an alert.
_MAX_SEEN = 20
# Values of a body of unknown format that its message shows, and how deep it goes; more would be
# cut off the message anyway.
_MAX_SHOWN = 2_000
_DEEPEST = 40
_LEFT_OUT = "…"
# How far into a broken JSON text its fields are looked for, and how many of them are taken.
_MAX_BROKEN = 20_000
_MAX_FRAGMENTS = 100
_FRAGMENT = re.compile(
    r"""["']([\w@. -]{1,60})["']\s{0,9}:\s{0,9}"""
    r"""(?:"([^"\r\n]{1,500})|'([^'\r\n]{1,500})|(\d{1,20}))"""
)
_WORDS = 2
_PAIRS = 3


class _Names(NamedTuple):
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


_KINDS = _Names(_TITLES, _MESSAGES, _SEVERITIES, _STATES, _IDS, _RULES, _TIMES, _STARTS, _ENDS,
                _LINKS, _SERVICES, _RESOURCES, ("title",), ("message",), ("source",), _MAPS,
                _RESOLVED_FLAGS, _FIRING_FLAGS, _CLOSED_AT)  # fmt: skip


def _names_of(fields: Mapping[str, object]) -> _Names:
    names = tuple(islice(fields, _MAX_NAMES + 1))
    if len(names) > _MAX_NAMES or sum(map(len, names)) > _MAX_NAMES_LENGTH:
        return _KINDS
    return _found_among(names)


def _places() -> dict[str, list[tuple[int, int]]]:
    """Where each bare name stands: in which kinds, and at which rank."""
    places: dict[str, list[tuple[int, int]]] = {}
    for kind, names in enumerate(_KINDS):
        for rank, name in enumerate(dict.fromkeys(map(bare, names))):
            places.setdefault(name, []).append((kind, rank))
    return places


_PLACES = _places()
_SPELLED = frozenset(name for kind in _KINDS for name in kind)


# A sender's bodies have few sets of names.
@lru_cache(maxsize=256)
def _found_among(names: tuple[str, ...]) -> _Names:
    """The names as written, or else in another case or with other separators: ``AlertName``."""
    found: list[list[tuple[int, bool, str]]] = [[] for _ in _KINDS]
    for name in names:
        for kind, rank in _PLACES.get(bare(name), ()):
            found[kind].append((rank, name not in _SPELLED, name))
    return _Names(*(tuple(name for *_, name in sorted(ranked)) for ranked in found))


def read(element: object, whole: object, request: Request) -> Draft:
    """A generic alert, or one of unknown format where the names are not the generic ones.

    Raises NotAnAlert for an empty array: a list of no alerts.
    """
    if element == [] and whole == []:
        raise NotAnAlert("an empty list")
    fields = mapping(element)
    if not is_generic(fields):
        return read_unknown(element, whole, request)
    return _draft(fields, request, status=_status(fields))


def read_unknown(element: object, whole: object, request: Request) -> Draft:
    """Anything at all as an alert; it fires, since only what is understood can say resolved."""
    if isinstance(element, dict):
        inner = _nested_alert(element)
        status = _status(inner) if inner else Status.FIRING
        return _draft(element, request, status=status, unknown=True, inner=inner)
    text = element if isinstance(element, str) else as_json(element)
    if fields := _fragments(text):
        text = text_without_secrets(text)
        draft = _draft(fields, request, status=Status.FIRING, unknown=True)
        return replace(draft, message=text, raw=text)
    title = request.subject or _line(_first_text(element))
    return Draft(
        source=request.tool or "unknown",
        fingerprint=digest(text),
        title=title if any(map(str.isalnum, title)) else _NO_TITLE,
        message=text,
        severity=heading_severity(title) or _DEFAULT_SEVERITY,
        status=Status.FIRING,
        delivery_id=request.delivery_id,
        raw=element,
        unknown_format=True,
    )


def completed(draft: Draft, element: object) -> Draft:
    """What a reader made of a body that only its route knows, with what the usual names add.

    A body of another sender's may have little that this reader looks for.
    """
    fields = mapping(element)
    if not is_generic(fields):
        return draft
    names = _names_of(fields)
    severity = _told_severity(fields, names) if draft.severity is default_of(draft.source) else None
    draft = replace(draft, severity=severity or draft.severity)
    if draft.status is Status.RESOLVED or _status(fields) is Status.FIRING:
        return draft
    ends_at = _time(fields, names.ends) or _time(fields, names.times)
    return replace(draft, status=Status.RESOLVED, ends_at=ends_at, happened_at=ends_at)


class Inside(NamedTuple):
    """The elements of an array, each to be looked at by itself, and what counts for all."""

    elements: list[object]
    beside: Mapping[str, object]

    def whole(self, element: object) -> object:
        """An element with what it takes from beside its array."""
        return {**self.beside, **element} if self.beside and isinstance(element, dict) else element


def inside(payload: object) -> Inside | None:
    """The objects of an array, or the alerts in one array of an object that is none itself."""
    if isinstance(payload, list):
        return Inside(payload, {}) if any(isinstance(one, dict) for one in payload) else None
    fields = mapping(payload)
    if fields.keys().isdisjoint(_LISTS) or is_generic(fields):
        return None
    for name in _LISTS:
        listed = fields.get(name)
        if isinstance(listed, list) and any(is_generic(mapping(one)) for one in listed[:_MAX_SEEN]):
            return Inside(listed, {name: fields[name] for name in _INHERITED if name in fields})
    return None


def has_title(payload: object) -> bool:
    """Whether the payload has a title of its own, as the generic body does."""
    fields = mapping(payload)
    return bool(first(fields, _names_of(fields).title))


def is_titled(value: object) -> bool:
    """Whether one of the usual names gives a title anywhere in ``value``."""
    return bool(_nested(value))


def is_generic(fields: Mapping[str, object]) -> bool:
    """Whether the usual names give a title, with a state or severity where it is no ``title``."""
    names = _names_of(fields)
    if first(fields, names.title):
        return True
    has_state = bool(first(fields, names.severities) or first(fields, names.states))
    return has_state and bool(first(fields, names.titles) or first(fields, names.message))


def _nested_alert(fields: Mapping[str, object]) -> Mapping[str, object]:
    """The object within ``fields`` that reads as a generic alert; empty where none does."""
    for name in _NESTS:
        inner = fields.get(name)
        if isinstance(inner, dict) and is_generic(inner):
            return inner
    return {}


def _fragments(text: str) -> dict[str, object]:
    """The fields that can still be seen in JSON that is cut off or broken beyond mending."""
    if text.lstrip()[:1] not in ("{", "["):
        return {}
    found: dict[str, object] = {}
    for match in islice(_FRAGMENT.finditer(text[:_MAX_BROKEN]), _MAX_FRAGMENTS):
        found.setdefault(match[1], match[2] or match[3] or match[4])
    return found


def _draft(
    fields: Mapping[str, object],
    request: Request,
    *,
    status: Status,
    unknown: bool = False,
    inner: Mapping[str, object] | None = None,
) -> Draft:
    """The alert of ``fields``; where they are of no known names, ``inner`` may hold it."""
    labels = _tags(fields)
    told: Mapping[str, object] = fields
    if inner:
        labels |= _tags(inner)
        told = {**fields, **inner}
    everything = {**labels, **told} if labels else told
    names, all_names = _names_of(told), _names_of(everything)
    message = _pretty(fields) if unknown else first(told, names.messages)
    title = (
        _title(fields, inner, request) if unknown else first(told, names.titles) or _line(message)
    )
    if message == title:
        others = (first(told, (name,)) for name in names.messages)
        message = next((text for text in others if text != title), "")
    native_id = first(told, names.ids)
    service = _name(everything, all_names.services)
    resource = _name(everything, all_names.resources)
    scope = scope_of(everything)
    ends_at = _time(told, names.ends)
    happened_at = _time(told, names.times)
    about = (title, service, resource, scope.key()) if title else (as_json(fields),)
    return Draft(
        source=(request.tool or "unknown")
        if unknown
        else first(told, names.source) or request.tool or NAME,
        fingerprint=native_id or digest(*about),
        native_id=native_id,
        title=title or _NO_TITLE,
        message=message,
        rule=first(told, names.rules),
        severity=_told_severity(everything, all_names)
        or (heading_severity(title) if unknown else None)
        or _DEFAULT_SEVERITY,
        status=status,
        service=service,
        resource=resource,
        scope=scope,
        labels=labels,
        links=_links(told, names),
        happened_at=(ends_at or happened_at) if status is Status.RESOLVED else happened_at,
        starts_at=_time(told, names.starts),
        ends_at=ends_at,
        delivery_id=request.delivery_id,
        raw=fields,
        unknown_format=unknown,
    )


def _tags(fields: Mapping[str, object]) -> dict[str, str]:
    labels: dict[str, str] = {}
    for name in _names_of(fields).maps:
        labels |= tag_map(fields.get(name))
    return labels


def _status(fields: Mapping[str, object]) -> Status:
    names = _names_of(fields)
    state = _state(fields, names)
    says_so = (
        state in _RESOLVED
        or first(fields, names.resolved_flags).lower() == "true"
        or first(fields, names.firing_flags).lower() == "false"
        or (not state and _time(fields, names.closed_at) is not None)
    )
    return Status.RESOLVED if says_so else Status.FIRING


def _state(fields: Mapping[str, object], names: _Names) -> str:
    """The first word of a state, which may be within an object of its own."""
    for name in names.states:
        value = fields.get(name)
        text = first(value, _OWN_STATES) if isinstance(value, dict) else first(fields, (name,))
        if text:
            return text.lower().translate(_WORD)
    return ""


def _told_severity(fields: Mapping[str, object], names: _Names) -> Severity | None:
    """The first severity that is a word; a bare number may count up or down, so it says none."""
    for name in names.severities:
        if (value := fields.get(name)) and (found := read_severity(_own_name(value))):
            return found
    state = _state(fields, names)
    return read_severity(state) if state in _TELLING_STATES else None


def _name(fields: Mapping[str, object], names: Iterable[str]) -> str:
    """The text of the first of ``names`` that has one, which may be an object's own name."""
    for name in names:
        if (value := fields.get(name)) and (text := _own_name(value)):
            return text
    return ""


def _own_name(value: object) -> str:
    if isinstance(value, dict):
        return first(value, _OWN_NAMES)
    return "" if isinstance(value, list) else as_text(value)


def _title(
    fields: Mapping[str, object], inner: Mapping[str, object] | None, request: Request
) -> str:
    """The likeliest title: the outermost of the usual names, found breadth first."""
    if request.subject:
        return request.subject
    found = first(inner, _TITLES) or first(inner, _MESSAGES) if inner else ""
    names = _names_of(fields)
    found = found or first(fields, names.titles) or _nested(fields) or first(fields, names.messages)
    return _line(found) or _prose(fields) or _pairs(fields)


def _first_text(value: object) -> str:
    """A text itself, or the first one of a list."""
    texts = (one for one in sequence(value) if isinstance(one, str))
    return value if isinstance(value, str) else next(texts, "")


def _nested(value: object) -> str:
    """The outermost title, found breadth first; the outermost message where nothing has a title."""
    message = ""
    waiting: deque[object] = deque([value])
    for _ in range(_MAX_NODES):
        if not waiting:
            break
        item = waiting.popleft()
        if isinstance(item, dict):
            if not _TELLING.isdisjoint(item):
                if title := first(item, _TITLES):
                    return title
                message = message or first(item, _MESSAGES)
            within: Iterable[object] = item.values()
        else:
            within = sequence(item)
        waiting.extend([one for one in islice(within, _MAX_NODES) if isinstance(one, dict | list)])
    return message


def _prose(fields: Mapping[str, object]) -> str:
    """The first value that is more than one word."""
    for name, value in islice(fields.items(), _MAX_NODES):
        if isinstance(value, str) and not is_secret(name):
            line = _line(value)
            if len(line.split(maxsplit=_WORDS)) >= _WORDS and read_time(line) is None:
                return line
    return ""


def _pairs(fields: Mapping[str, object]) -> str:
    """The first few values with their names, where nothing says what they are about."""
    pairs = (
        f"{name}: {text}"
        for name, value in fields.items()
        if not isinstance(value, dict | list) and not is_secret(name) and (text := as_text(value))
    )
    return _line(", ".join(islice(pairs, _PAIRS)))


def _line(text: str) -> str:
    return next((line for line in map(one_line, text[:2_000].splitlines()) if line), "")


def _excerpt(value: object, room: list[int], depth: int = 0) -> object:
    """As much of a payload as a person would read; ``room`` is the number of values, used up."""
    if not isinstance(value, dict | list) or not value:
        return value
    if depth > _DEEPEST:
        return _LEFT_OUT
    pairs = value.items() if isinstance(value, dict) else enumerate(value)
    kept: dict[object, object] = {}
    for name, item in pairs:
        room[0] -= 1
        if room[0] < 0:
            kept[_LEFT_OUT] = _LEFT_OUT
            break
        kept[name] = _excerpt(item, room, depth + 1)
    return kept if isinstance(value, dict) else list(kept.values())


def _pretty(fields: Mapping[str, object]) -> str:
    value = without_secrets(_excerpt(fields, [_MAX_SHOWN]))
    try:
        return to_json(value, indent=2).decode()
    except (ValueError, RecursionError):
        return as_json(value, indent=2)


def _time(fields: Mapping[str, object], names: Iterable[str]) -> datetime | None:
    for name in names:
        if time := read_time(fields.get(name)):
            return time
    return None


def _links(fields: Mapping[str, object], names: _Names) -> dict[str, str]:
    listed = fields.get("links")
    links = _listed_links(listed) if isinstance(listed, list) else string_map(listed)
    for name in names.links:
        if url := first(fields, (name,)):
            links[name.removesuffix("_url").removesuffix("Url") or "url"] = url
    return links


def _listed_links(listed: list[object]) -> dict[str, str]:
    """Links as URLs, or as objects that name them."""
    links: dict[str, str] = {}
    for number, item in enumerate(listed[:_MAX_LINKS], 1):
        name = first(mapping(item), _OWN_LINK_NAMES) or f"link {number}"
        links[name] = item if isinstance(item, str) else first(mapping(item), _OWN_LINKS)
    return links
