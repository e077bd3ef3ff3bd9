"""The reception function: API Gateway, SNS, EventBridge and alarms call ``handler``.

``{"synthetic": …}`` checks a new version. What it decides is in ``responder.intake``.
"""

from typing import Any, Protocol

from responder.bootstrap import garbage
from responder.bootstrap.reception import build
from responder.intake.reception import is_notification

RECEPTION, TELEMETRY = build()
garbage.settle()


class Context(Protocol):
    """What the handler uses of Lambda's context."""

    aws_request_id: str


def handler(event: dict[str, Any], context: Context) -> dict[str, Any]:
    """Answer a request, or take a notification; raise on an event that is none of ours."""
    trace = context.aws_request_id
    try:
        if "httpMethod" in event:
            return RECEPTION.http(event, trace)
        if event.get("synthetic"):
            return dict(RECEPTION.self_check(trace))
        if is_notification(event):
            RECEPTION.notification(event, trace)
            return {}
        raise ValueError(
            "neither a request, nor an event of SNS, EventBridge or an alarm, nor a check"
        )
    finally:
        TELEMETRY.flush()
