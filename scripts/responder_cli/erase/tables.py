"""A person's texts in the tables: every item is read, and what has them is written without.

    read ──▶ mask ──▶ write on the version that was read ──▶ (tick) the card is edited
                  (1)
Killed at (1): the item is as it was. A worker that writes first wins, and the item is read again.
A masked incident that has a card is due: the tick finds the card behind, and has it edited.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from botocore.exceptions import ClientError
from pydantic import BaseModel, ValidationError

from responder.adapters.dynamodb import PARTITION_KEY, lost_race
from responder.cache_entry import CacheEntry
from responder.card import Card
from responder.clock import utc_now
from responder.incident import AlertRecord, Incident, Pointer
from responder.ports import Key, Table
from responder.protocols import items
from responder_cli.aws import Stack, plain
from responder_cli.backup.placing import DOCUMENTS
from responder_cli.backup.taking import scan
from responder_cli.erase.masking import Found, Masking, Texts

#: What operators wrote for people; the rest of their documents decides what becomes of alerts.
FOR_PEOPLE: Final = frozenset({"comment", "author", "by", "note"})
TRIES: Final = 10
#: What an item is, by the beginning of its key; a masked one must still be that.
_MODELS: Mapping[tuple[Table, str], type[BaseModel]] = {
    (Table.ALERTS, ""): AlertRecord,
    (Table.CACHE, ""): CacheEntry,
    (Table.INCIDENTS, "incident"): Incident,
    (Table.INCIDENTS, "pointer"): Pointer,
    (Table.INCIDENTS, "card"): Card,
}


@dataclass(frozen=True)
class Hit:
    """An item that has the texts: how often, and the attributes where they would stay."""

    key: Key
    masked: int
    stays: frozenset[str]

    @property
    def incident_id(self) -> str:
        """The incident that it is; empty where it is none."""
        kind, _, rest = self.key.id.partition("#")
        return rest if self.key.table is Table.INCIDENTS and kind == "incident" else ""


def search(stack: Stack, texts: Texts, advance: Callable[[], None]) -> Iterator[Hit]:
    """Every item that has the texts. It reads the tables whole: texts are in no index."""
    for table in Table:
        for item in scan(stack, stack.table(table.value)):
            advance()
            key = Key(table, item[PARTITION_KEY[table]]["S"])
            _, found = _masked(key, item, texts)
            if found.masked or found.stays:
                yield Hit(key, found.masked, frozenset(found.stays))


def erase(stack: Stack, hit: Hit, texts: Texts) -> Hit:
    """Mask an item as it is now; what came of it. Raises ClientError."""
    for _ in range(TRIES):
        item = _read(stack, hit.key)
        if item is None:
            return replace(hit, masked=0, stays=frozenset())
        kept, found = _masked(hit.key, item, texts)
        if not found.masked or not _still_readable(hit.key, item, kept):
            return replace(hit, masked=0, stays=frozenset(found.stays or {"its form"}))
        if _write(stack, hit.key, item, kept | _due(stack, hit, kept)):
            return Hit(hit.key, found.masked, frozenset(found.stays))
    return replace(hit, masked=0, stays=frozenset({"others write it all the time"}))


def card_of(stack: Stack, hit: Hit) -> Card | None:
    """The card of an incident; None where the hit is none, or nothing was posted."""
    if not hit.incident_id:
        return None
    card = items.load(stack.store(Table.INCIDENTS), items.card_item(hit.incident_id), Card)
    return card if card is not None and (card.ts or card.posted) else None


def _due(stack: Stack, hit: Hit, kept: Mapping[str, Any]) -> dict[str, Any]:
    """What makes an incident due whose card is to follow; one without a card must not get one."""
    if card_of(stack, hit) is None:
        return {}
    try:
        incident = Incident.model_validate(plain(kept)).model_copy(update={"due_at": utc_now()})
    except ValidationError:
        return {}
    due = items.write_of(hit.key, incident, 0, utc_now()).data
    return {"due_at": {"N": str(due["due_at"])}, "due_shard": {"S": str(due["due_shard"])}}


def _masked(key: Key, item: Mapping[str, Any], texts: Texts) -> tuple[dict[str, Any], Found]:
    document = key.table is Table.STATE and key.id.partition("#")[0] in DOCUMENTS
    masking = Masking(texts, FOR_PEOPLE if document else frozenset())
    kept, found = masking.item(item, [PARTITION_KEY[key.table]])
    if found.masked and key.table is Table.INCIDENTS and key.id.startswith("incident#"):
        # The card shows the newest revision only.
        kept["revision"] = _one_more(item, "revision")
    return kept, found


def _still_readable(key: Key, before: Mapping[str, Any], kept: Mapping[str, Any]) -> bool:
    """Whether the masked item is still what it was, for who reads it."""
    kind = key.id.partition("#")[0] if key.table is Table.INCIDENTS else ""
    model = _MODELS.get((key.table, kind))
    if model is None:
        return True
    try:
        model.model_validate(plain(before))
    except ValidationError:
        # Another release's: nobody here can say.
        return True
    try:
        model.model_validate(plain(kept))
    except ValidationError:
        return False
    return True


def _read(stack: Stack, key: Key) -> dict[str, Any] | None:
    answer = stack.client("dynamodb").get_item(
        TableName=stack.table(key.table.value),
        Key={PARTITION_KEY[key.table]: {"S": key.id}},
        ConsistentRead=True,
    )
    item: dict[str, Any] | None = answer.get("Item")
    return item


def _write(stack: Stack, key: Key, before: Mapping[str, Any], kept: dict[str, Any]) -> bool:
    """Write it in the place of ``before``; False where somebody else has written meanwhile."""
    known = before.get("version")
    condition = "#version = :known" if known else "attribute_not_exists(#version)"
    values = {"ExpressionAttributeValues": {":known": known}} if known else {}
    try:
        stack.client("dynamodb").put_item(
            TableName=stack.table(key.table.value),
            Item=kept | {"version": _one_more(before, "version")},
            ConditionExpression=condition,
            ExpressionAttributeNames={"#version": "version"},
            **values,
        )
    except ClientError as error:
        if not lost_race(error):
            raise
        return False
    return True


def _one_more(item: Mapping[str, Any], name: str) -> dict[str, str]:
    return {"N": str(int(item.get(name, {}).get("N", 0)) + 1)}
