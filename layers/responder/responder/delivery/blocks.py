"""The few kinds of Block Kit blocks that cards are made of, and the budget of a whole message."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from responder.delivery import limits
from responder.delivery.mrkdwn import MARK

Block = dict[str, Any]

SHORTENED = "_(shortened: Slack's limit for one message)_"


def header(text: str) -> Block:
    """Large text; ``text`` is escaped already."""
    # emoji False: no ":name:" of an alert becomes a picture.
    return {"type": "header", "text": {"type": "plain_text", "text": text, "emoji": False}}


def section(items: Iterable[str], between: str = "\n") -> Block | None:
    """A section of items of markup: as many whole ones as Slack's limit allows, None for none."""
    kept = _whole_items([item for item in items if item], limits.SECTION_TEXT, between)
    return _section(kept) if kept else None


def sections(items: Iterable[str]) -> list[Block]:
    """As many sections as whole lines of markup need; each of them fits into one by itself."""
    packed: list[str] = []
    for item in items:
        joined = f"{packed[-1]}\n{item}" if packed else item
        if packed and limits.within(joined, limits.SECTION_TEXT):
            packed[-1] = joined
        elif item:
            packed.append(item)
    return [_section(text) for text in packed]


def context(items: Sequence[str]) -> Block | None:
    """Small print, one element per item; None for none."""
    kept = [item for item in items if item]
    return small_print(kept) if kept else None


def small_print(items: Sequence[str]) -> Block:
    """Small print of at least one item, none of them empty."""
    elements = [_mrkdwn(item) for item in items if limits.within(item, limits.CONTEXT_TEXT)]
    return {"type": "context", "elements": elements[: limits.CONTEXT_ELEMENTS]}


def fit(head: Sequence[Block | None], body: Sequence[Block | None], footer: Block) -> list[Block]:
    """All blocks in order; where they are too much together, ``body`` loses its last ones.

    ``head`` and ``footer`` stay always: they are small by their own limits.
    """
    first = [block for block in head if block is not None]
    rest = [block for block in body if block is not None]
    everything = [*first, *rest, footer]
    if limits.within("".join(map(_text, everything)), limits.MESSAGE_TOTAL):
        return everything
    room = limits.MESSAGE_TOTAL - sum(map(weight, (*first, footer)))
    total = sum(map(weight, rest))
    note = small_print([SHORTENED])
    while rest and total > room - weight(note):
        total -= weight(rest.pop())
    return [*first, *rest, note, footer]


def is_shortened(blocks: Iterable[Mapping[str, Any]]) -> bool:
    """Whether ``fit`` left any block out."""
    note = small_print([SHORTENED])
    return any(block == note for block in blocks)


def weight(block: Block) -> int:
    """How many characters a block adds to its message."""
    return limits.width(_text(block))


def _text(block: Block) -> str:
    """All that is counted of a block."""
    if block["type"] == "context":
        return "".join([element["text"] for element in block["elements"]])
    text: str = block["text"]["text"]
    return text


def _section(text: str) -> Block:
    # expand: nothing of the card hides behind "see more".
    return {"type": "section", "text": _mrkdwn(text), "expand": True}


def _mrkdwn(text: str) -> Block:
    # verbatim: bare URLs, #channels and @names of an alert stay plain text.
    return {"type": "mrkdwn", "text": text, "verbatim": True}


def _whole_items(items: Sequence[str], limit: int, between: str) -> str:
    left = limit - len(MARK)
    joined = between.join(items)
    if limits.within(joined, left - len(between)):
        return joined
    kept: list[str] = []
    for item in items:
        left -= limits.width(item) + len(between)
        if left < 0:
            kept.append(MARK)
            break
        kept.append(item)
    return between.join(kept)
