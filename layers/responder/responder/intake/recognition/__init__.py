"""Which tool a payload is of, and the way to its reader.

``table`` is the ordered table. Each family of tools has a module with its rows and with the tests
of a row that need more than the presence of a key.
"""

from collections.abc import Iterator, Sequence
from functools import cache
from importlib import import_module
from typing import Protocol, cast

from responder.intake.draft import Draft, Request
from responder.intake.recognition.route_names import ALIASES
from responder.intake.recognition.table import TOOLS, candidates

__all__ = ["ALIASES", "CARRIERS", "TOOLS", "Reader", "named", "reader", "tools_of"]

#: Tools that carry what others send: what another tool knows is that tool's on their route, too.
CARRIERS = frozenset({"sns", "eventbridge", "cloudevents", "azure-event-grid"})

_OURS = frozenset(TOOLS)


class Reader(Protocol):
    """What the module of a tool offers."""

    def split(self, payload: object) -> Sequence[object]:
        """The elements of a payload; each becomes one alert."""
        ...

    def read(self, element: object, whole: object, request: Request) -> Draft:
        """One alert. Raises Unreadable where it lacks the tool's shape, NotAnAlert for no alert."""
        ...


def tools_of(payload: object, request: Request) -> Iterator[str]:
    """The tools whose rows know the payload, best first; each may come more than once."""
    return (row.tool for row in candidates(payload, request) if row.fits(payload, request))


def named(request: Request) -> str:
    """The tool that the route names, by its own name; empty where it names none of ours."""
    tool = ALIASES.get(request.tool, request.tool)
    return tool if tool in _OURS else ""


@cache
def reader(tool: str) -> Reader:
    """The reader of ``tool``, imported when its first payload comes."""
    name = tool.replace("-", "_").replace(".", "_")
    return cast(Reader, import_module(f"responder.intake.tools.{name}"))
