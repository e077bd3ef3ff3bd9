"""Lists that operators write entry by entry, and the processing lane and the tick read.

    write the chunk that holds an entry, and the manifest with its new revision, in one transaction

They lie in chunks, as one item would be too small for thousands; a process reads the manifest now
and then, and the chunks only when its revision has changed. Two who write at once: one transaction
loses and looks again.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from pydantic import BaseModel, ConfigDict, ValidationError

from responder.clock import Clock
from responder.errors import Retryable
from responder.ports import Key, Store, Telemetry
from responder.protocols import items

#: Of a chunk as JSON, in bytes; an item may have 400 KB:
#: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html
CHUNK_BYTES = 300_000
#: How long a process goes on with the entries that it knows.
MAX_AGE = timedelta(seconds=10)


class Manifest(BaseModel):
    """How many chunks there are; ``revision`` rises with every change of any."""

    model_config = ConfigDict(frozen=True)

    revision: int = 0
    chunks: int = 0


#: Entries by the number of their chunk.
type Pages[T] = Mapping[int, tuple[T, ...]]


@dataclass(frozen=True)
class Chunks[T: BaseModel]:
    """One kind of entry. ``name`` is its manifest in the state table, chunks are ``name#<n>``.

    ``chunk`` is the model of a chunk; its field ``name`` has the entries.
    """

    name: str
    chunk: type[BaseModel]

    def load(self, store: Store) -> list[T]:
        """All entries. Raises Retryable."""
        manifest = items.load(store, items.state_item(self.name), Manifest) or Manifest()
        return self._entries(store, manifest)

    def add(self, store: Store, entry: T, now: datetime, stays: Callable[[T], bool]) -> None:
        """Add an entry; those of the same chunk that need not stay make room. Raises Retryable."""

        def change(pages: Pages[T]) -> tuple[int, tuple[T, ...]]:
            for number in range(max(pages, default=-1), -1, -1):
                wider = (*filter(stays, pages[number]), entry)
                if len(self._chunk(wider).model_dump_json().encode()) <= CHUNK_BYTES:
                    return number, wider
            return len(pages), (entry,)

        self._change(store, change, now)

    def replace(
        self, store: Store, found: Callable[[T], bool], by: Callable[[T], T | None], now: datetime
    ) -> T | None:
        """Replace the first entry that is found, None: by nothing; returns what it was."""
        before: T | None = None

        def change(pages: Pages[T]) -> tuple[int, tuple[T, ...]] | None:
            nonlocal before
            before = None
            for number, entries in pages.items():
                for at, entry in enumerate(entries):
                    if found(entry):
                        before, instead = entry, by(entry)
                        middle = () if instead is None else (instead,)
                        return number, (*entries[:at], *middle, *entries[at + 1 :])
            return None

        self._change(store, change, now)
        return before

    def _change(
        self,
        store: Store,
        change: Callable[[Pages[T]], tuple[int, tuple[T, ...]] | None],
        now: datetime,
    ) -> None:
        def attempt() -> None:
            key = items.state_item(self.name)
            record = store.read([key])[key]
            manifest = items.decode(record, Manifest) or Manifest()
            wanted = change(self._pages(store, manifest))
            if wanted is None:
                return
            number, entries = wanted
            place = self._key(number)
            moved = Manifest(
                revision=manifest.revision + 1, chunks=max(manifest.chunks, number + 1)
            )
            # Who else changes any chunk writes the manifest, too: reading it first guards them all.
            version = store.read([place])[place].version
            store.write(
                [
                    items.write_of(place, self._chunk(entries), version, now),
                    items.write_of(key, moved, record.version, now),
                ]
            )

        items.settle(attempt)

    def _entries(self, store: Store, manifest: Manifest) -> list[T]:
        return [entry for page in self._pages(store, manifest).values() for entry in page]

    def _pages(self, store: Store, manifest: Manifest) -> Pages[T]:
        keys = {self._key(number): number for number in range(manifest.chunks)}
        records = store.read(list(keys)) if keys else {}
        chunks = {number: items.decode(records[key], self.chunk) for key, number in keys.items()}
        return {number: getattr(chunk, self.name, ()) for number, chunk in chunks.items()}

    def _chunk(self, entries: Iterable[T]) -> BaseModel:
        return self.chunk.model_validate({self.name: tuple(entries)})

    def _key(self, number: int) -> Key:
        return items.state_item(f"{self.name}#{number}")


class Current[T: BaseModel, A]:
    """What ``made`` makes of the entries as they stood at most ``MAX_AGE`` ago."""

    def __init__(
        self,
        chunks: Chunks[T],
        made: Callable[[Iterable[T]], A],
        store: Store,
        telemetry: Telemetry,
        now: Clock,
    ) -> None:
        """Nothing is read before the first question."""
        self._chunks = chunks
        self._made = made
        self._store = store
        self._telemetry = telemetry
        self._now = now
        self._known = made(())
        self._revision = 0
        self._read_at: datetime | None = None

    def __call__(self) -> A:
        """What is known; a table that does not answer never keeps an alert from people."""
        now = self._now()
        if self._read_at is None or now - self._read_at >= MAX_AGE:
            self._read_at = now
            try:
                self._refresh()
            except (Retryable, ValidationError) as error:
                # A page that should have been held is better than one that was never sent.
                name = self._chunks.name
                self._telemetry.warning("Unreadable", name=name, error=repr(error))
        return self._known

    def _refresh(self) -> None:
        key = items.state_item(self._chunks.name)
        manifest = items.load(self._store, key, Manifest) or Manifest()
        if manifest.revision != self._revision:
            self._known = self._made(self._chunks._entries(self._store, manifest))
            self._revision = manifest.revision
