"""Receiving dead letters: to look at them and put them back, or to take them one batch at a time.

SQS has no way to read without receiving, so whoever looks hides the messages for a moment; they
are made visible again at once, and by their visibility timeout if we die before that.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime

from responder.incident import Incident
from responder.ports import Table
from responder.protocols import items
from responder_cli import bulk
from responder_cli.aws import Stack
from responder_cli.dlq.letters import Letter, Selection
from responder_cli.dlq.places import Depth, Place, depth

#: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_ReceiveMessage.html
LARGEST_BATCH = 10
#: How long a letter stays hidden from others while we look at it, and while we send it back.
LOOK_SECONDS = 30
HOLD_SECONDS = 120
#: A standard queue may answer empty though it is not; twice in a row, after a second's wait each,
#: is taken for the end.
EMPTY_RECEIVES = 2
#: Letters that ``dlq list`` reads to count reasons; a longer queue is counted in part, and says so.
LOOKED_AT = 500


@dataclass(frozen=True)
class Survey:
    """What lies in one place: its depth, and the letters looked at, counted by one of their words.

    ``receives`` is how often the letter was tried that was tried most.
    """

    place: Place
    depth: Depth
    looked_at: int = 0
    oldest: datetime | None = None
    counts: Mapping[str, int] = field(default_factory=dict)
    receives: int = 0


def batches(stack: Stack, url: str, hold: int, most: int) -> Iterator[list[Letter]]:
    """Letters not met before, in batches, until ``most`` were met or the queue answers empty.

    ``most`` is the depth at the start, so that letters which come back meanwhile are left alone.
    A letter met twice is one whose hold ran out while we worked: its new receipt is the one that
    counts, and it is held on, out of the way of those not met yet.
    """
    met: set[str] = set()
    again: dict[str, Letter] = {}
    empty = 0
    try:
        while empty < EMPTY_RECEIVES and len(met) < most:
            letters = _receive(stack, url, hold)
            fresh = [letter for letter in letters if letter.message_id not in met]
            again |= {one.message_id: one for one in letters if one.message_id in met}
            met.update(letter.message_id for letter in fresh)
            empty = 0 if letters else empty + 1
            if fresh:
                yield fresh
    finally:
        put_back(stack, url, list(again.values()))


def _receive(stack: Stack, url: str, hold: int) -> list[Letter]:
    answer = stack.client("sqs").receive_message(
        QueueUrl=url,
        MaxNumberOfMessages=LARGEST_BATCH,
        VisibilityTimeout=hold,
        WaitTimeSeconds=1,
        MessageAttributeNames=["All"],
        MessageSystemAttributeNames=["All"],
    )
    return [Letter.read(message) for message in answer.get("Messages", [])]


@contextmanager
def held(stack: Stack, url: str, limit: int) -> Iterator[list[Letter]]:
    """Up to ``limit`` letters to look at; all are visible again afterwards."""
    letters: list[Letter] = []
    try:
        for batch in batches(stack, url, LOOK_SECONDS, min(limit, depth(stack, url).total)):
            letters.extend(batch)
        yield letters[:limit]
    finally:
        put_back(stack, url, letters)


def meant(stack: Stack, selection: Selection, letters: Sequence[Letter]) -> list[Letter]:
    """Those of the letters that are selected."""
    known = with_sources(stack, letters) if selection.sources else letters
    return [letter for letter in known if selection.takes(letter)]


def with_sources(stack: Stack, letters: Sequence[Letter]) -> list[Letter]:
    """The letters with the tool of the incident that they name, as far as it is kept still.

    What goes to Slack and to the analysis names the incident only.
    """
    keys = {one: items.incident_item(one) for letter in letters if (one := letter.incident_id)}
    known = bulk.read(stack, Table.INCIDENTS, keys, Incident).known if keys else {}
    sources = {incident_id: one.source for incident_id, one in known.items()}
    return [replace(one, source=sources.get(one.incident_id, "")) for one in letters]


def put_back(stack: Stack, url: str, letters: Sequence[Letter]) -> None:
    """Make letters visible again; one that cannot be reappears when its hold runs out."""
    hide(stack, url, letters, 0)


def hide(stack: Stack, url: str, letters: Sequence[Letter], seconds: int) -> None:
    """Keep letters that we hold from others for so long from now on."""
    for start in range(0, len(letters), LARGEST_BATCH):
        stack.client("sqs").change_message_visibility_batch(
            QueueUrl=url,
            Entries=[
                {"Id": str(number), "ReceiptHandle": one.receipt, "VisibilityTimeout": seconds}
                for number, one in enumerate(letters[start : start + LARGEST_BATCH])
            ],
        )


def survey(stack: Stack, place: Place, most: int = LOOKED_AT, by: str = "reason") -> Survey:
    """Count what lies in one place by ``Letter.word``; ``most`` letters are looked at."""
    url = stack.output(place.output)
    found = depth(stack, url)
    if not found.total:
        return Survey(place, found)
    with held(stack, url, most) as found_here:
        letters = with_sources(stack, found_here) if by == "source" else found_here
        return Survey(
            place,
            found,
            len(letters),
            min((letter.sent_at for letter in letters if letter.sent_at), default=None),
            dict(Counter(letter.word(by) for letter in letters).most_common()),
            max((letter.receives for letter in letters), default=0),
        )
