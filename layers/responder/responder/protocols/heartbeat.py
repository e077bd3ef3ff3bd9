"""The tick's sign of life, read by ``responder health``."""

from pydantic import BaseModel, ConfigDict

from responder.alert import Moment

#: Its name in the state table.
HEARTBEAT = "heartbeat#tick"


class Heartbeat(BaseModel):
    """When the tick last finished."""

    model_config = ConfigDict(frozen=True)

    at: Moment
