"""``ports.Telemetry`` on standard output: JSON logs, and metrics in CloudWatch's embedded format.

Dimensions are few, as each combination is billed: the service, and one of reason, tier or version.
Our own lines and not Powertools': every alert writes several, in a fifth of the time and shorter.
"""

import json
import sys
import traceback
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Final

from responder.errors import Reason

#: Begins the namespace of all business metrics; the stack's name ends it, since several stacks may
#: share an account. The template's alarms and dashboard and ``responder report`` name it too.
NAMESPACE = "MCPResponder"
#: Metrics that a canary is judged by, so they are also told apart by the function's version; alarms
#: watch them as a whole, so they are counted without a reason, too.
BY_VERSION = frozenset({"FailedItems", "FallbackAnalyses"})
#: Fallbacks that an operator chose say nothing against a version.
CHOSEN = frozenset({Reason.NO_KEY.value, Reason.ANALYSIS_OFF.value, Reason.BUDGET_SPENT.value})
#: Values of one metric in one line.
#: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
MAX_VALUES: Final = 100
_COUNT, _SECONDS = "Count", "Seconds"


class PrintedTelemetry:
    """Logs and metrics of one function."""

    def __init__(self, stack: str, service: str, version: str) -> None:
        """``service`` is ``reception``, ``analysis``, ``distribution`` or ``heartbeat``."""
        self._namespace = f"{NAMESPACE}/{stack}"
        self._service = service
        self._version = version
        self._counts: dict[str, float] = defaultdict(float)
        self._durations: dict[str, list[float]] = defaultdict(list)

    def count(self, metric: str, amount: float = 1, *, reason: str = "", tier: str = "") -> None:
        """Add to a metric; with a reason or tier it has a dimension of its own."""
        if metric in BY_VERSION and reason not in CHOSEN:
            self._tell({metric: [amount]}, {"version": self._version})
        dimensions = {"reason": reason, "tier": tier}
        named = {name: value for name, value in dimensions.items() if value}
        if named:
            self._tell({metric: [amount]}, named)
        if not named or metric in BY_VERSION:
            self._counts[metric] += amount

    def seconds(self, metric: str, value: float) -> None:
        """Record a duration in seconds."""
        self._durations[metric].append(value)
        if len(self._durations[metric]) == MAX_VALUES:
            self.flush()

    def info(self, message: str, **fields: object) -> None:
        """One line at INFO."""
        self._log("INFO", message, fields)

    def warning(self, message: str, **fields: object) -> None:
        """One line at WARNING; with the stack trace while an exception is being handled."""
        error = sys.exception()
        if error is not None:
            trace = "".join(traceback.format_exception(error)).rstrip()
            fields = {"exception": trace, "exception_name": type(error).__name__, **fields}
        self._log("WARNING", message, fields)

    def flush(self) -> None:
        """Write the metrics that were added since the last flush; once per invocation."""
        sums = {metric: [amount] for metric, amount in self._counts.items()}
        if sums or self._durations:
            self._tell({**sums, **self._durations}, {})
        self._counts.clear()
        self._durations.clear()

    def _log(self, level: str, message: str, fields: Mapping[str, object]) -> None:
        at = datetime.now(UTC).isoformat(timespec="milliseconds")
        said = {name: value for name, value in fields.items() if value is not None}
        head = {"level": level, "message": message, "timestamp": at, "service": self._service}
        _print({**head, **said})

    def _tell(self, metrics: Mapping[str, Sequence[float]], named: Mapping[str, str]) -> None:
        dimensions = {"service": self._service, **named}
        units = [
            {"Name": metric, "Unit": _SECONDS if metric in self._durations else _COUNT}
            for metric in metrics
        ]
        directive = {
            "Namespace": self._namespace,
            "Dimensions": [list(dimensions)],
            "Metrics": units,
        }
        milliseconds = int(datetime.now(UTC).timestamp() * 1000)
        told = {"Timestamp": milliseconds, "CloudWatchMetrics": [directive]}
        _print({"_aws": told, **dimensions, **metrics})


# ASCII alone: half a character in a tool's text must not keep a line from being written.
_as_json = json.JSONEncoder(default=str, separators=(",", ":")).encode


def _print(line: Mapping[str, object]) -> None:
    print(_as_json(line), flush=True)
