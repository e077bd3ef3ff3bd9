"""The record protocol's ports at their cheapest, so that ``cpu`` measures the protocol alone."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from responder.errors import Conflict
from responder.ports import Key, Outgoing, Queue, Record, Write


class MemoryStore:
    """Items with versions in a dictionary."""

    def __init__(self) -> None:
        """No items."""
        self._items: dict[Key, tuple[int, Mapping[str, Any]]] = {}

    def read(self, keys: Sequence[Key]) -> dict[Key, Record]:
        """As ``ports.Store``."""
        return {key: Record(*self._items.get(key, (0, None))) for key in keys}

    def write(self, writes: Sequence[Write]) -> None:
        """As ``ports.Store``."""
        for write in writes:
            if self._items.get(write.key, (0, {}))[0] != write.expect:
                raise Conflict(write.key.id)
        self._items.update((write.key, (write.expect + 1, write.data)) for write in writes)

    def due(self, now: datetime, limit: int) -> Sequence[str]:
        """Nothing: no tick runs here."""
        return ()


class Discarding:
    """Queues and telemetry that take everything and keep nothing."""

    def send(self, queue: Queue, messages: Sequence[Outgoing]) -> None:
        """As ``ports.Queues``."""

    def dead_letter(self, queue: Queue, message: Outgoing) -> None:
        """As ``ports.Queues``."""

    def count(self, metric: str, amount: float = 1, *, reason: str = "", tier: str = "") -> None:
        """As ``ports.Telemetry``."""

    def seconds(self, metric: str, value: float) -> None:
        """As ``ports.Telemetry``."""

    def info(self, message: str, **fields: object) -> None:
        """As ``ports.Telemetry``."""

    def warning(self, message: str, **fields: object) -> None:
        """As ``ports.Telemetry``."""
