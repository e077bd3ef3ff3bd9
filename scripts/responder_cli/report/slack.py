"""A report as one Slack message, and the way to post it."""

from collections.abc import Sequence

from responder.adapters.secrets import Secret
from responder.adapters.slack import BotSlack
from responder.channel import is_id
from responder.delivery import blocks, limits, mrkdwn
from responder.delivery.blocks import Block
from responder.ports import Message, Place
from responder_cli.aws import Stack
from responder_cli.health.outside import BOT_TOKEN
from responder_cli.report.sections import Report, Section
from responder_cli.secret_store import secret_id

#: Seconds for each wait for Slack.
TIMEOUT = 15
#: A phone has room for about so many characters of a table's line; columns beyond are left off.
WIDTH = 44
#: Of a table's first column, which is an alert's title at times.
NAME = 26
SENTENCE = 700
#: Seconds that a token is known for; the command is over before.
TOKEN_AGE = 300.0


def message(report: Report, sections: Sequence[Section]) -> Message:
    """The report within Slack's limits: what does not fit is left off its end, and said."""
    title = mrkdwn.plain(report.title, limits.HEADER_TEXT)
    head = [blocks.header(title), blocks.small_print([mrkdwn.inline(report.span, SENTENCE)])]
    body = [block for section in sections for block in _blocks(section)]
    foot = "All of it: `scripts/responder report " + report.name + "`"
    return Message(
        text=mrkdwn.plain(f"{report.title}: {report.span}", limits.MESSAGE_TEXT),
        blocks=blocks.fit(head, body, blocks.small_print([foot])),
    )


def post(stack: Stack, channel: str, wanted: Message, name: str) -> Place:
    """Post with the stack's bot token. Raises Retryable or Permanent as the cards' way does."""
    token = Secret(stack.client("secretsmanager"), secret_id(stack, BOT_TOKEN), TOKEN_AGE)
    url = stack.parameter("SlackApiUrl", "https://slack.com/api/")
    place = channel if is_id(channel) or channel.startswith("#") else f"#{channel}"
    return BotSlack(token, url, TIMEOUT).post(place, wanted, name)


def _blocks(section: Section) -> list[Block]:
    """A heading with its table, then its sentences, one below the other."""
    table = mrkdwn.fence(_table(section), limits.SECTION_TEXT - 100) if section.rows else ""
    heading = mrkdwn.bold(section.title, SENTENCE)
    first = blocks.section([heading, table])
    said = [f"• {mrkdwn.inline(one, SENTENCE)}" for one in section.sentences]
    return [*([first] if first else []), *blocks.sections(said)]


def _table(section: Section) -> str:
    """Columns under each other in letters of one width, as many as a line has room for."""
    rows = [[_short(cell) for cell in row] for row in (section.columns, *section.rows)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    while sum(widths) + 2 * len(widths) > WIDTH and len(widths) > 2:
        widths.pop()
    return "\n".join(_aligned(row, widths) for row in rows)


def _aligned(row: Sequence[str], widths: Sequence[int]) -> str:
    first, *rest = zip(row, widths, strict=False)
    cells = [first[0].ljust(first[1])]
    cells += [cell.rjust(w) if cell[:1].isdigit() else cell.ljust(w) for cell, w in rest]
    return "  ".join(cells).rstrip()


def _short(cell: str) -> str:
    line = " ".join(cell.split())
    return line if len(line) <= NAME else line[: NAME - 1] + mrkdwn.MARK
