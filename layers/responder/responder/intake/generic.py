"""The documented generic body, and what else says its alert by the usual names.

The generic body is ``{"source", "title", "message", "severity", "timestamp"}`` and the usual names
(``names``) beside them. Bodies of which no name is known are ``unknown``'s, which drafts here too.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import NamedTuple

from responder.alert import Severity, Status
from responder.intake.draft import Draft, Request, digest
from responder.intake.fields import first, mapping, scope_of, string_map, tag_map
from responder.intake.names import Names, names_of
from responder.intake.severity import default_of, heading_severity, read_severity
from responder.intake.text import as_json, as_text, first_line
from responder.intake.times import read_time

NAME = "generic"
NO_TITLE = "Alert of unknown format"
DEFAULT_SEVERITY = Severity.MEDIUM

# Lists in which senders put several alerts, and what each of them takes from beside its list.
_LISTS = ("alerts", "events", "incidents", "problems", "alarms", "notifications", "items",
          "records", "data")  # fmt: skip
_INHERITED = ("source", "service", "environment", "region", "account", "cluster", "timestamp")
# Under which names an object that stands for a value says what it is.
_OWN_NAMES = ("name", "title", "label", "value", "level", "id")
_OWN_STATES = ("state", "status", "name", "value")
_OWN_LINKS = ("url", "href", "link")
_OWN_LINK_NAMES = ("name", "text", "title", "rel")
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
# Elements of a list that are looked at for an alert.
_MAX_SEEN = 20


class Heading(NamedTuple):
    """What an alert is about, in a line and in full."""

    title: str
    message: str


def has_title(payload: object) -> bool:
    """Whether the payload has a title of its own, as the generic body does."""
    fields = mapping(payload)
    return bool(first(fields, names_of(fields).title))


def is_generic(fields: Mapping[str, object]) -> bool:
    """Whether the usual names give a title, with a state or severity where it is no ``title``."""
    names = names_of(fields)
    if first(fields, names.title):
        return True
    has_state = bool(first(fields, names.severities) or first(fields, names.states))
    return has_state and bool(first(fields, names.titles) or first(fields, names.message))


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


def completed(draft: Draft, element: object) -> Draft:
    """What a reader made of a body that only its route knows, with what the usual names add.

    A body of another sender's may have little that this reader looks for.
    """
    fields = mapping(element)
    if not is_generic(fields):
        return draft
    names = names_of(fields)
    if draft.severity is default_of(draft.source):
        everything = {**_tags(fields, names), **fields}
        severity = _told_severity(everything, names_of(everything))
        draft = replace(draft, severity=severity or draft.severity)
    if draft.status is Status.RESOLVED or status_of(fields) is Status.FIRING:
        return draft
    ends_at = _time(fields, names.ends) or _time(fields, names.times)
    return replace(draft, status=Status.RESOLVED, ends_at=ends_at, happened_at=ends_at)


def draft_of(
    fields: Mapping[str, object],
    request: Request,
    *,
    status: Status,
    inner: Mapping[str, object] | None = None,
    heading: Heading | None = None,
) -> Draft:
    """The alert of ``fields``.

    Where they are of no known names, ``heading`` is what they may say, and ``inner`` the alert that
    they may hold.
    """
    names = names_of(fields)
    labels = _tags(fields, names)
    told: Mapping[str, object] = fields
    if inner:
        labels |= _tags(inner, names_of(inner))
        told = {**fields, **inner}
        names = names_of(told)
    everything = {**labels, **told} if labels else told
    all_names = names_of(everything) if labels else names
    title, message = heading or _heading(told, names)
    if message == title:
        others = (first(told, (name,)) for name in names.messages)
        message = next((text for text in others if text != title), "")
    native_id = first(told, names.ids)
    service = _name(everything, all_names.services)
    resource = _name(everything, all_names.resources)
    scope = scope_of(everything)
    ends_at = _time(told, names.ends)
    happened_at = _time(told, names.times)
    if title:
        same = native_id or digest(title, service, resource, scope.key())
    else:
        same = native_id or digest(as_json(fields))
    return Draft(
        source=(request.tool or "unknown")
        if heading
        else first(told, names.source) or request.tool or NAME,
        fingerprint=same,
        native_id=native_id,
        title=title or NO_TITLE,
        message=message,
        rule=first(told, names.rules),
        severity=_told_severity(everything, all_names)
        or (heading_severity(title) if heading else None)
        or DEFAULT_SEVERITY,
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
        unknown_format=heading is not None,
    )


def _heading(fields: Mapping[str, object], names: Names) -> Heading:
    message = first(fields, names.messages)
    return Heading(first(fields, names.titles) or first_line(message), message)


def _tags(fields: Mapping[str, object], names: Names) -> dict[str, str]:
    labels: dict[str, str] = {}
    for name in names.maps:
        labels |= tag_map(fields.get(name))
    return labels


def status_of(fields: Mapping[str, object]) -> Status:
    """What ``fields`` say of the problem; it fires where they do not say that it is over."""
    names = names_of(fields)
    state = _state(fields, names)
    says_so = (
        state in _RESOLVED
        or first(fields, names.resolved_flags).lower() == "true"
        or first(fields, names.firing_flags).lower() == "false"
        or (not state and _time(fields, names.closed_at) is not None)
    )
    return Status.RESOLVED if says_so else Status.FIRING


def _state(fields: Mapping[str, object], names: Names) -> str:
    """The first word of a state, which may be within an object of its own."""
    for name in names.states:
        value = fields.get(name)
        text = first(value, _OWN_STATES) if isinstance(value, dict) else first(fields, (name,))
        if text:
            return text.lower().translate(_WORD)
    return ""


def _told_severity(fields: Mapping[str, object], names: Names) -> Severity | None:
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


def _time(fields: Mapping[str, object], names: Iterable[str]) -> datetime | None:
    for name in names:
        if time := read_time(fields.get(name)):
            return time
    return None


def _links(fields: Mapping[str, object], names: Names) -> dict[str, str]:
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
        name = f"{name} {number}" if name in links else name
        links[name] = item if isinstance(item, str) else first(mapping(item), _OWN_LINKS)
    return links
