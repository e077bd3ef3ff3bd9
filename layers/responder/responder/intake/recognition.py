"""The one ordered table by which a payload is known as a tool's, and the way to its reader.

A row names a header, or keys of the body's outermost object, or both; the first row that fits
wins, so that what is told apart by more stands above what is told apart by less.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from typing import Protocol, cast

from responder.intake import marks
from responder.intake.draft import Draft, Request
from responder.intake.fields import mapping, sequence

# Elements of an array that are looked at for a tool's keys.
_LOOKED_AT = 20


class Reader(Protocol):
    """What the module of a tool offers."""

    def split(self, payload: object) -> Sequence[object]:
        """The elements of a payload; each becomes one alert."""
        ...

    def read(self, element: object, whole: object, request: Request) -> Draft:
        """One alert. Raises Unreadable where it lacks the tool's shape, NotAnAlert for no alert."""
        ...


@dataclass(frozen=True)
class Row:
    """One way to know the payloads of ``tool``.

    ``header`` is a header that only this tool sends; ``keys`` must all be in the outermost object
    (``array`` True: in the objects of an outermost array); ``test`` decides where they do not
    suffice.
    """

    tool: str
    keys: tuple[str, ...] = ()
    header: str = ""
    test: Callable[[object, Request], bool] | None = None
    array: bool = False

    def fits(self, payload: object, request: Request) -> bool:
        """Whether this row knows the payload."""
        if self.header and self.header not in request.headers:
            return False
        return self._has_keys(payload) and (self.test is None or self.test(payload, request))

    def _has_keys(self, payload: object) -> bool:
        if not self.array:
            return not self.keys or all(key in mapping(payload) for key in self.keys)
        elements = sequence(payload)[:_LOOKED_AT]
        return any(all(key in mapping(element) for key in self.keys) for element in elements)


#: First match wins.
ROWS: tuple[Row, ...] = (
    Row("sns", ("Type", "TopicArn"), test=marks.is_handshake),
    Row("cloudwatch", ("AlarmName", "NewStateValue")),
    Row("cloudwatch", ("detail", "source"), test=marks.is_alarm_event),
    Row("alertmanager", ("alerts",), test=marks.is_alertmanager),
    Row("alertmanager", ("labels",), test=marks.is_push, array=True),
)

#: Other names of a tool that a route may use.
ALIASES = {
    "prometheus": "alertmanager",
    "vmalert": "alertmanager",
    "mimir": "alertmanager",
    "loki": "alertmanager",
    "cortex": "alertmanager",
}

TOOLS = tuple(dict.fromkeys(row.tool for row in ROWS))


def tools_of(payload: object, request: Request) -> Iterator[str]:
    """The tools whose rows know the payload, best first; each may come more than once."""
    return (row.tool for row in _candidates(payload, request) if row.fits(payload, request))


def named(request: Request) -> str:
    """The tool that the route names, by its own name; empty where it names none of ours."""
    tool = ALIASES.get(request.tool, request.tool)
    return tool if tool in TOOLS else ""


@cache
def reader(tool: str) -> Reader:
    """The reader of ``tool``, imported when its first payload comes."""
    name = tool.replace("-", "_").replace(".", "_")
    return cast(Reader, import_module(f"responder.intake.tools.{name}"))


def _candidates(payload: object, request: Request) -> Sequence[Row]:
    """The few rows worth a look, in their order: those with a key or header that is there."""
    if isinstance(payload, dict):
        found = [place for key in payload if key in _BY_KEY for place in _BY_KEY[key]]
    elif isinstance(payload, list):
        found = list(_OF_ARRAYS)
    else:
        found = []
    found += [place for header in request.headers if header in _BY_HEADER
              for place in _BY_HEADER[header]]  # fmt: skip
    return [ROWS[place] for place in sorted(found)]


def _index() -> tuple[dict[str, list[int]], dict[str, list[int]], list[int]]:
    by_key: dict[str, list[int]] = {}
    by_header: dict[str, list[int]] = {}
    of_arrays = []
    for place, row in enumerate(ROWS):
        if row.header:
            by_header.setdefault(row.header, []).append(place)
        elif row.array:
            of_arrays.append(place)
        else:
            by_key.setdefault(row.keys[0], []).append(place)
    return by_key, by_header, of_arrays


_BY_KEY, _BY_HEADER, _OF_ARRAYS = _index()
