"""Bodies of unknown format: the best effort on what neither a tool nor the usual names explain.

It is accepted, marked and never dropped. ``registry`` asks ``read`` for what no tool knows, and
``read_unknown`` for what a tool's reader could not read.
"""

import re
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import islice

from pydantic_core import to_json

from responder.alert import Status
from responder.intake import generic
from responder.intake.draft import Draft, Request, digest
from responder.intake.errors import NotAnAlert
from responder.intake.fields import CONTAINERS, first, mapping, sequence
from responder.intake.names import USUAL, names_of
from responder.intake.secret_fields import is_secret, text_without_secrets, without_secrets
from responder.intake.severity import heading_severity
from responder.intake.text import as_json, as_text, first_line
from responder.intake.times import read_time

# Objects in which senders put the alert itself.
_NESTS = ("alert", "event", "incident", "problem", "data", "issue", "notification", "payload",
          "detail", "attributes", "alarm", "monitor", "check")  # fmt: skip
_TELLING = frozenset({*USUAL.titles, *USUAL.messages})
# How far the search for a title goes in a body of unknown format.
_MAX_NODES = 300
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


def read(element: object, whole: object, request: Request) -> Draft:
    """A generic alert, or one of unknown format where the names are not the generic ones.

    Raises NotAnAlert for an empty array: a list of no alerts.
    """
    if element == [] and whole == []:
        raise NotAnAlert("an empty list")
    fields = mapping(element)
    if not generic.is_generic(fields):
        return read_unknown(element, request)
    return generic.draft_of(fields, request, status=generic.status_of(fields))


def read_unknown(element: object, request: Request) -> Draft:
    """Anything at all as an alert; it fires, since only what is understood can say resolved."""
    if isinstance(element, dict):
        return _draft(element, request, _nested_alert(element))
    text = element if isinstance(element, str) else as_json(element)
    if fields := _fragments(text):
        text = text_without_secrets(text)
        return replace(_draft(fields, request), message=text, raw=text)
    title = request.subject or first_line(_first_text(element))
    return Draft(
        source=request.tool or "unknown",
        fingerprint=digest(text),
        title=title if any(map(str.isalnum, title)) else generic.NO_TITLE,
        message=text,
        severity=heading_severity(title) or generic.DEFAULT_SEVERITY,
        status=Status.FIRING,
        delivery_id=request.delivery_id,
        raw=element,
        unknown_format=True,
    )


def is_titled(value: object) -> bool:
    """Whether one of the usual names gives a title anywhere in ``value``."""
    return bool(_nested(value))


def _draft(
    fields: Mapping[str, object], request: Request, inner: Mapping[str, object] | None = None
) -> Draft:
    """The alert of fields of no known names, or of the generic alert within them."""
    status = generic.status_of(inner) if inner else Status.FIRING
    heading = generic.Heading(_title(fields, inner, request), _pretty(fields))
    return generic.draft_of(fields, request, status=status, inner=inner, heading=heading)


def _nested_alert(fields: Mapping[str, object]) -> Mapping[str, object]:
    """The object within ``fields`` that reads as a generic alert; empty where none does."""
    for name in _NESTS:
        if name in fields and generic.is_generic(inner := mapping(fields[name])):
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


def _title(
    fields: Mapping[str, object], inner: Mapping[str, object] | None, request: Request
) -> str:
    """The likeliest title: the outermost of the usual names, found breadth first."""
    if request.subject:
        return request.subject
    found = first(inner, USUAL.titles) or first(inner, USUAL.messages) if inner else ""
    names = names_of(fields)
    found = found or first(fields, names.titles) or _nested(fields) or first(fields, names.messages)
    return first_line(found) or _prose(fields) or _pairs(fields)


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
                if title := first(item, USUAL.titles):
                    return title
                message = message or first(item, USUAL.messages)
            within: Iterable[object] = item.values()
        else:
            within = sequence(item)
        waiting.extend([one for one in islice(within, _MAX_NODES) if isinstance(one, CONTAINERS)])
    return message


def _prose(fields: Mapping[str, object]) -> str:
    """The first value that is more than one word."""
    for name, value in islice(fields.items(), _MAX_NODES):
        if isinstance(value, str) and not is_secret(name):
            line = first_line(value)
            if len(line.split(maxsplit=_WORDS)) >= _WORDS and read_time(line) is None:
                return line
    return ""


def _pairs(fields: Mapping[str, object]) -> str:
    """The first few values with their names, where nothing says what they are about."""
    pairs = (
        f"{name}: {text}"
        for name, value in fields.items()
        if not isinstance(value, CONTAINERS) and not is_secret(name) and (text := as_text(value))
    )
    return first_line(", ".join(islice(pairs, _PAIRS)))


def _excerpt(
    value: Mapping[str, object] | Sequence[object], room: list[int], depth: int = 0
) -> object:
    """As much of a payload as a person would read; ``room`` is the number of values, used up."""
    if not value:
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
        kept[name] = _excerpt(item, room, depth + 1) if isinstance(item, CONTAINERS) else item
    return kept if isinstance(value, dict) else list(kept.values())


def _pretty(fields: Mapping[str, object]) -> str:
    value = without_secrets(_excerpt(fields, [_MAX_SHOWN]))
    try:
        return to_json(value, indent=2).decode()
    except (ValueError, RecursionError):
        return as_json(value, indent=2)
