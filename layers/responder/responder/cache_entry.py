"""What the pipeline remembers of the analysis of one cache key."""

from enum import StrEnum

from pydantic import BaseModel, ConfigDict

from responder.alert import Moment
from responder.analysis.verdict import Analysis

#: Incidents that wait on one cache entry; the tick finds the rest.
MAX_WAITERS = 100


class CacheState(StrEnum):
    """Whether somebody works on a signature's analysis, or it is there."""

    IDLE = "idle"
    PENDING = "pending"
    DONE = "done"


class CacheEntry(BaseModel):
    """The analysis of one cache key, and who works on it or waits for it.

    ``analysis`` may be present while ``state`` is pending (a stale one that is being refreshed).
    ``kept_until`` is set where a refresh failed: its age is no reason to try again before.
    ``disputed_at`` is when a person last found the analysis wrong that it had until then.
    """

    model_config = ConfigDict(frozen=True)

    cache_key: str
    state: CacheState = CacheState.IDLE
    owner: str = ""
    lease_until: Moment | None = None
    waiters: tuple[str, ...] = ()
    analysis: Analysis | None = None
    fresh_until: Moment | None = None
    kept_until: Moment | None = None
    next_try: Moment | None = None
    first_sent: Moment | None = None
    disputed_at: Moment | None = None
