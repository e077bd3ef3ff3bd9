"""What the stack's own metrics say of a span, beside the span before it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from statistics import median

from responder.errors import Reason
from responder_cli.aws import FUNCTIONS, Stack
from responder_cli.health.metrics import Window, ours
from responder_cli.report import series
from responder_cli.report.series import Metric, Series

#: The figure that rates are of.
COUNTED = "alerts counted"
_LANES = ("analysis", "distribution")
#: What the cache had for an alert, or an incident; the first two were served from it.
_LOOKUPS = ("CacheHits", "CacheStale", "CacheMisses", "CacheWaiting", "CacheGivenUp")
_SERVED = _LOOKUPS[:2]


@dataclass(frozen=True)
class Figure:
    """One number, and that of the span before."""

    group: str
    name: str
    value: float
    before: float


@dataclass(frozen=True)
class Waits:
    """Seconds that people waited for something: in the middle hour, and in the worst."""

    name: str
    median: float
    slow: float
    worst: float


@dataclass(frozen=True)
class Figures:
    """All that the metrics say. ``served`` is the share of alerts with a known analysis."""

    figures: Sequence[Figure]
    reasons: Sequence[Figure]
    waits: Sequence[Waits]
    served: float | None
    served_before: float | None
    peak: tuple[datetime, float] | None


def read(stack: Stack, window: Window) -> Figures:
    """The figures of a window."""
    counted, by_reason = dict(_counted(stack)), dict(_by_reason(stack))
    lookups = {name: _ours(stack, name, service="analysis") for name in _LOOKUPS}
    waits = {
        name: [_ours(stack, metric, statistic=one, service=service) for one in ("p50", "p95")]
        for name, metric, service in (
            ("accepted to card", "TimeToCard", "distribution"),
            ("accepted to analysis", "TimeToAnalysis", "analysis"),
        )
    }
    asked = [*counted.values(), *by_reason.values(), lookups.values(), *waits.values()]
    earlier = Window(window.start, window.minutes)
    every = series.read(stack, [one for some in asked for one in some], earlier.start, window.end)
    now, before = every.within(window), every.within(earlier)
    return Figures(
        figures=[
            Figure(group, name, now.total(metrics), before.total(metrics))
            for (group, name), metrics in counted.items()
        ],
        reasons=[
            Figure(group, name, value, before.total(metrics))
            for (group, name), metrics in by_reason.items()
            if (value := now.total(metrics))
        ],
        waits=[found for name, pair in waits.items() if (found := _waits(name, pair, now))],
        served=_share(now, lookups),
        served_before=_share(before, lookups),
        peak=now.peak(_ours(stack, "AlertsCounted", service="analysis")),
    )


def _counted(stack: Stack) -> Iterator[tuple[tuple[str, str], list[Metric]]]:
    """What is shown, and the metrics that it is the sum of."""
    for name, metric, service in (
        ("accepted, heartbeats too", "AlertsAccepted", "reception"),
        (COUNTED, "AlertsCounted", "analysis"),
        ("incidents", "IncidentsOpened", "analysis"),
        ("cards", "CardsPosted", "distribution"),
        ("edits of cards", "CardsUpdated", "distribution"),
        ("notices", "NoticesPosted", "distribution"),
    ):
        yield ("throughput", name), [_ours(stack, metric, service=service)]
    failed = [_ours(stack, "FailedItems", service=lane) for lane in _LANES]
    yield ("errors", "failed, tried again"), failed
    for name, metric in (("errors of functions", "Errors"), ("throttled", "Throttles")):
        yield (
            ("errors", name),
            [
                Metric("AWS/Lambda", metric, (("FunctionName", stack.function(one)),))
                for one in FUNCTIONS
            ],
        )
    fallback = [_ours(stack, "FallbackAnalyses", service="analysis")]
    yield ("errors", "analyses given up"), fallback
    for name, metric in (("Claude calls", "ClaudeCalls"), ("Claude dollars", "ClaudeDollars")):
        tiers = [_ours(stack, metric, service="analysis", tier=tier) for tier in ("small", "large")]
        yield ("Claude", name), tiers


def _by_reason(stack: Stack) -> Iterator[tuple[tuple[str, str], list[Metric]]]:
    """What is counted by reason; those that never happened are left out."""
    for reason in Reason:
        word = reason.value
        held = [_ours(stack, "AlertsHeld", service="analysis", reason=word)]
        yield ("held", word), held
        yield (
            ("dead letters", word),
            [_ours(stack, "DeadLettered", service=lane, reason=word) for lane in _LANES],
        )
        refused = [_ours(stack, "RequestsRefused", service="reception", reason=word)]
        yield ("refused requests", word), refused


def _ours(stack: Stack, name: str, *, statistic: str = "Sum", **dimensions: str) -> Metric:
    return Metric(ours(stack), name, tuple(dimensions.items()), statistic)


def _waits(name: str, pair: Sequence[Metric], found: Series) -> Waits | None:
    middle, slow = (found.values(metric) for metric in pair)
    if not middle or not slow:
        return None
    return Waits(name, median(middle), median(slow), max(slow))


def _share(found: Series, lookups: dict[str, Metric]) -> float | None:
    looked = found.total(lookups.values())
    return found.total([lookups[name] for name in _SERVED]) / looked if looked else None
