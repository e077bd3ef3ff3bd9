"""What of a backup comes back into tables in use, so that nothing is shown twice or in the way."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest
from pydantic import BaseModel

from examples import incident
from responder.card import Card
from responder.incident import Hold
from responder.policy.storm import Shard, Weather
from responder.ports import Key, Table
from responder.protocols import items
from responder.protocols.heartbeat import Heartbeat
from responder.protocols.rollcall import ROLL, Roll
from responder.protocols.versions import Pointer as Active
from responder_cli.backup.placing import Item, Left, Placement, place, wanted
from unit.cli.kept import KEY, NOW, THEN, card, episode, head, item, over, pointer


def placed(backup: Sequence[Item], live: Sequence[Item] = (), **options: Any) -> Placement:
    there = {one.key: one for one in live}
    # Placing sees no more of the live tables than it asked for.
    seen = {key: there[key] for key in wanted(backup) if key in there}
    return place(backup, seen, NOW, **{"all_cards": False, **options})


def back(placement: Placement) -> list[str]:
    return sorted(one.key.id for chain in placement.chains for group in chain for one in group)


def ids(*found: Item) -> list[str]:
    return sorted(one.key.id for one in found)


def coming(placement: Placement, key: Key) -> Item:
    return next(
        one for chain in placement.chains for group in chain for one in group if one.key == key
    )


def test_into_empty_tables_head_incident_and_card_come_back_in_one_transaction() -> None:
    backup = [head(2), over(1), card(1), episode(2), card(2), pointer(2)]
    placement = placed(backup)
    assert back(placement) == ids(*backup)
    (first, *rest), *_ = placement.chains
    assert ids(*first) == ids(head(2), episode(2), card(2))
    assert [ids(*group) for group in rest] == [ids(over(1), card(1))]
    assert not placement.left


def test_what_the_tables_have_stays_and_what_expired_stays_away() -> None:
    old = item(items.card_item("x"), card_of("x"), NOW - timedelta(days=91))
    placement = placed([head(2), episode(2), card(2), old], [head(2), episode(2), card(2)])
    assert not placement.chains
    assert placement.there == {Table.INCIDENTS: 3}
    assert placement.left == {(Table.INCIDENTS, Left.EXPIRED): 1}


def card_of(name: str) -> BaseModel:

    return Card(incident_id=name, channel="#c")


def test_a_problem_that_was_numbered_anew_keeps_its_new_numbers_to_itself() -> None:
    backup = [head(3), over(1), episode(2), episode(3), card(3), pointer(3)]
    now = episode(1, opened_at=NOW)
    placement = placed(backup, [head(1), now])
    # Had they come back, the second episode could never be opened.
    assert back(placement) == []
    assert placement.left == {
        (Table.INCIDENTS, Left.RENUMBERED): 2,
        (Table.INCIDENTS, Left.WITHOUT): 2,
    }
    assert [one.text("incident_id") for _, one in placement.incidents_left] == [
        f"{KEY}.2",
        f"{KEY}.3",
    ]


def test_a_card_never_goes_to_another_incident_of_the_same_number() -> None:
    newer = episode(1, opened_at=NOW)
    assert back(placed([head(1), episode(1), card(1)], [head(1), newer])) == []
    # That its card is gone is what a restore is for.
    assert back(placed([head(1), episode(1), card(1)], [head(1), episode(1)])) == ids(card(1))


def test_an_earlier_incident_comes_back_as_past_and_is_not_looked_at_again() -> None:
    placement = placed([head(5), episode(4), card(4)], [head(5), episode(5)])
    assert back(placement) == ids(episode(4), card(4))
    found = coming(placement, episode(4).key)
    assert found.text("state") == "closed"
    assert found.text("resolved_at") == episode(4).text("last_seen")
    assert not {"due_at", "due_shard"} & found.raw.keys()


def test_one_that_had_no_card_yet_stays_away_and_its_number_is_not_used_again() -> None:
    for cards in ([], [card(2, ts="")]):
        placement = placed([head(2), episode(2), *cards, pointer(2)])
        assert back(placement) == ids(head(2))
        assert placement.left[Table.INCIDENTS, Left.NO_CARD] == 1
        everything = placed([head(2), episode(2), *cards, pointer(2)], all_cards=True)
        assert back(everything) == ids(head(2), episode(2), *cards, pointer(2))


@pytest.mark.parametrize("why", [{"held": "storm"}, {"silence": Hold(silence_id="s")}])
def test_one_that_nobody_was_to_be_told_of_comes_back_without_a_card(why: dict[str, Any]) -> None:
    held = episode(1, **why)
    placement = placed([head(1), held])
    assert back(placement) == ids(head(1), held)
    assert coming(placement, held.key) == held


def test_one_that_ended_before_its_card_is_not_shown_any_more() -> None:
    ended = over(1)
    found = coming(placed([head(1), ended]), ended.key)
    assert "due_at" not in found.raw


def test_an_incident_without_its_head_stays_away() -> None:
    assert placed([episode(1), card(1)]).left == {
        (Table.INCIDENTS, Left.NO_HEAD): 1,
        (Table.INCIDENTS, Left.WITHOUT): 1,
    }


def document(name: str) -> Item:
    return item(items.state_item(name), Active(active=2, newest=2))


def test_a_document_comes_back_whole_with_what_leads_to_it_last() -> None:
    parts = [document("routes"), document("routes#1"), document("routes#2")]
    (chain,) = placed(parts).chains
    assert [group[0].key.id for group in chain][-1] == "routes"
    assert back(placed(parts[1:], [document("routes")])) == []
    half = placed(parts, [document("routes#1")])
    assert back(half) == ["routes", "routes#2"]


def test_a_document_that_was_written_since_is_left_alone() -> None:
    parts = [document("silences"), document("silences#0"), document("silences#1")]
    placement = placed(parts, [document("silences"), document("silences#0")])
    assert not placement.chains
    assert placement.left == {(Table.STATE, Left.OWN): 1}


def test_what_was_true_for_a_moment_does_not_come_back() -> None:
    beat = item(items.state_item("heartbeat#tick"), Heartbeat(at=THEN))
    assert placed([beat]).left == {(Table.STATE, Left.MOMENTARY): 1}
    roll = item(items.state_item(ROLL), Roll(called_until=THEN))
    assert placed([roll]).left == {(Table.STATE, Left.MOMENTARY): 1}
    ledger = item(items.state_item("ledger#2026-11-21"), Heartbeat(at=THEN))
    assert back(placed([ledger])) == ids(ledger)


STORM = "storm:0123456789abcdef"


def stormy(number: int) -> list[Item]:
    name = f"{STORM}.{number}"
    shown = items.card_item(name)
    return [
        item(
            items.incident_item(name),
            incident(name, key=STORM, episode=number, opened_at=THEN),
        ),
        Item(shown, {**card(1).raw, "id": {"S": shown.id}}),
        item(items.state_item(f"{name}#0"), Shard()),
    ]


def weather(storms: int) -> Item:
    return item(items.state_item(f"weather#{STORM}"), Weather(storms=storms))


def test_storms_are_numbered_by_their_weather() -> None:
    backup = [*stormy(2), weather(2)]
    assert back(placed(backup)) == ids(*backup)
    assert back(placed(backup, [weather(1)])) == []
    assert back(placed(backup, [weather(3)])) == ids(*stormy(2))
