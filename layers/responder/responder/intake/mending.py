"""JSON that a template wrote without escaping its values, made readable: ``mended``.

Templates put plugin output, paths and titles between quotes as they are (Nagios, Zabbix, Dynatrace,
shell scripts). ``body`` asks here before it takes such a body for plain text.
"""

import json
import re
from collections.abc import Callable

#: Faults that are mended in one body; a text with more of them is prose or something else.
MAX_FAULTS = 64
#: Characters of a body that is mended; each fault costs a reading of all of it.
MAX_LENGTH = 128_000

_BARE_WORD = re.compile(r"\s*([^\s,{}\[\]\"][^,{}\[\]\"\r\n]{0,200})")
_EMPTY_PLACE = frozenset(",}]")


def mended(text: str, decode: Callable[[str], object]) -> object | None:
    """What ``text`` says with its faults mended one by one, or None where it stays unreadable."""
    if len(text) > MAX_LENGTH:
        return None
    for _ in range(MAX_FAULTS):
        try:
            return decode(text)
        except json.JSONDecodeError as error:
            better = _without_fault(text, error)
        except (ValueError, RecursionError):
            return None
        if better is None:
            return None
        text = better
    return None


def _without_fault(text: str, error: json.JSONDecodeError) -> str | None:
    """The text without the fault at which the decoder stopped."""
    said, place = error.msg, error.pos
    if said.startswith("Illegal trailing comma"):
        return text[:place] + text[place + 1 :]
    if said.startswith("Invalid \\"):
        return _doubled_backslash(text, place)
    if said.startswith("Expecting value"):
        return _with_value(text, place)
    if said.startswith("Expecting"):
        return _escaped_quote(text, place)
    return None


def _escaped_quote(text: str, place: int) -> str | None:
    """The quote before ``place`` did not end its text: what follows is still part of it."""
    quote = text.rfind('"', 0, place)
    if text[quote + 1 : place].strip() not in ("", ","):
        return _quoted_word(text, text.rfind(":", 0, place) + 1)
    if quote < 1 or text[quote - 1] == "\\":
        return None
    return f"{text[:quote]}\\{text[quote:]}"


def _doubled_backslash(text: str, place: int) -> str | None:
    backslash = text.rfind("\\", 0, place + 1)
    return None if backslash < 0 else f"{text[:backslash]}\\{text[backslash:]}"


def _with_value(text: str, place: int) -> str | None:
    """A placeholder outside quotes was left empty, or became a bare word."""
    if text[place : place + 1] in _EMPTY_PLACE:
        return f"{text[:place]}null{text[place:]}"
    return _quoted_word(text, place)


def _quoted_word(text: str, place: int) -> str | None:
    found = _BARE_WORD.match(text, place)
    if not found:
        return None
    return text[: found.start(1)] + json.dumps(found[1].strip()) + text[found.end() :]
