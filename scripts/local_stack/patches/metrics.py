"""Log events and what CloudWatch derives from them and from invocations."""

import json
import time
import uuid
from collections.abc import Mapping
from typing import Any

from ministack.services import cloudwatch, cloudwatch_logs, lambda_svc


def log_events_have_ids() -> None:
    """``aws logs tail --follow`` tells events apart by ``eventId``; the emulator stores none."""
    append = cloudwatch_logs._append_log_events

    def with_ids(stream: Any, events: list[dict[str, Any]]) -> Any:
        for event in events:
            event.setdefault("eventId", uuid.uuid4().hex)
        return append(stream, events)

    cloudwatch_logs._append_log_events = with_ids


def embedded_metrics() -> None:
    """Metrics in log lines (EMF) never become CloudWatch metrics: dashboards stay empty."""
    append = cloudwatch_logs._append_log_events

    def with_metrics(stream: Any, events: list[dict[str, Any]]) -> Any:
        for event in events:
            message = event.get("message", "")
            if '"_aws"' in message:
                _record_embedded(message)
        return append(stream, events)

    cloudwatch_logs._append_log_events = with_metrics


def lambda_metrics() -> None:
    """Only the Invoke API counts as an invocation; those by API Gateway and SQS never do."""
    emit = lambda_svc._emit_lambda_metrics
    dispatch = lambda_svc._execute_function_dispatch

    def throttles_only(function_name: str, duration_ms: float, error: bool, throttle: bool) -> None:
        if throttle:
            emit(function_name, duration_ms=0, error=False, throttle=True)

    def counted(func: Any, config: Any, event: Any, request_id: str, started: float) -> Any:
        result = dispatch(func, config, event, request_id, started)
        emit(
            config.get("FunctionName"),
            duration_ms=(time.time() - started) * 1000,
            error=isinstance(result, dict) and bool(result.get("error")),
            throttle=False,
        )
        return result

    lambda_svc._emit_lambda_metrics = throttles_only
    lambda_svc._execute_function_dispatch = counted


def reports_are_told_to_who_invokes() -> None:
    """What ``LogType: Tail`` answers ends with Lambda's report; the emulator's has none."""
    dispatch = lambda_svc._execute_function_dispatch

    def reported(func: Any, config: Any, event: Any, request_id: str, started: float) -> Any:
        result = dispatch(func, config, event, request_id, started)
        milliseconds = round((time.time() - started) * 1000)
        used = lambda_svc._probe_peak_memory_mb(func)
        if isinstance(result, dict):
            result["log"] = (
                f"{result.get('log') or ''}\nREPORT RequestId: {request_id}\t"
                f"Duration: {milliseconds} ms\tBilled Duration: {milliseconds} ms\t"
                f"Memory Size: {config.get('MemorySize', 128)} MB\tMax Memory Used: {used} MB\t"
            )
        return result

    lambda_svc._execute_function_dispatch = reported


def _record_embedded(line: str) -> None:
    try:
        document = json.loads(line)
        directives = document["_aws"]["CloudWatchMetrics"]
        for directive in directives:
            for names in directive.get("Dimensions") or [[]]:
                dimensions = {name: str(document[name]) for name in names}
                for metric in directive["Metrics"]:
                    _record(directive["Namespace"], metric, document[metric["Name"]], dimensions)
    except (ValueError, KeyError, TypeError):
        # CloudWatch, too, keeps a malformed document as a plain log line.
        return


def _record(
    namespace: str, metric: Mapping[str, Any], value: Any, dimensions: Mapping[str, str]
) -> None:
    for single in value if isinstance(value, list) else [value]:
        cloudwatch.record_metric(
            namespace, metric["Name"], single, metric.get("Unit", "None"), dict(dimensions)
        )
