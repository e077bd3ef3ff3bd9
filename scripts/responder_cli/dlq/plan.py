"""What a reprocess would do, before it does anything; ``dlq reprocess`` shows it and asks."""

from dataclasses import dataclass

from responder_cli.aws import Stack
from responder_cli.dlq.letters import Selection
from responder_cli.dlq.looking import LOOKED_AT, held, meant
from responder_cli.dlq.places import Place, Way, depth

SENTENCES = {
    Way.MOVE: "SQS moves them as they are to {target}",
    Way.RENEW: "copied one by one to {target}, their age set anew, then deleted here",
    Way.REPLAY: "the original events are handed to reception again, then deleted here",
}


@dataclass(frozen=True)
class Step:
    """What would happen to one place. ``matching`` is None when it was not counted.

    ``hidden`` are in somebody else's hands, or in those of a run that was killed: for a selection
    nobody knows whether they are meant.
    """

    place: Place
    way: Way
    depth: int
    matching: int | None
    hidden: int = 0

    @property
    def sentence(self) -> str:
        """The step in words."""
        if self.way is Way.RENEW and self.place.way is Way.MOVE:
            return f"copied one by one to the {self.place.name} queue, then deleted here"
        return SENTENCES[self.way].format(target=f"the {self.place.name} queue")

    @property
    def empty(self) -> bool:
        """Whether there is nothing to do."""
        return not self.depth or (self.matching == 0 and not self.hidden)


def plan(stack: Stack, places: tuple[Place, ...], selection: Selection) -> list[Step]:
    """One step per place. A selection of a queue that SQS could move whole goes copy by copy."""
    return [_step(stack, place, selection) for place in places]


def _step(stack: Stack, place: Place, selection: Selection) -> Step:
    url = stack.output(place.output)
    found = depth(stack, url)
    total = found.total
    if selection.everything or not total:
        return Step(place, place.way, total, None)
    way = Way.RENEW if place.way is Way.MOVE else place.way
    with held(stack, url, LOOKED_AT) as letters:
        matching = len(meant(stack, selection, letters))
        counted = matching if len(letters) < LOOKED_AT else None
        return Step(place, way, total, counted, found.in_flight)
