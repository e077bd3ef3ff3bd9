"""Signs of life, as they are kept for ``responder health``: the tick's, and the front door's.

``tick`` writes the first one, ``pulse`` the other one.
"""

from pydantic import BaseModel, ConfigDict

from responder.alert import Moment

#: The tick's name in the state table.
HEARTBEAT = "heartbeat#tick"
#: The front door's.
FRONT_DOOR = "heartbeat#front-door"


class Heartbeat(BaseModel):
    """When the tick last finished."""

    model_config = ConfigDict(frozen=True)

    at: Moment


class Beat(BaseModel):
    """The heartbeat that is under way, and what became of those before it.

    ``trouble`` is why the front door did not take it. ``arrived_at`` is when the last one that came
    had come, ``seconds`` how long it took to its card (None without a test channel: then it is
    recorded and has no card). ``missed`` of them were, one after the other, since then; ``reason``
    says why the last one was, or has no card.
    """

    model_config = ConfigDict(frozen=True)

    sent_at: Moment
    alert_id: str
    trouble: str = ""
    arrived_at: Moment | None = None
    seconds: float | None = None
    missed: int = 0
    reason: str = ""
