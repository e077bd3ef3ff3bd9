"""Block Kit's limits and required fields, as Slack enforces them; ``slack_rules`` calls it."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from local_stack.shapes import (
    Check,
    Fault,
    Path,
    all_of,
    anything,
    array,
    boolean,
    by_type,
    integer,
    one_of,
    record,
    string,
    unique,
)

# docs.slack.dev/reference/block-kit/blocks and .../composition-objects
MOST_BLOCKS = 50
SECTION_TEXT = 3000
SECTION_FIELDS = 10
FIELD_TEXT = 2000
HEADER_TEXT = 150
CONTEXT_ELEMENTS = 10
ACTIONS_ELEMENTS = 25
BLOCK_ID = 255
BUTTON_TEXT, BUTTON_VALUE, BUTTON_ACTION_ID = 75, 2000, 255
URL = 3000
IMAGE_ALT = 2000
MARKDOWN_TEXT = 12_000
TABLE_ROWS, TABLE_CELLS = 100, 20
CONFIRM_TITLE, CONFIRM_TEXT, CONFIRM_BUTTON = 100, 300, 30
OPTION_TEXT, OPTION_VALUE = 75, 150
MOST_OPTIONS, OVERFLOW_OPTIONS = 100, 5


def _plain(most: int) -> Check:
    return record({"type": one_of("plain_text"), "text": string(most)}, {"emoji": boolean})


def _text(most: int) -> Check:
    mrkdwn = record({"type": anything, "text": string(most)}, {"verbatim": boolean})
    return by_type({"plain_text": _plain(most), "mrkdwn": mrkdwn})


def _url(value: Any, at: Path) -> Iterator[Fault]:
    yield from string(URL)(value, at)
    if isinstance(value, str) and not re.match(r"(https?|mailto):\S+$", value):
        yield Fault(at, "must be a valid URL")


def _either(*names: str) -> Check:
    def check(value: Any, at: Path) -> Iterator[Fault]:
        if not any(name in value for name in names):
            yield Fault(at, f"must define either {' or '.join(f'`{n}`' for n in names)}")

    return check


def _block(
    required: Mapping[str, Check] | None = None, optional: Mapping[str, Check] | None = None
) -> Check:
    every = {"block_id": string(BLOCK_ID), **(optional or {})}
    return record({"type": anything, **(required or {})}, every)


_STYLE = one_of("primary", "danger")
_CONFIRM = record(
    {
        "title": _plain(CONFIRM_TITLE),
        "text": _text(CONFIRM_TEXT),
        "confirm": _plain(CONFIRM_BUTTON),
        "deny": _plain(CONFIRM_BUTTON),
    },
    {"style": _STYLE},
)
_OPTION = record(
    {"text": _text(OPTION_TEXT), "value": string(OPTION_VALUE)},
    {"description": _plain(OPTION_TEXT), "url": _url},
)
_ACTION = {"action_id": string(BUTTON_ACTION_ID), "confirm": _CONFIRM}
_IMAGE = all_of(
    record(
        {"type": anything, "alt_text": string(IMAGE_ALT)},
        {"image_url": _url, "slack_file": anything},
    ),
    _either("image_url", "slack_file"),
)
_INTERACTIVE: dict[str, Check] = {
    "button": record(
        {"type": anything, "text": _plain(BUTTON_TEXT)},
        {
            **_ACTION,
            "url": _url,
            "value": string(BUTTON_VALUE, least=0),
            "style": _STYLE,
            "accessibility_label": string(BUTTON_TEXT),
        },
    ),
    "overflow": record({"type": anything, "options": array(_OPTION, OVERFLOW_OPTIONS)}, _ACTION),
    "static_select": record(
        {"type": anything, "options": array(_OPTION, MOST_OPTIONS)},
        {**_ACTION, "placeholder": _plain(150), "initial_option": _OPTION},
    ),
}
_RICH_STYLE = record({}, {"bold": boolean, "italic": boolean, "strike": boolean, "code": boolean})
_RICH_INLINE = by_type(
    {
        "text": record({"type": anything, "text": string(SECTION_TEXT)}, {"style": _RICH_STYLE}),
        "link": record(
            {"type": anything, "url": _url},
            {"text": string(SECTION_TEXT), "style": _RICH_STYLE, "unsafe": boolean},
        ),
        "emoji": record({"type": anything, "name": string(100)}, {"unicode": string(100)}),
        "user": record({"type": anything, "user_id": string(50)}, {"style": _RICH_STYLE}),
        "channel": record({"type": anything, "channel_id": string(50)}, {"style": _RICH_STYLE}),
        "broadcast": record({"type": anything, "range": one_of("here", "channel", "everyone")}),
        "date": record(
            {"type": anything, "timestamp": integer(0), "format": string(200)},
            {"url": _url, "fallback": string(200), "style": _RICH_STYLE},
        ),
    }
)
_RICH_LINE = record({"type": anything, "elements": array(_RICH_INLINE, 1000, least=0)})
_RICH_BOX = record(
    {"type": anything, "elements": array(_RICH_INLINE, 1000)},
    {"border": integer(0), "language": string(50)},
)
_RICH_PART = by_type(
    {
        "rich_text_section": _RICH_LINE,
        "rich_text_quote": _RICH_BOX,
        "rich_text_preformatted": _RICH_BOX,
        "rich_text_list": record(
            {
                "type": anything,
                "style": one_of("bullet", "ordered"),
                "elements": array(by_type({"rich_text_section": _RICH_LINE}), 1000),
            },
            {"indent": integer(0), "offset": integer(0), "border": integer(0)},
        ),
    }
)
_RICH_TEXT = _block({"elements": array(_RICH_PART, 1000)})
_CELL = by_type(
    {
        "raw_text": record({"type": anything, "text": string(SECTION_TEXT)}),
        "raw_number": record({"type": anything, "value": anything}, {"text": string(SECTION_TEXT)}),
        "rich_text": _RICH_TEXT,
    }
)
_BLOCK = by_type(
    {
        "section": all_of(
            _block(
                optional={
                    "text": _text(SECTION_TEXT),
                    "fields": array(_text(FIELD_TEXT), SECTION_FIELDS),
                    "accessory": by_type({**_INTERACTIVE, "image": _IMAGE}),
                    "expand": boolean,
                }
            ),
            _either("text", "fields"),
        ),
        "header": _block({"text": _plain(HEADER_TEXT)}),
        "divider": _block(),
        "context": _block(
            {
                "elements": array(
                    by_type(
                        {
                            "image": _IMAGE,
                            "plain_text": _plain(SECTION_TEXT),
                            "mrkdwn": _text(SECTION_TEXT),
                        }
                    ),
                    CONTEXT_ELEMENTS,
                )
            }
        ),
        "actions": _block(
            {
                "elements": all_of(
                    array(by_type(_INTERACTIVE), ACTIONS_ELEMENTS),
                    unique("action_id", "`action_id` {} already exists"),
                )
            }
        ),
        "image": all_of(
            _block(
                {"alt_text": string(IMAGE_ALT)},
                {"image_url": _url, "slack_file": anything, "title": _plain(2000)},
            ),
            _either("image_url", "slack_file"),
        ),
        "markdown": _block({"text": string(MARKDOWN_TEXT)}),
        "rich_text": _RICH_TEXT,
        "table": _block(
            {"rows": array(array(_CELL, TABLE_CELLS), TABLE_ROWS)},
            {"column_settings": array(anything, TABLE_CELLS, least=0)},
        ),
        "alert": _block(
            {"text": _text(SECTION_TEXT)},
            {"level": one_of("default", "info", "warning", "error", "success")},
        ),
    }
)
_BLOCK_LIST = all_of(
    array(_BLOCK, MOST_BLOCKS, least=0), unique("block_id", "`block_id` {} already exists")
)


def block_faults(value: Any, at: Path) -> Iterator[Fault]:
    """Everything that Slack would refuse in a list of blocks."""
    yield from _BLOCK_LIST(value, at)
    if isinstance(value, list):
        yield from _together(value, at)


def _together(blocks: Sequence[Any], at: Path) -> Iterator[Fault]:
    objects = [block for block in blocks if isinstance(block, dict)]
    markdown = [b.get("text") for b in objects if b.get("type") == "markdown"]
    if len(markdown) > 1 and sum(len(t) for t in markdown if isinstance(t, str)) > MARKDOWN_TEXT:
        yield Fault(
            at, f"markdown blocks together must be less than {MARKDOWN_TEXT + 1} characters"
        )
    if sum(block.get("type") == "table" for block in objects) > 1:
        yield Fault(at, "only one table allowed")
