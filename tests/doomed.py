"""A world in which a worker dies at one side effect, for tests that try all of them in turn."""

from collections.abc import Callable

from desk import Desk
from faults.world import Killed, World


class Doomed(World):
    """Kills at the n-th side effect from ``arm`` to ``disarm``, before or after it takes place."""

    def __init__(self, number: int, *, after: bool) -> None:
        super().__init__(1)
        self.number = number
        self.after = after
        self.seen = 0
        self.armed = False

    def arm(self) -> None:
        self.armed = True

    def disarm(self) -> None:
        self.armed = False

    def effect[T](self, name: str, act: Callable[[], T], **_: object) -> T:
        if not self.armed:
            return act()
        self.seen += 1
        if self.seen == self.number and not self.after:
            raise Killed
        result = act()
        if self.seen == self.number:
            raise Killed
        return result


def survive(desk: Desk, act: Callable[[], None]) -> None:
    """What SQS and the schedule do with a worker that died: another one, later."""
    try:
        act()
    except Killed:
        desk.later(seconds=70)
        act()


def deaths(play: Callable[[Doomed], Desk], *, after: bool) -> list[Desk]:
    """How a play ends: undisturbed, then with a death at each of its side effects in turn."""
    calm = Doomed(0, after=after)
    undisturbed = play(calm)
    return [undisturbed, *(play(Doomed(n, after=after)) for n in range(1, calm.seen + 1))]
