"""Every item and message of earlier versions is read by this one, each kind by its model."""

import json
from typing import Any

import pytest

from responder.ports import Record
from responder.protocols import items
from upgrades import kinds
from upgrades.old import NAMES, golden, plain, written_items

CASES = [
    pytest.param(name, table, item_id, item, id=f"{name}:{table}/{item_id}")
    for name in NAMES
    for table, item_id, item in written_items(golden(name))
    if not kinds.is_obsolete(item_id)
]


@pytest.mark.parametrize(("name", "table", "item_id", "item"), CASES)
def test_an_item_is_read_and_written_without_a_loss(
    name: str, table: str, item_id: str, item: dict[str, Any]
) -> None:
    model = kinds.model_of(kinds.ITEMS[kinds.kind_of(table, item_id)])
    before = plain(item)
    value = items.decode(Record(1, before), model)
    assert value is not None
    after = value.model_dump(mode="json", exclude_none=True)
    for path in kinds.readers_of(table, item_id)[1:]:
        assert items.decode(Record(1, before), kinds.model_of(path)) is not None
    known = {field: before[field] for field in model.model_fields if field in before}
    assert set(known) <= set(after)


@pytest.mark.parametrize("name", NAMES)
def test_messages_that_wait_in_the_queues_are_read(name: str) -> None:
    for queue, bodies in golden(name)["messages"].items():
        model = kinds.model_of(kinds.MESSAGES[queue])
        for body in bodies:
            assert set(json.loads(body)) - {"stack"} <= set(model.model_fields), queue
            model.model_validate_json(body)


def test_what_was_recorded_is_of_every_kind_that_matters() -> None:
    found = {
        kinds.kind_of(table, item_id)[1]
        for name in NAMES
        for table, item_id, _ in written_items(golden(name))
    }
    rare = {"causes#", "changes#", "channel#", "claude-troubles", "heartbeat#front-door",
            "budgets-told", "operator-notice#", "rollcall", "throttle:"}  # fmt: skip
    assert {prefix for _, prefix in kinds.ITEMS} - found <= rare
