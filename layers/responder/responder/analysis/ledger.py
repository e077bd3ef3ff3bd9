"""What a UTC day's calls of Claude cost, by source, service and model, for reports.

``protocols.spending`` writes a day's ledger in the transaction that settles a call, so that its sum
is what the budgets say was spent; ``responder cost`` reads it.
"""

from pydantic import BaseModel, ConfigDict

from responder.analysis.budget import MICRO, Reservation

#: Names kept per kind; a ledger is written with every call, and must stay small.
MAX_NAMES = 30
#: What comes after so many names is one line.
OTHER = "other"
NO_NAME = "(none)"
_MAX_NAME = 80


class Line(BaseModel):
    """Calls and their cost. ``unknown`` ones of them were never answered: they may have been free.

    They are in ``micro_usd`` with the most that they can have cost.
    """

    model_config = ConfigDict(frozen=True)

    calls: int = 0
    unknown: int = 0
    micro_usd: int = 0
    input_tokens: int = 0
    output_tokens: int = 0

    def __add__(self, other: "Line") -> "Line":
        """Both together."""
        return Line(
            calls=self.calls + other.calls,
            unknown=self.unknown + other.unknown,
            micro_usd=self.micro_usd + other.micro_usd,
            input_tokens=self.input_tokens + other.input_tokens,
            output_tokens=self.output_tokens + other.output_tokens,
        )

    @property
    def usd(self) -> float:
        """The cost in dollars."""
        return self.micro_usd / MICRO


class Ledger(BaseModel):
    """One UTC day, three times: each of the three adds up to the day."""

    model_config = ConfigDict(frozen=True)

    day: str
    sources: dict[str, Line] = {}
    services: dict[str, Line] = {}
    models: dict[str, Line] = {}

    @property
    def total(self) -> Line:
        """The day."""
        return sum(self.models.values(), Line())

    def booked(self, source: str, service: str, model: str, line: Line) -> "Ledger":
        """The day with one more line."""
        return self.model_copy(
            update={
                "sources": _with(self.sources, source, line),
                "services": _with(self.services, service, line),
                "models": _with(self.models, model, line),
            }
        )


def unknown(call: Reservation) -> Line:
    """A call that nobody knows the outcome of: it counts as if it cost the most."""
    return Line(calls=1, unknown=1, micro_usd=call.micro)


def unknown_model(call: Reservation) -> str:
    """What stands in the model's place where none has answered."""
    return f"no answer ({call.tier})"


def _with(lines: dict[str, Line], name: str, line: Line) -> dict[str, Line]:
    shown = name[:_MAX_NAME].strip() or NO_NAME
    if shown not in lines and len(lines) >= MAX_NAMES:
        shown = OTHER
    return {**lines, shown: lines.get(shown, Line()) + line}
