"""Hands for tests of storms: new problems one after the other, and the time that passes."""

from dataclasses import replace

from desk import Desk
from examples import alert
from faults.world import START
from responder.contracts import AnalysisRequest, Announcement
from responder.incident import Incident
from responder.policy import storm
from responder.ports import Queue
from responder.protocols.storms import Gate

MOST = 3
STORM = f"{storm.key_of('prod|')}.1"


def stormy() -> Desk:
    """A desk that holds what comes after the first few problems."""
    desk = Desk()
    desk.recorder = replace(desk.recorder, gate=Gate(MOST))
    return desk


def break_out(desk: Desk, *numbers: int, **changes: object) -> None:
    """New problems, one after the other."""
    for number in numbers:
        fields = {
            "rule": f"v1:p{number}",
            "fingerprint": f"f{number}",
            "title": f"problem {number}",
        }
        desk.record(
            alert(
                f"a{number}-{desk.now():%H%M%S}",
                at=(desk.now() - START).total_seconds(),
                **(fields | changes),
            )
        )


def problem(desk: Desk, number: int) -> Incident:
    return desk.incident(f"v1:p{number}|prod.1")


def held(desk: Desk, *numbers: int) -> list[str]:
    return [problem(desk, number).held for number in numbers]


def tick(desk: Desk, times: int = 1) -> None:
    for _ in range(times):
        desk.later(seconds=60)
        desk.ticker.tick()


def work(desk: Desk) -> None:
    """Let analysis and distribution do what they were asked for."""
    for message, _ in desk.taken(Queue.ANALYSIS):
        desk.investigator.handle(AnalysisRequest.model_validate(message))
    for queue in (Queue.CRITICAL_DISTRIBUTION, Queue.DISTRIBUTION):
        for message, _ in desk.taken(queue):
            desk.deliverer.handle(Announcement.model_validate(message))


def ebbed(desk: Desk, problems: int) -> Incident:
    break_out(desk, *range(problems))
    work(desk)
    tick(desk, 3)
    work(desk)
    return desk.incident(STORM)


def still_fire(desk: Desk) -> int:
    known = desk.incident(STORM).storm
    assert known is not None
    return known.firing


def raging(desk: Desk, minutes: int, number: int = 100) -> int:
    """Four new problems a minute; the number of the last one."""
    for _ in range(minutes):
        break_out(desk, *range(number, number + 4))
        tick(desk)
        number += 4
    work(desk)
    return number
