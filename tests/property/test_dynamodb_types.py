"""Whatever is stored is written with DynamoDB's own types, and read as it was."""

from decimal import Decimal
from typing import Any

import pytest
from boto3.dynamodb.types import TypeDeserializer
from hypothesis import given
from hypothesis import strategies as st

from responder.adapters.dynamodb import DynamoStore
from responder.ports import Key, Table, Write

KEY = Key(Table.STATE, "k")
#: DynamoDB's numbers have 38 digits; a whole one comes back as an int, exact as long as floats are.
WHOLE = st.integers(-(10**37), 10**37)
NUMBERS = WHOLE | st.floats(-(2.0**53), 2.0**53, allow_subnormal=False).filter(
    lambda number: number == 0 or abs(number) > 1e-125
)
VALUES = st.recursive(
    st.none() | st.booleans() | NUMBERS | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


class Client:
    """Keeps one item."""

    def __init__(self) -> None:
        self.item: dict[str, Any] = {}

    def put_item(self, *, Item: dict[str, Any], **_: object) -> None:
        self.item = Item

    def get_item(self, **_: object) -> dict[str, Any]:
        return {"Item": self.item}


def stored(value: object) -> tuple[Any, Any]:
    """What boto3 reads of an item with this value, and what we read."""
    client = Client()
    store = DynamoStore(client, {Table.STATE: "state"})  # type: ignore[arg-type]
    store.write([Write(KEY, {"value": value}, 0)])
    known = store.read([KEY])[KEY].data
    assert known is not None
    return TypeDeserializer().deserialize(client.item["value"]), known["value"]


def exact(value: Any) -> Any:
    """Numbers as boto3 has them."""
    if isinstance(value, dict):
        return {name: exact(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [exact(inner) for inner in value]
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return Decimal(repr(value)) if is_number else value


@given(VALUES)
def test_what_is_stored_is_what_boto3_reads_and_what_we_read(value: Any) -> None:
    by_boto3, by_us = stored(value)
    assert by_boto3 == exact(value)
    assert by_us == value


@pytest.mark.parametrize("value", [float("nan"), float("inf"), {"a": [object()]}, {1, 2}, b"x"])
def test_what_json_has_no_word_for_is_not_stored(value: object) -> None:
    with pytest.raises(TypeError):
        stored(value)
