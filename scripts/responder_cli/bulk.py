"""Many items of a stack at once, for commands that one item of another release must not end."""

from collections.abc import Mapping
from dataclasses import dataclass

from pydantic import BaseModel

from responder.ports import Key, Table
from responder.protocols import items
from responder_cli.aws import Stack


@dataclass(frozen=True)
class Found[M: BaseModel]:
    """Items by the names that were asked for, and the names of those that cannot be read."""

    known: Mapping[str, M]
    unreadable: frozenset[str]


def read[M: BaseModel](
    stack: Stack, table: Table, keys: Mapping[str, Key], model: type[M]
) -> Found[M]:
    """The items of these keys, in their order; what is absent or expired is in neither."""
    records = stack.store(table).read(list(keys.values()))
    found = {name: items.decode_if_readable(records[key], model) for name, key in keys.items()}
    return Found(
        {name: value for name, value in found.items() if value is not None},
        frozenset(n for n, v in found.items() if v is None and records[keys[n]].data is not None),
    )
