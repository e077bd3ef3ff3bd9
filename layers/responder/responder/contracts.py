"""The messages that the functions hand to each other through SQS; JSON bodies, nothing else.

A message that waits is sent again with a delay; ``first_sent`` is kept, so that age (not the
number of receives) ends the waiting, and ``not_before`` guards waits beyond SQS's longest delay.
"""

from pydantic import BaseModel, ConfigDict

from responder.alert import Alert, Moment


class AlertMessage(BaseModel):
    """Processing queue: one accepted alert."""

    model_config = ConfigDict(frozen=True)

    alert: Alert
    trace: str = ""


class AnalysisRequest(BaseModel):
    """Analysis queue: the signature of ``incident_id`` wants a fresh analysis."""

    model_config = ConfigDict(frozen=True)

    cache_key: str
    incident_id: str
    first_sent: Moment
    not_before: Moment | None = None
    trace: str = ""


class Announcement(BaseModel):
    """Distribution queues: "this incident changed", and no more."""

    model_config = ConfigDict(frozen=True)

    incident_id: str
    first_sent: Moment
    not_before: Moment | None = None
    slot_reserved: bool = False
    trace: str = ""
