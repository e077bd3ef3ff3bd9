"""What Slack accepts as a message, and the error code it answers with where it does not.

The local Slack calls this; tests may call it on golden messages as a second opinion.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from local_stack.block_kit import block_faults
from local_stack.shapes import Fault, Path

# docs.slack.dev/reference/methods/chat.postMessage: longer text is cut there, refused here.
MESSAGE_TEXT = 40_000
MOST_ATTACHMENTS = 100
# Not in Slack's documents; measured by users (github.com/slackapi/bolt-js/issues/2509).
ALL_BLOCKS_TEXT = 13_200
# docs.slack.dev/messaging/message-metadata
METADATA_BYTES = 16_000

_COLOR = re.compile(r"(good|warning|danger|#?[0-9A-Fa-f]{6})")


def message_error(message: Mapping[str, Any]) -> tuple[str, list[str]] | None:
    """The error code that Slack answers with and its details; None when all is well."""
    text = message.get("text") or ""
    blocks, attachments = message.get("blocks") or [], message.get("attachments") or []
    if not isinstance(text, str) or len(text) > MESSAGE_TEXT:
        return "msg_too_long", []
    if not isinstance(blocks, list):
        return "invalid_blocks_format", []
    if not isinstance(attachments, list) or len(attachments) > MOST_ATTACHMENTS:
        return "invalid_attachments", []
    if not (text.strip() or blocks or attachments):
        return "no_text", []
    return _content_error(blocks, attachments) or _metadata_error(message.get("metadata"))


def _content_error(blocks: list[Any], attachments: list[Any]) -> tuple[str, list[str]] | None:
    faults = list(block_faults(blocks, ("blocks",)))
    for index, attachment in enumerate(attachments):
        at: Path = ("attachments", index)
        if wrong := list(_attachment(attachment, at)):
            return "invalid_attachments", [_said(fault) for fault in wrong]
        if "blocks" in attachment:
            faults += block_faults(attachment["blocks"], (*at, "blocks"))
    if faults:
        return "invalid_blocks", [_said(fault) for fault in faults]
    every = [*blocks, *(b for a in attachments for b in a.get("blocks", ()))]
    if sum(map(_text_length, every)) > ALL_BLOCKS_TEXT:
        return "msg_blocks_too_long", []
    return None


def _attachment(value: Any, at: Path) -> Iterator[Fault]:
    if not isinstance(value, dict):
        yield Fault(at, "must be an object")
        return
    color = value.get("color")
    if color is not None and not (isinstance(color, str) and _COLOR.fullmatch(color)):
        yield Fault((*at, "color"), "must be a hex color, good, warning or danger")
    if not any(value.get(name) for name in ("blocks", "text", "title", "fields", "pretext")):
        yield Fault(at, "must show something: blocks, text, title, fields or pretext")


def _metadata_error(metadata: Any) -> tuple[str, list[str]] | None:
    if metadata is None or metadata == {}:
        return None
    if not isinstance(metadata, dict):
        return "invalid_metadata_format", []
    event_type, payload = metadata.get("event_type"), metadata.get("event_payload")
    if not (isinstance(event_type, str) and event_type and isinstance(payload, dict)):
        return "invalid_metadata_schema", []
    if len(str(payload).encode()) > METADATA_BYTES:
        return "metadata_too_large", []
    return None


def _said(fault: Fault) -> str:
    return f"[ERROR] {fault.text} [json-pointer:/{'/'.join(map(str, fault.path))}]"


def _text_length(value: Any) -> int:
    if isinstance(value, dict):
        own = value.get("text")
        inner = sum(_text_length(entry) for entry in value.values())
        return inner + (len(own) if isinstance(own, str) else 0)
    return sum(map(_text_length, value)) if isinstance(value, list) else 0
