"""What operators let hold incidents, as it stands: silences first, then windows.

The quiet hours of routes are the last of these; an incident has its own (``policy.routes``).
"""

from responder.clock import Clock
from responder.policy.holding import Checks
from responder.policy.silence import Silences
from responder.policy.window import of_route
from responder.ports import Store, Telemetry
from responder.protocols.chunks import Current
from responder.protocols.silences import SILENCES
from responder.protocols.windows import WINDOWS, usable


class CurrentHolds:
    """The checks of silences and windows, both as they stood at most ``chunks.MAX_AGE`` ago."""

    def __init__(self, store: Store, telemetry: Telemetry, now: Clock) -> None:
        """Nothing is read before the first question."""
        self._silences = Current(SILENCES, Silences, store, telemetry, now)
        self._windows = Current(
            WINDOWS, lambda windows: usable(windows, telemetry), store, telemetry, now
        )

    def __call__(self) -> Checks:
        """What is known; the first that holds an incident wins."""
        return self._silences().hold, self._windows().hold, of_route
