"""The next version of the functions, beside this one: it writes what this one does not know."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from faults.pipeline import LaneQueues
from responder.ports import Key, Outgoing, Queue, Record, Store, Write

#: A field of the next version, in items and messages.
NEW = "since_next"
#: Values within items that have a field more in the next version, too.
WITHIN = ("alert", "analysis", "details", "intent", "silence", "storm")


@dataclass(frozen=True)
class NextStore:
    """Adds a field to whatever it writes, and knows it in what it reads."""

    store: Store

    def read(self, keys: Sequence[Key]) -> dict[Key, Record]:
        """As ``ports.Store``."""
        return {key: as_this_one(record) for key, record in self.store.read(keys).items()}

    def write(self, writes: Sequence[Write]) -> None:
        """As ``ports.Store``."""
        self.store.write([replace(write, data=_with(write.data)) for write in writes])

    def due(self, now: datetime, limit: int) -> Sequence[str]:
        """As ``ports.Store``."""
        return self.store.due(now, limit)


@dataclass(frozen=True)
class NextQueues:
    """Adds a field to whatever it sends."""

    queues: LaneQueues

    def send(self, queue: Queue, messages: Sequence[Outgoing]) -> None:
        """As ``ports.Queues``."""
        self.queues.send(queue, [_next(message) for message in messages])

    def dead_letter(self, queue: Queue, message: Outgoing) -> None:
        """As ``ports.Queues``."""
        self.queues.dead_letter(queue, message)

    def retry_in(self, queue: Queue, receipt: str, seconds: int) -> None:
        """As ``protocols.batch.Visibility``."""
        self.queues.retry_in(queue, receipt, seconds)


def as_this_one(record: Record) -> Record:
    """An item without what only the next version knows."""
    return Record(record.version, None if record.data is None else _without(record.data))


def _with(data: Mapping[str, Any]) -> dict[str, Any]:
    within = {name: {**data[name], NEW: 1} for name in WITHIN if isinstance(data.get(name), dict)}
    return {**data, **within, NEW: 1}


def _without(data: Mapping[str, Any]) -> dict[str, Any]:
    known = {name: value for name, value in data.items() if name != NEW}
    for name in WITHIN:
        if isinstance(known.get(name), dict):
            known[name] = {inner: value for inner, value in known[name].items() if inner != NEW}
    return known


def _next(message: Outgoing) -> Outgoing:
    body = {**json.loads(message.body), NEW: 1}
    return replace(message, body=json.dumps(body))
