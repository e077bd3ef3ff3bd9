"""AlertReceptionFunction: API Gateway, SNS and EventBridge call ``handler``.

Everything it decides is in ``responder.intake``; the wiring is in ``responder.bootstrap``.
"""

from collections.abc import Mapping
from typing import Protocol

from responder.bootstrap import reception
from responder.intake.reception import is_notification

# Wired once per process, so that a wrong setting fails the deployment and not the first alert.
RECEPTION = reception()


class Context(Protocol):
    """What the handler uses of Lambda's context."""

    aws_request_id: str


def handler(event: Mapping[str, object], context: Context) -> dict[str, object] | None:
    """Answer a request, or take a notification. Raises on an event of any other kind."""
    if "httpMethod" in event:
        return RECEPTION.http(event, trace=context.aws_request_id)
    if event.get("synthetic") == "pre-traffic":
        RECEPTION.check()
        return {"status": "ready"}
    if is_notification(event):
        RECEPTION.notification(event, trace=context.aws_request_id)
        return None
    raise ValueError(f"not an event of API Gateway, SNS or EventBridge: keys {sorted(event)[:10]}")
