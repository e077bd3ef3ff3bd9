"""What comes in: repeats of what is known, new problems, and the mixtures of a bad day."""

import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from itertools import accumulate, count

from bench.inside import NOTHING_HELD
from bench.load.functions import Functions
from bench.load.traffic import PROBLEMS, TOOLS, Told, request

#: Problems that have an open incident, a card and Claude's analysis before a mix begins.
KNOWN = 100
HOSTS = 10
_ALERTMANAGER = TOOLS[0]


@dataclass(frozen=True)
class Sending:
    """A request with these alerts, and the seconds until the next one."""

    told: tuple[Told, ...]
    pause: float

    def to(self, house: Functions) -> None:
        """Send it. Alertmanager puts many into one; the others take turns by their problems."""
        many = len(self.told) > 1
        tool = _ALERTMANAGER if many else TOOLS[self.told[0].problem % len(TOOLS)]
        house.accept(request(tool, self.told, house.now()))
        house.later(self.pause)


@dataclass(frozen=True)
class Mix:
    """``sendings`` of each round. ``known``: problems are made known first.

    ``gathered`` requests come in before a batch is worked off. ``before`` comes first in each round
    and is not measured.
    """

    sendings: Callable[[int], Iterator[Sending]]
    known: bool = True
    gathered: int = 50
    settings: Mapping[str, str] = field(default_factory=lambda: NOTHING_HELD)
    before: Callable[[int], Iterator[Sending]] = lambda _: iter(())


def make_known(house: Functions, problems: int = KNOWN) -> None:
    """Open an incident of each problem, have it analysed, and let its card come to rest."""
    for problem in range(problems):
        Sending((Told(problem),), 0.01).to(house)
    for _ in range(2):
        house.work_off(asking=True)
        house.later(60)


def _tens(_: int) -> Iterator[Sending]:
    for number in range(600):
        problem = number % KNOWN
        yield Sending(tuple(Told(problem, host) for host in range(HOSTS)), 1 / 60)


def _one_by_one(turn: int) -> Iterator[Sending]:
    drawn = random.Random(turn)  # noqa: S311 - a seed
    for _ in range(2_000):
        yield Sending((Told(drawn.randrange(KNOWN), drawn.randrange(HOSTS)),), 1 / 200)


def _alone(turn: int) -> Iterator[Sending]:
    for number in range(200):
        yield Sending((Told(number % KNOWN, (2 * turn + number // KNOWN) % HOSTS),), 0.2)


def _new(turn: int) -> Iterator[Sending]:
    for number in range(400):
        yield Sending((Told(KNOWN + turn * 400 + number),), 1 / 1_000)


def _new_in_tens(turn: int, *, requests: int, pause: float) -> Iterator[Sending]:
    numbers = count(KNOWN + turn * requests * HOSTS)
    for _ in range(requests):
        yield Sending(tuple(Told(next(numbers)) for _ in range(HOSTS)), pause)


def _zipf(turn: int) -> Iterator[Sending]:
    """Few problems make most of the alerts, and most problems are new."""
    drawn = random.Random(turn)  # noqa: S311 - a seed
    weights = list(accumulate(1 / rank for rank in range(1, len(PROBLEMS) + 1)))
    for problem in drawn.choices(range(len(PROBLEMS)), cum_weights=weights, k=2_000):
        yield Sending((Told(problem, drawn.randrange(HOSTS)),), 1 / 100)


def _flapping(turn: int) -> Iterator[Sending]:
    for number in range(8 * KNOWN):
        is_up = (number // KNOWN) % 2 == 1
        yield Sending((Told(number % KNOWN, firing=is_up),), 0.5)


def _fired(turn: int) -> Iterator[Sending]:
    for problem in range(KNOWN):
        yield Sending(tuple(Told(problem, host) for host in range(HOSTS)), 0.1)


def _resolves(turn: int) -> Iterator[Sending]:
    for number in range(KNOWN * HOSTS):
        yield Sending((Told(number % KNOWN, number // KNOWN, firing=False),), 0.05)


MIXES: Mapping[str, Mix] = {
    "repeats, ten to a request": Mix(_tens),
    "repeats, one to a request": Mix(_one_by_one),
    "repeats, each alone": Mix(_alone, gathered=1),
    "new problems, ten to a request": Mix(partial(_new_in_tens, requests=40, pause=1 / 100)),
    "new problems, one to a request": Mix(_new),
    "Zipf": Mix(_zipf, known=False, settings={}),
    "storm": Mix(partial(_new_in_tens, requests=60, pause=1), known=False, settings={}),
    "flapping": Mix(_flapping),
    "resolves": Mix(_resolves, before=_fired),
}
