from pathlib import Path

import pytest

from unit.delivery.checker import problems
from unit.delivery.golden_messages import FOLDER, as_json, messages

MESSAGES = messages()


@pytest.mark.parametrize("name", MESSAGES)
def test_message_is_as_its_golden_file(name: str) -> None:
    golden = FOLDER.joinpath(f"{name}.json").read_text(encoding="utf-8")
    assert as_json(MESSAGES[name]) == golden


@pytest.mark.parametrize("name", MESSAGES)
def test_golden_message_is_valid(name: str) -> None:
    assert problems(MESSAGES[name]) == []


def test_every_golden_file_is_still_made() -> None:
    assert {Path(file).stem for file in FOLDER.glob("*.json")} == set(MESSAGES)
