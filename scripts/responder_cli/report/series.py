"""Metrics by the hour, all of them in a few questions to CloudWatch (GetMetricData)."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import batched
from typing import Any

from responder_cli.aws import Stack
from responder_cli.health.metrics import Window

#: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricData.html
MOST_QUERIES = 500
HOUR = 3_600


@dataclass(frozen=True)
class Metric:
    """One metric with its dimensions, and what of it."""

    namespace: str
    name: str
    dimensions: tuple[tuple[str, str], ...] = ()
    statistic: str = "Sum"


@dataclass(frozen=True)
class Series:
    """The hours of each metric that had any datapoint."""

    points: Mapping[Metric, Sequence[tuple[datetime, float]]]

    def within(self, window: Window) -> "Series":
        """The hours that begin in a window."""
        return Series(
            {
                metric: [(at, value) for at, value in points if window.start <= at < window.end]
                for metric, points in self.points.items()
            }
        )

    def total(self, metrics: Iterable[Metric]) -> float:
        """The sum of several metrics; what CloudWatch has no datapoint of counts nothing."""
        return sum(value for metric in metrics for _, value in self.points.get(metric, ()))

    def peak(self, metric: Metric) -> tuple[datetime, float] | None:
        """The hour with the most; None without a datapoint."""
        return max(self.points.get(metric, ()), key=lambda point: point[1], default=None)

    def values(self, metric: Metric) -> list[float]:
        """What each hour had."""
        return [value for _, value in self.points.get(metric, ())]


def read(stack: Stack, metrics: Sequence[Metric], start: datetime, end: datetime) -> Series:
    """The hours of these metrics from ``start`` to ``end``."""
    client = stack.client("cloudwatch")
    found: dict[Metric, list[tuple[datetime, float]]] = {}
    for some in batched(dict.fromkeys(metrics), MOST_QUERIES, strict=False):
        named = {f"m{number}": metric for number, metric in enumerate(some)}
        for one in _results(client, [_query(*pair) for pair in named.items()], start, end):
            points = zip(one["Timestamps"], one["Values"], strict=True)
            found.setdefault(named[one["Id"]], []).extend(
                (at, float(value)) for at, value in points if value is not None
            )
    return Series(found)


def _results(
    client: Any,  # noqa: ANN401 - boto3 makes its clients at run time
    queries: Sequence[Mapping[str, Any]],
    start: datetime,
    end: datetime,
) -> Iterator[Mapping[str, Any]]:
    """The results of every page."""
    asked: dict[str, Any] = {
        "MetricDataQueries": queries,
        "StartTime": start,
        "EndTime": end,
        "ScanBy": "TimestampAscending",
    }
    while True:
        answer = client.get_metric_data(**asked)
        yield from answer["MetricDataResults"]
        if not answer.get("NextToken"):
            return
        asked["NextToken"] = answer["NextToken"]


def _query(name: str, metric: Metric) -> dict[str, Any]:
    dimensions = [{"Name": name, "Value": value} for name, value in metric.dimensions]
    return {
        "Id": name,
        "MetricStat": {
            "Metric": {
                "Namespace": metric.namespace,
                "MetricName": metric.name,
                "Dimensions": dimensions,
            },
            "Period": HOUR,
            "Stat": metric.statistic,
        },
    }
