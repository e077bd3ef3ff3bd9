"""What the pipeline is simulated with, and what is seen of it: no simulation yet."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import quantiles

from responder.protocols.announcing import QUIET_PACE

QUIET_SECONDS = QUIET_PACE.total_seconds()


@dataclass(frozen=True)
class Settings:
    """The template's parameters of these names; ``channels`` have cards of one source each."""

    reception: int = 20
    processing: int = 5
    analysis: int = 5
    distribution: int = 2
    critical: int = 2
    rate: float = 100
    burst: int = 200
    pace: float = 1.0
    storm: int = 8
    throttle: int = 60
    channels: int = 1


@dataclass(frozen=True)
class Mix:
    """What the alerts are.

    ``new`` of them open an incident; ``fresh`` of those are of a problem that Claude does not know,
    ``critical`` of those are CRITICAL. The others repeat one of ``changing`` open incidents.
    """

    new: float = 0.02
    fresh: float = 0.25
    critical: float = 0.05
    changing: int = 20
    per_request: int = 1


@dataclass
class Queue:
    """A queue as it was seen: samples of depth and age, and how long messages waited.

    ``depth`` has those that come back at a time of their own; ``peak`` counts invocations at once.
    """

    depth: list[int] = field(default_factory=list)
    age: list[float] = field(default_factory=list)
    waits: list[float] = field(default_factory=list)
    busy: float = 0.0
    peak: int = 0


@dataclass(frozen=True)
class Run:
    """What happened in ``seconds``; ``cards``, ``critical`` and ``analysed`` are seconds as well.

    ``cards`` has those of each alert with a card of its own, from acceptance until it stands;
    ``critical`` those of them that are, ``analysed`` until the analysis stands on it.
    ``used`` is the share of each resource's time that was taken while alerts came in.
    """

    seconds: float
    accepted: int
    refused: int
    held: int
    recorded: int
    finished: float
    cards: Sequence[float]
    critical: Sequence[float]
    analysed: Sequence[float]
    queues: dict[str, Queue]
    used: dict[str, float]

    @property
    def first(self) -> str:
        """The resource that was taken most."""
        return max(self.used, key=lambda name: self.used[name])


def percentile(seconds: Sequence[float], percent: int) -> float:
    """What so many of a hundred stay below; 0 where there are none."""
    if len(seconds) == 1:
        return seconds[0]
    return quantiles(seconds, n=100, method="inclusive")[percent - 1] if seconds else 0.0
