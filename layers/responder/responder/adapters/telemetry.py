"""``ports.Telemetry`` on Powertools: JSON logs, and metrics in CloudWatch's embedded format.

Dimensions are few, as each combination is billed: the service, and one of reason or tier.
"""

import sys

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit, single_metric

#: Namespace of all business metrics; the template's alarms and dashboard name it too.
NAMESPACE = "MCPResponder"


class PowertoolsTelemetry:
    """Logs and metrics of one function."""

    def __init__(self, service: str) -> None:
        """``service`` is ``reception``, ``analysis`` or ``distribution``."""
        self._logger = Logger(service=service)
        self._metrics = Metrics(namespace=NAMESPACE, service=service)
        self._service = service

    def count(self, metric: str, amount: float = 1, *, reason: str = "", tier: str = "") -> None:
        """Add to a metric; with a reason or tier it has a dimension of its own."""
        if not reason and not tier:
            self._metrics.add_metric(metric, MetricUnit.Count, amount)
            return
        with single_metric(
            name=metric, unit=MetricUnit.Count, value=amount, namespace=NAMESPACE
        ) as one:
            one.add_dimension("service", self._service)
            for name, value in (("reason", reason), ("tier", tier)):
                if value:
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
