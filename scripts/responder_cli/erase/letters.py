"""A person's texts in dead letters: a masked copy is sent first, the letter deleted after.

receive ──▶ send the masked copy ──▶ delete the letter
                                 └─ killed here: both exist; the next run masks the letter again,
                                    and the pipeline recognises the second copy

The copies come back among the letters, in any order, so that one pass meets only part of them:
after each pass the queue is searched, and passed again until a search finds none.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from responder_cli.aws import Stack
from responder_cli.dlq.letters import RECEIVES_EXHAUSTED, Letter
from responder_cli.dlq.looking import HOLD_SECONDS, batches, put_back
from responder_cli.dlq.places import ALL, Place, Way, chosen, depth
from responder_cli.erase.masking import Found, Masking, Texts

#: Each pass meets most of what the one before has left.
MOST_PASSES = 10


@dataclass(frozen=True)
class Seen:
    """How many letters of a place have the texts where they can be masked, and where else."""

    letters: int = 0
    stays: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Erased:
    """What came of the letters of a place that have the texts; ``stays`` as with items."""

    found: int
    masked: int = 0
    left: int = 0
    stays: frozenset[str] = frozenset()

    @property
    def complete(self) -> bool:
        """Whether every letter that was found is known to be masked."""
        return not self.left and self.masked >= self.found


def search(stack: Stack, texts: Texts, advance: Callable[[], None]) -> Iterator[tuple[Place, Seen]]:
    """What letters of each place have the texts."""
    for place in chosen(ALL, stack.outputs):
        seen = _each(stack, place, texts, advance, _look)
        if seen != Seen():
            yield place, seen


def erase(stack: Stack, place: Place, texts: Texts, found: Seen) -> Erased:
    """Mask the letters of a place, of which those ``found`` have the texts."""
    url, masked, seen = stack.output(place.output), 0, found

    def mask(letter: Letter, body: str, attributes: dict[str, Any]) -> bool:
        sqs = stack.client("sqs")
        sqs.send_message(QueueUrl=url, MessageBody=body, MessageAttributes=attributes)
        sqs.delete_message(QueueUrl=url, ReceiptHandle=letter.receipt)
        return True

    for _ in range(MOST_PASSES):
        if not seen.letters:
            break
        masked += _each(stack, place, texts, lambda: None, mask).letters
        seen = _each(stack, place, texts, lambda: None, _look)
    return Erased(found.letters, masked, seen.letters, seen.stays)


def _look(letter: Letter, body: str, attributes: dict[str, Any]) -> bool:
    return False


def _each(
    stack: Stack,
    place: Place,
    texts: Texts,
    advance: Callable[[], None],
    act: Callable[[Letter, str, dict[str, Any]], bool],
) -> Seen:
    """``act`` on every letter that has the texts; those it leaves are visible again."""
    url, number, stays = stack.output(place.output), 0, set[str]()
    left: dict[str, Letter] = {}
    try:
        for batch in batches(stack, url, HOLD_SECONDS, depth(stack, url).total):
            left.update((letter.message_id, letter) for letter in batch)
            for letter in batch:
                advance()
                body, attributes, found = masked(letter, _masking(place, texts))
                stays |= found.stays
                if not found.masked:
                    continue
                number += 1
                if act(letter, body, attributes):
                    del left[letter.message_id]
    finally:
        put_back(stack, url, list(left.values()))
    return Seen(number, frozenset(stays))


def _masking(place: Place, texts: Texts) -> Masking:
    """What lies in a failure queue is an event of others."""
    return Masking(texts, identities=frozenset()) if place.way is Way.REPLAY else Masking(texts)


def masked(letter: Letter, masking: Masking) -> tuple[str, dict[str, Any], Found]:
    """The body and the attributes of a letter without the texts."""
    texts, found, content = masking.texts, Found(), letter.content
    if isinstance(content, dict | list):
        body = json.dumps(masking.plain(content, found))
    else:
        found.masked += texts.count(letter.body)
        body = texts.masked(letter.body)
    attributes = {
        name: _attribute({key: part for key, part in value.items() if part}, masking, found)
        for name, value in letter.attributes.items()
    }
    if letter.reason == RECEIVES_EXHAUSTED:
        # SQS notes where it took a letter from; of a copy it does not know.
        attributes["reason"] = {"DataType": "String", "StringValue": RECEIVES_EXHAUSTED}
    return body, attributes, found


def _attribute(value: dict[str, Any], masking: Masking, found: Found) -> dict[str, Any]:
    if "StringValue" not in value:
        return value
    return value | {"StringValue": masking.plain(value["StringValue"], found)}
