"""The answer of every policy: what was decided, and the reason it is counted under."""

from dataclasses import dataclass
from enum import StrEnum


class RouteReason(StrEnum):
    """Why a card goes where it goes; the value is a metric dimension."""

    SYNTHETIC = "synthetic"
    ROUTED = "routed"
    CRITICAL = "critical"
    DEFAULT = "default"


@dataclass(frozen=True)
class Decision:
    """The channel of a card and why."""

    channel: str
    reason: RouteReason
