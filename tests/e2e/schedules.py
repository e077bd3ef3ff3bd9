"""Short random schedules of a burst of alerts and of trouble, each drawn from its seed alone.

``test_schedules`` runs them on one stack. What a schedule is does not depend on how it goes, so
that a seed replays: the same alerts in the same requests, the same trouble after the same ones.
"""

import random
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from e2e.payloads import alertmanager, together, word
from e2e.workers import FUNCTIONS

#: Requests of a burst, and alerts of one; together some fifty alerts.
REQUESTS, LARGEST = (8, 20), 6
PROBLEMS, HOSTS = 6, 4
SEVERITIES = ("critical", "warning", "info")
#: How a tool's clock goes on while it resolves and fires again.
ROUNDS = 3
MOST_KILLS, MOST_REDELIVERIES = 3, 2

# What fails in Slack, and what may have been done although it seemed to fail.
SLACK: tuple[Mapping[str, Any], ...] = (
    {"mode": "429", "retry_after": 1},
    {"mode": "500"},
    {"mode": "ok_false", "error": "internal_error"},
    {"mode": "html"},
    {"mode": "drop"},
    {"mode": "timeout_after_post"},
    {"mode": "drop_after_post"},
)
CLAUDE: tuple[Mapping[str, Any], ...] = (
    {"mode": "429", "retry_after": 1},
    {"mode": "529"},
    {"mode": "500"},
    {"mode": "drop"},
    {"mode": "html"},
    {"mode": "garbage"},
    {"mode": "refusal"},
    {"mode": "max_tokens"},
    {"mode": "delay", "delay": 5},
)


class Alarm(NamedTuple):
    """One alert of one request: which problem, where, since when, and whether it is over."""

    problem: int
    host: int
    round: int
    severity: str
    over: bool


@dataclass(frozen=True)
class Schedule:
    """``requests`` in order; the numbers are of the requests that trouble comes after.

    ``repeats`` are sent twice by their tool, ``kills`` end processes of these functions, and at
    ``redeliveries`` SQS delivers again what has been recorded. Slack and Claude fail for a share
    of their calls from the first request to the last.
    """

    seed: int
    requests: tuple[tuple[Alarm, ...], ...]
    repeats: frozenset[int]
    kills: Mapping[int, tuple[str, ...]]
    redeliveries: frozenset[int]
    slack: Mapping[str, Any] | None
    claude: Mapping[str, Any] | None

    def body(self, number: int, begun: datetime) -> bytes:
        """A request as Alertmanager sends it, where the schedule has ``begun`` at that time."""
        return together([self._notification(one, begun) for one in self.requests[number]])

    def _notification(self, one: Alarm, begun: datetime) -> bytes:
        starts = begun + timedelta(seconds=20 * one.round)
        return alertmanager(
            f"Seed{word(self.seed).title()}{word(one.problem).title()}Down",
            f"host-{one.host}",
            starts,
            ends=starts + timedelta(seconds=10) if one.over else None,
            severity=one.severity,
        )


def draw(seed: int) -> Schedule:
    """The schedule of a seed."""
    chance = random.Random(f"schedule {seed}")
    requests = tuple(
        tuple(_alarm(chance) for _ in range(chance.randint(1, LARGEST)))
        for _ in range(chance.randint(*REQUESTS))
    )
    numbers = range(len(requests))
    return Schedule(
        seed=seed,
        requests=requests,
        repeats=frozenset(n for n in numbers if chance.random() < 0.2),
        kills={
            chance.choice(numbers): chance.choice([FUNCTIONS, *((one,) for one in FUNCTIONS)])
            for _ in range(chance.randint(0, MOST_KILLS))
        },
        redeliveries=frozenset(
            chance.choice(numbers) for _ in range(chance.randint(0, MOST_REDELIVERIES))
        ),
        slack=_trouble(chance, SLACK),
        claude=_trouble(chance, CLAUDE),
    )


def _alarm(chance: random.Random) -> Alarm:
    return Alarm(
        problem=chance.randrange(PROBLEMS),
        host=chance.randrange(HOSTS),
        round=chance.randrange(ROUNDS),
        severity=chance.choice(SEVERITIES),
        over=chance.random() < 0.25,
    )


def _trouble(
    chance: random.Random, modes: tuple[Mapping[str, Any], ...]
) -> Mapping[str, Any] | None:
    """One way to fail, for a share of the calls; in a third of the schedules none."""
    if chance.random() < 1 / 3:
        return None
    share = chance.choice([0.2, 0.5, 1.0])
    return {**chance.choice(modes), "share": share, "seed": chance.randrange(2**31)}
