"""``ports.Telemetry`` on Powertools: JSON logs, and metrics in CloudWatch's embedded format.

Dimensions are few, as each combination is billed: the service, and one of reason, tier or version.
"""

import sys
from collections.abc import Mapping

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit, single_metric

from responder.errors import Reason

#: Begins the namespace of all business metrics; the stack's name ends it, since several stacks may
#: share an account. The template's alarms and dashboard and ``responder report`` name it too.
NAMESPACE = "MCPResponder"
#: Metrics that a canary is judged by, so they are also told apart by the function's version; alarms
#: watch them as a whole, so they are counted without a reason, too.
BY_VERSION = frozenset({"FailedItems", "FallbackAnalyses"})
#: Fallbacks that an operator chose say nothing against a version.
CHOSEN = frozenset({Reason.NO_KEY.value, Reason.ANALYSIS_OFF.value, Reason.BUDGET_SPENT.value})


class PowertoolsTelemetry:
    """Logs and metrics of one function."""

    def __init__(self, stack: str, service: str, version: str) -> None:
        """``service`` is ``reception``, ``analysis`` or ``distribution``."""
        self._namespace = f"{NAMESPACE}/{stack}"
        self._logger = Logger(service=service)
        self._metrics = Metrics(namespace=self._namespace, service=service)
        self._service = service
        self._version = version

    def count(self, metric: str, amount: float = 1, *, reason: str = "", tier: str = "") -> None:
        """Add to a metric; with a reason or tier it has a dimension of its own."""
        if metric in BY_VERSION and reason not in CHOSEN:
            self._single(metric, amount, {"version": self._version})
        dimensions = {"reason": reason, "tier": tier}
        named = {name: value for name, value in dimensions.items() if value}
        if named:
            self._single(metric, amount, named)
        if not named or metric in BY_VERSION:
            self._metrics.add_metric(metric, MetricUnit.Count, amount)

    def _single(self, metric: str, amount: float, dimensions: Mapping[str, str]) -> None:
        with single_metric(
            name=metric, unit=MetricUnit.Count, value=amount, namespace=self._namespace
        ) as one:
            one.add_dimension("service", self._service)
            for name, value in dimensions.items():
                one.add_dimension(name, value)

    def seconds(self, metric: str, value: float) -> None:
        """Record a duration in seconds."""
        self._metrics.add_metric(metric, MetricUnit.Seconds, value)

    def info(self, message: str, **fields: object) -> None:
        """One line at INFO."""
        self._logger.info(message, extra=dict(fields))

    def warning(self, message: str, **fields: object) -> None:
        """One line at WARNING; with the stack trace while an exception is being handled."""
        self._logger.warning(message, extra=dict(fields), exc_info=sys.exc_info()[0] is not None)

    def flush(self) -> None:
        """Write the metrics that were added since the last flush; once per invocation."""
        if self._metrics.metric_set:
            self._metrics.flush_metrics()
