"""Whatever was lost and whatever the stack did since: a restore is safe, and ends the same."""

from collections.abc import Sequence
from itertools import islice
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from responder.ports import Key, Table
from responder_cli.backup.placing import Group, Item, Placement, place, wanted
from unit.cli.kept import KEY, NOW, card, episode, head, over, pointer

MOST = 4
numbers = st.integers(1, MOST)


@st.composite
def tables(draw: st.DrawFn, *, opened: bool) -> dict[Key, Item]:
    """One problem's items: its head, and any of the incidents, cards and pointers up to it."""
    newest = draw(numbers)
    when: dict[str, Any] = {"opened_at": NOW} if opened else {}
    found = [head(newest)]
    for number in range(1, newest + 1):
        kind = draw(st.sampled_from([episode, over])) if not when else episode
        parts = [kind(number, **when), card(number, ts=draw(st.sampled_from(["", "1.1"])))]
        found += draw(st.sets(st.sampled_from(parts))) if draw(st.booleans()) else parts
        found += [pointer(number, f"f{number}")] * draw(st.booleans())
    return {one.key: one for one in found}


#: What the stack has: some of what it had, or what it opened anew.
@st.composite
def worlds(draw: st.DrawFn) -> tuple[dict[Key, Item], dict[Key, Item]]:
    kept = draw(tables(opened=False))
    if draw(st.booleans()):
        left = draw(st.sets(st.sampled_from(sorted(kept))))
        return kept, {key: kept[key] for key in left}
    return kept, draw(st.one_of(st.just({}), tables(opened=True)))


def placed(kept: dict[Key, Item], live: dict[Key, Item], all_cards: bool) -> Placement:
    items = list(kept.values())
    seen = {key: live[key] for key in wanted(items) if key in live}
    return place(items, seen, NOW, all_cards=all_cards)


def groups(placement: Placement) -> list[Group]:
    return [group for chain in placement.chains for group in chain]


def after(live: dict[Key, Item], written: Sequence[Group]) -> dict[Key, Item]:
    return live | {item.key: item for group in written for item in group}


@given(world=worlds(), all_cards=st.booleans())
def test_nothing_is_overwritten_or_stands_in_the_way(
    world: tuple[dict[Key, Item], dict[Key, Item]], all_cards: bool
) -> None:
    kept, live = world
    placement = placed(kept, live, all_cards)
    coming = [item.key for group in groups(placement) for item in group]
    assert not set(coming) & set(live)
    assert len(coming) == len(set(coming))
    found = after(live, groups(placement))
    root = found.get(head(1).key)
    incidents = [one for key, one in found.items() if key.id.startswith("incident#")]
    new = [one for one in incidents if one.key in coming]
    # The next number that is given out is free.
    assert all(root and one.number("episode") <= root.number("episode") for one in new)
    ids = {one.text("incident_id") for one in incidents}
    for key in coming:
        if key.id.startswith("card#"):
            assert key.id.removeprefix("card#") in ids
    # What would be shown has been shown: nobody sees a second card.
    for one in new:
        name = one.text("incident_id")
        posted = found.get(Key(Table.INCIDENTS, f"card#{name}"))
        if not all_cards and one.text("state") == "open":
            assert posted is not None
            assert posted.text("ts")
    # One problem has one open incident, which is its newest.
    still = [one for one in new if one.text("state") == "open"]
    assert all(root and one.number("episode") == root.number("episode") for one in still)
    assert {one.text("key") for one in new} <= {KEY}


@given(world=worlds(), all_cards=st.booleans(), data=st.data())
def test_killed_after_any_write_the_next_run_ends_the_same(
    world: tuple[dict[Key, Item], dict[Key, Item]], all_cards: bool, data: st.DataObject
) -> None:
    kept, live = world
    whole = groups(placed(kept, live, all_cards))
    done = data.draw(st.integers(0, len(whole)))
    halfway = after(live, list(islice(whole, done)))
    again = after(halfway, groups(placed(kept, halfway, all_cards)))
    assert again == after(live, whole)
    assert not placed(kept, again, all_cards).chains
