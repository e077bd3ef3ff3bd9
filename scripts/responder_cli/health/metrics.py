"""Sums and maxima from CloudWatch that survive what it really answers: no datapoints, floats."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from responder_cli.aws import Stack

#: CloudWatch rounds periods to whole minutes; a day is the longest that it takes everywhere.
MINUTE = 60
#: Of the business metrics; the stack's name follows.
NAMESPACE = "MCPResponder"
LONGEST_PERIOD = 86_400
DAY_MINUTES = 1440


@dataclass(frozen=True)
class Window:
    """The time that a check looks back on."""

    end: datetime
    minutes: int

    @property
    def start(self) -> datetime:
        """Where it begins."""
        return self.end - timedelta(minutes=self.minutes)

    def last(self, minutes: int) -> "Window":
        """Its last minutes."""
        return replace(self, minutes=minutes)

    @property
    def words(self) -> str:
        """For a person."""
        return f"{self.minutes // 60} h" if self.minutes >= 120 else f"{self.minutes} min"


def ours(stack: Stack) -> str:
    """The namespace of the stack's own metrics."""
    return f"{NAMESPACE}/{stack.name}"


def total(
    stack: Stack, namespace: str, metric: str, dimensions: Mapping[str, str], window: Window
) -> int:
    """The metric's sum over the window as a whole number."""
    return round(amount(stack, namespace, metric, dimensions, window))


def amount(
    stack: Stack, namespace: str, metric: str, dimensions: Mapping[str, str], window: Window
) -> float:
    """The metric's sum over the window; 0 where CloudWatch has no datapoint."""
    return sum(_points(stack, namespace, metric, dimensions, window, "Sum"))


def highest(
    stack: Stack, namespace: str, metric: str, dimensions: Mapping[str, str], window: Window
) -> float | None:
    """The metric's maximum over the window; None where CloudWatch has no datapoint."""
    return max(_points(stack, namespace, metric, dimensions, window, "Maximum"), default=None)


def _points(
    stack: Stack,
    namespace: str,
    metric: str,
    dimensions: Mapping[str, str],
    window: Window,
    statistic: str,
) -> list[float]:
    answer = stack.client("cloudwatch").get_metric_statistics(
        Namespace=namespace,
        MetricName=metric,
        Dimensions=[{"Name": name, "Value": value} for name, value in dimensions.items()],
        StartTime=window.start,
        EndTime=window.end,
        Period=min(window.minutes * MINUTE, LONGEST_PERIOD),
        Statistics=[statistic],
    )
    return [float(point[statistic]) for point in answer.get("Datapoints", [])]
