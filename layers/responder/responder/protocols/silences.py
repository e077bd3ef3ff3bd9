"""The silences as they stand: written by operators, read by the processing lane and the tick.

    write the chunk that holds a silence, and the manifest with its new revision, in one transaction

They lie in chunks, as one item would be too small for thousands; a process reads the manifest now
and then, and the chunks only when its revision has changed. Two who write at once: one transaction
loses and looks again.
"""

from collections.abc import Callable
from datetime import datetime, timedelta

from pydantic import BaseModel, ConfigDict

from responder.clock import Clock
from responder.errors import Retryable
from responder.policy.silence import Silence, Silences
from responder.ports import Key, Store
from responder.protocols import items

#: The name of the manifest in the state table; chunks are ``silences#<n>``.
MANIFEST = "silences"
#: Of a chunk as JSON, in bytes; an item may have 400 KB:
#: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html
CHUNK_BYTES = 300_000
#: How long a process goes on with the silences that it knows.
MAX_AGE = timedelta(seconds=10)
#: Expired silences are kept this long, for whoever asks what held an alert.
KEPT = timedelta(days=7)


class Manifest(BaseModel):
    """How many chunks there are; ``revision`` rises with every change of any."""

    model_config = ConfigDict(frozen=True)

    revision: int = 0
    chunks: int = 0


class Chunk(BaseModel):
    """Some of the silences."""

    model_config = ConfigDict(frozen=True)

    silences: tuple[Silence, ...] = ()


def load(store: Store) -> list[Silence]:
    """All silences, expired ones of the last days included. Raises Retryable."""
    manifest = items.load(store, items.state_item(MANIFEST), Manifest) or Manifest()
    return [silence for chunk in _chunks(store, manifest).values() for silence in chunk.silences]


def add(store: Store, silence: Silence, now: datetime) -> None:
    """Add a silence; expired ones of the same chunk make room. Raises Retryable."""

    def change(chunks: dict[int, Chunk]) -> tuple[int, Chunk] | None:
        for number in range(max(chunks, default=-1), -1, -1):
            kept = [one for one in chunks[number].silences if one.ends_at + KEPT > now]
            wider = Chunk(silences=(*kept, silence))
            if len(wider.model_dump_json()) <= CHUNK_BYTES:
                return number, wider
        return len(chunks), Chunk(silences=(silence,))

    _change(store, change, now)


def expire(store: Store, silence_id: str, now: datetime) -> Silence | None:
    """End a silence now; None where there is none of that id that has not ended."""
    ended: Silence | None = None

    def change(chunks: dict[int, Chunk]) -> tuple[int, Chunk] | None:
        nonlocal ended
        for number, chunk in chunks.items():
            for silence in chunk.silences:
                if silence.id == silence_id and silence.ends_at > now:
                    starts_at = min(silence.starts_at, now - timedelta(seconds=1))
                    update = {"starts_at": starts_at, "ends_at": now}
                    ended = silence.model_copy(update=update)
                    others = [one for one in chunk.silences if one.id != silence_id]
                    return number, Chunk(silences=(*others, ended))
        return None

    _change(store, change, now)
    return ended


def _change(
    store: Store,
    change: Callable[[dict[int, Chunk]], tuple[int, Chunk] | None],
    now: datetime,
) -> None:
    def attempt() -> None:
        key = items.state_item(MANIFEST)
        record = store.read([key])[key]
        manifest = items.decode(record, Manifest) or Manifest()
        wanted = change(_chunks(store, manifest))
        if wanted is None:
            return
        number, chunk = wanted
        place = _chunk_key(number)
        moved = Manifest(revision=manifest.revision + 1, chunks=max(manifest.chunks, number + 1))
        # Whoever else changes any chunk writes the manifest, too: reading it first guards them all.
        store.write(
            [
                items.write_of(place, chunk, store.read([place])[place].version, now),
                items.write_of(key, moved, record.version, now),
            ]
        )

    items.settle(attempt)


def _chunks(store: Store, manifest: Manifest) -> dict[int, Chunk]:
    keys = {_chunk_key(number): number for number in range(manifest.chunks)}
    records = store.read(list(keys)) if keys else {}
    return {number: items.decode(records[key], Chunk) or Chunk() for key, number in keys.items()}


def _chunk_key(number: int) -> Key:
    return items.state_item(f"{MANIFEST}#{number}")


class CurrentSilences:
    """The silences as they stood at most ``MAX_AGE`` ago."""

    def __init__(self, store: Store, now: Clock) -> None:
        """Nothing is read before the first question."""
        self._store = store
        self._now = now
        self._known = Silences(())
        self._revision = 0
        self._read_at: datetime | None = None

    def __call__(self) -> Silences:
        """What is known; a table that does not answer never keeps an alert from people."""
        now = self._now()
        if self._read_at is None or now - self._read_at >= MAX_AGE:
            self._read_at = now
            try:
                self._refresh()
            except Retryable:
                # A page that should have been silenced is better than one that was never sent.
                return self._known
        return self._known

    def _refresh(self) -> None:
        manifest = items.load(self._store, items.state_item(MANIFEST), Manifest) or Manifest()
        if manifest.revision != self._revision:
            chunks = _chunks(self._store, manifest).values()
            self._known = Silences(one for chunk in chunks for one in chunk.silences)
            self._revision = manifest.revision
