"""What is known around an incident: what Claude is told of besides the alert itself.

``protocols.context`` gathers it from the tables, ``prompt`` tells it, and a case of ``tests/evals``
is one value of it. All texts are untrusted, as the alert's own are.
"""

from collections.abc import Iterator

from pydantic import BaseModel, ConfigDict

from responder.alert import Moment
from responder.incident import Incident


class Earlier(BaseModel):
    """An earlier incident of the same problem in the same place, with what was made of it."""

    model_config = ConfigDict(frozen=True)

    opened_at: Moment
    ended_at: Moment | None = None
    count: int
    verdict: str = ""

    def told(self) -> str:
        """In one line."""
        lasted = f", over at {_time(self.ended_at)}" if self.ended_at else ""
        verdict = f"; analysis then: {self.verdict}" if self.verdict else ""
        return f"opened {_time(self.opened_at)}{lasted}, {self.count} alerts{verdict}"


class Context(BaseModel):
    """Everything that was found; the most telling of each kind comes first."""

    model_config = ConfigDict(frozen=True)

    earlier: tuple[Earlier, ...] = ()

    def fields(self) -> Iterator[tuple[str, str]]:
        """As fields beside those of the alert, the most telling first."""
        for number, one in enumerate(self.earlier, 1):
            yield f"earlier.{number}", one.told()


class Case(BaseModel):
    """What Claude is asked about."""

    model_config = ConfigDict(frozen=True)

    incident: Incident
    context: Context = Context()


def _time(moment: Moment) -> str:
    return moment.isoformat(timespec="seconds")
