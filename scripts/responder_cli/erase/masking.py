"""A person's texts in items and messages, and what stands in their place; pure.

Texts are found whatever their case, and as JSON, addresses and HTML write them. Identities stay:
what leads from one item to another is no text of an alert, and without it nothing would be found.
"""

import html
import json
import re
import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, quote_plus

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


class Texts:
    """What is to be erased."""

    def __init__(self, texts: Iterable[str]) -> None:
        """Raises ValueError for a text that is too short."""
        given = [text.strip() for text in texts]
        if short := [text for text in given if len(text) < SHORTEST]:
            raise ValueError(f"{short[0]!r} is shorter than {SHORTEST} characters")
        forms = sorted({form for text in given for form in _forms(text)}, key=len, reverse=True)
        self._pattern = re.compile("|".join(map(re.escape, forms)), re.IGNORECASE)

    def count(self, text: str) -> int:
        """How often they are in ``text``."""
        return len(self._pattern.findall(text))

    def masked(self, text: str) -> str:
        """``text`` without them."""
        return self._pattern.sub(MASK, text)


def _forms(text: str) -> Iterator[str]:
    """A text as it is, and as it is written in JSON, in an address and in HTML."""
    yield text
    for ascii_only in (True, False):
        yield json.dumps(text, ensure_ascii=ascii_only)[1:-1]
    yield from (quote(text), quote_plus(text), quote(text, safe=""), html.escape(text))


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
            return {key: self.plain(one, found, _named(key, name)) for key, one in value.items()}
        if isinstance(value, list):
            return [self.plain(inner, found, name) for inner in value]
        return self._text(value, name, found) if isinstance(value, str) else value

    def _typed(self, value: Mapping[str, Any], name: str, found: Found) -> dict[str, Any]:
        ((kind, inner),) = value.items()
        match kind:
            case "M":
                parts = inner.items()
                return {
                    "M": {key: self._typed(one, _named(key, name), found) for key, one in parts}
                }
            case "L":
                return {"L": [self._typed(one, name, found) for one in inner]}
            case "S":
                return {"S": self._text(inner, name, found)}
            case _:
                return dict(value)

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
