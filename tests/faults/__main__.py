"""``python -m faults``: run seeds of the fault harness and print the schedule of a failing one."""

import argparse
import sys
import time
from collections import Counter
from contextlib import nullcontext

from faults.campaign import Campaign
from faults.configuration import NO_SLEEP, SMALL_STORMS
from faults.plain import PLAIN_FACES
from faults.plants import PLANTS, planted
from faults.reckoning import broken
from faults.substitutes import replaced


def failures(seed: int) -> tuple[list[str], Campaign]:
    """Run one seed; what does not hold at its end."""
    campaign = Campaign(seed)
    with replaced([*PLAIN_FACES, *NO_SLEEP, *SMALL_STORMS]):
        try:
            campaign.run()
        except AssertionError as error:
            return [str(error)], campaign
    return broken(campaign), campaign


def main() -> int:
    """Exit 1 at the first seed that fails (0 with a planted bug that is found)."""
    parser = argparse.ArgumentParser(prog="python -m faults", description=__doc__)
    parser.add_argument("--first", type=int, default=0, help="first seed (default 0)")
    parser.add_argument("--seeds", type=int, default=200, help="how many (default 200)")
    parser.add_argument("--plant", choices=sorted(PLANTS), help="with this bug in the code")
    parser.add_argument("--history", action="store_true", help="print the failing schedule")
    options = parser.parse_args()
    events: Counter[str] = Counter()
    started = time.monotonic()
    with planted(options.plant) if options.plant else nullcontext():
        for seed in range(options.first, options.first + options.seeds):
            wrong, campaign = failures(seed)
            events += campaign.world.events
            if wrong:
                print(f"seed {seed}:", *wrong, sep="\n  ")
                if options.history:
                    print(*campaign.world.history, sep="\n")
                return 0 if options.plant else 1
    print(f"{options.seeds} seeds, {time.monotonic() - started:.1f} s, {dict(events)}")
    return 1 if options.plant else 0


if __name__ == "__main__":
    sys.exit(main())
