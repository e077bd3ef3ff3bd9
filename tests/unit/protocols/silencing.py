"""A silence, for tests of the lanes that obey it."""

from datetime import timedelta

from desk import Desk
from responder.policy.matching import Matcher
from responder.policy.silence import Silence
from responder.protocols import chunks, silences

EVERYTHING = "severity=~.+"


def silence(desk: Desk, *matchers: str, minutes: float = 30, name: str = "s1") -> Silence:
    """Silence what matches for so long from now, and be sure that everybody knows."""
    wanted = Silence(
        id=name,
        matchers=tuple(map(Matcher.parse, matchers or ("title=disk full",))),
        starts_at=desk.now(),
        ends_at=desk.now() + timedelta(minutes=minutes),
        comment="new disks",
        author="anna",
    )
    silences.add(desk.store, wanted, desk.now())
    desk.later(seconds=chunks.MAX_AGE.total_seconds())
    return wanted
