"""The local Slack: Web API and incoming webhook with the real limits, and a page to look at.

``make local``, the demo and the integration tests start it; slack_sdk talks to it by base_url.
"""

import argparse
import json
import re
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from local_stack.loopback import (
    Reply,
    Request,
    Server,
    json_reply,
    run_until_signal,
    text_reply,
)
from local_stack.slack_rules import message_error
from local_stack.slack_wire import (
    api_trouble,
    between,
    error_reply,
    page_of,
    read_arguments,
    webhook_refusal,
    webhook_trouble,
)
from local_stack.slack_workspace import BOT, PACE_SECONDS, SlackError, Workspace
from local_stack.troubles import Trouble, Troubles, check_seconds

#: The ``…_after_post`` ones fail after they took effect: the client hears nothing, or is cut off.
_TOOK_EFFECT = ("timeout_after_post", "drop_after_post")
MODES = ("500", "429", *_TOOK_EFFECT, "ok_false", "html", "drop")
WEBHOOK_CHANNEL = "#alerts"
TEST_CHANNEL = "#alerts-test"
KNOWN_CHANNELS = (WEBHOOK_CHANNEL, "#alerts-critical", TEST_CHANNEL)
_WEBHOOK_PATH = re.compile(r"/services/(T\w+)/(B\w+|TEST)/(\w+)")
_PAGE_FILES = {
    "/": ("slack_page.html", "text/html; charset=utf-8"),
    "/page.js": ("slack_page.js", "text/javascript; charset=utf-8"),
    "/page.css": ("slack_page.css", "text/css; charset=utf-8"),
    "/mrkdwn.js": ("slack_mrkdwn.js", "text/javascript; charset=utf-8"),
}
_PAGE_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; "
    "connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-cache",
}
_SCOPES = "chat:write,chat:write.public,channels:history,groups:history,channels:read,groups:read"


class LocalSlack:
    """The application: routes, arguments, errors. State is the workspace's and the troubles'."""

    def __init__(
        self, workspace: Workspace, troubles: Troubles, token: str, webhook_channel: str
    ) -> None:
        """With an empty ``token`` every token that starts with xoxb- is good."""
        self._workspace = workspace
        self._troubles = troubles
        self._token = token
        self._webhook_channel = webhook_channel
        self._calls: Counter[str] = Counter()
        self._answers: Counter[str] = Counter()
        self._methods: dict[str, Callable[[Mapping[str, Any]], dict[str, Any]]] = {
            "auth.test": self._auth_test,
            "chat.postMessage": self._post_message,
            "chat.update": self._update,
            "conversations.history": self._history,
            "conversations.list": self._list,
            "conversations.replies": self._replies,
        }

    def __call__(self, request: Request) -> Reply:
        """Answer one request."""
        if request.path == "/api/messages":
            return self._messages(request)
        if request.path == "/control":
            return self._control(request)
        if request.path in _PAGE_FILES:
            name, kind = _PAGE_FILES[request.path]
            content = Path(__file__).with_name(name).read_bytes()
            return Reply(200, content, kind, _PAGE_HEADERS)
        if request.path.startswith("/api/"):
            method = request.path.removeprefix("/api/")
            return self._troubled(method, lambda: self._call(method, request), api_trouble)
        if request.path.startswith("/services/"):
            return self._troubled("webhook", lambda: self._webhook(request), webhook_trouble)
        return text_reply("not found\n", 404)

    def _troubled(
        self, method: str, serve: Callable[[], Reply], say: Callable[[Trouble], Reply]
    ) -> Reply:
        trouble = self._troubles.take(method)
        self._calls[method] += 1
        if trouble is None:
            return serve()
        self._answers[trouble.mode] += 1
        if trouble.mode in _TOOK_EFFECT:
            serve()
        return say(trouble)

    def _call(self, method: str, request: Request) -> Reply:
        try:
            arguments = read_arguments(request)
            self._authenticate(request.headers.get("authorization", ""))
            if method not in self._methods:
                raise SlackError("unknown_method")
            answer = {"ok": True, **self._methods[method](arguments)}
        except SlackError as error:
            self._answers[error.code] += 1
            return error_reply(error)
        self._answers["ok"] += 1
        return json_reply(answer, x_oauth_scopes=_SCOPES)

    def _authenticate(self, header: str) -> None:
        scheme, _, token = header.partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise SlackError("not_authed")
        if not token.startswith("xoxb-") or (self._token and token != self._token):
            raise SlackError("invalid_auth")

    def _auth_test(self, _arguments: Mapping[str, Any]) -> dict[str, Any]:
        names = {"url": "https://local.slack.com/", "team": "Local", "user": "incident-responder"}
        ids = {"team_id": BOT["team"], "user_id": BOT["user"], "bot_id": BOT["bot_id"]}
        return {**names, **ids, "is_enterprise_install": False}

    def _post_message(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        channel = self._workspace.channel(arguments.get("channel"), by_name=True)
        _check(arguments)
        thread_ts = str(arguments.get("thread_ts") or "")
        posted = self._workspace.post(channel, arguments, "bot", thread_ts)
        message = posted.as_slack(with_metadata=True)
        return {"channel": channel.id, "ts": posted.ts, "message": message}

    def _update(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        channel = self._workspace.channel(arguments.get("channel"), by_name=False)
        if all(arguments.get(name) is None for name in ("text", "blocks", "attachments")):
            raise SlackError("no_text")
        _check(arguments, editing=True)
        edited = self._workspace.update(channel, str(arguments.get("ts", "")), arguments)
        message = edited.as_slack(with_metadata=True)
        return {"channel": channel.id, "ts": edited.ts, "text": edited.text, "message": message}

    def _list(self, _arguments: Mapping[str, Any]) -> dict[str, Any]:
        names = [(one.id, one.name.removeprefix("#")) for one in self._workspace.channels()]
        return {"channels": [{"id": id_, "name": name, "is_channel": True} for id_, name in names]}

    def _history(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        channel = self._workspace.channel(arguments.get("channel"), by_name=False)
        found = between(self._workspace.history(channel), arguments)
        return page_of(found, arguments, ascending=False)

    def _replies(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        channel = self._workspace.channel(arguments.get("channel"), by_name=False)
        root, *replies = self._workspace.replies(channel, str(arguments.get("ts", "")))
        return page_of([root, *between(replies, arguments)], arguments, ascending=True)

    def _webhook(self, request: Request) -> Reply:
        try:
            self._post_by_webhook(request)
        except SlackError as error:
            self._answers[error.code] += 1
            return webhook_refusal(error)
        self._answers["ok"] += 1
        return text_reply("ok")

    def _post_by_webhook(self, request: Request) -> None:
        path = _WEBHOOK_PATH.fullmatch(request.path)
        if path is None or request.method != "POST":
            raise SlackError("no_service")
        try:
            as_json = request.headers.get("content-type", "").startswith("application/json")
            payload = json.loads(request.body if as_json else request.form()["payload"])
        except (ValueError, KeyError):
            raise SlackError("invalid_payload") from None
        if not isinstance(payload, dict) or not payload:
            raise SlackError("invalid_payload")
        _check(payload)
        name = TEST_CHANNEL if "TEST" in path.groups() else self._webhook_channel
        channel = self._workspace.channel(name, by_name=True)
        thread_ts = str(payload.get("thread_ts") or "")
        self._workspace.post(channel, {**payload, "metadata": None}, "webhook", thread_ts)

    def _messages(self, request: Request) -> Reply:
        revision, messages = self._workspace.listed()
        etag = f'"{revision}"'
        if request.headers.get("if-none-match") == etag:
            return Reply(304, headers={"ETag": etag})
        return json_reply(messages, ETag=etag, Cache_Control="no-cache")

    def _control(self, request: Request) -> Reply:
        try:
            if request.method == "POST":
                self._obey(json.loads(request.body))
        except ValueError as error:
            return json_reply({"ok": False, "error": str(error)}, 400)
        counts = {"calls": dict(self._calls), "answers": dict(self._answers)}
        return json_reply({"ok": True, "fail": self._troubles.describe(), **counts})

    def _obey(self, order: Any) -> None:
        if not isinstance(order, dict) or set(order) - {"fail", "pace", "token", "clear"}:
            raise ValueError("control takes an object of fail, pace, token and clear")
        check_seconds(order.get("pace"), "pace")
        if "fail" in order:
            self._troubles.set(order["fail"])
        if order.get("pace") is not None:
            self._workspace.set_pace(order["pace"])
        if "token" in order:
            self._token = str(order["token"])
        if order.get("clear"):
            self._workspace.clear()
            self._calls.clear()
            self._answers.clear()


def _check(message: Mapping[str, Any], *, editing: bool = False) -> None:
    wrong = message_error(message)
    # An edit may empty the text or the blocks of a message; nothing at all was refused before.
    if wrong and not (editing and wrong[0] == "no_text"):
        raise SlackError(*wrong)


def start(
    port: int = 0,
    *,
    pace: float = PACE_SECONDS,
    token: str = "",
    webhook_channel: str = WEBHOOK_CHANNEL,
    missing_channels: Sequence[str] = (),
    archived_channels: Sequence[str] = (),
    clock: Callable[[], float] = time.time,
) -> Server:
    """Start a local Slack on ``port`` (0: any free one)."""
    workspace = Workspace(clock, pace, missing_channels, archived_channels)
    for name in dict.fromkeys((webhook_channel, *KNOWN_CHANNELS)):
        workspace.introduce(name)
    return Server(LocalSlack(workspace, Troubles(MODES, clock), token, webhook_channel), port)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run as a command until SIGTERM or SIGINT."""
    parser = argparse.ArgumentParser(prog="python -m local_stack.slack_server", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="0 takes any free port")
    parser.add_argument(
        "--pace",
        type=float,
        default=PACE_SECONDS,
        metavar="SECONDS",
        help="between two messages of a channel; 0 lifts every rate limit (default 1)",
    )
    parser.add_argument("--token", default="", help="the one good bot token (default: any xoxb-)")
    parser.add_argument("--webhook-channel", default=WEBHOOK_CHANNEL, metavar="NAME")
    parser.add_argument("--missing-channel", action="append", default=[], metavar="NAME")
    parser.add_argument("--archived-channel", action="append", default=[], metavar="NAME")
    given = parser.parse_args(arguments)
    return run_until_signal(
        lambda: start(
            given.port,
            pace=given.pace,
            token=given.token,
            webhook_channel=given.webhook_channel,
            missing_channels=given.missing_channel,
            archived_channels=given.archived_channel,
        ),
        "local Slack",
    )


if __name__ == "__main__":
    raise SystemExit(main())
