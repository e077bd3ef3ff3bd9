"""The change: a deployment, release or push that a tool told us of; never an alert by itself.

``intake`` makes changes, the processing lane remembers them, and Claude is told of those that came
before an incident.
"""

from enum import StrEnum

from pydantic import BaseModel, ConfigDict

from responder.alert import Moment, Scope


class ChangeState(StrEnum):
    """How far it came; of two that are told for one moment, the later one here counts."""

    STARTED = "started"
    SUCCEEDED = "succeeded"
    CANCELLED = "cancelled"
    FAILED = "failed"
    REPLACED = "replaced"

    @property
    def rank(self) -> int:
        """Its place in the order above."""
        return list(ChangeState).index(self)


class Change(BaseModel):
    """One change. ``change_id`` is the same in every event of it.

    ``at`` is when it began, as far as its events tell, ``state_at`` when ``state`` began. All texts
    are the sender's.
    """

    model_config = ConfigDict(frozen=True)

    change_id: str
    source: str
    service: str
    what: str
    state: ChangeState
    at: Moment
    state_at: Moment
    revision: str = ""
    by: str = ""
    link: str = ""
    scope: Scope = Scope()
