"""Claude's budgets: one conditional write reserves a call on all of them, one settles it.

    reserve ──▶ Claude ──▶ settle purse and ledger (one transaction)
           (1)        (2)

Killed at (1) or (2): the reservation stands, and a quarter of an hour later the next call that is
settled books it as spent, with the most that it can have cost and its outcome unknown. A second
worker at any moment: one write wins, the other one reads again. A write whose answer was lost looks
like a lost race: the call is found reserved, or settled, by its name, and nothing is done twice.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from responder.analysis import budget, ledger
from responder.analysis.budget import Limit, Limits, Payer, Purse, Reservation
from responder.analysis.ledger import Ledger, Line
from responder.clock import Clock
from responder.delivery import words
from responder.errors import Permanent, Reason
from responder.incident import Incident
from responder.ports import Key, Store, Telemetry
from responder.protocols import items


@dataclass(frozen=True)
class Bill:
    """A call that is reserved, by its name."""

    name: str
    call: Reservation


@dataclass(frozen=True)
class Charge:
    """What a call turned out to cost, and which model answered."""

    usd: float
    model: str
    input_tokens: int = 0
    output_tokens: int = 0

    @property
    def line(self) -> Line:
        """One call as the ledger has it."""
        return Line(
            calls=1,
            micro_usd=budget.micro(self.usd),
            input_tokens=self.input_tokens,
            output_tokens=self.output_tokens,
        )


@dataclass(frozen=True)
class Spending:
    """The budgets with their ports."""

    store: Store
    telemetry: Telemetry
    now: Clock
    limits: Limits

    def purse_key(self) -> Key:
        """Where this month's purse lives."""
        return purse_item(budget.month_of(self.now()))

    def affordable(self, incident: Incident, tier: str, purse: Purse | None) -> str:
        """``tier``, or the small one from 80 % of any of the incident's budgets on."""
        tight = budget.small_only(purse, self.limits.of(payer_of(incident)), self.now())
        return "small" if tight else tier

    def reserve(self, incident: Incident, tier: str, ceiling_usd: float, name: str) -> Bill:
        """Set the most that a call may cost aside. Raises Permanent where a budget has no room."""
        now = self.now()
        payer = payer_of(incident)
        limits = self.limits.of(payer)
        call = budget.reservation(payer, tier, ceiling_usd, limits, now)
        month = budget.month_of(now)

        def step(purse: Purse | None) -> Purse:
            return budget.reserve(purse or Purse(month=month), name, call, limits)

        purse = items.change(self.store, purse_item(month), Purse, step, now)
        assert purse is not None  # noqa: S101 - `step` always gives one
        if name not in purse.held:
            raise Permanent(Reason.BUDGET_SPENT, _refusal(purse, call, self.limits.of(payer)))
        return Bill(name, call)

    def release(self, bill: Bill) -> None:
        """A call that certainly cost nothing."""
        self._settle(bill, Line(), "")

    def pay(self, bill: Bill, charge: Charge) -> None:
        """A call that was answered, whether or not the answer is of any use."""
        self._settle(bill, charge.line, charge.model)

    def doubt(self, bill: Bill) -> None:
        """A call that may have cost money, and was not answered: what it reserved is spent."""
        self.telemetry.count("ClaudeCallsUnknown")
        self._settle(bill, ledger.unknown(bill.call), ledger.unknown_model(bill.call))

    def _settle(self, bill: Bill, line: Line, model: str) -> None:
        """Never fails a paid call: what cannot be settled now stays reserved till later."""
        try:
            items.settle(lambda: self._attempt(bill, line, model))
        except items.TROUBLES as error:
            self.telemetry.warning(
                "Budget not settled", detail=str(error), reserved=bill.call.micro / budget.MICRO
            )

    def _attempt(self, bill: Bill, line: Line, model: str) -> None:
        now = self.now()
        key = purse_item(budget.month_of(bill.call.at))
        today = ledger_item(budget.day_of(bill.call.at))
        records = self.store.read([key, today])
        record = records[key]
        purse = items.decode(record, Purse)
        if purse is None or bill.name not in purse.held:
            return
        settled = {bill.name: (bill.call, line, model)}
        for name, lost in budget.abandoned(purse, now).items():
            settled.setdefault(name, (lost, ledger.unknown(lost), ledger.unknown_model(lost)))
        days = {ledger_item(budget.day_of(call.at)) for call, _, _ in settled.values()}
        if others := days - {today}:
            records |= self.store.read(list(others))
        books = {day: (records[day].version, items.decode(records[day], Ledger)) for day in days}
        after = {book: present for book, (_, present) in books.items()}
        for name, (call, one, of) in settled.items():
            purse = budget.settle(purse, name, one.micro_usd)
            if one.calls:
                book = ledger_item(budget.day_of(call.at))
                known = after[book] or Ledger(day=budget.day_of(call.at))
                after[book] = known.booked(call.source, call.service, of, one)
        writes = [items.write_of(key, purse, record.version, now)]
        writes += [
            items.write_of(book, value, books[book][0], now)
            for book, value in after.items()
            if value is not None and value != books[book][1]
        ]
        self.store.write(writes)


def purse_item(month: str) -> Key:
    """Where the purse of a UTC month lives."""
    return items.state_item(f"budget#{month}")


def ledger_item(day: str) -> Key:
    """Where the ledger of a UTC day lives."""
    return items.state_item(f"ledger#{day}")


def payer_of(incident: Incident) -> Payer:
    """Whom an analysis of ``incident`` is for; the team is the owner that its card names."""
    return Payer(incident.source, incident.service, words.owner(incident))


def _refusal(purse: Purse, call: Reservation, limits: Sequence[Limit]) -> str:
    short = budget.lacking(purse, call, limits)
    if short is None:
        return "another call had taken what was left"
    taken = purse.taken(short.counter(call.at)) / budget.MICRO
    return (
        f"{taken:.4f} of {short.usd:.2f} dollars of the {short.words} are spent or reserved, "
        f"this call may cost {call.micro / budget.MICRO:.4f}"
    )
