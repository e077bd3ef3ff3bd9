"""Trouble on demand: what ``POST /control`` of the local Slack and Claude switches on and off."""

import random
import threading
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Trouble:
    """A way to fail, and how: ``retry_after`` and ``delay`` in seconds.

    ``share`` of the calls fail, from 0 to 1.
    """

    mode: str
    error: str = "internal_error"
    retry_after: int = 1
    delay: float = 0.0
    methods: frozenset[str] = frozenset()
    share: float = 1.0


class Troubles:
    """At most one trouble at a time, for N calls, for N seconds, or until it is taken back."""

    def __init__(self, modes: Collection[str], clock: Callable[[], float]) -> None:
        """``modes`` are the failures that the server knows."""
        self._modes = modes
        self._clock = clock
        self._lock = threading.Lock()
        self._trouble: Trouble | None = None
        self._left: int | None = None
        self._until: float | None = None
        self._chance = random.Random()  # noqa: S311 - a die for faults, guards nothing

    def set(self, order: Mapping[str, Any] | None) -> None:
        """Obey the value of ``fail``. Raises ValueError when it makes no sense."""
        trouble = None if order is None else self._read(order)
        with self._lock:
            self._trouble = trouble
            self._left = None if order is None else order.get("count")
            seconds = None if order is None else order.get("seconds")
            self._until = None if seconds is None else self._clock() + seconds
            self._chance.seed(None if order is None else order.get("seed"))

    def take(self, method: str = "") -> Trouble | None:
        """The trouble that meets this call, if any; a counted one is used up by it."""
        with self._lock:
            trouble = self._current()
            if trouble is None or (trouble.methods and method not in trouble.methods):
                return None
            if self._chance.random() >= trouble.share:
                return None
            if self._left is not None:
                self._left -= 1
            return trouble

    def describe(self) -> dict[str, Any] | None:
        """What is on, for ``GET /control``."""
        with self._lock:
            trouble = self._current()
            return None if trouble is None else {"mode": trouble.mode, "left": self._left}

    def _current(self) -> Trouble | None:
        used_up = self._left is not None and self._left <= 0
        over = self._until is not None and self._clock() >= self._until
        return None if used_up or over else self._trouble

    def _read(self, order: Mapping[str, Any]) -> Trouble:
        known = {"mode", "error", "retry_after", "delay", "methods", "count", "seconds"}
        known |= {"share", "seed"}
        if not isinstance(order, Mapping) or order.get("mode") not in self._modes:
            raise ValueError(f"fail.mode must be one of {', '.join(sorted(self._modes))}")
        if unknown := set(order) - known:
            raise ValueError(f"fail knows no {', '.join(sorted(unknown))}")
        for name in ("retry_after", "delay", "count", "seconds", "share", "seed"):
            check_seconds(order.get(name), f"fail.{name}")
        return Trouble(
            mode=order["mode"],
            error=str(order.get("error", Trouble.error)),
            retry_after=int(order.get("retry_after", Trouble.retry_after)),
            delay=float(order.get("delay", Trouble.delay)),
            methods=frozenset(order.get("methods", ())),
            share=float(order.get("share", Trouble.share)),
        )


def check_seconds(value: Any, name: str) -> None:
    """Raise ValueError unless ``value`` is absent or a number from zero up."""
    if value is None:
        return
    if isinstance(value, bool) or not isinstance(value, (int, float)) or value < 0:
        raise ValueError(f"{name} must be a number from zero up")
