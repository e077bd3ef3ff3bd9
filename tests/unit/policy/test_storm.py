"""What a storm remembers of its members, and how much room that takes."""

import pytest

from examples import incident
from faults.world import START
from responder.incident import Destination
from responder.policy.storm import MAX_MEMBERS, MAX_MENTIONS, SHARDS, Member, Shard
from responder.protocols import items

#: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html
TRANSACTION, ITEM = 4 * 1024 * 1024, 400 * 1024


def stored(value: object) -> int:
    """Bytes of a value in DynamoDB, roughly from above."""
    if isinstance(value, dict):
        return 3 + sum(1 + len(name.encode()) + stored(one) for name, one in value.items())
    if isinstance(value, list):
        return 3 + sum(1 + stored(one) for one in value)
    return len(str(value).encode())


@pytest.mark.parametrize("letter", ["x", "я", "障", "🔥", "\ud800"])
def test_all_shards_fit_into_the_one_transaction_that_seals_them(letter: str) -> None:
    one = incident(
        f"v1:{'a' * 64}.{'b' * 10}.123", title=letter * 999, service=letter * 999, rule=letter * 999
    )
    member = Member.of(one, START)
    mentions = tuple(f"U{number:020}" for number in range(MAX_MENTIONS))
    full = Shard(members=(member,) * MAX_MEMBERS, unlisted=9_999, newest=START, mentions=mentions)
    size = stored(items.write_of(items.state_item("x"), full, 0, START).data)
    assert size < ITEM
    assert size * SHARDS < TRANSACTION / 1.5


def test_a_name_is_cut_between_letters() -> None:
    assert Member.of(incident(service="a" + "🔥" * 30), START).service == "a" + "🔥" * 19
    assert Member.of(incident(service="checkout", rule=""), START).service == "checkout"


def test_whom_it_calls_is_bounded_and_has_nobody_twice() -> None:
    shard = Shard()
    for number in range(MAX_MENTIONS + 5):
        route = Destination(mentions=("here", f"U{number:08}"))
        shard = shard.joined(Member.of(incident(f"v1:{number}|prod.1"), START), route)
    assert len(shard.mentions) == MAX_MENTIONS
    assert shard.mentions[:2] == ("here", "U00000000")
