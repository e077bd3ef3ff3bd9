"""The functions' surroundings, for each test anew."""

from collections.abc import Iterator
from typing import Any

import pytest

from unit.bootstrap.house import House, house_of, webhook


@pytest.fixture
def house(monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    with house_of(monkeypatch) as house:
        yield house


@pytest.fixture
def slack() -> Iterator[tuple[str, list[Any]]]:
    with webhook() as slack:
        yield slack
