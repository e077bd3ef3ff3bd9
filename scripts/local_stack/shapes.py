"""Small checks of JSON values that compose into the request shapes of Slack and Claude.

A check yields a Fault for everything that is wrong, each with the path to its place.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

type Path = tuple[str | int, ...]


class Fault(NamedTuple):
    """What is wrong, and where."""

    path: Path
    text: str


type Check = Callable[[Any, Path], Iterator[Fault]]


def anything(_value: Any, _at: Path) -> Iterator[Fault]:
    """Accept every value."""
    return iter(())


def string(most: int, least: int = 1) -> Check:
    """A string of ``least`` to ``most`` characters."""

    def check(value: Any, at: Path) -> Iterator[Fault]:
        if not isinstance(value, str):
            yield Fault(at, "must be a string")
        elif len(value) > most:
            yield Fault(at, f"must be less than {most + 1} characters")
        elif len(value) < least:
            yield Fault(at, f"must be more than {least - 1} characters")

    return check


def boolean(value: Any, at: Path) -> Iterator[Fault]:
    """True or false."""
    if not isinstance(value, bool):
        yield Fault(at, "must be a boolean")


def integer(least: int) -> Check:
    """A whole number of at least ``least``."""

    def check(value: Any, at: Path) -> Iterator[Fault]:
        if not isinstance(value, int) or isinstance(value, bool):
            yield Fault(at, "must be an integer")
        elif value < least:
            yield Fault(at, f"must be greater than or equal to {least}")

    return check


def one_of(*allowed: object) -> Check:
    """One of the values given."""

    def check(value: Any, at: Path) -> Iterator[Fault]:
        if not any(value == item and type(value) is type(item) for item in allowed):
            yield Fault(at, f"must be one of {', '.join(map(repr, allowed))}")

    return check


def array(item: Check, most: int, least: int = 1) -> Check:
    """A list of ``least`` to ``most`` items."""

    def check(value: Any, at: Path) -> Iterator[Fault]:
        if not isinstance(value, list):
            yield Fault(at, "must be an array")
            return
        if len(value) > most:
            yield Fault(at, f"no more than {most} items allowed")
        if len(value) < least:
            yield Fault(at, f"no fewer than {least} items allowed")
        for index, entry in enumerate(value):
            yield from item(entry, (*at, index))

    return check


def record(required: Mapping[str, Check], optional: Mapping[str, Check] | None = None) -> Check:
    """An object with these fields and no others."""
    known = {**required, **(optional or {})}

    def check(value: Any, at: Path) -> Iterator[Fault]:
        if not isinstance(value, dict):
            yield Fault(at, "must be an object")
            return
        for name in required:
            if name not in value:
                yield Fault(at, f"missing required field: {name}")
        for name, entry in value.items():
            if name in known:
                yield from known[name](entry, (*at, name))
            else:
                yield Fault(at, f"invalid additional property: {name}")

    return check


def by_type(kinds: Mapping[str, Check]) -> Check:
    """An object whose ``type`` selects its check."""

    def check(value: Any, at: Path) -> Iterator[Fault]:
        if not isinstance(value, dict):
            yield Fault(at, "must be an object")
        elif "type" not in value:
            yield Fault(at, "missing required field: type")
        elif not isinstance(value["type"], str) or value["type"] not in kinds:
            yield Fault((*at, "type"), f"unsupported type: {value['type']}")
        else:
            yield from kinds[value["type"]](value, at)

    return check


def all_of(*checks: Check) -> Check:
    """Every one of the checks."""

    def check(value: Any, at: Path) -> Iterator[Fault]:
        for single in checks:
            yield from single(value, at)

    return check


def unique(key: str, said: str) -> Check:
    """No two objects of a list share a value of ``key``."""

    def check(value: Any, at: Path) -> Iterator[Fault]:
        seen: set[str] = set()
        for index, entry in enumerate(value if isinstance(value, list) else ()):
            name = entry.get(key) if isinstance(entry, dict) else None
            if isinstance(name, str) and name in seen:
                yield Fault((*at, index, key), said.format(name))
            elif isinstance(name, str):
                seen.add(name)

    return check
