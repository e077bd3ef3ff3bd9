"""What DynamoDB and SQS bill for a request, by the sizes of what is in it. Pure.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/read-write-operations.html
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/GSI.html
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis.html
https://aws.amazon.com/sqs/pricing/
"""

from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil
from typing import Any

Item = Mapping[str, Mapping[str, Any]]

WRITE_UNIT = 1024
READ_UNIT = 4096
#: A transaction writes each item twice, to prepare and to commit it; indexes follow later, once.
TRANSACTION = 2
#: "Every 64 KB chunk of a payload is billed as 1 request."
SQS_CHUNK = 65_536


@dataclass(frozen=True)
class Index:
    """A secondary index: its keys, and what it keeps besides them and the table's key."""

    keys: tuple[str, ...]
    projected: tuple[str, ...] = ()

    def entry(self, item: Item | None, table_key: str) -> dict[str, Any] | None:
        """What the index has of an item; None where it lacks one of the keys."""
        if item is None or not all(name in item for name in self.keys):
            return None
        kept = (table_key, *self.keys, *self.projected)
        return {name: item[name] for name in kept if name in item}

    def units(self, before: Item | None, after: Item | None, table_key: str) -> int:
        """An entry that moves is deleted and put; one that stays as it is costs nothing."""
        old, new = self.entry(before, table_key), self.entry(after, table_key)
        if old == new:
            return 0
        if old is None or new is None:
            return _write(old or new or {})
        if any(old[name] != new[name] for name in self.keys):
            return _write(old) + _write(new)
        return max(_write(old), _write(new))


def written(
    before: Item | None,
    after: Item,
    table_key: str,
    indexes: tuple[Index, ...] = (),
    *,
    transaction: bool = False,
) -> int:
    """The write units of a Put: of the larger of both versions, and of every index."""
    whole = max(_write(before or {}), _write(after)) * (TRANSACTION if transaction else 1)
    return whole + sum(index.units(before, after, table_key) for index in indexes)


def further(before: Item | None, after: Item, *, transaction: bool = False) -> int:
    """How many of a Put's units are for what an item has beyond its first KB."""
    beyond = max(_write(before or {}), _write(after)) - 1
    return beyond * (TRANSACTION if transaction else 1)


def read(item: Item | None) -> int:
    """The read units of a strongly consistent read; to find nothing costs one."""
    return max(1, ceil(size(item or {}) / READ_UNIT))


def queried(items: list[Item]) -> float:
    """The read units of an eventually consistent query: half of those of all items together."""
    return max(1, ceil(sum(map(size, items)) / READ_UNIT)) / 2


def sqs(payload: int) -> int:
    """The requests that one with so many bytes of messages counts as."""
    return max(1, ceil(payload / SQS_CHUNK))


def size(item: Item) -> int:
    """Bytes of an item: its names and its values."""
    return sum(len(name.encode()) + _value(value) for name, value in item.items())


def _value(attribute: Mapping[str, Any]) -> int:
    ((kind, value),) = attribute.items()
    match kind:
        case "S":
            return len(value.encode())
        case "N":
            # "approximately (length of attribute name) + (1 byte per two significant digits) + 1"
            return ceil(len(value.strip("-").replace(".", "").strip("0")) / 2) + 1
        case "M":
            return 3 + len(value) + size(value)
        case "L":
            return 3 + len(value) + sum(map(_value, value))
        case "BOOL" | "NULL":
            return 1
        case _:
            raise ValueError(f"no size is known of a DynamoDB value of type {kind}")


def _write(item: Item) -> int:
    return max(1, ceil(size(item) / WRITE_UNIT))
