"""Operators hear of every card that is given up, through any crash."""

import pytest

from desk import Desk
from doomed import Doomed, deaths, survive
from examples import incident
from fakes import Sink, Slack
from faults.world import World
from responder.errors import Permanent
from responder.ports import Message, OperatorNotice, Place
from unit.protocols.reporting import ID, REFUSED, deliver, reports

TWO = [ID, "v1:p1|prod.1"]


class DoomedSink(Sink):
    def __init__(self, world: World) -> None:
        super().__init__()
        self.world = world

    def tell(self, notice: OperatorNotice) -> bool:
        return self.world.effect("tell", lambda: super(DoomedSink, self).tell(notice))


class RefusingSlack(Slack):
    def post(self, channel: str, message: Message, delivery_id: str, thread_ts: str = "") -> Place:
        raise REFUSED


def give_up(desk: Desk, name: str) -> None:
    with pytest.raises(Permanent):
        deliver(desk, name)


def two_cards_are_given_up(world: Doomed) -> Desk:
    """Both are told, the second one by the carrier, an hour later; SQS delivers again what died."""
    desk = Desk(world=world, slack=RefusingSlack())
    for name in desk.sinks:
        desk.sinks[name] = DoomedSink(world)
    for name in TWO:
        desk.put_incident(incident(name))
    world.arm()
    for name in TWO:
        survive(desk, lambda name=name: give_up(desk, name))  # type: ignore[misc]
    for _ in range(6):
        for report in reports(desk):
            survive(desk, lambda report=report: desk.deliverer.handle(report))  # type: ignore[misc]
        desk.later(minutes=16)
    world.disarm()
    return desk


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_killed_anywhere_every_incident_is_told_and_under_one_id(after: bool) -> None:
    for number, desk in enumerate(deaths(two_cards_are_given_up, after=after)):
        for sink in desk.sinks.values():
            ids = {
                (one.document["incident"]["id"], one.document["id"].rpartition("@")[0])
                for one in sink.notices
            }
            assert ids == {(name, f"refused_by_slack/{name}") for name in TWO}, number
            # A sink that was told twice was told under one id.
            assert len({one.document["id"] for one in sink.notices}) == 2, number
