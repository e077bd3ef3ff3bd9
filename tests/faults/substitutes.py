"""Puts other parts in the place of a protocol's own, for the time of a block."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

Replacement = tuple[Any, str, Any]


@contextmanager
def replaced(replacements: Iterable[Replacement]) -> Iterator[None]:
    """Each ``(owner, attribute, part)`` in place; the originals are back afterwards."""
    originals = []
    try:
        for owner, attribute, part in replacements:
            originals.append((owner, attribute, getattr(owner, attribute)))
            setattr(owner, attribute, part)
        yield
    finally:
        for owner, attribute, original in originals:
            setattr(owner, attribute, original)
