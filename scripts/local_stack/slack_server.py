"""The local Slack: Web API and incoming webhook with the real limits, and a page to look at.

``make local``, the demo and the integration tests start it; slack_sdk talks to it by base_url.
"""

import argparse
import json
import re
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import count
from typing import Any

from local_stack import slack_page
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
#: Refusals that the page shows; older ones are only counted.
_MOST_REFUSALS = 100
#: A stream without news says so this often, and so finds out that its reader has gone.
_ALIVE_SECONDS = 15.0
SCOPES = "chat:write,channels:history,groups:history,channels:read,groups:read"


class LocalSlack:
    """The application: routes, arguments, errors. State is the workspace's and the troubles'."""

    def __init__(
        self,
        workspace: Workspace,
        troubles: Troubles,
        token: str,
        webhook_channel: str,
        clock: Callable[[], float],
    ) -> None:
        """With an empty ``token`` every token that starts with xoxb- is good."""
        self._workspace = workspace
        self._refusals: deque[dict[str, Any]] = deque(maxlen=_MOST_REFUSALS)
        self._numbers = count(1)
        self._troubles = troubles
        self._token = token
        self._webhook_channel = webhook_channel
        self._clock = clock
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
        if request.path == "/api/page":
            return self._page(request)
        if request.path == "/api/events":
            return Reply(content_type="text/event-stream", stream=self._events())
        if request.path in slack_page.PATHS:
            return slack_page.serve(request.path)
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
        self._workspace.touch()
        if trouble.mode in _TOOK_EFFECT:
            serve()
        return say(trouble)

    def _call(self, method: str, request: Request) -> Reply:
        arguments: Mapping[str, Any] = {}
        try:
            arguments = read_arguments(request)
            self._authenticate(request.headers.get("authorization", ""))
            if method not in self._methods:
                raise SlackError("unknown_method")
            answer = {"ok": True, **self._methods[method](arguments)}
        except SlackError as error:
            self._refused(method, error, arguments)
            return error_reply(error)
        self._answers["ok"] += 1
        return json_reply(answer, x_oauth_scopes=SCOPES)

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
        payload: Mapping[str, Any] = {}
        try:
            path = _WEBHOOK_PATH.fullmatch(request.path)
            if path is None or request.method != "POST":
                raise SlackError("no_service")
            payload = _payload(request)
            name = TEST_CHANNEL if "TEST" in path.groups() else self._webhook_channel
            self._post_by_webhook(name, payload)
        except SlackError as error:
            self._refused("webhook", error, payload)
            return webhook_refusal(error)
        self._answers["ok"] += 1
        return text_reply("ok")

    def _post_by_webhook(self, name: str, payload: Mapping[str, Any]) -> None:
        _check(payload)
        channel = self._workspace.channel(name, by_name=True)
        thread_ts = str(payload.get("thread_ts") or "")
        self._workspace.post(channel, {**payload, "metadata": None}, "webhook", thread_ts)

    def _refused(self, method: str, error: SlackError, message: Mapping[str, Any]) -> None:
        """Count it; what is wrong with the message itself is kept for the page."""
        self._answers[error.code] += 1
        if not error.retry_after:
            shown = {name: message.get(name) for name in ("blocks", "attachments", "metadata")}
            refusal = {
                "number": next(self._numbers),
                "at": self._clock(),
                "method": method,
                "channel": str(message.get("channel") or ""),
                "error": error.code,
                "reasons": error.details,
                "message": {"text": str(message.get("text") or ""), **shown},
            }
            self._refusals.append(refusal)
        self._workspace.touch()

    def _page(self, request: Request) -> Reply:
        """What the page shows, as far as it changed after the revision that it knows."""
        since = request.query.get("since", "")
        news = self._workspace.changed_since(int(since) if since.isdecimal() else -1)
        trouble = self._troubles.describe()
        return json_reply(
            {
                **news,
                "refusals": list(self._refusals),
                "calls": self._calls.total(),
                "rate_limited": self._answers["ratelimited"] + self._answers["429"],
                "trouble": trouble and trouble["mode"],
            },
            Cache_Control="no-cache",
        )

    def _events(self) -> Iterator[bytes]:
        """Server-sent events: the revision, whenever there is a new one."""
        revision = -1
        while True:
            newest = self._workspace.wait_past(revision, _ALIVE_SECONDS)
            yield b": alive\n\n" if newest == revision else f"data: {newest}\n\n".encode()
            revision = newest

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
            self._calls.clear()
            self._answers.clear()
            self._refusals.clear()
            self._workspace.clear()
        self._workspace.touch()


def _payload(request: Request) -> dict[str, Any]:
    try:
        as_json = request.headers.get("content-type", "").startswith("application/json")
        payload = json.loads(request.body if as_json else request.form()["payload"])
    except (ValueError, KeyError):
        raise SlackError("invalid_payload") from None
    if not isinstance(payload, dict) or not payload:
        raise SlackError("invalid_payload")
    return payload


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
    troubles = Troubles(MODES, clock)
    return Server(LocalSlack(workspace, troubles, token, webhook_channel, clock), port)


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
