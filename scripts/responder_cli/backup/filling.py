"""Items of a backup into the live tables: look, place, and write what is absent, again and again.

    look ──▶ place ──▶ write on the condition that it is absent
         (1)       (2)
Killed at (1) or (2), or between two writes: the next run finds there what was written, and goes on.
The stack may work meanwhile: what it writes first stays.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from itertools import batched
from typing import Any

from botocore.exceptions import ClientError

from responder.adapters.dynamodb import BATCH_GET_LIMIT, PARTITION_KEY, lost_race
from responder.ports import Key, Table
from responder_cli.aws import Stack
from responder_cli.backup.placing import Group, Item, Left, Live, Placement, place, wanted
from responder_cli.backup.reading import Source

#: Alerts that are placed at once; they stand alone, and there may be very many.
PORTION = 1_000
AT_ONCE = 8
#: What placing must know of a live item.
_LOOKED_AT = ("episode", "storms", "opened_at")

Advance = Callable[[int], None]


@dataclass
class Filling:
    """What a restore does, or did: by table, and the incidents that stay away."""

    coming: Counter[Table] = field(default_factory=Counter)
    there: Counter[Table] = field(default_factory=Counter)
    left: Counter[tuple[Table, Left]] = field(default_factory=Counter)
    incidents_left: list[tuple[Left, Item]] = field(default_factory=list)
    written: Counter[Table] = field(default_factory=Counter)

    @property
    def overtaken(self) -> int:
        """Items that did not come back, as the stack wrote some of theirs first."""
        return self.coming.total() - self.written.total()

    def add(self, placement: Placement) -> None:
        """One portion more."""
        self.coming += placement.coming
        self.there += placement.there
        self.left += placement.left
        self.incidents_left += placement.incidents_left


@dataclass(frozen=True)
class Restore:
    """A source, a stack, and what of it is meant."""

    stack: Stack
    source: Source
    tables: Sequence[Table]
    now: datetime
    all_cards: bool

    def look(self, advance: Advance) -> Filling:
        """What would be done."""
        filling = Filling()
        for placement in self._placements():
            filling.add(placement)
            advance(placement.coming.total() + placement.there.total())
        return filling

    def carry_out(self, advance: Advance) -> Filling:
        """Do it."""
        filling = Filling()
        with ThreadPoolExecutor(AT_ONCE) as pool:
            for placement in self._placements():
                filling.add(placement)
                for written in pool.map(self._write, placement.chains):
                    filling.written += written
                    advance(written.total())
        return filling

    def _placements(self) -> Iterator[Placement]:
        for items in self._portions():
            live = look(self.stack, wanted(items))
            yield place(items, live, self.now, all_cards=self.all_cards)

    def _portions(self) -> Iterator[list[Item]]:
        """State and incidents together, as one numbers the other; alerts by portions."""
        together = [table for table in self.tables if table is not Table.ALERTS]
        yield [item for table in together for item in self._items(table)]
        if Table.ALERTS in self.tables:
            yield from map(list, batched(self._items(Table.ALERTS), PORTION, strict=False))

    def _items(self, table: Table) -> Iterator[Item]:
        return (item_of(table, raw) for raw in self.source.items(table))

    def _write(self, chain: Iterable[Group]) -> Counter[Table]:
        """Group by group; one that the stack came before ends the chain."""
        written: Counter[Table] = Counter()
        for group in chain:
            try:
                self._write_group(group)
            except ClientError as error:
                if not lost_race(error):
                    raise
                break
            written.update(item.key.table for item in group)
        return written

    def _write_group(self, group: Group) -> None:
        client = self.stack.client("dynamodb")
        puts = [self._put(item) for item in group]
        if len(puts) == 1:
            client.put_item(**puts[0])
        elif puts:
            client.transact_write_items(TransactItems=[{"Put": put} for put in puts])

    def _put(self, item: Item) -> dict[str, Any]:
        return {
            "TableName": self.stack.table(item.key.table.value),
            "Item": dict(item.raw),
            "ConditionExpression": "attribute_not_exists(#key)",
            "ExpressionAttributeNames": {"#key": PARTITION_KEY[item.key.table]},
        }


def item_of(table: Table, raw: Mapping[str, Any]) -> Item:
    """An item with its key."""
    return Item(Key(table, raw[PARTITION_KEY[table]]["S"]), raw)


def look(stack: Stack, keys: Iterable[Key]) -> Live:
    """What the live tables have of these keys, as far as placing must know it."""
    found: dict[Key, Item] = {}
    for some in batched(sorted(keys), BATCH_GET_LIMIT, strict=False):
        left = _request(stack, some)
        while left:
            answer = stack.client("dynamodb").batch_get_item(RequestItems=left)
            for name, raws in answer["Responses"].items():
                table = next(one for one in Table if stack.table(one.value) == name)
                found |= {one.key: one for one in (item_of(table, raw) for raw in raws)}
            left = answer.get("UnprocessedKeys") or {}
    return found


def _request(stack: Stack, keys: Sequence[Key]) -> dict[str, Any]:
    request: dict[str, Any] = {}
    for key in keys:
        attribute = PARTITION_KEY[key.table]
        asked = request.setdefault(
            stack.table(key.table.value),
            {
                "Keys": [],
                "ConsistentRead": True,
                "ProjectionExpression": ", ".join(f"#{name}" for name in (attribute, *_LOOKED_AT)),
                "ExpressionAttributeNames": {f"#{name}": name for name in (attribute, *_LOOKED_AT)},
            },
        )
        asked["Keys"].append({attribute: {"S": key.id}})
    return request
