"""The secrets of a stack: what each is for, what its value looks like, who can be asked about it.

No value leaves this package: what is said of one is made of names, numbers and the other side's
words.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from responder.adapters.claude import DEFAULT_BASE_URL
from responder.adapters.webhook_sink import LOOPBACK
from responder.intake.authentication.sources import sources_in
from responder_cli.aws import Stack
from responder_cli.health.outside import WITH_A_KEY
from responder_cli.webhook import NoAnswer, post

PATIENCE_SECONDS = 10.0
SLACK_URL = "https://slack.com/api/"


class Malformed(Exception):
    """A value cannot be what it should be; the words do not repeat it."""


@dataclass(frozen=True)
class Opinion:
    """What the other side says of a value; ``accepted`` None where nobody knows.

    ``asked``: it was asked, and said neither yes nor no.
    """

    accepted: bool | None
    words: str
    asked: bool = False


UNASKED = Opinion(None, "cannot be tried without using it")


@dataclass(frozen=True)
class Kind:
    """One secret. ``shape`` raises Malformed; ``without`` says what an empty one means."""

    name: str
    what: str
    without: str
    shape: Callable[[str], str]
    ask: Callable[[Stack, str], Opinion]


def _token(value: str) -> str:
    _bare(value)
    if not value.startswith("xoxb-"):
        raise Malformed("a bot token begins with xoxb-")
    return "a bot token"


def _key(value: str) -> str:
    _bare(value)
    return "an API key" if value.startswith("sk-ant-") else "a key, not of the usual sk-ant- form"


def _address(value: str) -> str:
    _bare(value)
    parts = urlsplit(value)
    if parts.scheme != "https" and parts.hostname not in LOOPBACK:
        raise Malformed("a webhook's address begins with https://")
    return f"an address at {parts.hostname}"


def _bare(value: str) -> None:
    if not value.isascii() or not value.isprintable() or " " in value or value[0] in "\"'":
        raise Malformed("it must be the bare value: no blanks, no quotes, one line")


def _sources(value: str) -> str:
    found = sources_in(_document(value))
    if found.unreadable:
        names = ", ".join(sorted(found.unreadable))
        raise Malformed(f"not readable: {names}; see responder sources check")
    return f"{len(found.known)} sources" if len(found.known) != 1 else "1 source"


def _notice_webhook(value: str) -> str:
    given = _document(value)
    if not (isinstance(given.get("url"), str) and isinstance(given.get("key"), str)):
        raise Malformed('it must have "url" and "key"')
    return _address(given["url"])


def _document(value: str) -> Mapping[str, Any]:
    try:
        given = json.loads(value)
    except ValueError:
        raise Malformed("it must be JSON") from None
    if not isinstance(given, dict):
        raise Malformed("it must be a JSON object")
    return given


def _ask_slack(stack: Stack, value: str) -> Opinion:
    """``auth.test`` posts nothing and needs no scope."""
    url = f"{stack.parameter('SlackApiUrl', SLACK_URL)}auth.test"
    try:
        answer = post(url, b"", {"Authorization": f"Bearer {value}"})
        told = json.loads(answer.body)
    except (NoAnswer, ValueError):
        return Opinion(None, "Slack does not answer from here", asked=True)
    if not isinstance(told, dict) or "ok" not in told:
        return Opinion(None, f"Slack answers {answer.status}", asked=True)
    if not told["ok"]:
        return Opinion(False, f"Slack refuses it: {told.get('error')}")
    return Opinion(True, f"Slack knows it: {told.get('user')} in {told.get('team')}")


def _ask_claude(stack: Stack, value: str) -> Opinion:
    """Listing models costs nothing."""
    if (way := stack.outputs.get("ClaudeAccess", WITH_A_KEY)) != WITH_A_KEY:
        return Opinion(None, f"not needed: Claude is reached by {way}")
    # Imported where it is needed: it takes a second.
    from anthropic import Anthropic, AnthropicError, APIStatusError

    base = stack.parameter("AnthropicBaseUrl", "") or DEFAULT_BASE_URL
    client = Anthropic(api_key=value, base_url=base, timeout=PATIENCE_SECONDS, max_retries=0)
    try:
        client.models.list(limit=1)
    except APIStatusError as error:
        if error.status_code in (401, 403):
            return Opinion(False, f"Anthropic refuses it with {error.status_code}")
        return Opinion(None, f"Anthropic answers {error.status_code}", asked=True)
    except AnthropicError:
        return Opinion(None, "Anthropic does not answer from here", asked=True)
    return Opinion(True, "Anthropic accepts it")


def _unasked(stack: Stack, value: str) -> Opinion:
    return UNASKED


KINDS = {
    one.name: one
    for one in (
        Kind("slack-bot-token", "cards that are edited and threaded", "the webhook is used",
             _token, _ask_slack),
        Kind("slack-webhook", "cards without a bot", "with no bot token either, cards wait",
             _address, _unasked),
        Kind("slack-test-webhook", "synthetic alerts without a bot", "they need the bot token",
             _address, _unasked),
        Kind("anthropic-key", "analyses of Claude", "every analysis is the fixed triage",
             _key, _ask_claude),
        Kind("sources", "tokens of the monitoring tools", "/in/{token} accepts nothing",
             _sources, _unasked),
        Kind("notice-webhook", "operators' notices, signed", "it is off",
             _notice_webhook, _unasked),
    )
}  # fmt: skip
