"""Hands for tests of the throttle: a source with too many new problems, and its digest."""

from dataclasses import replace

from desk import Desk
from responder.incident import IncidentState
from responder.policy import storm
from responder.policy.storm import THROTTLE
from responder.protocols import storms
from responder.protocols.storms import Gate
from unit.protocols.storming import break_out

HOURLY = 3
KEY = storm.key_of("sentry|", THROTTLE)
DIGEST = f"{KEY}.1"


def throttled() -> Desk:
    """A desk that holds what a source sends after its first few problems of an hour."""
    desk = Desk()
    limit(desk)
    return desk


def limit(desk: Desk, most: int = 0, hourly: int = HOURLY) -> None:
    desk.recorder = replace(desk.recorder, gate=Gate(most, hourly))


def fire(desk: Desk, *numbers: int, **changes: object) -> None:
    """New problems of one source, one a second."""
    for number in numbers:
        break_out(desk, number, **({"source": "sentry"} | changes))
        desk.later(seconds=1)


def is_open(desk: Desk, incident_id: str = DIGEST) -> bool:
    return desk.incident(incident_id).state is IncidentState.OPEN


def listed(desk: Desk, incident_id: str = DIGEST) -> list[str]:
    over = desk.incident(incident_id)
    pages = (storms.page_of(desk.store, over, notice) for notice in over.notices)
    return sorted(one.incident_id for page in pages for one in page)


def posted(desk: Desk, what: str) -> int:
    """Posts that say it; whom a list names is not told by that of anything."""
    return sum(what in text for text in first_lines(desk))


def first_lines(desk: Desk) -> list[str]:
    posts = [call.text for call in desk.slack.calls if call.method == "post"]
    return [text.partition("\n")[0] for text in posts]
