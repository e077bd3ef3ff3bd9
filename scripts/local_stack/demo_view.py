"""What ``make demo`` prints: progress, Slack's cards as a terminal can show them, the outcome.

Text of alerts is hostile here, too: nothing is read as markup, and control characters are shown.
"""

import html
import re
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from rich.console import Console, Group
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from responder.analysis import fallback, pricing, prompt
from responder.analysis.context import Case
from responder.analysis.tiering import tier_for, tiers
from responder.incident import Incident
from responder_cli.console import safe
from responder_cli.inject.follow import Way

if TYPE_CHECKING:
    from local_stack.demo import Step

CARD_WIDTH = 92
#: The template's defaults.
_TIERS = tiers("claude-haiku-5-5", "claude-sonnet-5-5")

# https://docs.slack.dev/messaging/formatting-message-text
_BOLD = re.compile(r"(?<![\w*])\*([^*\n]+)\*(?![\w*])")
_LINK = re.compile(r"<([^<>|]+)(?:\|([^<>]*))?>")


def progress(console: Console, started: float, text: str) -> None:
    """One line of what is being done."""
    console.print(Text(f"{time.monotonic() - started:6.1f} s  {safe(text)}", style="dim"))


def step(console: Console, title: str, accepted: float, shown: float | None) -> None:
    """One alert of the story, sent."""
    line = Text("  → ", style="cyan")
    line.append(title, style="bold")
    line.append(f"  accepted in {accepted * 1000:.0f} ms")
    if shown is not None:
        line.append(f", all of it in Slack after {shown:.1f} s")
    console.print(line)


def cards(console: Console, messages: Sequence[Mapping[str, Any]]) -> None:
    """The cards as they stand."""
    for message in messages:
        parts = [*_blocks(message.get("blocks") or [])]
        colors = [attachment.get("color") for attachment in message.get("attachments") or []]
        for attachment in message.get("attachments") or []:
            parts.extend(_blocks(attachment.get("blocks") or []))
        color = next((c for c in colors if re.fullmatch(r"#[0-9a-fA-F]{6}", c or "")), "white")
        title = safe(str(message.get("channel_name") or message.get("channel") or "Slack"))
        console.print()
        console.print(
            Panel(
                Group(*parts),
                title=Text(title),
                border_style=color,
                width=min(CARD_WIDTH, console.width),
            )
        )


def plain_text(message: Mapping[str, Any]) -> str:
    """Everything that a person reads on a message."""
    attachments = message.get("attachments") or []
    lists = [message.get("blocks") or [], *(one.get("blocks") or [] for one in attachments)]
    return "\n".join(part.plain for blocks in lists for part in _blocks(blocks))


def ways(console: Console, steps: Iterable["Step"], *, has_cold_starts: bool) -> None:
    """The alerts' ways, timed from their acceptance by the tables' own clock."""
    table = Table("Alert", "Accepted in", "Card after", "Analysis", box=None)
    for one in steps:
        way = one.way
        card = _after(way.accepted_at, way.card_at)
        table.add_row(
            Text(one.title),
            f"{one.accepted_seconds * 1000:.0f} ms",
            card or "the same card",
            Text(_analysis(way) if card else ""),
        )
    console.print()
    console.print(table)
    if has_cold_starts:
        console.print(Text("The first alert waits for the cold start of every function.", "dim"))


def costs(console: Console, incidents: Sequence[Incident], *, is_stand_in: bool) -> None:
    """What Claude cost, or would have cost at its prices (at most, where nobody answered)."""
    paid = sum(incident.analysis.cost_usd for incident in incidents)
    if any(not incident.analysis.is_fallback for incident in incidents):
        text = f"Claude cost ${paid:.4f}"
        if is_stand_in:
            text = (
                f"The local stand-in answered, free of charge; Claude would have cost ${paid:.4f}"
            )
    else:
        most = sum(_ceiling(incident) for incident in incidents)
        text = f"No Claude key, so this cost nothing. With one: at most ${most:.3f}"
    console.print()
    console.print(
        f"{text} for {len(incidents)} problems; repeats and resolves cost no call. "
        f"Prices as of {pricing.as_of()}."
    )


def page(console: Console, address: str) -> None:
    """Where to see the cards as in Slack."""
    text = f"The cards as a person sees them in Slack, while this runs: {address}"
    console.print(Text(text, style="cyan"))


def keep(console: Console) -> None:
    """How to have a stack that stays."""
    console.print(
        "\nThe stack of this demo has ended, with its page. make local keeps one running;"
        " CLAUDE=local make local has a stand-in write the analyses, without a key."
    )


def verdict(console: Console, expectations: Sequence[tuple[str, bool]]) -> bool:
    """Every expectation and whether it held; True when all did."""
    console.print()
    for text, held in expectations:
        console.print(
            Text("  ✓ " if held else "  ✗ ", style="green" if held else "bold red"), end=""
        )
        console.print(text)
    return all(held for _, held in expectations)


def trouble(console: Console, text: str) -> None:
    """Why the demo could not go on."""
    console.print(Text(safe(text).replace("\\n", "\n"), style="bold red"))


def _blocks(blocks: Iterable[Mapping[str, Any]]) -> Iterator[Text]:
    for block in blocks:
        if block.get("type") == "divider":
            yield Text("─" * 20, style="dim")
        elif block.get("type") == "rich_text":
            yield Text(_safe_lines("".join(_leaves(block))).rstrip())
        else:
            style = {"header": "bold", "context": "dim"}.get(str(block.get("type")), "")
            texts = [
                block.get("text"),
                *(block.get("fields") or []),
                *(block.get("elements") or []),
            ]
            joined = "\n".join(_text(text) for text in texts if isinstance(text, Mapping))
            if joined.strip():
                yield _bold(joined, style)


def _text(value: Mapping[str, Any]) -> str:
    text = str(value.get("text") or "")
    if value.get("type") == "mrkdwn":
        text = html.unescape(_LINK.sub(_link, text))
    return _safe_lines(text)


def _bold(text: str, style: str) -> Text:
    """Slack's ``*bold*`` as the terminal's; an asterisk of an alert may be lost, nothing more."""
    line = Text(style=style)
    for number, part in enumerate(_BOLD.split(text)):
        line.append(part, style="bold" if number % 2 else "")
    return line


def _link(found: re.Match[str]) -> str:
    target, label = found.group(1), found.group(2)
    if target.startswith("!date^"):
        return label or ""
    return f"{label} ({target})" if label else target


def _leaves(value: Any) -> Iterator[str]:
    """The texts within a rich_text block, in order."""
    if isinstance(value, list):
        for element in value:
            yield from _leaves(element)
    elif isinstance(value, dict):
        if isinstance(value.get("text"), str):
            yield value["text"]
        yield from _leaves(value.get("elements") or [])
        if str(value.get("type", "")).startswith("rich_text_"):
            yield "\n"


def _safe_lines(text: str) -> str:
    return "\n".join(safe(line) for line in text.split("\n"))


def _analysis(way: Way) -> str:
    """Who made it, and when it came where somebody had to be asked."""
    if way.analysed_by == fallback.MADE_BY:
        return "fixed triage"
    after = _after(way.accepted_at, way.analysed_at)
    return f"{safe(way.analysed_by)} {f'after {after}' if after else 'from the cache'}"


def _after(start: datetime | None, end: datetime | None) -> str:
    """Empty where the second came first: the card, or the analysis, was there already."""
    if start is None or end is None or end < start:
        return ""
    return f"{(end - start).total_seconds():.1f} s"


def _ceiling(incident: Incident) -> float:
    tier = _TIERS[tier_for(incident.severity)]
    return pricing.ceiling_usd(
        tier.model, prompt.build(Case(incident=incident)).size_bytes, tier.max_tokens
    )
