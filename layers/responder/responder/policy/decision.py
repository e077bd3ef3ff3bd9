"""The answer of routing: the channel of a card, and the reason that is counted."""

from dataclasses import dataclass
from enum import StrEnum


class RouteReason(StrEnum):
    """Why a card goes where it goes; counted as ``IncidentsRouted`` where an incident opens.

    ``CRITICAL`` is by severity alone: to the default channel where CRITICAL has none of its own.
    """

    SYNTHETIC = "synthetic"
    ROUTED = "routed"
    CRITICAL = "critical"
    DEFAULT = "default"


@dataclass(frozen=True)
class Decision:
    """The channel of a card and why."""

    channel: str
    reason: RouteReason
