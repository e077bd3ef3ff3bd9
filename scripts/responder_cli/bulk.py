"""Many items of a stack at once, for commands that one item of another release must not end."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import batched

import click
from pydantic import BaseModel

from responder.ports import Key, Table
from responder.protocols import items
from responder_cli import console
from responder_cli.aws import Stack


class Unreadable(click.ClickException):
    """An item is there, and another release wrote it."""


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


def each[M: BaseModel](
    stack: Stack, table: Table, keys: Iterable[tuple[str, Key]], model: type[M], at_once: int
) -> Iterator[M]:
    """The items of named keys, in their order; so many ``at_once``, read as asked for.

    What another release wrote is left out, and counted on standard error when nobody reads on.
    """
    unreadable: set[str] = set()
    try:
        for some in batched(keys, at_once, strict=False):
            found = read(stack, table, dict(some), model)
            unreadable |= found.unreadable
            yield from found.known.values()
    finally:
        if unreadable:
            console.warn(left_out(table.value, unreadable))


def one[M: BaseModel](stack: Stack, name: str, key: Key, model: type[M]) -> M | None:
    """One item, None where it is absent. Raises Unreadable where another release wrote it."""
    found = read(stack, key.table, {name: key}, model)
    if found.unreadable:
        raise Unreadable(
            f"Another release wrote {name}; this one cannot read it: look with that one."
        )
    return found.known.get(name)


def left_out(what: str, unreadable: Collection[str]) -> str:
    """What to tell of items that cannot be read."""
    return (
        f"Another release wrote {len(unreadable)} of the {what}, such as {min(unreadable)}; "
        "this one cannot read them: look with that one."
    )
