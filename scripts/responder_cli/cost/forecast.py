"""What a month will have cost, from the days so far: pure arithmetic, for ``responder cost``."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt
from statistics import mean, stdev

#: Fewer complete days say nothing of the ones to come.
MIN_DAYS = 3
#: Standard errors on both sides: four of five months, or more, if the days go on alike.
WIDTH = 2.0


@dataclass(frozen=True)
class Forecast:
    """Dollars at the month's end: likely, and a range."""

    usd: float
    low: float
    high: float


def forecast(
    days: Sequence[float], before: float, today: float, left: int, most: float
) -> Forecast | None:
    """The month from ``days``, the dollars of the last complete ones; None where they are too few.

    ``before`` is what the month had cost when today began, ``today`` what today did until now,
    ``left`` the days after it, ``most`` what the budgets let the month cost. A day to come is
    expected to cost what a day did on average; the range grows with how much the days differ, and
    with how few they are.
    """
    if len(days) < MIN_DAYS:
        return None
    spent = before + today
    usual, coming = mean(days), left + 1
    likely = before + max(today, usual) + left * usual
    spread = WIDTH * stdev(days) * sqrt(coming + coming**2 / len(days))

    def possible(usd: float) -> float:
        return max(spent, min(usd, most))

    return Forecast(possible(likely), possible(likely - spread), possible(likely + spread))
