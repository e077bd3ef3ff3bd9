"""``responder cost``: the ledgers as a table, Markdown or JSON."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

import click

from responder.analysis.budget import MICRO, Limits, Purse, month_of
from responder.analysis.ledger import Line
from responder.clock import utc_now
from responder_cli import console, tabular
from responder_cli.aws import Stack
from responder_cli.cost import books
from responder_cli.cost.books import KINDS, Books, Span
from responder_cli.cost.forecast import Forecast
from responder_cli.health.metrics import Window, amount, ours
from responder_cli.options import examples, json_option, on_stack

#: Ledgers are kept for 400 days.
MOST_DAYS = 400
COLUMNS = ("calls", "no answer", "tokens in", "tokens out", "dollars")


@dataclass(frozen=True)
class Cache:
    """Alerts that were served with a known analysis, and what calls for them would have cost."""

    alerts: int
    usd: float | None


@dataclass(frozen=True)
class Report:
    """All that is said of a span."""

    span: Span
    kind: str
    lines: Mapping[str, Line]
    total: Line
    cache: Cache
    month: str
    forecast: Forecast | None
    budgets: Sequence[Mapping[str, Any]]


@click.command(
    epilog=examples(
        "responder cost",
        "responder cost --days 1 --by source",
        "responder cost --month 2026-11 --by model --markdown",
    )
)
@click.option(
    "--days",
    type=click.IntRange(1, MOST_DAYS),
    help="The last days, with today; else the month.",
)
@click.option("--month", "month_name", metavar="YYYY-MM", help="A month in UTC; else this one.")
@click.option("--by", "kind", type=click.Choice(KINDS), default="day", show_default=True)
@click.option("--markdown", "as_markdown", is_flag=True, help="To paste into a report.")
@json_option
@on_stack
def cost(
    stack: Stack,
    days: int | None,
    month_name: str | None,
    kind: str,
    as_markdown: bool,
    as_json: bool,
) -> None:
    """What Claude cost, by day, source, service or model.

    The dollars are those that the budgets count: each answer by its tokens, and a call that nobody
    answered ("no answer") by the most that it can have cost. Days are UTC.
    """
    if days and month_name:
        raise click.UsageError("Either --days or --month.")
    now = utc_now()
    found = _report(stack, _span(days, month_name, now), kind, now)
    if as_json:
        console.as_json(_document(found))
    elif as_markdown:
        for line in _markdown(stack, found):
            click.echo(console.safe(line))
    else:
        console.say(_heading(stack, found))
        if found.lines:
            columns = (kind, *COLUMNS)
            console.grid(columns, tabular.aligned(columns, _rows(found)))
        for sentence in _sentences(found):
            console.say(sentence)


def _span(days: int | None, month_name: str | None, now: datetime) -> Span:
    today = now.date()
    if days:
        return Span(today - timedelta(days=days - 1), today)
    try:
        whole = books.month(month_name or month_of(now))
    except ValueError as error:
        raise click.BadParameter("write it like 2026-11", param_hint="--month") from error
    if whole.first > today:
        raise click.BadParameter("that month is still to come", param_hint="--month")
    return Span(whole.first, min(whole.last, today))


def _report(stack: Stack, span: Span, kind: str, now: datetime) -> Report:
    limits = books.limits_of(stack)
    read = books.read(stack, [*span.days, *books.foreseen_by(now)])
    return Report(
        span=span,
        kind=kind,
        lines=read.of(span.days, kind),
        total=sum(read.of(span.days, "day").values(), Line()),
        cache=_cache(stack, read, span, now),
        month=month_of(now),
        forecast=books.expected(read, limits, now),
        budgets=_budgets(books.purse(stack, now), limits, now),
    )


def _cache(stack: Stack, read: Books, span: Span, now: datetime) -> Cache:
    end = min(span.end, now)
    minutes = max(1, round((end - span.start).total_seconds() / 60))
    window = Window(end, minutes)
    alerts = round(amount(stack, ours(stack), "CacheHits", {"service": "analysis"}, window))
    mean = read.mean_usd(span.days)
    return Cache(alerts, None if mean is None else alerts * mean)


def _budgets(purse: Purse, limits: Limits, now: datetime) -> list[dict[str, Any]]:
    found = []
    for limit in limits.every():
        counter = limit.counter(now)
        spent = purse.settled.get(counter, 0)
        reserved = purse.taken(counter) - spent
        found.append(
            {
                "name": limit.words,
                "limit": limit.usd,
                "spent": spent / MICRO,
                "reserved": reserved / MICRO,
            }
        )
    return found


def _rows(found: Report) -> list[tuple[str, ...]]:
    rows = [(name, *_cells(line)) for name, line in found.lines.items()]
    return [*rows, ("total", *_cells(found.total))]


def _cells(line: Line) -> tuple[str, ...]:
    counts = (line.calls, line.unknown, line.input_tokens, line.output_tokens)
    return (*(f"{count:,}" for count in counts), f"{line.usd:,.4f}")


def _heading(stack: Stack, found: Report) -> str:
    return f"{stack.name}, {found.span.first} to {found.span.last} UTC"


def _sentences(found: Report) -> Iterator[str]:
    if not found.lines:
        yield "Claude was not asked in this time."
    cache = found.cache
    saved = (
        "" if cache.usd is None else f"; a call for each would have cost {cache.usd:,.2f} dollars"
    )
    yield f"Cache: {cache.alerts:,} alerts were served with a known analysis{saved}."
    coming = found.forecast
    if coming is None:
        yield f"Forecast for {found.month}: too few complete days yet."
    else:
        yield (
            f"Forecast for {found.month}: {coming.usd:,.2f} dollars "
            f"({coming.low:,.2f} to {coming.high:,.2f}), if the days go on as the last ones did."
        )
    for one in found.budgets:
        part = f" ({100 * one['spent'] / one['limit']:.0f} %)" if one["limit"] else ""
        held = f", {one['reserved']:,.2f} reserved" if one["reserved"] else ""
        yield (
            f"{one['name'].capitalize()}: {one['spent']:,.2f} of {one['limit']:,.2f} dollars"
            f"{part}{held}."
        )


def _markdown(stack: Stack, found: Report) -> Iterator[str]:
    yield f"**{_heading(stack, found)}**"
    yield ""
    if found.lines:
        yield from tabular.markdown((found.kind, *COLUMNS), _rows(found))
    yield from (f"- {tabular.plain(sentence)}" for sentence in _sentences(found))


def _document(found: Report) -> dict[str, Any]:
    return {
        "from": str(found.span.first),
        "to": str(found.span.last),
        "by": found.kind,
        "lines": [{"name": name, **_figures(line)} for name, line in found.lines.items()],
        "total": _figures(found.total),
        "cache": asdict(found.cache),
        "forecast": found.forecast and {"month": found.month, **asdict(found.forecast)},
        "budgets": list(found.budgets),
    }


def _figures(line: Line) -> dict[str, Any]:
    return {
        "calls": line.calls,
        "unknown": line.unknown,
        "input_tokens": line.input_tokens,
        "output_tokens": line.output_tokens,
        "usd": line.usd,
    }
