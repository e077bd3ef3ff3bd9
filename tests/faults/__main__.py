"""Run seeds of the fault campaign; a seed that fails prints its schedule, and replays exactly.

A seed decides everything: the alerts, what operators set up, who runs when, and every fault.
"""

import argparse
import json
import sys
import time
from collections import Counter
from contextlib import nullcontext

from faults.plants import PLANTS, WIRE_PLANTS, planted
from faults.run import Place, failures
from faults.services import in_memory

EXAMPLES = """examples:
  python -m bench.faults --seeds 200              what CI has time for, within seconds
  python -m bench.faults --seeds 10000 --json     the measure of docs/benchmarks.md
  python -m bench.faults --on moto --seeds 300    with boto3, HTTP and the real adapters
  python -m bench.faults --first 4711 --seeds 1   one seed again
  python -m bench.faults --plant count_before_record
                                                  with this bug in the code: 0 when it is found
"""
#: Progress is told this often, in seconds.
EVERY = 10.0


def main(arguments: list[str] | None = None, prog: str = "python -m faults") -> int:
    """Exit 1 at the first seed that fails (0 with a planted bug that is found)."""
    options = _parser(prog).parse_args(arguments)
    place = _places(options.on)
    events: Counter[str] = Counter()
    began, told, cpu = time.monotonic(), time.monotonic(), time.process_time()
    alerts = 0
    with planted(options.plant) if options.plant else nullcontext():
        for seed in range(options.first, options.first + options.seeds):
            wrong, campaign = failures(seed, place)
            events += campaign.world.events
            alerts += len(campaign.sent)
            if wrong:
                print(f"seed {seed}:", *wrong, "its schedule:", sep="\n  ")
                print(*campaign.world.history, sep="\n")
                return 0 if options.plant else 1
            if time.monotonic() - told >= EVERY:
                told = time.monotonic()
                done = seed - options.first + 1
                print(f"{done} of {options.seeds} seeds", file=sys.stderr)
    found = {
        "on": options.on,
        "first": options.first,
        "seeds": options.seeds,
        "alerts": alerts,
        "failed": 0,
        "events": dict(sorted(events.items())),
        "seconds": round(time.monotonic() - began, 1),
        "cpu_seconds": round(time.process_time() - cpu, 1),
    }
    print(json.dumps(found, indent=2) if options.json else _told(found))
    return 1 if options.plant else 0


def _told(found: dict[str, object]) -> str:
    events = found["events"]
    assert isinstance(events, dict)
    counts = ", ".join(f"{number} {name.rstrip(':')}" for name, number in events.items())
    return (
        f"{found['seeds']} seeds from {found['first']} on {found['on']}, {found['alerts']} alerts:"
        " 0 lost, 0 doubled, 0 wrong counters\n"
        f"{counts}\n{found['cpu_seconds']} s of processor time"
    )


def _places(name: str) -> Place:
    if name == "memory":
        return in_memory
    from faults.wire import on_moto

    return on_moto


def _parser(prog: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog=prog,
        description=__doc__,
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--on",
        choices=("memory", "moto"),
        default="memory",
        help="memory: every port in memory; moto: the real adapters, with AWS by moto and HTTP "
        "servers as Slack and Claude (default memory)",
    )
    parser.add_argument("--first", type=int, default=0, help="first seed (default 0)")
    parser.add_argument("--seeds", type=int, default=200, help="how many (default 200)")
    parser.add_argument(
        "--plant", choices=sorted(PLANTS | WIRE_PLANTS), help="with this bug in the code"
    )
    parser.add_argument("--json", action="store_true", help="print JSON")
    return parser


if __name__ == "__main__":
    sys.exit(main())
