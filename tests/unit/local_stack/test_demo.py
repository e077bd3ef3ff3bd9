"""The demo's samples happen now, and its terminal shows hostile cards without obeying them."""

import io
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from rich.console import Console

from local_stack import demo_samples, demo_view

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


def alert(sample: str, run: str = "demo-1") -> dict[str, Any]:
    found: dict[str, Any] = json.loads(demo_samples.read(sample, run, NOW))["alerts"][0]
    return found


def printed(message: dict[str, Any]) -> str:
    console = Console(file=io.StringIO(), width=80, force_terminal=False)
    demo_view.cards(console, [message])
    file = console.file
    assert isinstance(file, io.StringIO)
    return file.getvalue()


def section(text: str) -> dict[str, Any]:
    return {"blocks": [{"type": "section", "text": {"type": "mrkdwn", "text": text}}]}


def test_a_sample_starts_now() -> None:
    assert alert("alertmanager/firing")["startsAt"] == "2026-03-01T12:00:00.000Z"


def test_a_firing_sample_has_not_ended() -> None:
    assert alert("alertmanager/firing")["endsAt"] == demo_samples.NEVER
    assert alert("alertmanager/resolved")["endsAt"] != demo_samples.NEVER


def test_the_fingerprint_is_the_run_s_own_and_stays_within_it() -> None:
    firing, resolved = alert("alertmanager/firing"), alert("alertmanager/resolved")

    assert firing["fingerprint"] == resolved["fingerprint"]
    assert firing["fingerprint"] != alert("alertmanager/firing", "demo-2")["fingerprint"]
    assert firing["labels"]["cluster"] == "demo-1"


@pytest.mark.parametrize("hostile", ["\x1b[2J", "\x07", "\u202e", "\r"])
def test_nothing_in_a_card_steers_the_terminal(hostile: str) -> None:
    assert hostile not in printed(section(f"before{hostile}after"))


def test_markup_of_the_terminal_is_text() -> None:
    assert "[bold red]x[/]" in printed(section("[bold red]x[/]"))


def test_slack_s_entities_links_and_dates_are_read_as_slack_reads_them() -> None:
    text = "a &lt;b&gt; <https://x.test|name> <!date^1^{date}|today> *loud*"

    assert demo_view.plain_text(section(text)) == "a <b> name (https://x.test) today loud"


def test_small_print_beside_the_bar_is_shown_too() -> None:
    context = {"type": "context", "elements": [{"type": "mrkdwn", "text": "small"}]}
    message = {"blocks": [], "attachments": [{"color": "#ff0000", "blocks": [context]}]}

    assert "small" in printed(message)
    assert demo_view.plain_text(message) == "small"
