"""The pictures of ``docs/slack.md``: ``make pictures`` takes them anew from the previewed cards.

They need a Chromium and a font with emoji; times on them are UTC.
"""

import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from local_stack import browser, layout, slack_page
from local_stack.browser import Page
from responder_cli.card import posting
from responder_cli.card.commands import EXAMPLES
from responder_cli.card.examples import NOW

FOLDER = layout.REPOSITORY / "docs" / "images"
#: Points; a desk's screen is high enough for a whole card.
DESK, PHONE = (900, 2400), (390, 844)
_EMOJI = ("fc-list", ":charset=1f534")


@dataclass(frozen=True)
class Picture:
    """Which example it shows, and what of the page; a phone is dark, as at night."""

    name: str
    shows: str = ".message"
    phone: bool = False
    webhook: bool = False


PICTURES: Mapping[str, Picture] = {
    "card": Picture("analysed_by_claude"),
    "card-phone": Picture("analysed_by_claude", shows="body", phone=True),
    "card-thread": Picture("told_in_the_thread", shows=".thread"),
    "card-webhook": Picture("first_alert_claude_pending", webhook=True),
}


def main() -> int:
    """Take all of them. Returns the exit code."""
    program = browser.installed()
    if program is None:
        sys.stderr.write("pictures: there is no Chromium (Debian: chromium)\n")
        return 1
    if not subprocess.run(_EMOJI, capture_output=True, check=False).stdout:  # noqa: S603
        sys.stderr.write("pictures: no font has emoji (Debian: fonts-noto-color-emoji)\n")
        return 1
    FOLDER.mkdir(exist_ok=True)
    with browser.chromium(program) as page, tempfile.TemporaryDirectory() as folder:
        page.stop_clock(NOW.timestamp())
        for name, picture in PICTURES.items():
            FOLDER.joinpath(f"{name}.png").write_bytes(_take(page, picture, Path(folder)))
            sys.stdout.write(f"docs/images/{name}.png\n")
    return 0


def _take(page: Page, picture: Picture, folder: Path) -> bytes:
    shown = posting.post([EXAMPLES[picture.name]], NOW, webhook=picture.webhook)
    file = folder / "page.html"
    file.write_text(slack_page.standalone(shown.state, "Nothing was sent."), encoding="utf-8")
    width, height = PHONE if picture.phone else DESK
    page.look(width, height, dark=picture.phone, phone=picture.phone)
    page.go(file.as_uri())
    page.run("document.querySelectorAll('.thread').forEach(thread => { thread.open = true })")
    page.run("document.getElementById('messages').scrollTop = 0")
    return page.picture(picture.shows)


if __name__ == "__main__":
    raise SystemExit(main())
