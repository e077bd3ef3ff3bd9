"""The distribution function: Lambda calls ``handler`` with batches of both distribution queues.

Each announcement brings one incident's card up to date; ``{"synthetic": …}`` checks a new version.
"""

from typing import Any

from responder.bootstrap import garbage
from responder.bootstrap.distribution import build

FUNCTION = build()
garbage.settle()


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    """Answer a batch with its failed items; raise on an event that is none of ours."""
    try:
        if "Records" in event:
            return dict(FUNCTION.consume(event["Records"]))
        if event.get("synthetic"):
            return FUNCTION.self_check()
        raise ValueError("neither a batch nor a pre-traffic check")
    finally:
        FUNCTION.telemetry.flush()
