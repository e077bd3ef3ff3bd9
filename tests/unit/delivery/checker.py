"""Our second opinion on a rendered message: it shares no code and no number with the renderer."""

import re
from collections.abc import Iterator
from typing import Any

from slack_sdk.models.blocks import Block

from local_stack.slack_rules import message_error
from responder.ports import Message

ACTIVE = re.compile(
    r"<!date\^\d{1,12}\^\{date_short_pretty\} \{time\}\|\d{4}-\d\d-\d\d \d\d:\d\d UTC>"
    r"|<https?://[^<>|\s]+\|[^<>|]+>"
)
LINK = re.compile(r"<(https?://[^<>|]*)[^<>]*>")
ENTITY = re.compile(r"&(?:amp|lt|gt);")
CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def problems(message: Message) -> list[str]:
    """Everything that is wrong with a message; empty when Slack takes it and shows it tame."""
    blocks = [dict(block) for block in message.blocks]
    found = [f"text: {fault}" for fault in _of_text(message.text, 4_000, markup=False)]
    if not 1 <= len(blocks) <= 50:
        found.append(f"{len(blocks)} blocks")
    if not re.fullmatch(r"(#[0-9a-f]{6})?", message.color):
        found.append(f"color {message.color}")
    for number, block in enumerate(blocks):
        found += [f"block {number}: {fault}" for fault in _of_block(block)]
    total = sum(_units(text["text"]) for block in blocks for text in _texts(block))
    if total > 10_000:
        found.append(f"{total} characters in all")
    refused = message_error({"text": message.text, "blocks": blocks})
    return found + ([f"the local Slack says {refused}"] if refused else [])


def live_links(message: Message) -> list[str]:
    """The addresses, as written, that a reader of a message can open."""
    texts = [text["text"] for block in message.blocks for text in _texts(dict(block))]
    return [address for text in (message.text, *texts) for address in LINK.findall(text)]


def _of_block(block: dict[str, Any]) -> Iterator[str]:
    parsed = Block.parse(block)
    if parsed is None or parsed.to_dict() != block:
        yield f"slack_sdk reads it otherwise: {block}"
    limit = {"header": 150, "section": 3_000, "context": 3_000}[block["type"]]
    if block["type"] == "context" and not 1 <= len(block["elements"]) <= 10:
        yield f"{len(block['elements'])} elements"
    for text in _texts(block):
        markup = text["type"] == "mrkdwn"
        if markup and not text.get("verbatim"):
            yield "not verbatim: bare addresses become links"
        yield from _of_text(text["text"], limit, markup=markup, plain=not markup)


def _of_text(text: str, limit: int, *, markup: bool, plain: bool = False) -> Iterator[str]:
    if not text.strip():
        yield "empty"
    if _units(text) > limit:
        yield f"{_units(text)} of at most {limit} characters"
    if CONTROL.search(text):
        yield f"control characters: {text!r}"
    inert = ENTITY.sub("", ACTIVE.sub("", text) if markup else text)
    if set(inert) & set("<>" if plain else "<>&"):
        yield f"live markup: {inert!r}"
    without_code = re.sub(r"`[^`\n]+`", "", re.sub(r"```\n[^`]+\n```", "", text))
    if "`" in without_code and not plain:
        yield f"open code: {text!r}"


def _texts(block: dict[str, Any]) -> list[dict[str, Any]]:
    return block["elements"] if block["type"] == "context" else [block["text"]]


def _units(text: str) -> int:
    return sum(2 if ord(character) > 0xFFFF else 1 for character in text)
