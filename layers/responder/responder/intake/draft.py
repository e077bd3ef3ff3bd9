"""From what a tool's reader understood (``Draft``) to an alert: identities, bounds, raw payload.

Readers make drafts; ``registry.parse`` finishes them here, in one place for all tools.
"""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import lru_cache
from json.encoder import encode_basestring_ascii
from typing import NamedTuple

from responder.alert import MAX_LABELS, NOWHERE, Alert, Scope, Severity, Status
from responder.intake.secret_fields import (
    REMOVED,
    is_secret,
    may_hold_secrets,
    url_without_secrets,
    without_secrets,
)
from responder.intake.text import as_compact_json, bounded, bounded_line, clean, size_of
from responder.raw import pack

# Limits in bytes of UTF-8. JSON at worst doubles them (quotes), so that a whole alert message
# stays below 200 kB, far below what SQS takes:
# https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html
MAX_TITLE = 500
MAX_MESSAGE = 24_000
MAX_NAME = 400
MAX_LABEL_NAME = 128
MAX_LABEL_VALUE = 1_024
MAX_ALL_LABELS = 16_000
MAX_LINKS = 10
MAX_LINK = 2_000
MAX_ALL_LINKS = 8_000
MAX_NOTES = 20
#: Packed bytes of the received payload that an alert may carry along.
MAX_RAW = 60_000
#: A tool's clock that is further ahead than this would win every later comparison of times.
MAX_AHEAD = timedelta(days=366)

_SLUG = re.compile(r"[^a-z0-9._-]+")
_URL = re.compile(r"https?://[^\s<>\"']+", re.IGNORECASE)


class Request(NamedTuple):
    """What is known of a request beside its body. ``headers`` have lower-case names.

    ``delivery_id`` and ``sent_at`` come from the envelope or a header; ``notes`` say what was cut.
    """

    headers: Mapping[str, str]
    received_at: datetime
    tool: str = ""
    delivery_id: str = ""
    sent_at: datetime | None = None
    subject: str = ""
    notes: tuple[str, ...] = ()


# Not frozen: that would make it the most expensive step of reading an alert.
@dataclass(slots=True)
class Draft:
    """One alert as its reader understood it; not yet bounded, cleaned or identified.

    ``happened_at`` is the tool's own time of this state. ``delivery_id`` stands for it in the
    identity where the tool names its deliveries. ``raw`` is the element that was read. A link
    without a URL is left out, as is one that is none.
    """

    source: str
    fingerprint: str
    title: str
    severity: Severity
    status: Status
    raw: object
    happened_at: datetime | None = None
    delivery_id: str = ""
    native_id: str = ""
    rule: str = ""
    message: str = ""
    service: str = ""
    resource: str = ""
    scope: Scope = NOWHERE
    labels: Mapping[str, str] = field(default_factory=dict)
    links: Mapping[str, str] = field(default_factory=dict)
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    unknown_format: bool = False
    notes: tuple[str, ...] = ()


def finish(draft: Draft, request: Request) -> Alert:
    """The alert of a draft: every field bounded and clean, with its identity."""
    notes = [*request.notes, *draft.notes]
    source = slug(draft.source)
    # What lacks its tool's id is told apart by what a person would see of it.
    fingerprint = short(draft.fingerprint) or digest(draft.title, draft.service, draft.resource)
    happened_at = _happened_at(draft, request, notes)
    event_at = happened_at or request.received_at
    raw = _packed(draft.raw, notes)
    return Alert(
        alert_id=identity(
            source, fingerprint, draft.status, draft.delivery_id or event_at.isoformat()
        ),
        source=source,
        fingerprint=fingerprint,
        title=bounded_line(draft.title, MAX_TITLE, "title", notes) or "Alert without a title",
        severity=draft.severity,
        status=draft.status,
        event_at=event_at,
        received_at=request.received_at,
        native_id=_name(draft.native_id, "native_id", notes),
        rule=_name(draft.rule, "rule", notes),
        message=bounded(draft.message.strip(), MAX_MESSAGE, "message", notes),
        service=_name(draft.service, "service", notes),
        resource=_name(draft.resource, "resource", notes),
        scope=_scope(draft.scope, notes),
        labels=_labels(draft.labels, notes),
        links=_links(draft.links, notes),
        starts_at=draft.starts_at,
        ends_at=_ends_at(draft),
        unknown_format=draft.unknown_format,
        raw=raw,
        truncated=_notes(notes) if notes else (),
    )


def _notes(notes: list[str]) -> tuple[str, ...]:
    return tuple(bounded(note, MAX_NAME, "note", []) for note in notes[:MAX_NOTES])


def identity(*parts: str) -> str:
    """The alert id of its parts: the same parts always give it, others never do."""
    return f"al-{digest(*parts)}"


def digest(*parts: str) -> str:
    """A short hash of several texts that cannot be shifted into each other."""
    text = ", ".join(map(encode_basestring_ascii, parts))
    return hashlib.sha256(f"[{text}]".encode()).hexdigest()[:24]


def slug(text: str) -> str:
    """A source's name: lower case, only characters that are harmless in keys and messages."""
    return _slug(text[:200])


@lru_cache(maxsize=256)
def _slug(text: str) -> str:
    return _SLUG.sub("-", text.lower()).strip("-")[:60] or "unknown"


def short(text: str) -> str:
    """A fingerprint that fits into a key; a long one, or one with odd characters, is hashed."""
    return text if len(text) <= 200 and text.isascii() and text.isprintable() else digest(text)


def _happened_at(draft: Draft, request: Request, notes: list[str]) -> datetime | None:
    # A resolve never borrows the start: at the firing's own time it would lose against it.
    fallback = draft.ends_at if draft.status is Status.RESOLVED else draft.starts_at
    moment = draft.happened_at or fallback or request.sent_at
    if moment and moment - request.received_at > MAX_AHEAD:
        notes.append(f"time {moment.isoformat()}: too far ahead, receive time taken by intake")
        return None
    return moment


def _ends_at(draft: Draft) -> datetime | None:
    """The end of what is resolved: the tool's time of it, where it tells no other."""
    return draft.ends_at or draft.happened_at if draft.status is Status.RESOLVED else None


def _name(text: str, name: str, notes: list[str]) -> str:
    return bounded_line(text, MAX_NAME, name, notes) if text else ""


def _scope(scope: Scope, notes: list[str]) -> Scope:
    if scope is NOWHERE:
        return scope
    parts = vars(scope)
    text = "".join(parts.values())
    if len(text) <= MAX_NAME and text.isascii() and text.isprintable() and " " not in text:
        return scope
    short = {name: _name(value, name, notes) for name, value in parts.items()}
    return scope if short == parts else Scope(**short)


def _labels(labels: Mapping[str, str], notes: list[str]) -> dict[str, str]:
    if not labels or _are_plain(labels):
        return dict(labels)
    kept: dict[str, str] = {}
    room = MAX_ALL_LABELS
    for name, value in labels.items():
        name = bounded_line(name, MAX_LABEL_NAME, "label name", notes)
        if not name:
            notes.append("labels: one without a name left out by intake")
            continue
        value = REMOVED if is_secret(name) else value
        value = bounded(value, MAX_LABEL_VALUE, f"label {name[:40]}", notes)
        room -= size_of(name) + size_of(value)
        if room < 0 or len(kept) == MAX_LABELS:
            notes.append(f"labels: {len(labels) - len(kept)} of {len(labels)} left out by intake")
            break
        kept[name] = value
    return kept


def _are_plain(labels: Mapping[str, str]) -> bool:
    """Whether nothing of the labels can be in need of a change; so it is with most alerts."""
    text = "".join((*labels, *labels.values()))
    return (
        len(text) <= MAX_LABEL_VALUE
        and len(labels) <= MAX_LABELS
        and text.isascii()
        and text.isprintable()
        and _are_plain_names(tuple(labels))
    )


# The alerts of a tool have few sets of label names.
@lru_cache(maxsize=512)
def _are_plain_names(names: tuple[str, ...]) -> bool:
    """The same of the names, as far as it is not told by all of the labels' text."""
    return all(
        0 < len(name) <= MAX_LABEL_NAME and " " not in name and not is_secret(name)
        for name in names
    )


def _links(links: Mapping[str, str], notes: list[str]) -> dict[str, str]:
    kept: dict[str, str] = {}
    room = MAX_ALL_LINKS
    for name, url in links.items():
        name = bounded_line(name, 60, "link name", notes)
        url = _link(url) if len(url) <= MAX_LINK else _link.__wrapped__(url)
        if not url or not name:
            continue
        size = size_of(url)
        room -= size
        if size > MAX_LINK or room < 0 or len(kept) == MAX_LINKS:
            notes.append(f"link {name[:40]}: left out by intake")
        else:
            kept[name] = url if url.isprintable() else clean(url)
    return kept


# The alerts of a request share most of their links.
@lru_cache(maxsize=512)
def _link(url: str) -> str:
    """A URL that may be shown; empty where it is none."""
    return url_without_secrets(url) if _URL.fullmatch(url) else ""


def _packed(raw: object, notes: list[str]) -> str:
    text = raw if isinstance(raw, str) else as_compact_json(raw)
    if not isinstance(raw, str) and may_hold_secrets(text):
        text = as_compact_json(without_secrets(raw))
    packed = pack(text)
    if len(packed) > MAX_RAW:
        notes.append(f"raw: {len(packed)} packed bytes, left out by intake")
        return ""
    return packed
