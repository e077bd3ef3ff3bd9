"""The messages that the functions hand to each other through SQS; JSON bodies, nothing else.

A message that waits is sent again with a delay; ``first_sent`` is kept, so that age (not the
number of receives) ends the waiting, and ``not_before`` guards waits beyond SQS's longest delay.
"""

from pydantic import BaseModel, ConfigDict

from responder.alert import Alert, Moment
from responder.change import Change


class AlertMessage(BaseModel):
    """Processing queue: one accepted alert."""

    model_config = ConfigDict(frozen=True)

    alert: Alert
    trace: str = ""


class ChangeMessage(BaseModel):
    """Processing queue: one accepted change."""

    model_config = ConfigDict(frozen=True)

    change: Change
    trace: str = ""


def carries_change(body: str) -> bool:
    """Whether a message of a processing queue is a change's: told by the field it begins with."""
    return body.lstrip().startswith('{"change"')


class AnalysisRequest(BaseModel):
    """Analysis queue: the signature of ``incident_id`` wants a fresh analysis."""

    model_config = ConfigDict(frozen=True)

    cache_key: str
    incident_id: str
    first_sent: Moment
    not_before: Moment | None = None
    trace: str = ""


class Trouble(BaseModel):
    """Slack does not show an incident's card: what operators must hear on another way.

    ``cause`` is a word that many troubles share, ``detail`` this one's own; ``gave_up`` says that
    the card is a dead letter, else it still waits. ``alone`` says that the incident was CRITICAL as
    it was reported; None comes from releases that looked only as they told it.
    """

    model_config = ConfigDict(frozen=True)

    cause: str
    detail: str
    at: Moment
    gave_up: bool
    alone: bool | None = None


class Announcement(BaseModel):
    """Distribution queues: "this incident changed", and no more.

    With ``trouble`` it is for operators: "and Slack does not show it".
    """

    model_config = ConfigDict(frozen=True)

    incident_id: str
    first_sent: Moment
    not_before: Moment | None = None
    slot_reserved: bool = False
    trouble: Trouble | None = None
    trace: str = ""
