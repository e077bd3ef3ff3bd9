"""The day's dollars as plain arithmetic: reserve before a call, settle after it.

The lease protocol calls it and stores the value in the state table under ``budget#<day>``, on the
condition that nobody wrote in between; so fifty containers cannot overspend together.
"""

from datetime import datetime
from math import ceil

from pydantic import BaseModel, ConfigDict

from responder.clock import to_utc
from responder.errors import Permanent, Reason

MICRO = 1_000_000
#: From this share of the limit on, only the small model is asked.
SMALL_ONLY_SHARE = 0.8


class Budget(BaseModel):
    """What one UTC day has cost: settled spending plus what is still reserved.

    Counted in whole millionths of a dollar, so that thousands of small sums do not drift.
    """

    model_config = ConfigDict(frozen=True)

    day: str
    micro_usd: int = 0

    @property
    def reserved_or_spent_usd(self) -> float:
        """The sum in dollars, for logs and people."""
        return self.micro_usd / MICRO


def day_of(now: datetime) -> str:
    """The UTC day that ``now`` falls on, which names the budget item."""
    return to_utc(now).date().isoformat()


def reserve(budget: Budget | None, amount: float, limit: float, now: datetime) -> Budget:
    """The budget with ``amount`` dollars set aside; an older day's (or no) budget starts anew.

    Raises Permanent(BUDGET_SPENT) when the sum would pass ``limit``.
    """
    today = day_of(now)
    spent = budget.micro_usd if budget is not None and budget.day == today else 0
    wanted = spent + _micro(amount)
    if wanted > int(limit * MICRO):
        raise Permanent(
            Reason.BUDGET_SPENT,
            f"{spent / MICRO:.4f} of {limit:.2f} dollars are spent or reserved on {today}, "
            f"this call may cost {amount:.4f}",
        )
    return Budget(day=today, micro_usd=wanted)


def settle(budget: Budget, reserved: float, actual: float) -> Budget:
    """Replace a reservation by what the call cost. What is never settled stays spent."""
    micro = budget.micro_usd - _micro(reserved) + _micro(actual)
    return budget.model_copy(update={"micro_usd": max(0, micro)})


def small_only(budget: Budget | None, limit: float) -> bool:
    """Whether so much of the limit is gone that only the small model may be asked."""
    spent = budget.micro_usd if budget is not None else 0
    return spent >= limit * MICRO * SMALL_ONLY_SHARE


def _micro(usd: float) -> int:
    """Dollars as millionths, rounded up: a fraction never makes a call free.

    The inner rounding keeps binary noise (0.3 is 0.30000000000000004 elsewhere) from adding one.
    """
    return ceil(round(usd * MICRO, 3))
