"""What DynamoDB and SQS bill, by the examples of their documentation."""

from typing import Any

import pytest
from bench.cost import units
from bench.cost.units import Index

DUE = Index(("shard", "at"))
NAMED = Index(("shard",), ("title",))


def item(size: int, **more: str) -> dict[str, Any]:
    """An item of so many bytes beside ``more``."""
    filler = {"id": {"S": "i" * (size - 2)}}
    return filler | {name: {"S": value} for name, value in more.items()}


@pytest.mark.parametrize(
    ("attributes", "size"),
    [
        ({"name": {"S": "Zürich"}}, 4 + 7),
        ({"n": {"N": "27"}}, 1 + 2),
        ({"n": {"N": "-123.45"}}, 1 + 4),
        ({"n": {"N": "1000"}}, 1 + 2),
        ({"b": {"BOOL": True}, "c": {"NULL": True}}, 4),
        ({"m": {"M": {"a": {"S": "x"}}}}, 1 + 3 + 1 + 2),
        ({"l": {"L": [{"S": "x"}, {"S": "y"}]}}, 1 + 3 + 2 + 2),
        ({"m": {"M": {}}, "l": {"L": []}}, 8),
    ],
)
def test_an_item_is_as_large_as_its_names_and_values(attributes: Any, size: int) -> None:
    assert units.size(attributes) == size


@pytest.mark.parametrize(
    ("before", "after", "transaction", "billed"),
    [
        (None, 1, False, 1),
        (None, 1024, False, 1),
        (None, 1025, False, 2),
        (3000, 100, False, 3),
        (None, 3500, True, 8),
    ],
)
def test_a_put_is_billed_by_the_larger_version_twice_in_a_transaction(
    before: int | None, after: int, transaction: bool, billed: int
) -> None:
    old = None if before is None else item(before)
    new = {"id": {"S": ""}} if after < 2 else item(after)
    assert units.written(old, new, "id", transaction=transaction) == billed


@pytest.mark.parametrize(
    ("before", "after", "billed"),
    [
        (None, item(10), 0),
        (None, item(10, shard="1", at="5"), 1),
        (item(10, shard="1", at="5"), item(10, shard="1", at="5", title="other"), 0),
        (item(10, shard="1", at="5"), item(10, shard="1", at="6"), 2),
        (item(10, shard="1", at="5"), item(10), 1),
    ],
)
def test_an_index_is_billed_for_what_moves_in_it(before: Any, after: Any, billed: int) -> None:
    assert DUE.units(before, after, "id") == billed


def test_an_index_that_keeps_more_is_billed_for_its_changes() -> None:
    old, new = item(10, shard="1", title="a"), item(10, shard="1", title="b")
    assert NAMED.units(old, new, "id") == 1
    assert NAMED.units(old, old, "id") == 0


def test_an_index_is_no_dearer_in_a_transaction() -> None:
    new = item(10, shard="1", at="5")
    assert units.written(None, new, "id", (DUE,), transaction=True) == 2 + 1


def test_reads_are_billed_by_four_kilobytes_and_absence_as_one() -> None:
    assert [units.read(one) for one in (None, item(4096), item(4097))] == [1, 1, 2]
    assert units.queried([item(3000), item(3000)]) == 1
    assert units.queried([]) == 0.5


def test_sqs_bills_64_kilobytes_as_one_request() -> None:
    assert [units.sqs(size) for size in (0, 65_536, 65_537, 200_000)] == [1, 1, 2, 4]


def test_what_lies_beyond_the_first_kilobyte_is_told_apart() -> None:
    assert units.further(None, item(2500), transaction=True) == 4
    assert units.further(item(2500), item(100)) == 2
    assert units.further(None, item(100), transaction=True) == 0
