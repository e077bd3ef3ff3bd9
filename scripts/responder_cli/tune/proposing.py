"""What sizes of memory cost by what was measured, and which one to take."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from responder_cli.tune.measuring import Measured

#: Dollars a GB-second in us-east-1, at the first tier; other regions differ by a little.
#: https://aws.amazon.com/lambda/pricing/
USD_PER_GB_SECOND = {"arm64": 0.0000133334, "x86_64": 0.0000166667}
USD_PER_MILLION_REQUESTS = 0.20
MB_PER_GB = 1024
#: A function that uses more of its memory may run out of it with a larger batch.
MOST_USED_SHARE = 0.8
#: So much more money is worth a faster answer to who is waiting for a card.
WORTH = 1.1


@dataclass(frozen=True)
class Size:
    """One size: milliseconds cold (start included) and warm, MB used, dollars a million runs."""

    size: int
    cold: float
    warm: float
    slowest: float
    used: int
    usd_per_million: float

    @property
    def is_roomy(self) -> bool:
        """Whether enough of it is left."""
        return self.used <= self.size * MOST_USED_SHARE


def judged(measured: Measured, architecture: str) -> Size:
    """What the runs say: the first one of a cold start, the others of the rest of its life."""
    first, *rest = measured.runs
    warm = [one for one in rest if not one.init] or rest
    billed = median(one.billed for one in warm)
    gb_seconds = measured.size / MB_PER_GB * billed / 1000
    usd = gb_seconds * USD_PER_GB_SECOND[architecture] * 1_000_000 + USD_PER_MILLION_REQUESTS
    return Size(
        size=measured.size,
        cold=first.init + first.duration,
        warm=median(one.duration for one in warm),
        slowest=max(one.duration for one in warm),
        used=max(one.used for one in measured.runs),
        usd_per_million=usd,
    )


def proposal(sizes: Sequence[Size]) -> Size | None:
    """The fastest that costs at most a tenth more than the cheapest; None: all are too small."""
    roomy = [one for one in sizes if one.is_roomy]
    if not roomy:
        return None
    cheapest = min(one.usd_per_million for one in roomy)
    worth = [one for one in roomy if one.usd_per_million <= cheapest * WORTH]
    return min(worth, key=lambda one: (one.warm, one.size))
