"""Text as intake lets it through: no characters that SQS refuses, no length without a bound.

Every reader's values pass through here on their way into an alert (``draft.finish``).
"""

import json
import re

from pydantic_core import to_json

# Characters that SQS refuses in a message body:
# https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html
# and the DEL and C1 controls, which no alert needs and terminals obey.
_REFUSED = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
# Senders leave placeholders that their template did not fill: $NAME, $NAME$, ${a.name}, {{name}},
# {MACRO}, *name*, and what Go's templates write instead.
_UNFILLED = re.compile(
    r"\$[A-Za-z_]+|\$[\w.]{1,80}\$|\$\{[^{}]{1,80}\}|\{\{?[\s$#.\w]{1,80}\}?\}|\*[A-Za-z]+\*"
    r"|<no value>|<nil>"
)
_CUT_MARK = "…"
_WRITER = json.JSONEncoder(ensure_ascii=False, default=str)
# How far the first line of a text is looked for: more than any title takes.
_LONGEST_LINE = 2_000


def clean(text: str) -> str:
    """``text`` without characters that a queue or a terminal would choke on."""
    return _REFUSED.sub("", text)


def one_line(text: str) -> str:
    """``text`` with every run of white space made one space."""
    return " ".join(text.split())


def first_line(text: str) -> str:
    """The first line of ``text`` that is not empty, on one line."""
    return next((line for line in map(one_line, text[:_LONGEST_LINE].splitlines()) if line), "")


def as_text(value: object) -> str:
    """A JSON value as a person would write it; empty for null and unfilled placeholders."""
    if isinstance(value, str):
        text = value.strip()
        return "" if text and text[0] in "${*<" and _UNFILLED.fullmatch(text) else text
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, int) else as_json(value)


def as_json(value: object, indent: int | None = None) -> str:
    """A JSON value as JSON text; empty where it is nested too deep to be written."""
    try:
        if indent is None:
            return _WRITER.encode(value)
        return json.dumps(value, ensure_ascii=False, default=str, indent=indent)
    except RecursionError:
        return ""


def as_compact_json(value: object) -> str:
    """A JSON value as JSON text without spaces; empty where it is nested too deep."""
    try:
        return to_json(value).decode()
    except (ValueError, RecursionError):
        # Lone surrogates, and nesting that the standard library still writes.
        return as_json(value)


def size_of(text: str) -> int:
    """The bytes of ``text`` in UTF-8."""
    return len(text) if text.isascii() else len(text.encode(errors="replace"))


def bounded_line(text: str, limit: int, name: str, notes: list[str]) -> str:
    """``text`` on one line, cleaned and cut as by ``bounded``."""
    # Nearly every line: nothing to clean (only spaces are printable white space) or to cut.
    if len(text) <= limit and text.isascii() and text.isprintable() and "  " not in text:
        return text.strip()
    return bounded(one_line(text), limit, name, notes)


def bounded(text: str, limit: int, name: str, notes: list[str]) -> str:
    """``text`` cleaned and cut to ``limit`` bytes of UTF-8; a cut is written into ``notes``."""
    if len(text) <= limit and text.isascii() and text.isprintable():
        return text
    # A character is at least a byte, so nothing behind ``limit`` characters can be kept; and at
    # most four, so that most texts need not be encoded to be known as short enough.
    kept = clean(text[: limit + 1])
    if len(text) * 4 <= limit or (len(text) <= limit and len(kept.encode()) <= limit):
        return kept
    notes.append(f"{name}: cut to {limit} bytes by intake")
    return kept.encode()[: limit - len(_CUT_MARK.encode())].decode(errors="ignore") + _CUT_MARK
