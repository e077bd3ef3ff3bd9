"""A clock that tests set."""

from dataclasses import dataclass


@dataclass
class Clock:
    now: float = 1_700_000_000.0

    def __call__(self) -> float:
        return self.now
