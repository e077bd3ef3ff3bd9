"""Claude's dollars as plain arithmetic: reserve before a call, settle after it, within every limit.

``protocols.spending`` keeps one ``Purse`` per UTC month, with all counters of that month in one
item: a call is reserved on all of its budgets, or on none, and fifty containers cannot overspend
together.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from math import ceil

from pydantic import BaseModel, ConfigDict

from responder.alert import Moment
from responder.clock import to_utc

MICRO = 1_000_000
#: From this share of a limit on, only the small model is asked.
SMALL_ONLY_SHARE = 0.8
#: The steps that operators are told of, in per cent.
NEARLY, SPENT = 80, 100
#: No function runs for longer, so the worker of an older reservation is dead.
#: https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
ABANDONED_AFTER = timedelta(minutes=15)
#: Settled counters of days before yesterday are in the ledgers, and of no use to any limit.
KEPT_DAYS = timedelta(days=1)
#: Each has a counter in the purse, and maybe an incident in the transaction of the watch.
MAX_SHARES = 40
#: How a share's name ends that is of a month, not of a day.
MONTHLY = "/month"
_DAY = len("2026-11-21")
_DOLLARS = re.compile(r"\d{1,9}(\.\d{1,6})?")


@dataclass(frozen=True)
class Payer:
    """Whom a call is for; each part may be empty."""

    source: str
    service: str = ""
    team: str = ""

    @property
    def names(self) -> frozenset[str]:
        """What its own budgets may be called."""
        return frozenset({self.source.casefold(), f"team:{self.team.casefold()}"})


@dataclass(frozen=True)
class Limit:
    """One budget: of a day, or of a month; ``name`` is a source or ``team:…``, empty for all."""

    micro: int
    name: str = ""
    monthly: bool = False

    def counter(self, now: datetime) -> str:
        """What counts against it at this moment."""
        period = month_of(now) if self.monthly else day_of(now)
        return f"{period} {self.name}".rstrip()

    @property
    def usd(self) -> float:
        """The limit in dollars."""
        return self.micro / MICRO

    @property
    def words(self) -> str:
        """The budget for a person."""
        whose = f" of {self.name.replace('team:', 'team ')}" if self.name else ""
        return f"{'monthly' if self.monthly else 'daily'} budget{whose}"


@dataclass(frozen=True)
class Limits:
    """What may be spent: in a day, in a month (None: as the days allow), and by whom.

    ``shares`` have a source or a team as their name, with ``/month`` behind it for those of one.
    """

    daily_usd: float
    monthly_usd: float | None = None
    shares: Mapping[str, float] = field(default_factory=dict)

    def every(self) -> tuple[Limit, ...]:
        """All budgets that there are."""
        found = [Limit(_floor(self.daily_usd))]
        if self.monthly_usd is not None:
            found.append(Limit(_floor(self.monthly_usd), monthly=True))
        return (*found, *(_share_of(name, usd) for name, usd in self.shares.items()))

    def of(self, payer: Payer) -> tuple[Limit, ...]:
        """The budgets that a call for ``payer`` counts against."""
        names = payer.names | {""}
        return tuple(limit for limit in self.every() if limit.name in names)


def parse_shares(text: str) -> dict[str, float]:
    """Dollars by source or team, written like ``sentry=1,team:payments/month=40``.

    Raises ValueError for anything else.
    """
    found: dict[str, float] = {}
    for pair in filter(None, (part.strip() for part in text.split(","))):
        name, _, amount = pair.partition("=")
        name = name.strip().casefold()
        usd = float(amount) if _DOLLARS.fullmatch(amount.strip()) else -1.0
        if not name.removesuffix(MONTHLY) or usd < 0:
            raise ValueError("write it like sentry=1,team:payments/month=40")
        if name in found:
            raise ValueError(f"a budget stands twice: {name}")
        found[name] = usd
    if len(found) > MAX_SHARES:
        raise ValueError(f"no more than {MAX_SHARES} budgets of sources and teams")
    return found


def _share_of(name: str, usd: float) -> Limit:
    return Limit(_floor(usd), name.removesuffix(MONTHLY), monthly=name.endswith(MONTHLY))


class Reservation(BaseModel):
    """The most that a call under way may cost, and what it counts against."""

    model_config = ConfigDict(frozen=True)

    micro: int
    at: Moment
    counters: tuple[str, ...]
    source: str = ""
    service: str = ""
    tier: str = ""


class Purse(BaseModel):
    """A UTC month: what its counters have ``settled``, and the calls that are still ``held``.

    Counted in whole millionths of a dollar, so that thousands of small sums do not drift.
    Reservations have the name of their call: repeating a write whose answer was lost reserves or
    settles nothing twice. ``refused`` has the smallest call that each counter had no room for.
    """

    model_config = ConfigDict(frozen=True)

    month: str
    settled: dict[str, int] = {}
    held: dict[str, Reservation] = {}
    refused: dict[str, int] = {}

    def taken(self, counter: str) -> int:
        """Settled and reserved together: what limits are held against."""
        reserved = sum(one.micro for one in self.held.values() if counter in one.counters)
        return self.settled.get(counter, 0) + reserved


def month_of(now: datetime) -> str:
    """The UTC month that ``now`` falls into, which names the purse."""
    return f"{to_utc(now):%Y-%m}"


def day_of(now: datetime) -> str:
    """The UTC day that ``now`` falls on."""
    return to_utc(now).date().isoformat()


def reservation(
    payer: Payer, tier: str, ceiling_usd: float, limits: Sequence[Limit], now: datetime
) -> Reservation:
    """What a call sets aside; it always counts for its day and its month."""
    counters = {month_of(now), day_of(now), *(limit.counter(now) for limit in limits)}
    return Reservation(
        micro=micro(ceiling_usd),
        at=now,
        counters=tuple(sorted(counters)),
        source=payer.source,
        service=payer.service,
        tier=tier,
    )


def lacking(purse: Purse, call: Reservation, limits: Sequence[Limit]) -> Limit | None:
    """The first budget that has no room for ``call``."""
    for limit in limits:
        if purse.taken(limit.counter(call.at)) + call.micro > limit.micro:
            return limit
    return None


def reserve(purse: Purse, name: str, call: Reservation, limits: Sequence[Limit]) -> Purse:
    """The purse with ``call`` set aside on all of its counters, or noted as refused by one."""
    if name in purse.held:
        return purse
    short = lacking(purse, call, limits)
    if short is None:
        kept = {c: spent for c, spent in purse.settled.items() if not _is_old(c, call.at)}
        return purse.model_copy(update={"held": {**purse.held, name: call}, "settled": kept})
    counter = short.counter(call.at)
    smallest = min(call.micro, purse.refused.get(counter, call.micro))
    kept = {c: least for c, least in purse.refused.items() if not _is_old(c, call.at)}
    return purse.model_copy(update={"refused": {**kept, counter: smallest}})


def settle(purse: Purse, name: str, actual: int) -> Purse:
    """Replace a reservation by what its call cost; one that is settled already changes nothing."""
    call = purse.held.get(name)
    if call is None:
        return purse
    spent = {counter: purse.settled.get(counter, 0) + actual for counter in call.counters}
    held = {other: one for other, one in purse.held.items() if other != name}
    return purse.model_copy(update={"held": held, "settled": purse.settled | spent})


def abandoned(purse: Purse, now: datetime) -> dict[str, Reservation]:
    """Reservations that nobody will settle any more; what they may have cost stays spent."""
    return {name: one for name, one in purse.held.items() if now - one.at >= ABANDONED_AFTER}


def small_only(purse: Purse | None, limits: Sequence[Limit], now: datetime) -> bool:
    """Whether so much of any limit is gone that only the small model may be asked."""
    return any(
        (purse.taken(limit.counter(now)) if purse else 0) >= limit.micro * SMALL_ONLY_SHARE
        for limit in limits
    )


def share(purse: Purse | None, limit: Limit, now: datetime) -> float:
    """How much of a budget is spent, in per cent; at least 100 once it refuses calls.

    Only what is settled counts: what calls under way reserve may yet turn out cheaper. A limit of
    nothing is an operator's choice, of which there is no news.
    """
    if purse is None or not limit.micro:
        return 0.0
    counter = limit.counter(now)
    spent = purse.settled.get(counter, 0)
    part = 100 * spent / limit.micro
    refuses = counter in purse.refused and spent + purse.refused[counter] > limit.micro
    return max(part, float(SPENT)) if refuses else part


def step(purse: Purse | None, limit: Limit, now: datetime) -> int:
    """The highest step that a budget has reached; 0 where it has reached none."""
    reached = share(purse, limit, now)
    return max((one for one in (NEARLY, SPENT) if reached >= one), default=0)


def micro(usd: float) -> int:
    """Dollars as millionths, rounded up: a fraction never makes a call free.

    The inner rounding keeps binary noise (0.3 is 0.30000000000000004 elsewhere) from adding one.
    """
    return ceil(round(usd * MICRO, 3))


def _floor(usd: float) -> int:
    return int(round(usd * MICRO, 3))


def _is_old(counter: str, now: datetime) -> bool:
    period = counter.partition(" ")[0]
    return len(period) == _DAY and period < day_of(now - KEPT_DAYS)
