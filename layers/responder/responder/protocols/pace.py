"""A slot per Slack channel: one message a second, CRITICAL first, nobody sleeps in a function.

CRITICAL messages wait for each other alone: in one line with all, a storm would stand before them;
in none, a hundred of them would make Slack refuse them all.

    reserve slot (conditional write) ──▶ the slot is now: send │ later: a copy is delayed to it
                                    (1)
Killed at (1): the slot passes unused, one second is lost, the redelivered announcement takes
another one.
"""

from datetime import datetime, timedelta

from pydantic import BaseModel, ConfigDict

from responder.alert import Moment
from responder.ports import Store
from responder.protocols import items


class Pace(BaseModel):
    """When the next message may go to a channel, and the next urgent one."""

    model_config = ConfigDict(frozen=True)

    next_slot: Moment
    next_urgent: Moment | None = None


def reserve(store: Store, channel: str, gap: timedelta, now: datetime, *, urgent: bool) -> datetime:
    """The slot this message may use: ``now`` or later. For an urgent one the others make room."""
    if not gap:
        return now
    slot = now

    def step(pace: Pace | None) -> Pace:
        nonlocal slot
        free = max(pace.next_slot, now) if pace else now
        first = max(pace.next_urgent or now, now) if pace else now
        slot = first if urgent else free
        return Pace(next_slot=free + gap, next_urgent=first + gap if urgent else first)

    items.change(store, items.state_item(f"pace#{channel}"), Pace, step, now)
    return slot


def spare(store: Store, channel: str, gap: timedelta, now: datetime) -> datetime:
    """``now`` where nobody waits for the channel, and its slot is taken; else when it is free.

    A later slot is not reserved: what comes last makes nobody wait.
    """
    if not gap:
        return now
    free = now

    def step(pace: Pace | None) -> Pace | None:
        nonlocal free
        free = max(pace.next_slot, now) if pace else now
        return Pace(next_slot=now + gap) if free == now else None

    items.change(store, items.state_item(f"pace#{channel}"), Pace, step, now)
    return free
