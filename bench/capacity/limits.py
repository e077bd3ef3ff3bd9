"""The limits on the way from ten alerts a day to a million an hour, and what such a month costs."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from bench.capacity.times import Times
from bench.capacity.values import QUIET_SECONDS, Mix, Settings
from bench.capacity.work import Bill, Work
from bench.imports import REPOSITORY
from bench.inside import LANES
from responder.protocols.card_messages import UPDATE_GAP

INF = float("inf")
DAY, MONTH = 86_400, 30 * 86_400
LEVELS = {
    "10/day": 10 / DAY,
    "1,000/day": 1_000 / DAY,
    "10,000/hour": 10_000 / 3_600,
    "100,000/hour": 100_000 / 3_600,
    "1,000,000/hour": 1_000_000 / 3_600,
}
#: Above, batches have several alerts, and a bill is that of ten at once.
TOGETHER = 1.0
#: The template's parameters.
DAILY_QUOTA, DAILY_BUDGET = 2_000_000, 5.0
#: https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html
GATEWAY_RATE = 10_000
#: https://docs.aws.amazon.com/lambda/latest/dg/lambda-concurrency.html
ACCOUNT_CONCURRENCY = 1_000
#: A new table on demand, and any partition of a table or index:
#: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/on-demand-capacity-mode.html
#: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/bp-partition-key-design.html
TABLE_WRITES, PARTITION_WRITES = 4_000, 1_000
#: Dollars a month; https://aws.amazon.com/cloudwatch/pricing/ (us-east-1, beyond the free ones) and
#: https://aws.amazon.com/secrets-manager/pricing/
ALARM, SECRET, DASHBOARD = 0.10, 0.40, 3.0
#: Alerts of the heartbeat, and runs of the tick, in a month.
HEARTBEATS, TICKS = MONTH // 300, MONTH // 60


@dataclass(frozen=True)
class Limit:
    """How many alerts a second it lets through for hours, and what to raise where that is few."""

    name: str
    alerts: float
    remedy: str


@dataclass(frozen=True)
class Level:
    """A rate: what it needs, which limits it meets (the lowest first), and dollars of a month."""

    name: str
    rate: float
    concurrency: dict[str, float]
    writes: dict[str, float]
    reads: float
    met: list[Limit]
    aws: float
    claude: float
    fixed: float


def ceilings(work: Work, times: Times, settings: Settings, mix: Mix, rate: float) -> list[Limit]:
    """Every limit, the lowest first. How many edits an alert has depends on the ``rate``."""
    found = (
        *_of_the_template(work, times, settings, mix),
        *_of_vendors(work, times, settings, mix, rate),
    )
    return sorted(found, key=lambda limit: limit.alerts)


def _of_the_template(work: Work, times: Times, settings: Settings, mix: Mix) -> Iterator[Limit]:
    seconds = stage_seconds(times, mix)
    fresh = mix.new * mix.fresh
    yield Limit("RateLimit", settings.rate * mix.per_request, "RateLimit, BurstLimit")
    yield Limit("DailyQuota", DAILY_QUOTA / DAY * mix.per_request, "DailyQuota")
    yield Limit("ReceptionReserved", settings.reception / seconds["reception"], "ReceptionReserved")
    yield Limit(
        "ProcessingConcurrency",
        settings.processing / seconds["processing"],
        "ProcessingConcurrency, AnalysisReserved",
    )
    yield Limit(
        "AnalysisConcurrency",
        _per(settings.analysis / (times.analysis + times.claude), fresh),
        "AnalysisConcurrency, AnalysisReserved",
    )
    yield Limit("DailyBudgetUsd", _per(DAILY_BUDGET / DAY / work.call, fresh), "DailyBudgetUsd")
    yield Limit(
        "ThrottleThreshold",
        _per(settings.throttle * settings.channels / 3_600, mix.new) if settings.throttle else INF,
        "ThrottleThreshold, or more channels",
    )


def _of_vendors(
    work: Work, times: Times, settings: Settings, mix: Mix, rate: float
) -> Iterator[Limit]:
    yield Limit(
        "Slack, a channel",
        _per(settings.channels / settings.pace, mix.new) if settings.pace else INF,
        "more channels",
    )
    yield Limit("API Gateway, account", GATEWAY_RATE * mix.per_request, "quota L-8A5B8E43")
    yield Limit(
        "Lambda, account",
        ACCOUNT_CONCURRENCY / sum(stage_seconds(times, mix).values()),
        "quota L-B99A9384",
    )
    table, units = max(_bill(work, settings, mix, rate).writes.items(), key=lambda one: one[1])
    yield Limit(f"new table {table}", TABLE_WRITES / units, "warm throughput")
    yield Limit("timestamp-index", PARTITION_WRITES, "nothing: a severity's partition")


def stage_seconds(times: Times, mix: Mix) -> dict[str, float]:
    """Seconds of a function that one alert takes on average, where batches are full; no edits."""
    fresh = mix.new * mix.fresh
    alert = mix.new * times.new + (1 - mix.new) * times.repeat
    return {
        "reception": times.reception / mix.per_request,
        "processing": times.batch / LANES["processing"].batch + alert,
        "analysis": fresh * (times.analysis + times.claude),
        "distribution": mix.new * (times.card + times.slack),
    }


def edits(settings: Settings, mix: Mix, rate: float) -> float:
    """Edits a second: one an incident in its quiet time, and no more than Slack takes."""
    wanted = min(rate * (1 - mix.new), mix.changing / QUIET_SECONDS)
    return min(wanted, 1 / UPDATE_GAP / settings.pace) if settings.pace else wanted


def level(name: str, work: Work, times: Times, settings: Settings, mix: Mix) -> Level:
    """One line of the table; limits count as met from their ceiling on."""
    rate = LEVELS[name]
    bill = _bill(work, settings, mix, rate)
    concurrency = {stage: rate * took for stage, took in stage_seconds(times, mix).items()}
    concurrency["distribution"] += edits(settings, mix, rate) * (times.edit + times.slack)
    alerts = rate * MONTH
    return Level(
        name=name,
        rate=rate,
        concurrency=concurrency,
        writes={table: rate * units for table, units in bill.writes.items()},
        reads=rate * bill.reads,
        met=[one for one in ceilings(work, times, settings, mix, rate) if one.alerts <= rate],
        aws=alerts * bill.dollars,
        claude=min(DAILY_BUDGET * 30, alerts * mix.new * mix.fresh * work.call),
        fixed=fixed(work),
    )


def fixed(work: Work) -> float:
    """Dollars of a month without any alert: alarms, secrets, dashboard, tick and heartbeat.

    Without what CloudWatch takes for metrics: that depends on how many have a value in an hour.
    """
    template = (REPOSITORY / "template.yaml").read_text()
    found = {
        kind: len(re.findall(rf"^    Type: AWS::{kind}$", template, re.MULTILINE))
        for kind in ("CloudWatch::Alarm", "SecretsManager::Secret", "CloudWatch::Dashboard")
    }
    metrics = len(re.findall(r"^ +MetricStat:$", template, re.MULTILINE))
    reckoning = len(re.findall(r"^      Metrics:$", template, re.MULTILINE))
    return (
        # An alarm that reckons is billed for each metric that it asks.
        (found["CloudWatch::Alarm"] - reckoning + metrics) * ALARM
        + found["SecretsManager::Secret"] * SECRET
        + found["CloudWatch::Dashboard"] * DASHBOARD
        + TICKS * work.tick
        + HEARTBEATS * work.bills["repeat alone"].dollars
    )


def _bill(work: Work, settings: Settings, mix: Mix, rate: float) -> Bill:
    """Of an average alert at this rate."""
    bills, fresh = work.bills, mix.new * mix.fresh
    if rate < TOGETHER:
        parts = [(mix.new, bills["new alone"]), (1 - mix.new, bills["repeat alone"])]
    else:
        parts = [(mix.new, bills["new"]), (1 - mix.new, bills["repeat"])]
        parts.append((edits(settings, mix, rate) / rate, bills["edit"]))
    parts.append((fresh, bills["fresh"]))
    return Bill(
        dollars=sum(share * one.dollars for share, one in parts),
        reads=sum(share * one.reads for share, one in parts),
        writes={
            table: sum(share * one.writes[table] for share, one in parts)
            for table in parts[0][1].writes
        },
    )


def _per(amount: float, share: float) -> float:
    return amount / share if share else INF
