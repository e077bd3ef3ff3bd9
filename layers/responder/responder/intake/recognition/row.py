"""One row of the table: a way to know the payloads of a tool."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from responder.intake.draft import Request
from responder.intake.fields import mapping, sequence

#: Elements of an array that are looked at for a tool's keys.
LOOKED_AT = 20


@dataclass(frozen=True)
class Row:
    """One way to know the payloads of ``tool``.

    ``header`` is a header that only this tool sends; ``keys`` must all be in the outermost object
    (``array`` True: in the objects of an outermost array), the rarest first, as it is the index;
    ``text`` True: the body is a text, not JSON; ``test`` decides where they do not suffice.
    """

    tool: str
    keys: tuple[str, ...] = ()
    header: str = ""
    test: Callable[[object, Request], bool] | None = None
    array: bool = False
    text: bool = False

    def fits(self, payload: object, request: Request) -> bool:
        """Whether this row knows the payload."""
        if self.header and self.header not in request.headers:
            return False
        return self._has_keys(payload) and (self.test is None or self.test(payload, request))

    def _has_keys(self, payload: object) -> bool:
        if self.text:
            return isinstance(payload, str)
        if not self.array:
            return _has_all(mapping(payload), self.keys)
        elements = sequence(payload)[:LOOKED_AT]
        return any(_has_all(mapping(element), self.keys) for element in elements)


def _has_all(fields: Mapping[str, object], keys: tuple[str, ...]) -> bool:
    for key in keys:  # noqa: SIM110 - all() of a generator takes twice the time
        if key not in fields:
            return False
    return True
