"""The entries of the analysis cache, read and selected; used by ``responder cache``.

The table has no index: entries are read by their key, or else all of them, which a report of AWS's
read units follows. It holds one entry a signature and environment, of a few kB each.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice

from responder.alert import Severity
from responder.analysis.verdict import Analysis
from responder.cache_entry import CacheEntry
from responder.clock import utc_now
from responder.ports import Record, Table
from responder.protocols import items, lease
from responder_cli import accepted, incidents
from responder_cli.aws import Stack, plain

#: What alerts of a source are looked at for their signatures.
SOURCE_SPAN = timedelta(days=30)


@dataclass(frozen=True)
class Selection:
    """Which entries; an empty part selects all. ``signatures`` may be whole cache keys."""

    signatures: tuple[str, ...] = ()
    source: str = ""
    older_than: timedelta | None = None

    @property
    def everything(self) -> bool:
        """Whether it selects nothing in particular."""
        return self == Selection()


def find(
    stack: Stack, selection: Selection, now: datetime, advance: Callable[[], None]
) -> list[CacheEntry]:
    """The entries that are selected and hold an analysis, the oldest first."""
    wanted = set(selection.signatures)
    if selection.source:
        known = set(signatures_of(stack, selection.source))
        wanted = wanted & known if wanted else known
        if not wanted:
            return []
    found = (one for one in _candidates(stack, wanted, advance) if one.analysis is not None)
    kept = [one for one in found if _old_enough(one, selection.older_than, now)]
    return sorted(kept, key=_made_at)


def every(stack: Stack, advance: Callable[[], None]) -> Iterator[CacheEntry]:
    """All entries that have not expired, by a scan; read eventually, at half the price.

    What another release wrote and this one cannot read is none, as the functions have it.
    """
    pages = (
        stack.client("dynamodb")
        .get_paginator("scan")
        .paginate(TableName=stack.table("analysis-cache"))
    )
    now = utc_now().timestamp()
    for page in pages:
        for item in page["Items"]:
            advance()
            given = plain(item)
            entry = items.decode(Record(0, given), CacheEntry)
            if entry is not None and given.get("ttl", now + 1) > now:
                yield entry


def signatures_of(stack: Stack, source: str) -> Iterator[str]:
    """The signatures of a tool's newest alerts, through the index of alerts."""
    stream = accepted.newest(stack, Severity, utc_now() - SOURCE_SPAN)
    of_it = (one.alert_id for one in stream if accepted.is_same(source, one.source))
    ids = list(islice(of_it, incidents.MOST_ALERTS))
    yield from dict.fromkeys(record.signature for record in accepted.records(stack, ids))


def load(stack: Stack, cache_keys: Iterable[str]) -> dict[str, CacheEntry]:
    """The entries of these keys, by key and in their order; none for a key that has none."""
    found = stack.store(Table.CACHE).read([items.cache_item(one) for one in cache_keys])
    decoded = (items.decode(record, CacheEntry) for record in found.values())
    return {one.cache_key: one for one in decoded if one is not None}


def clear(stack: Stack, entry: CacheEntry) -> bool:
    """Take the very analysis out that ``entry`` has; False where it is in use, or another one."""
    now = utc_now()
    cleared = False

    def step(present: CacheEntry | None) -> CacheEntry | None:
        nonlocal cleared
        after = lease.clear(present, entry.analysis, now)
        cleared = after is not None
        return after

    store = stack.store(Table.CACHE)
    items.change(store, items.cache_item(entry.cache_key), CacheEntry, step, now)
    return cleared


def in_use(entry: CacheEntry, now: datetime) -> bool:
    """Whether Claude is being asked at this moment."""
    return lease.held_by_other(entry, "", now)


def is_fresh(entry: CacheEntry, now: datetime) -> bool:
    """Whether nobody has to be asked yet: what it holds, if anything, still stands."""
    return entry.fresh_until is not None and entry.fresh_until > now


def state(entry: CacheEntry, now: datetime) -> str:
    """What an entry is good for, in a word."""
    if in_use(entry, now):
        return "asked now"
    if entry.analysis is None:
        return "empty"
    fresh = is_fresh(entry, now)
    if entry.analysis.is_fallback:
        return f"given up: {entry.analysis.fallback_reason}" if fresh else "to be asked again"
    return "fresh" if fresh else "stale"


def analysis(entry: CacheEntry) -> Analysis:
    """The analysis of an entry that has one."""
    assert entry.analysis is not None  # noqa: S101 - `find` gives no others
    return entry.analysis


def _candidates(
    stack: Stack, wanted: set[str], advance: Callable[[], None]
) -> Iterator[CacheEntry]:
    """Whole keys are read by themselves; a signature may have an entry in each environment."""
    keys = {one for one in wanted if "@" in one}
    if wanted and keys == wanted:
        yield from load(stack, sorted(keys)).values()
        return
    for entry in every(stack, advance):
        if not wanted or not wanted.isdisjoint(_names(entry.cache_key)):
            yield entry


def _names(cache_key: str) -> Iterator[str]:
    """The key, and the signature before its @; an environment's name may have one, too."""
    yield cache_key
    yield from (cache_key[:at] for at, letter in enumerate(cache_key) if letter == "@")


def _made_at(entry: CacheEntry) -> datetime:
    return analysis(entry).made_at


def _old_enough(entry: CacheEntry, age: timedelta | None, now: datetime) -> bool:
    return age is None or now - _made_at(entry) >= age
