"""What lies in the dead-letter queues, looked at once for all checks.

Whoever looks at letters hides them for a moment: a second look at the same time would see none.
"""

from collections.abc import Sequence
from threading import Lock

from botocore.exceptions import ClientError

from responder.errors import Reason
from responder_cli.aws import Stack
from responder_cli.dlq.looking import LARGEST_BATCH, survey
from responder_cli.dlq.places import ALL, PLACES, Place, chosen, depth

UNREADABLE = Reason.UNREADABLE.value


class Letters:
    """The places of a stack, and the reasons of the letters there."""

    def __init__(self, stack: Stack) -> None:
        """Nothing is asked yet."""
        self._stack = stack
        self._locks = {place.name: Lock() for place in PLACES}
        self._reasons: dict[str, tuple[str, ...]] = {}

    def places(self) -> Sequence[Place]:
        """Those that this stack has."""
        return chosen(ALL, self._stack.outputs)

    def count(self, place: Place) -> int:
        """How many letters lie in a place."""
        return depth(self._stack, self._stack.outputs[place.output]).total

    def reasons(self, place: Place) -> Sequence[str]:
        """Why letters lie in a place, the most frequent first, by a few of them.

        Nothing where we may count them only: health is for those, too, who may not receive.
        """
        with self._locks[place.name]:
            if place.name not in self._reasons:
                self._reasons[place.name] = self._look(place)
            return self._reasons[place.name]

    def _look(self, place: Place) -> tuple[str, ...]:
        try:
            return tuple(survey(self._stack, place, LARGEST_BATCH).counts)
        except ClientError:
            return ()
