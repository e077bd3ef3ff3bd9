"""The silences as they stand: written by operators, read by the processing lane and the tick."""

from datetime import datetime, timedelta

from pydantic import BaseModel, ConfigDict

from responder.policy.silence import Silence
from responder.ports import Store
from responder.protocols.chunks import Chunks

#: Expired silences are kept this long, for whoever asks what held an alert.
KEPT = timedelta(days=7)


class Chunk(BaseModel):
    """Some of the silences."""

    model_config = ConfigDict(frozen=True)

    silences: tuple[Silence, ...] = ()


SILENCES: Chunks[Silence] = Chunks("silences", Chunk)


def load(store: Store) -> list[Silence]:
    """All silences, expired ones of the last days included. Raises Retryable."""
    return SILENCES.load(store)


def add(store: Store, silence: Silence, now: datetime) -> None:
    """Add a silence; expired ones of the same chunk make room. Raises Retryable."""
    SILENCES.add(store, silence, now, lambda one: one.ends_at > now - KEPT)


def expire(store: Store, silence_id: str, now: datetime) -> Silence | None:
    """End a silence now; None where there is none of that id that has not ended."""

    def ended(silence: Silence) -> Silence:
        # One that has not begun yet must not end before it begins.
        starts_at = min(silence.starts_at, now - timedelta(seconds=1))
        return silence.model_copy(update={"starts_at": starts_at, "ends_at": now})

    return SILENCES.replace(
        store, lambda one: one.id == silence_id and one.ends_at > now, ended, now
    )
