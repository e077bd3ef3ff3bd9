"""What there is when the machine room is quiet: the items by kind, and what Slack shows."""

from collections import defaultdict

from faults.campaign import Campaign
from faults.versions import as_this_one
from responder.analysis.budget import Purse
from responder.analysis.ledger import Ledger
from responder.cache_entry import CacheEntry
from responder.card import Card
from responder.incident import AlertRecord, Head, Incident, Pointer
from responder.policy.inhibition import Causes
from responder.policy.storm import Weather
from responder.ports import Key, Record, Table
from responder.protocols import items
from responder.protocols.budget_watch import TOLD, Told
from responder.protocols.troubles import NOTES, Notes


class End:
    """The items of a campaign's tables."""

    def __init__(self, campaign: Campaign) -> None:
        """Read every item."""
        self.campaign = campaign
        self.records: list[AlertRecord] = []
        self.incidents: dict[str, Incident] = {}
        self.cards: dict[str, Card] = {}
        self.pointers: list[Pointer] = []
        self.entries: list[CacheEntry] = []
        self.heads: list[Head] = []
        self.causes: list[Causes] = []
        self.ours: dict[str, Incident] = {}
        self.purses: list[Purse] = []
        self.ledgers: list[Ledger] = []
        self.told: list[Told] = []
        self.notes: list[Notes] = []
        self.weathers: dict[str, Weather] = {}
        for key, record in campaign.store.alive().items():
            self._sort(key, as_this_one(record))

    def inherited(self, head: Head) -> int:
        """How many incidents of a key there were long ago."""
        record = self.campaign.inherited.get(items.head_item(head.key))
        before = items.decode(record, Head) if record else None
        return before.episode if before else 0

    def shown(self) -> defaultdict[str, list[str]]:
        """The cards in Slack, by incident."""
        shown = defaultdict(list)
        for message in self.campaign.slack.messages:
            if message.text.startswith("card|"):
                shown[message.text.split("|")[1]].append(message.text)
        return shown

    def nobody_noticed_the_deletion(self, incident: Incident, shown: list[str]) -> bool:
        """A deleted card comes back with the incident's next change, and not before it."""
        return incident.incident_id in self.campaign.slack.deleted and not shown

    def _sort(self, key: Key, record: Record) -> None:
        if key.table is Table.ALERTS:
            self.records += _one(items.decode(record, AlertRecord))
        elif key.table is Table.CACHE:
            self.entries += _one(items.decode(record, CacheEntry))
        elif key.id.startswith("incident#"):
            for incident in _one(items.decode(record, Incident)):
                ours = incident.signature == "budget"
                (self.ours if ours else self.incidents)[incident.incident_id] = incident
        elif key.id.startswith("card#"):
            for card in _one(items.decode(record, Card)):
                self.cards[card.incident_id] = card
        elif key.id.startswith("pointer#"):
            self.pointers += _one(items.decode(record, Pointer))
        elif key.id.startswith("head#"):
            self.heads += _one(items.decode(record, Head))
        elif key.id.startswith("weather#"):
            for weather in _one(items.decode(record, Weather)):
                self.weathers[key.id] = weather
        elif key.id.startswith("causes#"):
            self.causes += _one(items.decode(record, Causes))
        elif key.id.startswith("budget#"):
            self.purses += _one(items.decode(record, Purse))
        elif key.id.startswith("ledger#"):
            known = key in self.campaign.inherited
            self.ledgers += [] if known else _one(items.decode(record, Ledger))
        elif key == NOTES:
            self.notes += _one(items.decode(record, Notes))
        elif key.id == TOLD:
            self.told += _one(items.decode(record, Told))


def _one[T](value: T | None) -> list[T]:
    return [] if value is None else [value]
