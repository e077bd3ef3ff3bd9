"""Maintenance windows and quiet hours as they stand: written by operators, read by the lanes."""

from collections.abc import Iterable
from datetime import datetime

from pydantic import BaseModel, ConfigDict

from responder.policy.window import Window, Windows
from responder.ports import Store, Telemetry
from responder.protocols.chunks import Chunks


class Chunk(BaseModel):
    """Some of the windows."""

    model_config = ConfigDict(frozen=True)

    windows: tuple[Window, ...] = ()


WINDOWS: Chunks[Window] = Chunks("windows", Chunk)


def load(store: Store) -> list[Window]:
    """All windows. Raises Retryable."""
    return WINDOWS.load(store)


def add(store: Store, window: Window, now: datetime) -> None:
    """Add a window. Raises Retryable."""
    WINDOWS.add(store, window, now, lambda _: True)


def remove(store: Store, window_id: str, now: datetime) -> Window | None:
    """Remove a window; None where there is none of that id."""
    return WINDOWS.replace(store, lambda one: one.id == window_id, lambda _: None, now)


def usable(windows: Iterable[Window], telemetry: Telemetry) -> Windows:
    """The windows, with a warning for each that cannot be obeyed here."""
    found = Windows(windows)
    for window in found.homeless:
        telemetry.warning("Window not obeyed: unknown time zone", id=window.id, zone=window.zone)
    return found
