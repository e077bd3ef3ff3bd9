"""What must be true when the machine room is quiet, checked against what was sent.

The expectations are computed from the sent alerts alone, or are sums over tables that must agree;
nothing is asked of the code under test.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import datetime

from faults.campaign import Campaign, PlainDetails
from responder.alert import Severity, Status
from responder.incident import (
    AlertRecord,
    CacheEntry,
    Card,
    Head,
    Incident,
    IncidentState,
    Pointer,
)
from responder.ports import Key, Queue, Record, Table
from responder.protocols import items


def broken(campaign: Campaign) -> list[str]:
    """Every invariant that does not hold, in words."""
    return list(_Reckoning(campaign).all())


class _Reckoning:
    def __init__(self, campaign: Campaign) -> None:
        self.campaign = campaign
        self.records: list[AlertRecord] = []
        self.incidents: dict[str, Incident] = {}
        self.cards: dict[str, Card] = {}
        self.pointers: list[Pointer] = []
        self.entries: list[CacheEntry] = []
        self.heads: list[Head] = []
        for key, (version, data) in campaign.store.items.items():
            self._sort(key, Record(version, data))

    def all(self) -> Iterator[str]:
        """Every check."""
        yield from self.campaign.store.broken
        yield from self._nothing_lost()
        yield from self._counters()
        yield from self._states()
        yield from self._one_open_incident()
        yield from self._cards()
        yield from self._threads()
        yield from self._details()
        yield from self._analyses()

    def _sort(self, key: Key, record: Record) -> None:
        if key.table is Table.ALERTS:
            self.records += _one(items.decode(record, AlertRecord))
        elif key.table is Table.CACHE:
            self.entries += _one(items.decode(record, CacheEntry))
        elif key.id.startswith("incident#"):
            for incident in _one(items.decode(record, Incident)):
                self.incidents[incident.incident_id] = incident
        elif key.id.startswith("card#"):
            for card in _one(items.decode(record, Card)):
                self.cards[card.incident_id] = card
        elif key.id.startswith("pointer#"):
            self.pointers += _one(items.decode(record, Pointer))
        elif key.id.startswith("head#"):
            self.heads += _one(items.decode(record, Head))

    def _nothing_lost(self) -> Iterator[str]:
        sent = {one.alert.alert_id for one in self.campaign.sent}
        recorded = {record.alert.alert_id for record in self.records}
        for alert_id in sorted(sent - recorded):
            yield f"lost: {alert_id}"
        if self.campaign.vanished:
            yield f"{self.campaign.vanished} messages vanished although no delivery succeeded"
        if not self.campaign.queues.empty():
            yield "a queue is not empty"
        for queue, dead in self.campaign.queues.dead.items():
            if dead:
                yield f"{len(dead)} dead letters of {queue} after healing"
        for record in self.records:
            if not record.held and record.incident_id not in self.incidents:
                yield f"counted nowhere: {record.alert.alert_id}"

    def _counters(self) -> Iterator[str]:
        counted: Counter[tuple[str, Status]] = Counter()
        for record in self.records:
            if not record.held:
                counted[record.incident_id, record.alert.status] += 1
        firing: Counter[str] = Counter(
            pointer.incident_id for pointer in self.pointers if pointer.state is Status.FIRING
        )
        for incident in self.incidents.values():
            expected = (
                counted[incident.incident_id, Status.FIRING],
                counted[incident.incident_id, Status.RESOLVED],
                firing[incident.incident_id],
            )
            found = (incident.count, incident.resolves, incident.firing)
            if found != expected:
                yield f"{incident.incident_id}: counters {found}, should be {expected}"

    def _states(self) -> Iterator[str]:
        """The newest event of each fingerprint decides, a tie goes to firing."""
        newest: dict[str, tuple[tuple[datetime, bool], Status]] = {}
        for one in self.campaign.sent:
            alert = one.alert
            order = (alert.event_at, alert.status is Status.FIRING)
            known = newest.get(alert.fingerprint)
            if known is None or order > known[0]:
                newest[alert.fingerprint] = (order, alert.status)
        for pointer in self.pointers:
            state = newest[pointer.fingerprint][1]
            if pointer.state is not state:
                yield f"{pointer.fingerprint}: {pointer.state}, should be {state}"
        for incident in self.incidents.values():
            open_ = incident.state is IncidentState.OPEN
            if open_ != (incident.firing > 0):
                yield f"{incident.incident_id}: {incident.state} with {incident.firing} firing"

    def _one_open_incident(self) -> Iterator[str]:
        opened = Counter(
            incident.key
            for incident in self.incidents.values()
            if incident.state is IncidentState.OPEN
        )
        for key, number in opened.items():
            if number > 1:
                yield f"{key}: {number} open incidents"
        episodes = Counter(incident.key for incident in self.incidents.values())
        for head in self.heads:
            if episodes[head.key] != head.episode:
                yield f"{head.key}: {episodes[head.key]} incidents, head says {head.episode}"

    def _cards(self) -> Iterator[str]:
        shown = defaultdict(list)
        for message in self.campaign.slack.messages:
            if message.text.startswith("card|"):
                shown[message.text.split("|")[1]].append(message.text)
        for incident in self.incidents.values():
            wanted = f"card|{incident.incident_id}|{incident.revision}|{incident.count}"
            if self._nobody_noticed_the_deletion(incident, shown[incident.incident_id]):
                continue
            if shown[incident.incident_id] != [wanted]:
                yield f"cards {shown[incident.incident_id]}, should be [{wanted}]"
            card = self.cards.get(incident.incident_id)
            if card is None or card.shown != incident.revision or self._held(card) or card.intent:
                yield f"{incident.incident_id}: card at rest is {card}"

    def _nobody_noticed_the_deletion(self, incident: Incident, shown: list[str]) -> bool:
        """A deleted card comes back with the incident's next change, and not before it."""
        return incident.incident_id in self.campaign.slack.deleted and not shown

    def _held(self, card: Card) -> bool:
        """Whether somebody still holds the card; a lease that ran out hurts nobody.

        Nor does one that is running out: that of a killed worker whose message SQS had delivered
        twice, so that nobody comes again. What it lacks would be missed elsewhere.
        """
        until = card.lease_until
        live = bool(card.owner) and until is not None and until > self.campaign.world.now()
        return live and not self.campaign.queues.doubled & {Queue.DISTRIBUTION, Queue.CRITICAL}

    def _threads(self) -> Iterator[str]:
        told = Counter(
            message.text
            for message in self.campaign.slack.messages
            if message.text.startswith("notice|")
        )
        for text, number in told.items():
            if number > 1:
                yield f"told {number} times: {text}"
        for incident in self.incidents.values():
            card = self.cards.get(incident.incident_id)
            if card is not None and card.told != incident.last_notice:
                yield f"{incident.incident_id}: told {card.told} of {incident.last_notice}"

    def _details(self) -> Iterator[str]:
        """One reply in a thread, up to date in that of the card that stands."""
        replies: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
        for message in self.campaign.slack.messages:
            if message.text.startswith("details|"):
                incident_id, contents = message.text.split("|")[1:]
                replies[incident_id, message.thread_ts].append(contents)
        for (incident_id, ts), found in replies.items():
            if len(found) > 1:
                yield f"{incident_id}: {len(found)} details in the thread of {ts}"
        for incident in self.incidents.values():
            card = self.cards.get(incident.incident_id)
            if card is None or not (PlainDetails.wanted(incident) or card.details.ts):
                continue
            found = replies[incident.incident_id, card.ts]
            if found != [PlainDetails.contents(incident)]:
                yield f"{incident.incident_id}: details {found}, the card knows {card.details}"

    def _told_by_a_vanished_request(self, entry: CacheEntry) -> bool:
        """A waiter may stay named when it has its analysis, or is over and needs none any more.

        That takes a request that SQS delivered twice: one delivery succeeds and deletes it, the
        other one is killed between telling and draining.
        """
        waiting = [self.incidents.get(waiter) for waiter in entry.waiters]
        answered = all(
            one is None or one.state is not IncidentState.OPEN or not one.analysis.is_fallback
            for one in waiting
        )
        return Queue.ANALYSIS in self.campaign.queues.doubled and answered

    def _analyses(self) -> Iterator[str]:
        claude = self.campaign.claude
        raised = {
            incident.cache_key
            for incident in self.incidents.values()
            if incident.severity is Severity.CRITICAL
        }
        for cache_key, payers in claude.payers.items():
            stored = len(self.campaign.store.verdicts[cache_key])
            if stored > 1 + (cache_key in raised):
                yield f"{cache_key}: {stored} verdicts stored"
            undisturbed = sum(not payer.disturbed for payer in payers)
            if undisturbed > stored:
                yield f"{cache_key}: {undisturbed} paid undisturbed for {stored} verdicts"
        for entry in self.entries:
            if entry.waiters and not self._told_by_a_vanished_request(entry):
                yield f"{entry.cache_key}: waiters left {entry.waiters}"
            if entry.lease_until is not None and entry.lease_until > self.campaign.world.now():
                yield f"{entry.cache_key}: still leased"
        for incident in self.incidents.values():
            if incident.state is IncidentState.OPEN and _unanswered(incident):
                yield f"{incident.incident_id}: analysis never arrived"


def _unanswered(incident: Incident) -> bool:
    return incident.analysis.is_fallback and not incident.analysis.fallback_reason


def _one[T](value: T | None) -> list[T]:
    return [] if value is None else [value]
