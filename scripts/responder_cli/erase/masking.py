"""A person's texts in items and messages, and what stands in their place; pure.

Texts are found whatever their case, blanks and Unicode form, and as JSON, addresses and HTML write
them. Identities stay: what leads from one item to another is no text of an alert, and without it
nothing would be found.
"""

import re
import unicodedata
import zlib
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from html.entities import codepoint2name
from itertools import count
from typing import Any
from urllib.parse import quote

from responder import raw as packed

#: Stands where a text was. It has no character that JSON, HTML or an address writes otherwise.
MASK = "(erased)"
#: A shorter text is part of too many others.
SHORTEST = 4

#: What says which thing it is, or what state it is in. A match here is told, and stays.
IDENTITIES = frozenset(
    {
        "alert_id", "incident_id", "first_alert_id", "key", "cache_key", "signature", "source",
        "severity", "status", "state", "kind", "held", "storm_id", "route", "owner", "trace",
        "delivery_id", "ts", "channel_id", "waiters", "inhibits", "error_signature", "id",
    }
)  # fmt: skip
#: The packed payload of an alert.
RAW = "raw"
#: What people and tools name as they like: no name in there is one of ours.
_FREE = frozenset({"labels", "links"})
#: What is counted by names that tools give: masked, two would be one.
_COUNTED = frozenset({"sources", "services"})
#: How our own fields are called.
_FIELD = re.compile(r"[a-z][a-z0-9_]*")

#: Backslashes before what JSON escapes: of a text in JSON one, and of JSON that is itself a text in
#: JSON 2 or 3 a level deeper, at most 15 at the fourth level.
_ESCAPES = r"\\{1,15}"
_BLANKS = rf"(?:\s|\+|%20|%09|%0a|%0d|%c2%a0|&nbsp;|&#160;|&#xa0;|{_ESCAPES}(?:[nrt]|u00a0))+"


class Texts:
    """What is to be erased."""

    def __init__(self, texts: Iterable[str]) -> None:
        """Raises ValueError for a text that is too short."""
        given = [text.strip() for text in texts]
        if short := [text for text in given if len(text) < SHORTEST]:
            raise ValueError(f"{short[0]!r} is shorter than {SHORTEST} characters")
        longest_first = sorted(given, key=len, reverse=True)
        self._pattern = re.compile("|".join(map(_pattern, longest_first)), re.IGNORECASE)

    def count(self, text: str) -> int:
        """How often they are in ``text``."""
        return len(self._pattern.findall(text))

    def masked(self, text: str) -> str:
        """``text`` without them."""
        return self._pattern.sub(MASK, text)


def _pattern(text: str) -> str:
    """A text character by character, since one text may have each of them written otherwise."""
    words = unicodedata.normalize("NFC", text).split()
    return _BLANKS.join("".join(map(_character, word)) for word in words)


def _character(character: str) -> str:
    if character.isascii() and character.isalnum():
        return character
    # What has no other case in one character, such as the sharp s, no pattern knows by itself.
    cases = {character, character.lower(), character.upper(), character.casefold()}
    forms = {form for case in cases for form in _written(case)}
    return f"(?:{'|'.join(sorted(forms, key=len, reverse=True))})"


def _written(characters: str) -> Iterator[str]:
    """Patterns of what addresses, HTML and JSON write, composed and decomposed."""
    for kind in ("NFC", "NFD"):
        one = unicodedata.normalize(kind, characters)
        yield re.escape(quote(one, safe=""))
        yield "".join(rf"&#0*{ord(part)};" for part in one)
        yield "".join(rf"&#x0*{ord(part):x};" for part in one)
        yield "".join(rf"(?:\\{{0,15}}{re.escape(part)}|{_unicode(part)})" for part in one)
    if named := codepoint2name.get(ord(characters)) if len(characters) == 1 else None:
        yield f"&{named};"


def _unicode(character: str) -> str:
    """Its units as JSON writes them in ASCII: two, where it is beyond the first 65,536."""
    units = character.encode("utf-16-be").hex()
    return "".join(f"{_ESCAPES}u{units[start : start + 4]}" for start in range(0, len(units), 4))


@dataclass
class Found:
    """How many matches are masked, and the names of the attributes in which some stay."""

    masked: int = 0
    stays: set[str] = field(default_factory=set)


@dataclass(frozen=True)
class Masking:
    """Masks what ``texts`` are in; ``only`` these attributes where it is not empty.

    What is not of our making has no ``identities``.
    """

    texts: Texts
    only: frozenset[str] = frozenset()
    identities: frozenset[str] = IDENTITIES

    def item(self, item: Mapping[str, Any], keys: Iterable[str]) -> tuple[dict[str, Any], Found]:
        """A DynamoDB item as the API writes it; its ``keys`` cannot change."""
        found = Found()
        kept = {name: self._typed(value, name, found) for name, value in item.items()}
        for name in keys:
            # Masked or not, the key is what it was: told, and left.
            if self.texts.count(item[name].get("S", "")):
                found.stays.add(name)
            kept[name] = item[name]
        return kept, found

    def plain(self, value: Any, found: Found, name: str = "") -> Any:  # noqa: ANN401 - any JSON value
        """Any JSON value."""
        if isinstance(value, dict):
            kept = self._names(value, name, found)
            return {
                kept[key]: self.plain(one, found, _named(key, name)) for key, one in value.items()
            }
        if isinstance(value, list):
            return [self.plain(inner, found, name) for inner in value]
        return self._text(value, name, found) if isinstance(value, str) else value

    def _typed(self, value: Mapping[str, Any], name: str, found: Found) -> dict[str, Any]:
        ((kind, inner),) = value.items()
        match kind:
            case "M":
                kept = self._names(inner, name, found)
                return {
                    "M": {
                        kept[key]: self._typed(one, _named(key, name), found)
                        for key, one in inner.items()
                    }
                }
            case "L":
                return {"L": [self._typed(one, name, found) for one in inner]}
            case "S":
                return {"S": self._text(inner, name, found)}
            case _:
                return dict(value)

    def _names(self, names: Collection[str], parent: str, found: Found) -> Mapping[str, str]:
        """What the names in the map ``parent`` are without the texts; no two become one."""
        kept = {name: name for name in names}
        taken = {name for name in names if not self.texts.count(name)}
        for name in names:
            if name in taken:
                continue
            if not self._is_free(parent):
                # A text that is part of a field's name is none of the person's.
                if parent in _COUNTED or not _FIELD.fullmatch(name):
                    found.stays.add(parent or name)
                continue
            found.masked += self.texts.count(name)
            kept[name] = _unlike(self.texts.masked(name), taken)
            taken.add(kept[name])
        return kept

    def _is_free(self, parent: str) -> bool:
        return not self.only and (parent in _FREE or not self.identities)

    def _text(self, text: str, name: str, found: Found) -> str:
        if name == RAW:
            return self._packed(text, found)
        number = self.texts.count(text)
        if not number:
            return text
        if name in self.identities or (self.only and name not in self.only):
            found.stays.add(name)
            return text
        found.masked += number
        return self.texts.masked(text)

    def _packed(self, text: str, found: Found) -> str:
        """The payload of an alert; one that cannot be unpacked is told, as nobody sees into it."""
        try:
            inside = packed.unpack(text)
        except (ValueError, zlib.error):
            found.stays.add(RAW)
            return text
        number = self.texts.count(inside)
        found.masked += number
        return packed.pack(self.texts.masked(inside)) if number else text


def _named(key: str, parent: str) -> str:
    return parent if parent in _FREE else key


def _unlike(name: str, taken: Collection[str]) -> str:
    """``name``, with a number where there is one of that name."""
    numbered = (f"{name} {number}" for number in count(2))
    return name if name not in taken else next(one for one in numbered if one not in taken)
