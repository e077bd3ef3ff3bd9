"""DynamoDB in memory: versions, conditions, and a watch over leases."""

import json
from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from faults.failing import throttled, unanswered
from faults.world import START, World
from responder.adapters.dynamodb import PARTITION_KEY
from responder.errors import Conflict
from responder.ports import Key, Record, Table, Write


class MemoryStore:
    """Versions and expiry as DynamoDB has them; watches who completes a lease.

    What has expired is found no more, but is there until DynamoDB deletes it: its version counts,
    and the index has it.
    """

    def __init__(self, world: World) -> None:
        """Empty tables."""
        self._world = world
        self.items: dict[Key, tuple[int, dict[str, Any]]] = {}
        self.expires: dict[Key, datetime] = {}
        self.broken: list[str] = []
        self.verdicts: dict[str, set[str]] = defaultdict(set)

    def read(self, keys: Sequence[Key]) -> dict[Key, Record]:
        """As ``ports.Store``."""
        return self._world.effect("read", lambda: self._read(keys), refused=throttled)

    def write(self, writes: Sequence[Write]) -> None:
        """As ``ports.Store``; a lost answer is what a client sees that was not told of success."""
        assert len({write.key for write in writes}) == len(writes) <= 100
        for write in writes:
            # The adapter's own attributes would take the place of a model's.
            assert {PARTITION_KEY[write.key.table], "version", "ttl"}.isdisjoint(write.data)
        self._world.effect(
            "write", lambda: self._write(writes), refused=throttled, unanswered=unanswered
        )

    def due(self, now: datetime, limit: int) -> Sequence[str]:
        """As ``ports.Store``."""
        found = [
            (data["due_at"], key.id.removeprefix("incident#"))
            for key, (_, data) in self.items.items()
            if "due_at" in data and data["due_at"] <= now.timestamp()
        ]
        return [incident_id for _, incident_id in sorted(found)[:limit]]

    def alive(self) -> dict[Key, Record]:
        """Whatever has not expired."""
        return {key: Record(*self.items[key]) for key in self.items if not self._expired(key)}

    def reap(self, share: float) -> None:
        """DynamoDB comes round to deleting some of what has expired."""
        for key in [key for key in self.items if self._expired(key)]:
            if self._world.rng.random() < share:
                del self.items[key]

    def disagreements(self) -> list[str]:
        """Where the items are kept elsewhere: what is not there as it was written."""
        return []

    def leased_until(self, cache_key: str) -> datetime:
        """When the lease of an analysis runs out; long ago where there is none."""
        data = self.items.get(Key(Table.CACHE, cache_key), (0, {}))[1]
        return datetime.fromisoformat(data["lease_until"]) if "lease_until" in data else START

    def _read(self, keys: Sequence[Key]) -> dict[Key, Record]:
        return {key: self._record(key) for key in keys}

    def _record(self, key: Key) -> Record:
        version, data = self.items.get(key, (0, None))
        return Record(version, None if self._expired(key) else data)

    def _expired(self, key: Key) -> bool:
        expires = self.expires.get(key)
        return expires is not None and expires <= self._world.now()

    def _write(self, writes: Sequence[Write]) -> None:
        for write in writes:
            if self.items.get(write.key, (0, {}))[0] != write.expect:
                raise Conflict(write.key.id)
        for write in writes:
            self.noticed(write)
            data = json.loads(json.dumps(write.data))
            self.items[write.key] = (write.expect + 1, data)
            if write.expires_at is not None:
                self.expires[write.key] = write.expires_at

    def noticed(self, write: Write) -> None:
        """A write is about to take effect: who ends whose lease, and with which verdict?"""
        self._watch(write)
        analysis = write.data.get("analysis") if write.key.table is Table.CACHE else None
        if analysis and analysis["tier"] != "fallback":
            verdict = f"{analysis['headline']} {analysis['made_at']}"
            self.verdicts[write.key.id].add(verdict)

    def _watch(self, write: Write) -> None:
        before = self.items.get(write.key, (0, {}))[1]
        if write.key.table is not Table.CACHE or before.get("state") != "pending":
            return
        worker = self._world.current
        until = datetime.fromisoformat(before["lease_until"])
        over = until <= self._world.now() + 2 * self._world.skew
        taken = write.data.get("state") == "pending" and over
        kept = write.data.get("owner") == before["owner"]
        if not taken and not kept and worker and before["owner"] not in worker.owners:
            self.broken.append(f"{write.key.id}: a lease was ended by who did not own it")
