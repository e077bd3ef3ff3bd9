"""Typed reading and conditional writing of the items in ``responder.incident``.

Every protocol goes through here, so that keys, expiry and the shape of a stored item are decided
in one place.
"""

import hashlib
import random
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, NamedTuple, TypeVar
from zlib import crc32

from pydantic import BaseModel, ValidationError

from responder.cache_entry import CacheEntry
from responder.errors import Conflict, Reason, Retryable
from responder.incident import AlertRecord, Incident
from responder.ports import Key, Reads, Record, Store, Table, Write

M = TypeVar("M", bound=BaseModel)

#: The runbook keeps alerts, and what they led to, for 90 days.
RETENTION = timedelta(days=90)
#: What numbers incidents outlives them, so that no incident id is ever used twice; what fires and
#: is never repeated may be resolved after months; and the ledgers of a whole year can be told.
HEAD_RETENTION = timedelta(days=400)
#: What operators decided stands until they decide otherwise.
DECISION_RETENTION = timedelta(days=3650)
#: A conditional write that loses this many races in a row is an unexpected failure.
MAX_RACES = 40
#: A change explains nothing for longer; each one renews its lists.
CHANGES_RETENTION = timedelta(days=14)
#: Races beyond this many wait a moment, at random, before they look again.
PATIENT_RACES = 3
#: How a look at an item may end that is not needed: the store does not answer, or another version
#: wrote what this one cannot read, as in a canary deployment.
TROUBLES = (Retryable, ValidationError)
#: Keys of fingerprints kept in memory: a batch of ten asks for each of its own several times.
KEYS_KEPT = 64
#: The due-index is spread over this many partitions.
DUE_SHARDS = 4


def alert_key(alert_id: str) -> Key:
    """Where an alert record lives."""
    return Key(Table.ALERTS, alert_id)


def incident_item(incident_id: str) -> Key:
    """Where an incident lives."""
    return Key(Table.INCIDENTS, f"incident#{incident_id}")


def head_item(incident_key: str) -> Key:
    """Where the newest episode number of an incident key lives."""
    return Key(Table.INCIDENTS, f"head#{incident_key}")


@lru_cache(maxsize=KEYS_KEPT)
def pointer_item(source: str, fingerprint: str) -> Key:
    """Where the pointer of a fingerprint lives; hashed, as fingerprints have no length limit."""
    digest = hashlib.sha256(f"{source}\0{fingerprint}".encode()).hexdigest()[:32]
    return Key(Table.INCIDENTS, f"pointer#{digest}")


def card_item(incident_id: str) -> Key:
    """Where the card of an incident lives."""
    return Key(Table.INCIDENTS, f"card#{incident_id}")


def cache_item(cache_key: str) -> Key:
    """Where the analysis of a cache key lives."""
    return Key(Table.CACHE, cache_key)


def state_item(name: str) -> Key:
    """Where a small shared state (budget, pace, switch, heartbeat) lives."""
    return Key(Table.STATE, name)


def decode[M: BaseModel](record: Record, model: type[M]) -> M | None:
    """The item as its value, or None when it is absent or expired.

    Raises ValidationError for what another version wrote and this one cannot read; of the cache,
    which is safe to lose, that is as good as absent: it costs another call, and holds no alert.
    """
    if record.data is None:
        return None
    fields = model.model_fields
    known = {name: value for name, value in record.data.items() if name in fields}
    try:
        return model.model_validate(known)
    except ValidationError:
        if model is CacheEntry:
            return None
        raise


def decode_if_readable[M: BaseModel](record: Record, model: type[M]) -> M | None:
    """As ``decode``; None also for what another version wrote and this one cannot read."""
    try:
        return decode(record, model)
    except ValidationError:
        return None


def write_of(key: Key, value: BaseModel, expect: int, now: datetime) -> Write:
    """The conditional write that stores ``value``, with its expiry."""
    return Write(key, _data(value), expect, now + _retention(key))


def _retention(key: Key) -> timedelta:
    if key.id.startswith(("head#", "pointer#", "weather#", "ledger#")):
        return HEAD_RETENTION
    if key.id.startswith("changes#"):
        return CHANGES_RETENTION
    decided = key.table is Table.STATE and key.id.startswith(
        ("switch#", "signature-rules", "routes", "silences", "windows", "inhibitions", "feedback")
    )
    return DECISION_RETENTION if decided else RETENTION


def load[M: BaseModel](store: Reads, key: Key, model: type[M]) -> M | None:
    """One item, strongly consistent."""
    return decode(store.read([key])[key], model)


class Seen[M: BaseModel](NamedTuple):
    """An item as it was a moment ago, absent with the version 0."""

    version: int
    value: M | None


def seen[M: BaseModel](record: Record, model: type[M]) -> Seen[M]:
    """An item as it was read."""
    return Seen(record.version, decode(record, model))


def change[M: BaseModel](
    store: Store,
    key: Key,
    model: type[M],
    step: Callable[[M | None], M | None],
    now: datetime,
) -> M | None:
    """Replace an item by ``step`` of it; None from ``step`` means "leave it as it is".

    Returns what was written, or what ``step`` left alone. Looks again after every lost race.
    """
    return change_seen(store, key, model, step, now, None).value


def change_seen[M: BaseModel](
    store: Store,
    key: Key,
    model: type[M],
    step: Callable[[M | None], M | None],
    now: datetime,
    known: Seen[M] | None,
) -> Seen[M]:
    """As ``change``, and without reading first what is ``known`` already.

    Nothing is left alone for how it was: that is no write, which would notice a lost race.
    """

    def attempt() -> Seen[M]:
        nonlocal known
        before, known = known, None
        if before is not None:
            wanted = step(before.value)
            if wanted is not None and wanted != before.value:
                return put(before, wanted)
        present = seen(store.read([key])[key], model)
        wanted = step(present.value)
        if wanted is None or wanted == present.value:
            return present
        return put(present, wanted)

    def put(present: Seen[M], wanted: M) -> Seen[M]:
        store.write([write_of(key, wanted, present.version, now)])
        return Seen(present.version + 1, wanted)

    return settle(attempt)


def settle[T](attempt: Callable[[], T]) -> T:
    """Run ``attempt`` until it loses no race. Raises Retryable after ``MAX_RACES`` lost ones."""
    for lost in range(MAX_RACES):
        try:
            return attempt()
        except Conflict:
            if lost >= PATIENT_RACES:
                time.sleep(random.uniform(0, 0.02 * lost))  # noqa: S311 - spreads, guards nothing
    raise Retryable(Reason.UNAVAILABLE, f"lost {MAX_RACES} races for one item")


def read_models(
    store: Store, wanted: Mapping[Key, type[BaseModel]]
) -> dict[Key, tuple[int, BaseModel | None]]:
    """Version and value of every key asked for."""
    records = store.read(list(wanted)) if wanted else {}
    return {
        key: (records[key].version, decode(records[key], model)) for key, model in wanted.items()
    }


def incident_ids(values: Sequence[BaseModel | None]) -> set[str]:
    """The incidents that pointers and alert records lead to."""
    found = (getattr(value, "incident_id", "") for value in values if value is not None)
    return {incident_id for incident_id in found if incident_id}


def _data(value: BaseModel) -> dict[str, Any]:
    """An item's attributes. What is as it is by default costs no units and no time.

    So no default of what is stored may ever change (``tests/upgrades``).
    """
    data = value.model_dump(mode="json", exclude_none=True, exclude_defaults=True)
    if isinstance(value, AlertRecord):
        data.update(_runbook_attributes(value))
    if isinstance(value, Incident):
        data.update(_always(value))
    return data


def _always(incident: Incident) -> dict[str, Any]:
    """What an incident's item has for its index, and for who reads no more of it than these."""
    found: dict[str, Any] = {
        "state": incident.state.value,
        "count": incident.count,
        "revision": incident.revision,
    }
    if incident.due_at is not None:
        found["due_shard"] = str(crc32(incident.key.encode()) % DUE_SHARDS)
        found["due_at"] = int(incident.due_at.timestamp())
    return found


def _runbook_attributes(record: AlertRecord) -> dict[str, Any]:
    """The top-level attributes that the operators' runbook queries."""
    alert = record.alert
    return {
        "created_at": alert.received_at.isoformat(),
        "timestamp": int(alert.received_at.timestamp()),
        "severity": alert.severity.value,
        "status": alert.status.value,
        "source": alert.source,
        "title": alert.title,
        "service": alert.service,
    }
