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
from responder.errors import Conflict
from responder.incident import Incident
from responder.ports import Key, Queues, Store, Telemetry
from responder.protocols import announcing, items, waiting
from responder.protocols import card as cards
from responder.protocols.card import Timing
from responder.protocols.waiting import Postponed

#: What becomes of a card; None: it stays as it is.
Take = Callable[[Card | None], Card | None]

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
    _claim: Take | None = field(default=None, init=False)
    _unwritten: Card | None = field(default=None, init=False)

    def claim(self, step: Take) -> Card | None:
        """Take hold of the card, or ask its holder for more, as ``step`` has it.

        The claim of a card that nobody has written yet is written with its first change: nothing
        is sent before the intent to send it is.
        """

        def unless_new(card: Card | None) -> Card | None:
            wanted = step(card)
            is_new = card is None and wanted is not None and wanted.owner == self.me
            self._unwritten = wanted if is_new else None
            return None if is_new else wanted

        self._claim = step
        card = self._take(unless_new)
        return self._unwritten or card

    def renew(self) -> Card:
        """The card, its lease long enough for the next step."""
        now, known = self.now(), self._unwritten or (self._known and self._known.value)
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

        card = self._first_change(step) or self._take(guarded)
        return card or Card(incident_id=self.announcement.incident_id, channel="")

    def _first_change(self, step: Callable[[Card], Card]) -> Card | None:
        """The new card with its claim and this change; None where it is not new any more.

        Who loses the race for it claims it as everybody does.
        """
        unwritten, self._unwritten = self._unwritten, None
        if unwritten is None or self._known is None or self._claim is None:
            return None
        card, version = step(unwritten), self._known.version
        try:
            self.store.write([items.write_of(self._key, card, version, self.now())])
        except Conflict:
            self._known = None
            self._take(self._claim)
            return None
        self._known = items.Seen(version + 1, card)
        return card

    def _take(self, step: Take) -> Card | None:
        self._known = items.change_seen(self.store, self._key, Card, step, self.now(), self._known)
        return self._known.value

    @property
    def _key(self) -> Key:
        return items.card_item(self.announcement.incident_id)

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
