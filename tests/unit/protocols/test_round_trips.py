"""What lanes read and write: few round trips, and nothing decided on what is old."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime

import pytest

from desk import Desk
from examples import incident
from fakes import Store
from responder.alert import Scope
from responder.contracts import Announcement
from responder.errors import Reason, Retryable
from responder.incident import Incident, Mark
from responder.ports import Key, Record, Write
from responder.protocols import context, feedback, items
from unit.protocols.analysing import ID, awaiting, handle

KEY = items.incident_item(ID)


class Counting(Store):
    """Counts the calls; a read of several items fails while ``throttled``."""

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk.world)
        self.items = desk.store.items
        self.calls: Counter[str] = Counter()
        self.throttled = False

    def read(self, keys: Sequence[Key]) -> dict[Key, Record]:
        self.calls["read"] += 1
        if self.throttled and len(keys) > 1:
            raise Retryable(Reason.RATE_LIMITED, "throttled", took_effect=False)
        return super().read(keys)

    def write(self, writes: Sequence[Write]) -> None:
        self.calls["write"] += 1
        super().write(writes)

    def due(self, now: datetime, limit: int) -> Sequence[str]:
        self.calls["due"] += 1
        return super().due(now, limit)


@pytest.fixture
def desk() -> Desk:
    return awaiting()


def test_an_analysis_takes_twelve_round_trips_to_the_store(desk: Desk) -> None:
    """Each takes about 5 ms on AWS, and the budget of all but Claude is 150 (make bench)."""
    counting = Counting(desk)
    desk.investigator = replace(
        desk.investigator,
        store=counting,
        spending=replace(desk.investigator.spending, store=counting),
        context=context.gatherer(counting, desk.telemetry).gather,
    )
    handle(desk)
    assert desk.incident().analysis.headline == "verdict 1"
    assert counting.calls == {"read": 6, "due": 1, "write": 5}
    assert desk.announced() == [(ID, 0)]


def test_what_changed_during_the_call_is_kept(desk: Desk) -> None:
    def counted() -> None:
        found = desk.incident()
        desk.put_incident(found.model_copy(update={"count": 7}))

    desk.claude.meanwhile = counted
    handle(desk)
    assert (desk.incident().count, desk.incident().analysis.headline) == (7, "verdict 1")


def test_a_known_item_is_written_without_reading_it_again(desk: Desk) -> None:
    counting = Counting(desk)
    known = items.seen(counting.read([KEY])[KEY], Incident)
    after = items.change_seen(counting, KEY, Incident, renamed, desk.now(), known)
    assert counting.calls == {"read": 1, "write": 1}
    assert items.seen(counting.read([KEY])[KEY], Incident) == after
    assert after.value is not None
    assert after.value.title == "renamed"


def test_an_item_that_is_no_longer_as_known_is_read_again(desk: Desk) -> None:
    known = items.seen(desk.store.read([KEY])[KEY], Incident)
    desk.put_incident(desk.incident().model_copy(update={"count": 7}))
    after = items.change_seen(desk.store, KEY, Incident, renamed, desk.now(), known).value
    assert after is not None
    assert (after.count, after.title) == (7, "renamed")


def test_nothing_is_left_alone_for_how_it_was(desk: Desk) -> None:
    """The known item needs no change, the present one does: only a read can tell."""
    known = items.Seen(1, desk.incident().model_copy(update={"title": "renamed"}))
    after = items.change_seen(desk.store, KEY, Incident, renamed, desk.now(), known).value
    assert after is not None
    assert desk.incident().title == after.title == "renamed"


def test_what_cannot_be_read_at_once_is_read_piece_by_piece(desk: Desk) -> None:
    desk.put_incident(incident("v1:disk|prod.2", episode=2, scope=Scope(environment="prod")))
    said = feedback.of(desk.incident(), Mark.RIGHT, "op", "", desk.now())
    feedback.give(desk.store, desk.queues, said)
    counting = Counting(desk)
    counting.throttled = True
    found = context.gatherer(counting, desk.telemetry).gather(desk.incident("v1:disk|prod.2"))
    assert [one.count for one in found.earlier] == [1]
    assert found.marks == {Mark.RIGHT: 1}
    assert desk.telemetry.counts["ContextMissing:changes"] == 1


def renamed(present: Incident | None) -> Incident | None:
    assert present is not None
    return None if present.title == "renamed" else present.model_copy(update={"title": "renamed"})


class Watching(Store):
    """Tells reads and writes of cards; something happens to a card before its third write."""

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk.world)
        self.items = desk.store.items
        self.calls: list[str] = []
        self.before_the_last: Callable[[], None] = lambda: None

    def read(self, keys: Sequence[Key]) -> dict[Key, Record]:
        self.calls += ["read" for key in keys if key == items.card_item(ID)]
        return super().read(keys)

    def write(self, writes: Sequence[Write]) -> None:
        if any(write.key == items.card_item(ID) for write in writes):
            self.calls.append("write")
            if self.calls.count("write") == 2:
                self.before_the_last()
        super().write(writes)


def test_a_new_card_is_read_once_and_written_with_its_intent_and_with_its_place(desk: Desk) -> None:
    watching = Watching(desk)
    desk.deliverer = replace(desk.deliverer, store=watching)
    desk.deliverer.handle(Announcement(incident_id=ID, first_sent=desk.now()))
    assert watching.calls == ["read", "write", "write"]
    assert desk.card().shown == desk.incident().revision


def test_a_holder_who_knows_the_card_sees_what_another_one_asked_for_meanwhile(desk: Desk) -> None:
    watching = Watching(desk)
    desk.deliverer = replace(desk.deliverer, store=watching)
    newer = desk.incident().model_copy(update={"revision": 7})

    def asked() -> None:
        desk.put_incident(newer)
        desk.put_card(desk.card().model_copy(update={"wanted": 7}))

    watching.before_the_last = asked
    desk.deliverer.handle(Announcement(incident_id=ID, first_sent=desk.now()))
    assert (desk.card().shown, desk.card().owner) == (7, "")
    assert desk.slack.methods() == ["post", "update"]


def test_a_holder_who_lost_the_card_records_nothing_more(desk: Desk) -> None:
    watching = Watching(desk)
    desk.deliverer = replace(desk.deliverer, store=watching)

    def lost() -> None:
        desk.put_card(desk.card().model_copy(update={"owner": "another"}))

    watching.before_the_last = lost
    desk.deliverer.handle(Announcement(incident_id=ID, first_sent=desk.now()))
    assert (desk.card().owner, desk.card().ts) == ("another", "")
    assert desk.telemetry.said("Lease lost") == 1
