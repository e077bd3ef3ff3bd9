"""The heartbeat function: every few minutes an alert of our own whose card must come.

What it decides is in ``responder.protocols.heartbeat``.
"""

from typing import Any

from responder.bootstrap.heartbeat import build

PULSE, TELEMETRY = build()


def handler(event: dict[str, Any], context: object) -> None:
    """Judge the last heartbeat and send the next one; whatever the event says."""
    try:
        PULSE.beat()
    finally:
        TELEMETRY.flush()
