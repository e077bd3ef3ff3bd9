"""What Slack's refusals and failures mean for us: wait, wait for a new secret, or give up.

Used by ``adapters.slack`` alone. No detail holds text of Slack's answer or of an exception, but for
Slack's error codes: either may carry the webhook's address or the token.
"""

import re
from collections.abc import Mapping
from http.client import HTTPException, InvalidURL
from socket import gaierror
from typing import NoReturn
from urllib.error import URLError

from slack_sdk.errors import SlackRequestError

from responder.channel import is_id
from responder.errors import Permanent, Reason, Retryable

# A wrong secret is mended by a person; looking again each minute is soon enough.
_WAIT_FOR_SECRET = 60.0
# Slack's own default where a 429 comes without Retry-After is not documented.
_WAIT_FOR_RATE = 1.0

BAD_TOKEN = frozenset(
    {"invalid_auth", "not_authed", "account_inactive", "token_revoked", "token_expired"}
)
BAD_WEBHOOK = frozenset(
    {"no_service", "no_service_id", "no_team", "no_active_hooks", "invalid_token"}
)
RATE_ERRORS = frozenset({"ratelimited", "rate_limited", "message_limit_exceeded"})
# "fatal_error" and "internal_error" may have acted before they failed, says Slack.
# The last three are migrations: they end by themselves.
PASSING_ERRORS = frozenset(
    {
        "service_unavailable",
        "internal_error",
        "fatal_error",
        "request_timeout",
        "update_failed",
        "team_added_to_org",
        "org_login_required",
        "external_channel_migrating",
    }
)
# A thread is not found once its first message was deleted, and that is the card:
# https://github.com/slackapi/bolt-js/issues/2307
GONE = frozenset(
    {"message_not_found", "thread_not_found", "cant_update_message", "edit_window_closed"}
)
INVALID = frozenset(
    {
        "invalid_blocks",
        "invalid_blocks_format",
        "invalid_attachments",
        "msg_too_long",
        "msg_blocks_too_long",
        "too_many_attachments",
        "attachment_payload_limit_exceeded",
        "block_mismatch",
        "no_text",
    }
)
# What slack_sdk lets through, besides its own two: the network's errors, and what comes of tokens,
# addresses and answers that are not what it expects.
FAILURES = (OSError, HTTPException, SlackRequestError, ValueError, LookupError, AttributeError)
# https://docs.slack.dev/reference/methods/chat.postMessage, and chat.update, which has another word
# for an archived channel. A channel without threads takes a card, and is told in the channel.
CHANNEL = {
    "channel_not_found": Reason.CHANNEL_NOT_FOUND,
    "is_archived": Reason.CHANNEL_ARCHIVED,
    "is_inactive": Reason.CHANNEL_ARCHIVED,
    "not_in_channel": Reason.NOT_IN_CHANNEL,
    "restricted_action": Reason.CHANNEL_CLOSED,
    "restricted_action_read_only_channel": Reason.CHANNEL_CLOSED,
    "restricted_action_thread_only_channel": Reason.CHANNEL_CLOSED,
}
ERROR_CODE = re.compile(r"[a-z][a-z0-9_]{0,79}")


def raise_for_status(what: str, status: int, headers: Mapping[str, str]) -> None:
    """Raise what an HTTP status alone says; nothing where the body decides."""
    if status == 429:
        raise Retryable(
            Reason.RATE_LIMITED,
            f"{what}: Slack asks to slow down",
            after=_retry_after(headers),
            took_effect=False,
        )
    if status >= 500:
        raise Retryable(Reason.UNAVAILABLE, f"{what}: Slack answered {status}")


def _retry_after(headers: Mapping[str, str]) -> float:
    # slack_sdk gives the header of a 429 under this spelling, whatever came.
    seconds = headers.get("Retry-After", "").strip()
    return min(float(seconds[:6]), 86_400.0) if seconds.isdigit() else _WAIT_FOR_RATE


def raise_refusal(what: str, channel: str, error: str) -> NoReturn:
    """Slack answered and did not do it: raise what that means."""
    if not ERROR_CODE.fullmatch(error):
        raise Retryable(Reason.UNAVAILABLE, f"{what}: the answer is not Slack's")
    if error in RATE_ERRORS:
        raise Retryable(
            Reason.RATE_LIMITED, f"{what}: {error}", after=_WAIT_FOR_RATE, took_effect=False
        )
    if error in PASSING_ERRORS:
        raise Retryable(Reason.UNAVAILABLE, f"{what}: {error}")
    if error in BAD_TOKEN | BAD_WEBHOOK:
        raise Retryable(
            Reason.SECRET_MISSING,
            f"{what}: Slack refuses the secret's value ({error}); it waits for a new one",
            after=_WAIT_FOR_SECRET,
            took_effect=False,
        )
    if error in GONE:
        raise Permanent(Reason.CARD_GONE, f"{what}: {error}")
    if error in INVALID:
        raise Permanent(Reason.INVALID_MESSAGE, f"{what}: {error}")
    hint = ""
    if error == "channel_not_found" and not is_id(channel):
        hint = "; editing and finding need the channel's id (C…), not its name"
    reason = CHANNEL.get(error, Reason.REFUSED_BY_SLACK)
    raise Permanent(reason, f"{what}: {error} (channel {channel}){hint}")


def failure(what: str, error: Exception) -> Retryable:
    """No answer, or none that can be read; unless nothing was sent, Slack may have acted."""
    cause = error.reason if isinstance(error, URLError) else error
    kind = type(cause).__name__
    if isinstance(error, UnicodeDecodeError | LookupError | AttributeError):
        return Retryable(Reason.UNAVAILABLE, f"{what}: the answer is not Slack's ({kind})")
    if isinstance(error, SlackRequestError | InvalidURL | ValueError):
        return Retryable(
            Reason.SECRET_MISSING,
            f"{what}: the secret's value cannot be used ({kind})",
            after=_WAIT_FOR_SECRET,
            took_effect=False,
        )
    never_sent = isinstance(cause, ConnectionRefusedError | gaierror)
    return Retryable(Reason.TIMEOUT, f"{what}: {kind}", took_effect=False if never_sent else None)
