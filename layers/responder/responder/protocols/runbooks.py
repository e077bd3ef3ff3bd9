"""What the operators' runbooks say: their passages in memory, read again when they are too old.

The analysis lane and the end of a tick read the shelf. The processing lane never does: a first card
takes what the process knows already, or does without.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from responder.alert import Alert
from responder.analysis import markdown
from responder.analysis.context import Retrieved
from responder.clock import Clock
from responder.errors import ResponderError
from responder.incident import Incident
from responder.ports import RunbookFile, Shelf, Telemetry

if TYPE_CHECKING:
    from responder.analysis.retrieval import Index

#: How long a process goes on with the runbooks that it knows, also when it could not read them.
MAX_AGE = timedelta(minutes=3)


def none_known(what: Alert | Incident) -> Retrieved | None:
    """For a process without runbooks."""
    return None


class Library:
    """The runbooks as they stood a short while ago."""

    def __init__(self, shelf: Shelf, telemetry: Telemetry, now: Clock) -> None:
        """Nothing is read yet: no start of a process waits for a shelf."""
        self._shelf = shelf
        self._telemetry = telemetry
        self._now = now
        self._files: Sequence[RunbookFile] = ()
        self._index: Index | None = None
        self._read_at = datetime.min.replace(tzinfo=now().tzinfo)

    def known(self, what: Alert | Incident) -> Retrieved | None:
        """What fits, of what is in memory; None before anything was read."""
        return None if self._index is None else self._index.about(what)

    def current(self, what: Alert | Incident) -> Retrieved | None:
        """What fits, after a look at the shelf where the last one is too long ago."""
        self.refresh()
        return self.known(what)

    def refresh(self) -> None:
        """Look at the shelf when it is time; what cannot be read is counted, never raised."""
        now = self._now()
        if now - self._read_at < MAX_AGE:
            return
        self._read_at = now
        try:
            self.read()
        except ResponderError as error:
            self._telemetry.count("RunbooksUnreadable", reason=error.reason.value)
            self._telemetry.warning("Runbooks unreadable", detail=str(error))

    def read(self) -> int:
        """Read the shelf now; the number of passages that there are. Raises Retryable."""
        # First needed here: a cold start does without it.
        from responder.analysis.retrieval import Index

        files, left_out = self._shelf.read()
        if left_out:
            self._telemetry.count("RunbooksLeftOut", len(left_out))
            self._telemetry.warning("Runbooks left out", names=list(left_out))
        if self._index is None or files != self._files:
            self._index = Index([passage for file in files for passage in markdown.split(*file)])
            self._files = files
        return len(self._index.passages)
