"""The ledgers of a stack, read by day; used by ``responder cost``."""

from calendar import monthrange
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from responder.analysis.budget import Limits, Purse, day_of, month_of, parse_shares
from responder.analysis.ledger import Ledger, Line
from responder.ports import Table
from responder.protocols import items
from responder.protocols.spending import ledger_item, purse_item
from responder_cli.aws import Stack
from responder_cli.cost.forecast import Forecast, forecast
from responder_cli.problems import Unreadable

KINDS = ("day", "source", "service", "model")
#: Days that a forecast goes by: whole weeks, as weekends are cheaper.
SAMPLE_DAYS = 28


@dataclass(frozen=True)
class Span:
    """Whole UTC days, both ends included."""

    first: date
    last: date

    @property
    def days(self) -> list[str]:
        """Each of them, as ledgers name it."""
        number = (self.last - self.first).days + 1
        return [(self.first + timedelta(days=n)).isoformat() for n in range(number)]

    @property
    def start(self) -> datetime:
        """Its first moment."""
        return datetime(self.first.year, self.first.month, self.first.day, tzinfo=UTC)

    @property
    def end(self) -> datetime:
        """The moment after it."""
        last = self.last + timedelta(days=1)
        return datetime(last.year, last.month, last.day, tzinfo=UTC)


@dataclass(frozen=True)
class Books:
    """The ledgers of some days; a day without a call has none."""

    ledgers: Mapping[str, Ledger]

    def of(self, days: Sequence[str], kind: str) -> dict[str, Line]:
        """Lines by day in their order; by any other kind, the dearest first."""
        found = [self.ledgers[day] for day in days if day in self.ledgers]
        if kind == "day":
            return {ledger.day: ledger.total for ledger in found}
        lines: dict[str, Line] = {}
        for ledger in found:
            named = {"source": ledger.sources, "service": ledger.services, "model": ledger.models}
            for name, line in named[kind].items():
                lines[name] = lines.get(name, Line()) + line
        return dict(sorted(lines.items(), key=lambda pair: (-pair[1].micro_usd, pair[0])))

    def usd(self, days: Sequence[str]) -> float:
        """What some days cost."""
        return sum(self.ledgers[day].total.usd for day in days if day in self.ledgers)

    def mean_usd(self, days: Sequence[str]) -> float | None:
        """What an answered call cost; None where none was."""
        answered = [line for line in self.of(days, "model").values() if not line.unknown]
        total = sum(answered, Line())
        return total.usd / total.calls if total.calls else None


def read(stack: Stack, days: Sequence[str]) -> Books:
    """The ledgers of these days."""
    keys = [ledger_item(day) for day in dict.fromkeys(days)]
    records = stack.store(Table.STATE).read(keys)
    found = (items.decode(record, Ledger) for record in records.values())
    return Books({ledger.day: ledger for ledger in found if ledger is not None})


def sample(now: datetime) -> Span:
    """The complete days that a forecast goes by."""
    today = now.date()
    return Span(today - timedelta(days=SAMPLE_DAYS), today - timedelta(days=1))


def month(name: str) -> Span:
    """A month, whole. Raises ValueError for what is none."""
    first = datetime.strptime(name, "%Y-%m").replace(tzinfo=UTC).date()
    return Span(first, first.replace(day=monthrange(first.year, first.month)[1]))


def foreseen_by(now: datetime) -> list[str]:
    """The days that ``expected`` looks at, whatever other days it is given."""
    return [*sample(now).days, *month(month_of(now)).days]


def expected(books: Books, limits: Limits, now: datetime) -> Forecast | None:
    """What the present month will have cost."""
    today, whole = day_of(now), month(month_of(now))
    begun = min((day for day in foreseen_by(now) if day in books.ledgers), default=today)
    known = [day for day in sample(now).days if day >= begun]
    left = (whole.last - now.date()).days
    before = books.usd([day for day in whole.days if day < today])
    by_day = before + (left + 1) * limits.daily_usd
    most = by_day if limits.monthly_usd is None else min(by_day, limits.monthly_usd)
    costs = [books.usd([day]) for day in known]
    return forecast(costs, before, books.usd([today]), left, most)


def limits_of(stack: Stack) -> Limits:
    """The budgets that the stack was deployed with. Raises Unreadable."""
    monthly = stack.parameter("MonthlyBudgetUsd", "")
    try:
        shares = parse_shares(stack.parameter("BudgetPerSource", ""))
    except ValueError as error:
        raise Unreadable(f"the parameter BudgetPerSource: {error}") from error
    daily = float(stack.parameter("DailyBudgetUsd", "5"))
    return Limits(daily, float(monthly) if monthly else None, shares)


def purse(stack: Stack, now: datetime) -> Purse:
    """What the present month's counters say."""
    name = month_of(now)
    return items.load(stack.store(Table.STATE), purse_item(name), Purse) or Purse(month=name)
