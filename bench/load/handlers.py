"""What one alert takes of a processor, and writes to the logs, in our three functions.

Each mix has a process of its own, since ``Functions`` takes over the process that it is in. As a
program this is such a process: it prints one mix as JSON.
"""

import argparse
import json
import statistics
import timeit
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from time import process_time
from typing import Any

from bench.apart import python
from bench.imports import REPOSITORY
from bench.inside import NOTHING_HELD
from bench.load.functions import NAMES, Functions
from bench.load.mixes import MIXES, Mix, Sending, make_known
from bench.load.traffic import TOOLS, Told, request

ROUNDS = 3
#: After a round all that was promised for later comes, too.
_AFTERWARDS = 20
_ONES, _HUNDREDS = 400, 20


@dataclass(frozen=True)
class Load:
    """Microseconds of processor time and bytes of the log for one alert of a mix, by function.

    Of the fastest of ``ROUNDS``; ``json_loads`` is the unit, a small alert's body.
    """

    alerts: int
    microseconds: dict[str, float]
    log: dict[str, float]
    json_loads: float

    @property
    def whole(self) -> float:
        """All three functions together."""
        return sum(self.microseconds.values())


@dataclass(frozen=True)
class Reception:
    """Milliseconds of processor time that a warm reception takes for one request, in the median."""

    one: float
    hundred: float


def measure() -> dict[str, Load]:
    """Every mix."""
    return {name: Load(**_apart(name)) for name in MIXES}


def reception() -> Reception:
    """Requests of one alert, and of a hundred."""
    return Reception(**_apart("reception"))


def repeat_log() -> dict[str, float]:
    """Bytes of the log for one repeat, alone and in a batch of ten."""
    found: dict[str, float] = _apart("log")
    return found


def _apart(what: str) -> Any:  # noqa: ANN401 - JSON
    return json.loads(python("-m", "bench.load.handlers", what))


def _load(mix: Mix) -> Load:
    house = Functions(mix.settings)
    if mix.known:
        make_known(house)
    return min((_round(house, mix, turn) for turn in range(ROUNDS)), key=lambda load: load.whole)


def _round(house: Functions, mix: Mix, turn: int) -> Load:
    for sending in mix.before(turn):
        sending.to(house)
    house.work_off()
    house.forget()
    alerts = _play(house, mix.sendings(turn), mix.gathered)
    return Load(
        alerts=alerts,
        microseconds={name: house.nanoseconds[name] / alerts / 1_000 for name in NAMES},
        log={name: house.log[name] / alerts for name in NAMES},
        json_loads=_unit(house),
    )


def _play(house: Functions, sendings: Iterator[Sending], gathered: int) -> int:
    alerts = 0
    for number, sending in enumerate(sendings, 1):
        sending.to(house)
        alerts += len(sending.told)
        if number % gathered == 0:
            house.work_off()
    house.work_off()
    house.later(_AFTERWARDS)
    house.work_off()
    return alerts


def _unit(house: Functions) -> float:
    body = (REPOSITORY / "events" / "generic" / "firing.json").read_bytes()
    timer = timeit.Timer(lambda: json.loads(body), timer=process_time)
    return min(timer.repeat(20, 1_000)) * 1_000


def _reception() -> Reception:
    house = Functions(NOTHING_HELD)
    ones = [
        house.accept(request(TOOLS[number % len(TOOLS)], [Told(number)], house.now()))
        for number in range(_ONES)
    ]
    hundreds = [
        house.accept(request(TOOLS[0], [Told(number, host) for host in range(100)], house.now()))
        for number in range(_HUNDREDS)
    ]
    return Reception(statistics.median(ones) / 1e6, statistics.median(hundreds) / 1e6)


def _log() -> dict[str, float]:
    house = Functions(NOTHING_HELD)
    make_known(house, 1)
    found = {}
    for name, sendings in {
        "alone": [Sending((Told(0, 1),), 0.0)],
        "in a batch of ten": [Sending((Told(0, host),), 0.0) for host in range(2, 12)],
    }.items():
        house.forget()
        alerts = _play(house, iter(sendings), len(sendings))
        found[name] = sum(house.log.values()) / alerts
    return found


def _main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.load.handlers", description=__doc__)
    parser.add_argument("what", choices=[*MIXES, "reception", "log"])
    what = parser.parse_args().what
    if what == "log":
        print(json.dumps(_log()))
    elif what == "reception":
        print(json.dumps(asdict(_reception())))
    else:
        print(json.dumps(asdict(_load(MIXES[what]))))


if __name__ == "__main__":
    _main()
