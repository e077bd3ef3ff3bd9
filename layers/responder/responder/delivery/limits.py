"""Slack's limits on a message, each with its source; ``blocks`` and ``mrkdwn`` obey them.

Slack does not say whether it counts code points or UTF-16 units, so we measure the larger of the
two (``width``), always after escaping.
"""

# https://docs.slack.dev/reference/block-kit/blocks/header-block: text, plain_text only.
HEADER_TEXT = 150
# https://docs.slack.dev/reference/block-kit/blocks/section-block: text.
SECTION_TEXT = 3_000
# https://docs.slack.dev/reference/block-kit/blocks/context-block: elements.
CONTEXT_ELEMENTS = 10
# https://docs.slack.dev/reference/block-kit/composition-objects/text-object: each text of a
# context element.
CONTEXT_TEXT = 3_000
# Ours: Slack documents no limit for links in text (a button's URL may have 3,000), and a link must
# fit into a section together with its label.
LINK_URL = 2_000
# https://docs.slack.dev/reference/methods/chat.postMessage: "text" should stay below this.
MESSAGE_TEXT = 4_000
# Not documented: a message fails with msg_blocks_too_long at about 13,200 characters over all of
# its blocks (slackapi/bolt-js issue 2509). We stay well below.
MESSAGE_TOTAL = 10_000


def width(text: str) -> int:
    """How long Slack may find ``text``: its UTF-16 units, never fewer than its code points."""
    # "utf-16-le" would need no byte order mark to be left out, but Python looks it up by name.
    return len(text) if text.isascii() else len(text.encode("utf-16")) // 2 - 1


def within(text: str, limit: int) -> bool:
    """Whether ``text`` has at most ``limit`` units; measures only what may have more."""
    # No character is wider than two units, nor narrower than one.
    length = len(text)
    return length * 2 <= limit or (length <= limit and width(text) <= limit)
