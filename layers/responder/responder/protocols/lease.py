"""The lease of an analysis: one paid call per fresh signature, whoever asks and however often.

    absent ──take──▶ pending (owner, lease_until, waiters) ──complete──▶ done ──take when stale──▶ …

Pure steps on a ``CacheEntry``; ``analyse`` writes them conditionally. Killed while pending: the
lease runs out and the redelivered request takes it. Killed after ``done``: whoever comes next finds
waiters in a done entry, tells them and only then removes them. A winner whose lease ran out and was
taken by another may not complete: it keeps its verdict for its own incident.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from responder.alert import Severity
from responder.analysis import freshness, tiering
from responder.analysis.freshness import Makers, News
from responder.analysis.verdict import Analysis
from responder.cache_entry import MAX_WAITERS, CacheEntry, CacheState
from responder.errors import Reason

#: Who holds the lease of an analysis that was disputed while it was being refreshed.
NOBODY: Final = "nobody"

#: Reasons to fall back that pass by themselves, or by an operator's hand.
PASSING = frozenset(
    {
        Reason.RATE_LIMITED.value,
        Reason.UNAVAILABLE.value,
        Reason.TIMEOUT.value,
        Reason.TOO_OLD.value,
        Reason.BREAKER_OPEN.value,
        Reason.NO_KEY.value,
        Reason.SECRET_MISSING.value,
        Reason.MISCONFIGURED.value,
        Reason.BUDGET_SPENT.value,
        Reason.ANALYSIS_OFF.value,
    }
)


@dataclass(frozen=True)
class Glance:
    """What an entry offers an incident: an analysis (maybe stale), and whether one is due.

    ``unavailable`` is why Claude was given up on this signature a short while ago.
    """

    analysis: Analysis | None
    due: bool
    unavailable: str = ""


@dataclass(frozen=True)
class Asker:
    """The incident that an analysis is looked up for, and the tier that it deserves."""

    incident_id: str
    severity: Severity
    tier: str


def glance(
    entry: CacheEntry | None, asker: Asker, makers: Makers, now: datetime, news: News
) -> Glance:
    """Look an entry up for ``asker``; ``makers`` are the configured ones.

    An analysis that is too old, of a smaller tier, or overtaken by ``news`` is stale. One that will
    be too old soon, or is of another prompt or model, is due for some askers, which refresh it for
    all.
    """
    if entry is None or entry.analysis is None:
        return Glance(None, due=True)
    if not entry.analysis.is_fallback:
        now = freshness.looked_at(now, asker.incident_id)
    fresh = freshness.is_fresh(entry.analysis, entry.fresh_until, now, makers, asker.incident_id)
    if entry.analysis.is_fallback:
        return Glance(None, not fresh, entry.analysis.fallback_reason if fresh else "")
    smaller = entry.analysis.tier == tiering.SMALL and asker.tier == tiering.LARGE
    overtaken = freshness.overtaken(entry.analysis, news, now)
    old = is_too_old(entry, entry.analysis, asker.severity, now)
    return Glance(entry.analysis, due=smaller or overtaken or old or not fresh)


def is_too_old(
    entry: CacheEntry | None, analysis: Analysis, severity: Severity, now: datetime
) -> bool:
    """Whether ``analysis`` is too old for ``severity``, and nobody failed to renew it just now."""
    kept = entry is not None and entry.kept_until is not None and now < entry.kept_until
    return not kept and freshness.is_too_old(analysis, severity, now)


def is_hopeless(entry: CacheEntry | None) -> bool:
    """Whether Claude was given up for a reason that does not pass by itself."""
    reason = entry.analysis.fallback_reason if entry and entry.analysis else ""
    return bool(reason) and reason not in PASSING


def held_by_other(entry: CacheEntry | None, me: str, now: datetime) -> bool:
    """Whether somebody else holds a live lease."""
    return (
        entry is not None
        and entry.state is CacheState.PENDING
        and entry.owner != me
        and entry.lease_until is not None
        and entry.lease_until > now
    )


def was_tried(entry: CacheEntry | None) -> bool:
    """Whether a request for it failed, or its worker died, since it was last answered."""
    if entry is None:
        return False
    return entry.first_sent is not None or entry.state is CacheState.PENDING


def take(
    entry: CacheEntry | None, cache_key: str, me: str, now: datetime, lasts: timedelta
) -> CacheEntry:
    """The entry as its new owner holds it; analysis and waiters are kept."""
    base = entry or CacheEntry(cache_key=cache_key)
    return base.model_copy(
        update={"state": CacheState.PENDING, "owner": me, "lease_until": now + lasts}
    )


def wait(entry: CacheEntry, incident_id: str, now: datetime) -> CacheEntry | None:
    """The entry with one more waiter; None without a live lease or without room."""
    if not held_by_other(entry, "", now) or len(entry.waiters) >= MAX_WAITERS:
        return None
    if incident_id in entry.waiters:
        return entry
    return entry.model_copy(update={"waiters": (*entry.waiters, incident_id)})


def owns(entry: CacheEntry | None, me: str) -> bool:
    """Whether the lease is ours."""
    return entry is not None and entry.state is CacheState.PENDING and entry.owner == me


def may_end(entry: CacheEntry | None, me: str) -> bool:
    """Who may store a result or release the lease: its owner, and nobody else."""
    return owns(entry, me)


def complete(
    entry: CacheEntry | None, me: str, analysis: Analysis, fresh_until: datetime
) -> CacheEntry | None:
    """The finished entry, waiters kept until they are told; None when the lease was lost.

    A fallback never replaces an analysis of Claude: the stale one stays, for a short while.
    """
    if entry is None or not may_end(entry, me):
        return None
    keeps = analysis.is_fallback and entry.analysis is not None and not entry.analysis.is_fallback
    return entry.model_copy(
        update={
            "state": CacheState.DONE,
            "owner": "",
            "lease_until": None,
            "analysis": entry.analysis if keeps else analysis,
            "fresh_until": fresh_until,
            "kept_until": fresh_until if keeps else None,
            "next_try": None,
            "first_sent": None,
        }
    )


def release(
    entry: CacheEntry | None, me: str, next_try: datetime, first_sent: datetime
) -> CacheEntry | None:
    """Give the lease back before a deliberate wait; waiters stay. None when it was lost."""
    if entry is None or not may_end(entry, me):
        return None
    return entry.model_copy(
        update={
            "state": CacheState.DONE if entry.analysis else CacheState.IDLE,
            "owner": "",
            "lease_until": None,
            "next_try": next_try,
            "first_sent": first_sent,
        }
    )


def dispute(entry: CacheEntry | None, made_at: datetime, now: datetime) -> CacheEntry | None:
    """The entry without the analysis made at ``made_at``, which a person found wrong.

    Who refreshes it at this moment asks without knowing that: he loses the lease, which runs out,
    and serves his own incident. None where the entry has another analysis of Claude, or none.
    """
    if entry is None or entry.analysis is None or entry.analysis.is_fallback:
        return None
    if entry.analysis.made_at != made_at:
        return None
    pending = entry.state is CacheState.PENDING
    return entry.model_copy(
        update={
            "state": entry.state if pending else CacheState.IDLE,
            "owner": NOBODY if pending else "",
            "analysis": None,
            "fresh_until": None,
            "disputed_at": now,
        }
    )


def clear(entry: CacheEntry | None, seen: Analysis | None, now: datetime) -> CacheEntry | None:
    """The entry without the analysis ``seen`` in it, by an operator's order; waiters are kept.

    None where there is another one by now or none, and while somebody holds a live lease: whoever
    refreshes it would store what the order was about. The item stays and its version rises, so that
    a worker that was slow finds that it lost a race.
    """
    if entry is None or entry.analysis is None or entry.analysis != seen:
        return None
    if held_by_other(entry, "", now):
        return None
    return CacheEntry(
        cache_key=entry.cache_key, waiters=entry.waiters, disputed_at=entry.disputed_at
    )


def drain(entry: CacheEntry | None, told: frozenset[str]) -> CacheEntry | None:
    """Remove the waiters that have been told."""
    if entry is None or not told & set(entry.waiters):
        return None
    return entry.model_copy(update={"waiters": tuple(w for w in entry.waiters if w not in told)})
