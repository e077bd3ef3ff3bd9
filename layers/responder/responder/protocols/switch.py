"""The operator's switch ``responder analysis off|on``, read before every call to Claude."""

from pydantic import BaseModel, ConfigDict

#: Its name in the state table.
SWITCH = "switch#analysis"


class Switch(BaseModel):
    """Whether analyses are switched off, by whom and when (ISO 8601)."""

    model_config = ConfigDict(frozen=True)

    off: bool = False
    by: str = ""
    at: str = ""
