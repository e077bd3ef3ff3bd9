"""``docs/slack.md`` says what the code does: scopes, errors, pictures, ways to fail."""

import re
from pathlib import Path

import pytest
import yaml

from local_stack import slack_server
from responder.adapters import slack, slack_errors
from responder.errors import Reason
from responder.protocols.card_steps import TURNED_AWAY
from responder_cli.card.pictures import PICTURES

DOCUMENT = Path(__file__).parents[2] / "docs" / "slack.md"
TEXT = DOCUMENT.read_text(encoding="utf-8")
#: "Scopes" of https://docs.slack.dev/reference/methods/<method>, for public and private channels.
SCOPES = {
    "chat.postMessage": {"chat:write"},
    "chat.update": {"chat:write"},
    "conversations.history": {"channels:history", "groups:history"},
    "conversations.replies": {"channels:history", "groups:history"},
    "conversations.list": {"channels:read", "groups:read"},
}


def manifests() -> list[list[str]]:
    """The bot scopes of each manifest, in the order of the document."""
    blocks = re.findall(r"^( *)```yaml\n(.*?)^ *```", TEXT, re.DOTALL | re.MULTILINE)
    read = [yaml.safe_load(re.sub(f"^{indent}", "", body, flags=re.M)) for indent, body in blocks]
    assert all(one["display_information"]["name"] for one in read)
    return [one["oauth_config"]["scopes"]["bot"] for one in read]


def test_the_manifest_asks_for_the_scopes_that_the_code_needs_and_no_more() -> None:
    source = Path(slack.__file__).read_text(encoding="utf-8")
    called = set(re.findall(r'"((?:chat|conversations|users|reactions)\.\w+)"', source))
    assert called == set(SCOPES)
    bot, webhook = manifests()
    assert sorted(bot) == sorted(set().union(*SCOPES.values()))
    assert webhook == ["incoming-webhook"]


def test_the_local_slack_grants_the_scopes_of_the_manifest() -> None:
    assert slack_server.SCOPES.split(",") == manifests()[0]


@pytest.mark.parametrize(
    ("codes", "reason"),
    [
        (slack_errors.BAD_TOKEN | slack_errors.BAD_WEBHOOK, Reason.SECRET_MISSING),
        (slack_errors.RATE_ERRORS, Reason.RATE_LIMITED),
        (slack_errors.PASSING_ERRORS, Reason.UNAVAILABLE),
        (slack_errors.GONE, Reason.CARD_GONE),
        (slack_errors.INVALID, Reason.INVALID_MESSAGE),
        *(
            ({code for code, means in slack_errors.CHANNEL.items() if means is reason}, reason)
            for reason in sorted(TURNED_AWAY)
        ),
    ],
)
def test_every_error_that_the_code_knows_is_explained(codes: set[str], reason: Reason) -> None:
    rows = [line for line in TEXT.splitlines() if line.startswith("|") and f"`{reason}`" in line]
    explained = {code for row in rows for code in re.findall(r"`(\w+)`", row.split("|")[1])}
    assert codes == explained


def test_every_picture_can_be_taken_anew() -> None:
    shown = set(re.findall(r"\(images/([\w-]+)\.png\)", TEXT))
    assert shown == set(PICTURES)
    sizes = [DOCUMENT.with_name("images").joinpath(f"{name}.png").stat().st_size for name in shown]
    assert max(sizes) < 250_000


def test_every_way_to_fail_is_named() -> None:
    ways = TEXT.partition("Modes: ")[2]
    assert all(f"`{mode}`" in ways for mode in slack_server.MODES)
