"""``responder cache stats|show|clear|warm``."""

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from functools import wraps
from typing import Any

import click

from responder.cache_entry import CacheEntry
from responder.clock import utc_now
from responder.ports import Table
from responder.protocols import items, requesting
from responder.protocols.switch import SWITCH, Switch
from responder_cli import console, incidents
from responder_cli.accepted import is_same
from responder_cli.aws import Stack
from responder_cli.cache import entries, warming
from responder_cli.cache.entries import Selection
from responder_cli.cache.warming import Plan
from responder_cli.cost import books
from responder_cli.health.metrics import DAY_MINUTES, Window, amount, ours
from responder_cli.mending import command
from responder_cli.options import (
    Command,
    duration,
    examples,
    json_option,
    moment,
    on_stack,
    yes_option,
)

EXIT_FAILED = 1
MOST_WARMED = 100
#: What opening incidents found in the cache, by the lane's own count.
FOUND = {"hits": "CacheHits", "stale": "CacheStale", "misses": "CacheMisses"}


@click.group(
    epilog=examples(
        "responder cache stats",
        "responder cache show --older-than 2d",
        "responder cache clear --source zabbix",
        "responder cache warm",
    )
)
def cache() -> None:
    """The analyses that alerts of one signature share, and that nobody pays for twice."""


def selecting(command: Command) -> Command:
    """Give a command the options that say which analyses are meant."""

    @click.option("--signature", "signatures", multiple=True, metavar="SIGNATURE",
                  help="Only these signatures, or cache keys (repeatable).")  # fmt: skip
    @click.option("--source", default="",
                  help="Only of this tool's newest 2,000 alerts in 30 days.")  # fmt: skip
    @click.option("--older-than", type=duration, help="Only those made so long ago: 12h, 7d.")
    @wraps(command)
    def wrapped(
        *args: object,
        signatures: tuple[str, ...],
        source: str,
        older_than: timedelta | None,
        **options: object,
    ) -> Any:  # noqa: ANN401 - what the command returns
        return command(*args, selection=Selection(signatures, source, older_than), **options)

    return wrapped


@cache.command(epilog=examples("responder cache stats", "responder cache stats --json"))
@json_option
@on_stack
def stats(stack: Stack, as_json: bool) -> None:
    """How full it is, what is in it, and how often it was of use in the last 24 hours.

    Reads the whole table, which has an entry of a few kB for each signature and environment.
    """
    now = utc_now()
    with console.progress("reading entries") as advance:
        found = list(entries.every(stack, advance))
    answer = {**_counts(found, now), "last 24 h": _hits(stack, now)}
    if as_json:
        console.as_json(answer)
        return
    console.fields((name, _words(value)) for name, value in answer.items() if value != {})


def _counts(found: Sequence[CacheEntry], now: datetime) -> dict[str, Any]:
    made = [one.analysis for one in found if one.analysis is not None]
    claude = [one for one in made if not one.is_fallback]
    return {
        "entries": len(found),
        "states": dict(Counter(entries.state(one, now).partition(":")[0] for one in found)),
        "waiting incidents": sum(len(one.waiters) for one in found),
        "models": dict(Counter(one.made_by for one in claude)),
        "prompts": dict(Counter(one.prompt_version for one in claude)),
        "oldest": min((one.made_at for one in made), default=None),
        "newest": max((one.made_at for one in made), default=None),
        "dollars": round(sum(one.cost_usd for one in claude), 4),
    }


def _hits(stack: Stack, now: datetime) -> dict[str, Any]:
    """How often an incident that opened was served from it, fresh or stale."""
    window = Window(now, DAY_MINUTES)
    dimensions = {"service": "analysis"}
    counts = {
        name: round(amount(stack, ours(stack), metric, dimensions, window))
        for name, metric in FOUND.items()
    }
    every = sum(counts.values())
    rate = (every - counts["misses"]) / every if every else None
    return {**counts, "hit rate": rate}


def _words(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{_words(inner)} {name}" for name, inner in value.items())
    if isinstance(value, datetime):
        return f"{value:{console.MINUTE}} UTC"
    if value is None:
        return "no"
    return f"{value:.4g}" if isinstance(value, float) else str(value)


@cache.command(
    epilog=examples(
        "responder cache show --signature v1:5f2c9b",
        "responder cache show --source zabbix --older-than 1d --json",
    )
)
@selecting
@click.option("--limit", type=click.IntRange(1, 10_000), default=50, show_default=True)
@json_option
@on_stack
def show(stack: Stack, selection: Selection, limit: int, as_json: bool) -> None:
    """The analyses that are kept, the oldest first; with --json whole.

    Without a whole cache key as --signature it reads the whole table.
    """
    now = utc_now()
    found = _found(stack, selection, now)
    if as_json:
        shown = [_document(one, now) for one in found[:limit]]
        console.as_json(shown)
    else:
        _table(found[:limit], now)
    if len(found) > limit:
        console.warn(f"{len(found) - limit} more: --limit {len(found)}")


@cache.command(
    epilog=examples(
        "responder cache clear --signature v1:5f2c9b",
        "responder cache clear --source zabbix --older-than 1d --yes",
        "responder cache clear --all",
    )
)
@selecting
@click.option("--all", "everything", is_flag=True, help="All, where nothing selects.")
@click.option("--dry-run", is_flag=True, help="Show what would be cleared, and end.")
@yes_option
@json_option
@on_stack
def clear(
    stack: Stack,
    selection: Selection,
    everything: bool,
    dry_run: bool,
    yes: bool,
    as_json: bool,
) -> None:
    """Forget analyses, so that the next incident of each signature asks Claude anew.

    It shows them and asks. What Claude is being asked at that moment is left alone, and so is an
    analysis that was made after it was shown. Cards keep what they say.
    """
    if selection.everything is not everything:
        raise click.UsageError("Say which: --signature, --source, --older-than or --all.")
    now = utc_now()
    found = _found(stack, selection, now)
    if not as_json:
        _table(found, now)
        price = _price(len(found), _usual_usd(stack, now))
        console.say(f"{len(found)} analyses of {stack.name}; {price}")
    if dry_run or not found:
        if as_json:
            console.as_json({"found": len(found), "cleared": 0, "left": []})
        return
    if not yes:
        console.ask(f"Clear these {len(found)} analyses of {stack.name}?")
    left = [one.cache_key for one in found if not entries.clear(stack, one)]
    if as_json:
        console.as_json({"found": len(found), "cleared": len(found) - len(left), "left": left})
    else:
        console.say(f"{len(found) - len(left)} cleared.")
    for cache_key in left:
        console.warn(f"left alone, as it is being asked or was made anew: {cache_key}")
    if left:
        click.get_current_context().exit(EXIT_FAILED)


@cache.command(
    epilog=examples(
        "responder cache warm --dry-run",
        "responder cache warm --since 7d --limit 50",
        "responder cache warm --signature v1:5f2c9b --yes",
    )
)
@click.option("--signature", "signatures", multiple=True, metavar="SIGNATURE",
              help="Only these signatures, or cache keys (repeatable).")  # fmt: skip
@click.option("--source", default="", help="Only incidents of this tool.")
@click.option("--since", "start", type=moment,
              help="Also of incidents that are over, and had an alert since then.")  # fmt: skip
@click.option("--limit", type=click.IntRange(1, MOST_WARMED), default=20, show_default=True,
              help="Calls of Claude, at most.")  # fmt: skip
@click.option("--dry-run", is_flag=True, help="Show what would be asked, and end.")
@yes_option
@json_option
@on_stack
def warm(
    stack: Stack,
    signatures: tuple[str, ...],
    source: str,
    start: datetime | None,
    limit: int,
    dry_run: bool,
    yes: bool,
    as_json: bool,
) -> None:
    """Have analyses made that open incidents lack, before their next alert asks for them.

    The analysis lane makes them as always: once a signature, within the budgets, and on the
    incident's card, which is edited. It stops at four fifths of each budget, so that alerts keep
    the rest. What is held is not analysed.
    """
    _refuse_while_off(stack)
    now = utc_now()
    usd = _usual_usd(stack, now)
    plans = list(_plans(stack, signatures, source, start, usd, now))
    asked = [one for one in plans if not one.left_out][:limit]
    if not as_json:
        _show_plans(plans)
        console.say(f"{len(asked)} to be asked for; {_price(len(asked), usd)}")
    if asked and not dry_run:
        if not yes:
            console.ask(f"Ask for {len(asked)} analyses on {stack.name}?")
        queues = stack.queues()
        for one in asked:
            requesting.send(queues, one.incident, utc_now())
    if as_json:
        console.as_json([_plan_document(one, asked) for one in plans])
    elif asked and not dry_run:
        console.say(f"Asked. Follow them: {command(stack, 'cache show')}")


def _found(stack: Stack, selection: Selection, now: datetime) -> list[CacheEntry]:
    with console.progress("reading entries") as advance:
        return entries.find(stack, selection, now, advance)


def _table(found: Sequence[CacheEntry], now: datetime) -> None:
    console.grid(
        ("made (UTC)", "by", "state", "headline", "cache key"),
        [
            (
                f"{entries.analysis(one).made_at:{console.MINUTE}}",
                entries.analysis(one).made_by,
                entries.state(one, now),
                entries.analysis(one).headline,
                one.cache_key,
            )
            for one in found
        ],
        copied=True,
    )


def _document(one: CacheEntry, now: datetime) -> dict[str, Any]:
    return {"state_now": entries.state(one, now), **one.model_dump(mode="json")}


def _price(calls: int, usd: float) -> str:
    return f"made anew they cost about ${calls * usd:.2f}"


def _usual_usd(stack: Stack, now: datetime) -> float:
    """What a call cost in the last weeks."""
    days = books.sample(now).days
    mean = books.read(stack, days).mean_usd(days)
    return warming.ASSUMED_USD if mean is None else mean


def _refuse_while_off(stack: Stack) -> None:
    switch = items.load(stack.store(Table.STATE), items.state_item(SWITCH), Switch)
    if switch is not None and switch.off:
        raise click.ClickException(f"Analysis is off, by {console.safe(switch.by)}: nothing asked.")


def _plans(
    stack: Stack,
    signatures: tuple[str, ...],
    source: str,
    start: datetime | None,
    usd: float,
    now: datetime,
) -> Iterator[Plan]:
    found = [*incidents.opened(stack), *(incidents.alerted(stack, start) if start else ())]
    chosen = [
        one
        for one in warming.candidates(found)
        if not signatures or one.signature in signatures or one.cache_key in signatures
        if is_same(source, one.source)
    ]
    known = entries.load(stack, [one.cache_key for one in chosen])
    asked = [(one, known.get(one.cache_key)) for one in chosen]
    limits, purse = books.limits_of(stack), books.purse(stack, now)
    yield from warming.plan(asked, limits, purse, usd, now)


def _show_plans(plans: Sequence[Plan]) -> None:
    console.grid(
        ("severity", "state", "title", "cache", "incident"),
        [
            (
                one.incident.severity.value,
                one.incident.state.value,
                one.incident.title,
                one.left_out or "to be asked for",
                one.incident.incident_id,
            )
            for one in plans
        ],
        copied=True,
    )


def _plan_document(one: Plan, asked: Sequence[Plan]) -> dict[str, Any]:
    return {
        "incident_id": one.incident.incident_id,
        "cache_key": one.incident.cache_key,
        "asked": one in asked,
        "left_out": one.left_out,
    }
