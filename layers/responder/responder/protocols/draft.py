"""The items that one group of alerts may change: read together, changed in memory, written at once.

``record`` fills a draft and writes it; ``episode`` changes it. Everything that a decision looked at
and that was changed is written on the condition that it is still as it was read.
"""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, TypeVar

from pydantic import BaseModel

from responder.alert import Alert
from responder.cache_entry import CacheEntry
from responder.incident import AlertRecord, Head, Incident, Pointer
from responder.ports import Key, Store, Write
from responder.protocols import items

if TYPE_CHECKING:
    from responder.protocols.episode import Arrival

M = TypeVar("M", bound=BaseModel)
#: How often the head of an incident that lives on is written anew, long before it expires.
RENEW_HEAD = timedelta(days=90)
Opener = Callable[["Arrival", int, "Draft"], Incident]


class Draft:
    """Items as read, and as they shall become."""

    def __init__(self, opener: Opener, store: Store | None = None) -> None:
        """``opener`` makes the incident of a first alert; without a store nothing is remembered."""
        self._store = store
        self._opener = opener
        self._versions: dict[Key, int] = {}
        self._read: dict[Key, BaseModel | None] = {}
        self._now: dict[Key, BaseModel] = {}
        self._renewed: set[Key] = set()

    @classmethod
    def of(cls, store: Store, arrivals: Iterable["Arrival"], opener: Opener) -> "Draft":
        """Read what ``arrivals`` may touch: first the small items, then the incidents they name."""
        draft = cls(opener, store)
        wanted: dict[Key, type[BaseModel]] = {}
        for arrival in arrivals:
            alert = arrival.alert
            wanted[items.alert_key(alert.alert_id)] = AlertRecord
            wanted[items.pointer_item(alert.source, alert.fingerprint)] = Pointer
            wanted[items.head_item(arrival.incident_key)] = Head
            wanted[items.cache_item(arrival.cache_key)] = CacheEntry
        draft._add(items.read_models(store, wanted))
        named = items.incident_ids(list(draft._read.values()))
        for value in list(draft._read.values()):
            if isinstance(value, Head):
                named.add(episode_id(value.key, value.episode))
        draft._add(items.read_models(store, {items.incident_item(i): Incident for i in named}))
        return draft

    @classmethod
    def of_others(cls, store: Store) -> "Draft":
        """No alerts, and whatever will be looked up."""
        return cls.of(store, (), _opens_nothing)

    def alert(self, alert_id: str) -> AlertRecord | None:
        """The record of an alert that was accepted before."""
        return self._get(items.alert_key(alert_id), AlertRecord)

    def pointer(self, source: str, fingerprint: str) -> Pointer | None:
        """Where the fingerprint leads."""
        return self._get(items.pointer_item(source, fingerprint), Pointer)

    def incident(self, incident_id: str) -> Incident | None:
        """An incident that an alert, a pointer or a head of this draft named."""
        return self._get(items.incident_item(incident_id), Incident) if incident_id else None

    def newest(self, incident_key: str) -> Incident | None:
        """The newest episode of a key, of which the draft may not have known before."""
        head = self.look_up(items.head_item(incident_key), Head)
        if head is None:
            return None
        return self.look_up(items.incident_item(episode_id(incident_key, head.episode)), Incident)

    def last_episode(self, incident_key: str) -> int:
        """The number of the newest episode, also when its incident has expired; 0 for none."""
        head = self.look_up(items.head_item(incident_key), Head)
        return head.episode if head else 0

    def entry(self, cache_key: str) -> CacheEntry | None:
        """The cached analysis of a signature."""
        return self._get(items.cache_item(cache_key), CacheEntry)

    def open(self, arrival: "Arrival", episode: int) -> Incident:
        """A new incident, and the head that leads to it."""
        head = Head(key=arrival.incident_key, episode=episode)
        self._now[items.head_item(arrival.incident_key)] = head
        incident = self._opener(arrival, episode, self)
        self.put_incident(incident)
        return incident

    def keep_head(self, before: Incident, after: Incident) -> None:
        """Write the head of an incident that lives on anew now and then, as heads expire, too."""
        earlier, later = (
            max(one.last_seen - one.opened_at, timedelta()) // RENEW_HEAD for one in (before, after)
        )
        episode = self.last_episode(after.key)
        if episode == 0 or (earlier != later and episode == after.episode):
            key = items.head_item(after.key)
            self._now[key] = Head(key=after.key, episode=after.episode)
            self._renewed.add(key)

    def as_kept(self, alert: Alert, incident_id: str) -> Alert:
        """Without its payload, unless it is its incident's first, or of no known format."""
        incident = self.incident(incident_id)
        first = incident is not None and incident.first_alert_id == alert.alert_id
        if first or alert.unknown_format:
            return alert
        return alert.model_copy(update={"raw": ""})

    def put_alert(self, record: AlertRecord) -> None:
        """Remember an alert, ``as_kept``."""
        self._now[items.alert_key(record.alert.alert_id)] = record

    def put_pointer(self, pointer: Pointer) -> None:
        """Let a fingerprint lead elsewhere, or write that it still leads there.

        What is decided by it holds only if it is still as it was read; incidents are read later.
        """
        key = items.pointer_item(pointer.source, pointer.fingerprint)
        self._now[key] = pointer
        self._renewed.add(key)

    def put_incident(self, incident: Incident) -> None:
        """Change an incident."""
        self._now[items.incident_item(incident.incident_id)] = incident

    def put_entry(self, entry: CacheEntry) -> None:
        """Change a cache entry (its waiters)."""
        self._now[items.cache_item(entry.cache_key)] = entry

    def look_up(self, key: Key, model: type[M]) -> M | None:
        """Any other item, read when it is first asked for."""
        if key not in self._versions and key not in self._now and self._store is not None:
            self._add(items.read_models(self._store, {key: model}))
        return self._get(key, model)

    def put(self, key: Key, value: BaseModel) -> None:
        """Change an item that was looked up."""
        self._now[key] = value

    def before(self, incident_id: str) -> Incident | None:
        """The incident as it was read; None when this draft opens it."""
        value = self._read.get(items.incident_item(incident_id))
        return value if isinstance(value, Incident) else None

    def changed_incidents(self) -> list[Incident]:
        """The incidents that this draft opens or changes."""
        return [
            value
            for key, value in self._now.items()
            if isinstance(value, Incident) and _differ(value, self._read.get(key))
        ]

    def writes(self, now: datetime) -> list[Write]:
        """One conditional write per changed item, on its version as read (0: must be absent)."""
        return [
            items.write_of(key, value, self._versions.get(key, 0), now)
            for key, value in self._now.items()
            if key in self._renewed or _differ(value, self._read.get(key))
        ]

    def _get(self, key: Key, model: type[M]) -> M | None:
        value = self._now.get(key, self._read.get(key))
        return value if isinstance(value, model) else None

    def _add(self, found: dict[Key, tuple[int, BaseModel | None]]) -> None:
        for key, (version, value) in found.items():
            self._versions[key] = version
            self._read[key] = value


def _differ(value: BaseModel, before: BaseModel | None) -> bool:
    """Whether an item changes: asked of each several times, where pydantic's own way takes long."""
    return before is None or vars(value) != vars(before)


def _opens_nothing(arrival: "Arrival", episode: int, draft: Draft) -> Incident:
    raise LookupError("no alert was given to this draft")


def episode_id(incident_key: str, episode: int) -> str:
    """The incident id of an episode."""
    return f"{incident_key}.{episode}"
