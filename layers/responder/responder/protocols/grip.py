"""One worker's grip on one card: it is written only by who holds its lease.

``deliver`` takes hold and lets go; ``card_messages`` and ``details_reply`` record through it what
they do in Slack.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta

from responder.card import Card
from responder.clock import Clock
from responder.contracts import Announcement
from responder.incident import Incident
from responder.ports import Queues, Store, Telemetry
from responder.protocols import announcing, items, waiting
from responder.protocols import card as cards
from responder.protocols.card import Timing
from responder.protocols.waiting import Postponed

#: Slack is waited for this long; then the announcement goes to the dead-letter queue.
PATIENCE = timedelta(hours=12)


class LeaseLost(Exception):
    """Another worker took the card over; it sees to everything that is missing."""


@dataclass
class Grip:
    """The card of an announcement's incident, in the hands of one worker (``me``).

    It goes on from the card as it wrote it last: where somebody else has written it since, the next
    write finds that it lost a race, and looks again.
    """

    store: Store
    queues: Queues
    telemetry: Telemetry
    now: Clock
    timing: Timing
    announcement: Announcement
    me: str
    _known: items.Seen[Card] | None = field(default=None, init=False)

    def take(self, step: Callable[[Card | None], Card | None]) -> Card | None:
        """Write the card, whoever holds it: to claim it, or to ask its holder for more."""
        key = items.card_item(self.announcement.incident_id)
        self._known = items.change_seen(self.store, key, Card, step, self.now(), self._known)
        return self._known.value

    def renew(self) -> Card:
        """The card, its lease long enough for the next step."""
        now, known = self.now(), self._known and self._known.value
        if known and known.owner == self.me and cards.lasts(known, now, self.timing):
            return known
        return self.change(lambda card: cards.renewed(card, self.me, now, self.timing))

    def change(self, step: Callable[[Card], Card], *, owned: bool = True) -> Card:
        """Write the card; with ``owned`` only while the lease is ours, else LeaseLost."""

        def guarded(card: Card | None) -> Card | None:
            if card is None or card.owner != self.me:
                if owned:
                    raise LeaseLost
                return None
            return step(card)

        card = self.take(guarded)
        return card or Card(incident_id=self.announcement.incident_id, channel="")

    def record(self, step: Callable[[Card], Card], incident: Incident) -> bool:
        """Write what was done; where nothing is missing then, let go with it and say True."""
        now = self.now()
        return not self.change(lambda card: cards.done(step(card), incident, now)).owner

    def newest(self) -> Incident:
        """The incident as it is now; nobody has to show one that has expired."""
        key = items.incident_item(self.announcement.incident_id)
        newest = items.load(self.store, key, Incident)
        if newest is None:
            raise LeaseLost
        return newest

    def too_old(self) -> bool:
        """Whether Slack was waited for long enough."""
        return self.now() - self.announcement.first_sent >= PATIENCE

    def come_back(self, incident: Incident, wait: Postponed) -> None:
        """Send a copy of the announcement that is there when the wait is over."""
        waiting.send_copy(
            self.queues,
            announcing.queue_of(incident),
            self.announcement.model_copy(update={"slot_reserved": wait.slot_reserved}),
            wait.until,
            self.now(),
            wait.reason,
            self.telemetry,
        )

    def log(self, message: str, incident: Incident, **fields: object) -> None:
        """A line that is found by the incident, the alert, and whatever ``fields`` say."""
        self.telemetry.info(
            message,
            incident_id=incident.incident_id,
            signature=incident.signature,
            alert_id=incident.first_alert_id,
            trace=self.announcement.trace or incident.trace,
            revision=incident.revision,
            **fields,
        )
