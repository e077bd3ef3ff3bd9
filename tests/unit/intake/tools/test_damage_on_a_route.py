"""On its tool's route a body is read by that tool even where damage hides whose it is."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from responder.intake.recognition import TOOLS
from responder.intake.registry import read
from samples import EVENTS, JSON, NOW

SAMPLES = sorted(
    path.relative_to(EVENTS)
    for path in EVENTS.rglob("*.json")
    if path.parent.name in TOOLS and path.stat().st_size < 20_000
)
ODD: tuple[object, ...] = (None, 0, "x", [None], {"a": None})


@pytest.mark.parametrize("path", SAMPLES, ids=str)
def test_damage_costs_a_field_and_not_the_alert(path: Path) -> None:
    whole = json.loads((EVENTS / path).read_bytes())
    for damaged in [*_without(whole), *(value for odd in ODD for value in _with(whole, odd))]:
        parcel = read(json.dumps(damaged).encode(), JSON, path.parent.name, received_at=NOW)
        for alert in parcel.alerts:
            assert not [note for note in alert.truncated if "reader failed" in note]
            assert alert.title
            assert alert.fingerprint


def _without(value: object) -> Iterator[object]:
    """The value once for each field, without it."""
    for place in _places(value):
        yield _changed(value, place, None, remove=True)


def _with(value: object, odd: object) -> list[object]:
    return [_changed(value, place, odd, remove=False) for place in _places(value)]


def _places(value: object, here: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    items: Any = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(
        value, list
    ) else ()  # fmt: skip
    for key, inner in items:
        yield (*here, key)
        yield from _places(inner, (*here, key))


def _changed(value: Any, place: tuple[Any, ...], odd: object, *, remove: bool) -> Any:
    copy = dict(value) if isinstance(value, dict) else list(value)
    key, *rest = place
    if rest:
        copy[key] = _changed(copy[key], tuple(rest), odd, remove=remove)
    elif remove:
        del copy[key]
    else:
        copy[key] = odd
    return copy
