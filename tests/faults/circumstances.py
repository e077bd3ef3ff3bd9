"""What goes wrong in a campaign beside the faults of single side effects."""

import random
from dataclasses import dataclass
from datetime import timedelta

#: A worker's clock is off by up to this much, in some campaigns.
SKEW = timedelta(seconds=5)


@dataclass(frozen=True)
class Circumstances:
    """What a campaign goes through.

    ``aged``: the same fingerprints had a life so long ago that its items have expired, and DynamoDB
    deletes them late. ``deploy``: some workers are already of the next version. ``untroubled``:
    nothing else happens. ``slack`` and ``claude`` say from when on, and for how long, a secret is
    refused that was rotated there first.
    """

    skew: timedelta = timedelta()
    aged: bool = False
    deploy: bool = False
    untroubled: bool = False
    slack: tuple[timedelta, timedelta] | None = None
    claude: tuple[timedelta, timedelta] | None = None


def circumstances_of(rng: random.Random) -> Circumstances:
    """Most campaigns have one or two of them."""
    deploy = rng.random() < 0.3
    return Circumstances(
        skew=SKEW if rng.random() < 0.25 else timedelta(),
        aged=rng.random() < 0.2,
        deploy=deploy,
        untroubled=deploy and rng.random() < 0.5,
        slack=_span(rng),
        claude=_span(rng),
    )


def _span(rng: random.Random) -> tuple[timedelta, timedelta] | None:
    if rng.random() < 0.8:
        return None
    return timedelta(seconds=rng.uniform(0, 200)), timedelta(seconds=rng.uniform(20, 200))
