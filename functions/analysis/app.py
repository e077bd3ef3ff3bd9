"""The analysis function: Lambda calls ``handler`` with batches of three queues, and every minute.

Batches of the processing queues are recorded, batches of the analysis queue are investigated,
``{"tick": true}`` looks again at what is overdue, ``{"synthetic": …}`` checks a new version.
"""

from typing import Any

from responder.bootstrap import garbage
from responder.bootstrap.analysis import build

FUNCTION = build()
garbage.settle()


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    """Answer a batch with its failed items; raise on an event that is none of ours."""
    try:
        if "Records" in event:
            return dict(FUNCTION.consume(event["Records"]))
        if event.get("tick") and FUNCTION.ticker is not None:
            FUNCTION.ticker.tick()
            return {}
        if event.get("synthetic"):
            return FUNCTION.self_check()
        raise ValueError("neither a batch, nor a tick, nor a pre-traffic check")
    finally:
        FUNCTION.telemetry.flush()
