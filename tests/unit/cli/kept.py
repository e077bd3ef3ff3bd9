"""Items as a backup has them, made of what the pipeline would have written."""

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from boto3.dynamodb.types import TypeSerializer
from pydantic import BaseModel

from examples import incident
from responder.adapters.dynamodb import PARTITION_KEY
from responder.alert import Status
from responder.card import Card
from responder.incident import Head, Incident, IncidentState, Pointer
from responder.ports import Key
from responder.protocols import items
from responder_cli.backup.placing import Item

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
THEN = NOW - timedelta(hours=6)
KEY = "v1:disk.0123456789"


def item(key: Key, value: BaseModel, at: datetime = THEN) -> Item:
    """What ``value`` is in a table, written at a time."""
    write = items.write_of(key, value, 0, at)
    assert write.expires_at is not None
    data: dict[str, Any] = {
        **write.data,
        PARTITION_KEY[key.table]: key.id,
        "version": 1,
        "ttl": int(write.expires_at.timestamp()),
    }
    exact = json.loads(json.dumps(data), parse_float=Decimal)
    return Item(key, {name: TypeSerializer().serialize(one) for name, one in exact.items()})


def head(episode: int, key: str = KEY) -> Item:
    return item(items.head_item(key), Head(key=key, episode=episode))


def episode(number: int, **changes: Any) -> Item:
    """An open incident, opened then."""
    value = open_incident(number, **changes)
    return item(items.incident_item(value.incident_id), value)


def open_incident(number: int, **changes: Any) -> Incident:
    update = {"key": KEY, "episode": number, "due_at": NOW, "opened_at": THEN, **changes}
    return incident(f"{KEY}.{number}", **update)


def over(number: int) -> Item:
    return episode(number, state=IncidentState.RESOLVED, resolved_at=THEN, due_at=None)


def card(number: int, ts: str = "1.1", **changes: Any) -> Item:
    """A card that is posted."""
    name = f"{KEY}.{number}"
    value = Card(incident_id=name, channel="#c", ts=ts, posted=bool(ts), shown=1, **changes)
    return item(items.card_item(name), value)


def pointer(number: int, fingerprint: str = "f") -> Item:
    value = Pointer(
        source="s",
        fingerprint=fingerprint,
        state=Status.FIRING,
        event_at=THEN,
        incident_id=f"{KEY}.{number}",
    )
    return item(items.pointer_item("s", fingerprint), value)
