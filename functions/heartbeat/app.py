"""The heartbeat function: every few minutes an alert of our own, and a roll call of all others.

What it decides is in ``responder.protocols.pulse`` and ``rollcall``.
"""

from typing import Any

from responder.bootstrap.heartbeat import build

PULSE, ROLL_CALL, TELEMETRY = build()


def handler(event: dict[str, Any], context: object) -> None:
    """Judge the last heartbeat, send the next one, and call the roll; whatever the event says."""
    try:
        PULSE.beat()
    finally:
        # Trouble with one of them says nothing of the other: not even where Lambda ends the second.
        TELEMETRY.flush()
        try:
            ROLL_CALL.call()
        finally:
            TELEMETRY.flush()
