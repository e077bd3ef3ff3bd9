"""What reading costs: the samples of every tool beside ``json.loads`` of the same bytes."""

import json
import resource
import timeit
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from bench.apart import python
from bench.imports import REPOSITORY
from responder.intake import parse
from responder.intake.recognition import TOOLS

EVENTS = REPOSITORY / "events"
HEADERS = {"content-type": "application/json"}
#: Alerts in the large requests.
MANY = 100
MOST = 3_000
#: All requests in turn, and again: a machine that is slow for a second is so for one round only.
_PASSES, _ROUNDS = 5, 3
_SECONDS_A_ROUND = 0.02


@dataclass(frozen=True)
class Reading:
    """Microseconds of the fastest round for one request, and what it holds."""

    name: str
    bytes: int
    alerts: int
    json_loads: float
    parse: float

    @property
    def ratio(self) -> float:
        """The reading in units of ``json.loads``."""
        return self.parse / self.json_loads

    @property
    def per_second(self) -> float:
        """Alerts that one core reads in a second."""
        return self.alerts / self.parse * 1_000_000


def measure() -> list[Reading]:
    """One request with a single alert of every tool, and Alertmanager's with ``MANY``."""
    requests = [(f"alertmanager, {MANY} in one request", notification(MANY), "alertmanager")]
    for tool in (*TOOLS, "generic", "unknown"):
        requests += [(tool, path.read_bytes(), tool) for path in _samples(tool)]
    passes = [[_reading(*request) for request in requests] for _ in range(_PASSES)]
    return [_least(same) for same in zip(*passes, strict=True)]


def memory() -> float:
    """Megabytes that a fresh process has used at most after a request of ``MOST`` alerts."""
    return int(python("-c", "from bench import intake; intake.read_most()")) / 1024


def read_most() -> None:
    """Read the largest request, and print the kilobytes that this process used at most."""
    if len(parse(notification(MOST), HEADERS)) != MOST:
        raise SystemExit(f"not all of {MOST} alerts were read")
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)


def notification(alerts: int) -> bytes:
    """Alertmanager's webhook with so many alerts of one group, no two alike."""
    whole = json.loads((EVENTS / "alertmanager" / "firing.json").read_bytes())
    (one,) = whole["alerts"]
    whole["alerts"] = [
        {
            **one,
            "labels": {**one["labels"], "instance": f"10.0.{number >> 8}.{number & 255}:9100"},
            "fingerprint": f"{number:016x}",
        }
        for number in range(alerts)
    ]
    return json.dumps(whole).encode()


def _samples(tool: str) -> Iterator[Path]:
    """The tool's first sample of one firing alert, where it has samples of JSON."""
    files = sorted((EVENTS / tool).glob("*.json"))
    firing = [file for file in files if "firing" in file.stem] or files
    single = (file for file in firing if len(parse(file.read_bytes(), HEADERS, tool)) == 1)
    return (file for file, _ in zip(single, range(1), strict=False))


def _reading(name: str, body: bytes, tool: str) -> Reading:
    alerts = len(parse(body, HEADERS, tool))
    return Reading(
        name=name,
        bytes=len(body),
        alerts=alerts,
        json_loads=_fastest(lambda: json.loads(body)),
        parse=_fastest(lambda: parse(body, HEADERS, tool)),
    )


def _least(same: Sequence[Reading]) -> Reading:
    """The fastest of one request's readings."""
    return replace(
        same[0],
        json_loads=min(one.json_loads for one in same),
        parse=min(one.parse for one in same),
    )


def _fastest(act: Callable[[], object]) -> float:
    timer = timeit.Timer(act)
    once = timer.timeit(1) or 1e-7
    number = max(1, int(_SECONDS_A_ROUND / once))
    return min(timer.repeat(_ROUNDS, number)) / number * 1_000_000
