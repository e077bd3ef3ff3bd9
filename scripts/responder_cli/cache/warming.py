"""Which analyses ``responder cache warm`` asks for, and what of it the budgets have room for.

The lane reserves each call as always, so that no budget can be passed. This plan stops earlier: at
the share of a budget from which alerts would get the small model only.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from responder.analysis import budget, tiering
from responder.analysis.budget import Limit, Limits, Purse
from responder.cache_entry import CacheEntry
from responder.incident import Incident, IncidentState
from responder.protocols.spending import payer_of
from responder_cli.cache import entries

#: What a call is taken to cost where the ledgers know of none: more than one usually does.
ASSUMED_USD = 0.05


@dataclass(frozen=True)
class Plan:
    """One signature: the incident to ask with, and why it is left out (empty: it is asked for)."""

    incident: Incident
    left_out: str = ""


def candidates(found: Collection[Incident]) -> Iterator[Incident]:
    """One incident a cache key, the open ones before those that are over, then the newest.

    What is held is not analysed, and storms and our own checks are no problems of their own.
    """
    usable = [one for one in found if not (one.held or one.synthetic or one.storm)]
    usable.sort(key=lambda one: (one.state is not IncidentState.OPEN, -one.last_seen.timestamp()))
    met: set[str] = set()
    for one in usable:
        if one.cache_key not in met:
            met.add(one.cache_key)
            yield one


def plan(
    asked: list[tuple[Incident, CacheEntry | None]],
    limits: Limits,
    purse: Purse,
    usd: float,
    now: datetime,
) -> Iterator[Plan]:
    """What to ask for, at ``usd`` a call, the worst incidents first."""
    for incident, entry in sorted(asked, key=lambda pair: pair[0].severity.rank):
        why = _settled(entry, now)
        if why:
            yield Plan(incident, why)
            continue
        tier = tiering.tier_for(incident.severity, None)
        mine = [_bounded(limit) for limit in limits.of(payer_of(incident))]
        call = budget.reservation(payer_of(incident), tier, usd, mine, now)
        short = budget.lacking(purse, call, mine)
        if short is not None:
            yield Plan(incident, f"no room in the {short.words}")
            continue
        purse = budget.reserve(purse, incident.cache_key, call, mine)
        yield Plan(incident)


def _settled(entry: CacheEntry | None, now: datetime) -> str:
    """Why nobody has to be asked; empty where somebody has."""
    if entry is None:
        return ""
    if entries.in_use(entry, now):
        return "asked now"
    if entry.analysis is None or not entries.is_fresh(entry, now):
        return ""
    if entry.analysis.is_fallback:
        return f"given up a short while ago: {entry.analysis.fallback_reason}; clear it first"
    return "fresh"


def _bounded(limit: Limit) -> Limit:
    return replace(limit, micro=int(limit.micro * budget.SMALL_ONLY_SHARE))
