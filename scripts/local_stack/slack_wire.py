"""How Slack's requests and answers look on the wire, for the local Slack: arguments, pages, errors.

``slack_server`` calls it; it holds no state.
"""

import base64
import binascii
import json
from collections.abc import Mapping, Sequence
from typing import Any

from local_stack.loopback import Fate, Reply, Request, html_reply, json_reply, text_reply
from local_stack.slack_workspace import SlackError, is_ts
from local_stack.troubles import Trouble

# docs.slack.dev/reference/methods/conversations.history
PAGE_DEFAULT, PAGE_MOST = 100, 999
_JSON_ARGUMENTS = {
    "blocks": "invalid_blocks_format",
    "attachments": "invalid_attachments",
    "metadata": "invalid_metadata_format",
}


def read_arguments(request: Request) -> dict[str, Any]:
    """The arguments of a method, sent as JSON, as a form or in the query, as Slack takes them."""
    arguments: dict[str, Any] = {**request.query, **_body_arguments(request)}
    for name, code in _JSON_ARGUMENTS.items():
        if isinstance(arguments.get(name), str):
            try:
                arguments[name] = json.loads(arguments[name])
            except ValueError:
                raise SlackError(code) from None
    return arguments


def _body_arguments(request: Request) -> dict[str, Any]:
    if not request.body:
        return {}
    if not request.headers.get("content-type", "").startswith("application/json"):
        return dict(request.form())
    try:
        arguments = json.loads(request.body)
    except ValueError:
        raise SlackError("invalid_json") from None
    if not isinstance(arguments, dict):
        raise SlackError("json_not_object")
    return arguments


def between(
    messages: Sequence[dict[str, Any]], arguments: Mapping[str, Any]
) -> list[dict[str, Any]]:
    """The messages between the arguments ``oldest`` and ``latest``."""
    oldest = _time(arguments, "oldest", 0.0)
    latest = _time(arguments, "latest", float("inf"))
    if _true(arguments.get("inclusive")):
        return [m for m in messages if oldest <= float(m["ts"]) <= latest]
    return [m for m in messages if oldest < float(m["ts"]) < latest]


def _time(arguments: Mapping[str, Any], name: str, default: float) -> float:
    try:
        return float(arguments.get(name) or default)
    except ValueError:
        raise SlackError(f"invalid_ts_{name}") from None


def page_of(
    messages: Sequence[dict[str, Any]], arguments: Mapping[str, Any], *, ascending: bool
) -> dict[str, Any]:
    """One page of messages, with the cursor of the next."""
    try:
        limit = int(arguments.get("limit") or PAGE_DEFAULT)
    except ValueError:
        limit = 0
    if not 1 <= limit <= PAGE_MOST:
        raise SlackError("invalid_limit")
    if cursor := arguments.get("cursor"):
        first = _from_cursor(str(cursor))
        messages = [m for m in messages if (m["ts"] >= first) == ascending or m["ts"] == first]
    page, rest = messages[:limit], messages[limit:]
    if not _true(arguments.get("include_all_metadata")):
        page = [{k: v for k, v in m.items() if k != "metadata"} for m in page]
    following = base64.b64encode(f"next_ts:{rest[0]['ts']}".encode()).decode() if rest else ""
    return {
        "messages": page,
        "has_more": bool(rest),
        "response_metadata": {"next_cursor": following},
    }


def _from_cursor(cursor: str) -> str:
    try:
        word, _, ts = base64.b64decode(cursor, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        raise SlackError("invalid_cursor") from None
    if word != "next_ts" or not is_ts(ts):
        raise SlackError("invalid_cursor")
    return ts


def _true(value: object) -> bool:
    return value in (True, "1", "true", "True")


def error_reply(error: SlackError) -> Reply:
    """An error of a Web API method."""
    answer: dict[str, Any] = {"ok": False, "error": error.code}
    if error.details:
        answer["errors"] = [detail.partition("] ")[2] for detail in error.details]
        answer["response_metadata"] = {"messages": error.details}
    if error.retry_after:
        return json_reply(answer, 429, Retry_After=str(error.retry_after))
    return json_reply(answer)


# docs.slack.dev/messaging/sending-messages-using-incoming-webhooks#handling_errors
_WEBHOOK_STATUS = {
    "no_service": (404, "no_service"),
    "channel_not_found": (404, "channel_not_found"),
    "is_archived": (410, "channel_is_archived"),
}


def webhook_refusal(error: SlackError) -> Reply:
    """An error of an incoming webhook: a status and a word."""
    if error.retry_after:
        return text_reply("rate_limited", 429, Retry_After=str(error.retry_after))
    status, said = _WEBHOOK_STATUS.get(error.code, (400, error.code))
    return text_reply(said, status)


def api_trouble(trouble: Trouble) -> Reply:
    """A failure on demand, as a method of the Web API shows it."""
    if trouble.mode == "429":
        return error_reply(SlackError("ratelimited", retry_after=trouble.retry_after))
    if trouble.mode == "ok_false":
        return json_reply({"ok": False, "error": trouble.error})
    return _any_trouble(trouble)


def webhook_trouble(trouble: Trouble) -> Reply:
    """A failure on demand, as an incoming webhook shows it."""
    if trouble.mode == "429":
        return webhook_refusal(SlackError("ratelimited", retry_after=trouble.retry_after))
    if trouble.mode == "ok_false":
        return webhook_refusal(SlackError(trouble.error))
    return _any_trouble(trouble)


def _any_trouble(trouble: Trouble) -> Reply:
    if trouble.mode == "timeout_after_post":
        return Reply(fate=Fate.HOLD)
    if trouble.mode in ("drop", "drop_after_post"):
        return Reply(fate=Fate.DROP)
    return html_reply(200) if trouble.mode == "html" else text_reply("server error", 500)
