"""The local Slack, driven over HTTP by slack_sdk, refuses what the real one refuses."""

import http.client
import json
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from slack_sdk.webhook import WebhookClient

from local_stack import slack_page, slack_server
from local_stack.loopback import Server

SCRIPTS = Path(slack_server.__file__).parents[1]
ALERTS = "C0ALERTS"
METADATA = {"event_type": "card", "event_payload": {"delivery_id": "d-1"}}


@dataclass
class Clock:
    now: float = 1_700_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def server(clock: Clock) -> Iterator[Server]:
    running = slack_server.start(
        clock=clock, missing_channels=["#gone"], archived_channels=["#old"]
    )
    yield running
    running.stop()


@pytest.fixture
def bot(server: Server) -> WebClient:
    return web_client(server)


def web_client(server: Server, bearer: str = "xoxb-local", timeout: int = 5) -> WebClient:
    return WebClient(bearer, base_url=f"{server.url}/api/", retry_handlers=[], timeout=timeout)


def get(server: Server, path: str, **headers: str) -> Any:
    request = urllib.request.Request(server.url + path, headers=headers)
    with urllib.request.urlopen(request, timeout=5) as answer:
        return json.loads(answer.read())


def control(server: Server, **order: Any) -> Any:
    request = urllib.request.Request(f"{server.url}/control", json.dumps(order).encode())
    with urllib.request.urlopen(request, timeout=5) as answer:
        return json.loads(answer.read())


def listed(server: Server) -> list[dict[str, Any]]:
    messages: list[dict[str, Any]] = get(server, "/api/messages")
    return messages


def refusal(call: Any, *arguments: Any, **named: Any) -> dict[str, Any]:
    with pytest.raises(SlackApiError) as caught:
        call(*arguments, **named)
    answer: dict[str, Any] = caught.value.response.data
    return answer


def webhook(server: Server, path: str = "/services/T0/B0/key") -> WebhookClient:
    return WebhookClient(server.url + path, retry_handlers=[])


def section(text: str, **more: Any) -> dict[str, Any]:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text}, **more}


def test_a_posted_message_is_listed_as_it_stands(
    server: Server, bot: WebClient, clock: Clock
) -> None:
    bar = [{"color": "#d32f2f", "blocks": [section("cause")]}]
    posted = bot.chat_postMessage(
        channel="#alerts", text="t", blocks=[section("b")], attachments=bar, metadata=METADATA
    )
    assert posted["channel"] == ALERTS
    assert listed(server) == [
        {
            "channel": "#alerts",
            "channel_id": ALERTS,
            "ts": posted["ts"],
            "thread": None,
            "broadcast": False,
            "text": "t",
            "blocks": [section("b")],
            "attachments": bar,
            "metadata": METADATA,
            "edits": 0,
            "posted_at": clock.now,
            "edited_at": None,
            "via": "bot",
        }
    ]


def test_an_edit_keeps_what_it_leaves_out_but_blocks_give_way_to_text(
    server: Server, bot: WebClient, clock: Clock
) -> None:
    ts = bot.chat_postMessage(
        channel="#alerts", text="old", blocks=[section("b")], metadata=METADATA
    )["ts"]
    clock.now += 7
    bot.chat_update(channel=ALERTS, ts=ts, text="new")
    (message,) = listed(server)
    assert (message["text"], message["blocks"], message["metadata"]) == ("new", [], METADATA)
    assert (message["edits"], message["edited_at"]) == (1, clock.now)


def test_only_posting_takes_a_channel_name(bot: WebClient) -> None:
    ts = bot.chat_postMessage(channel="alerts", text="t")["ts"]
    assert bot.chat_update(channel=ALERTS, ts=ts, text="u")["ok"]
    assert refusal(bot.chat_update, channel="#alerts", ts=ts, text="u")["error"] == (
        "channel_not_found"
    )
    assert refusal(bot.conversations_history, channel="#alerts")["error"] == "channel_not_found"


def test_an_edit_of_an_unknown_or_foreign_message_is_refused(
    server: Server, bot: WebClient
) -> None:
    unknown = refusal(bot.chat_update, channel=ALERTS, ts="1.000001", text="t")
    assert unknown["error"] == "message_not_found"
    assert webhook(server).send(text="t").body == "ok"
    ts = listed(server)[0]["ts"]
    foreign = refusal(bot.chat_update, channel=ALERTS, ts=ts, text="t")
    assert foreign["error"] == "cant_update_message"


@pytest.mark.parametrize(
    ("channel", "error"),
    [("#gone", "channel_not_found"), ("a b", "channel_not_found"), ("#old", "is_archived")],
)
def test_a_channel_that_cannot_be_posted_to(bot: WebClient, channel: str, error: str) -> None:
    assert refusal(bot.chat_postMessage, channel=channel, text="t")["error"] == error


def test_the_token_is_checked(server: Server) -> None:
    assert refusal(web_client(server, "").auth_test)["error"] == "not_authed"
    assert refusal(web_client(server, "xoxp-1").auth_test)["error"] == "invalid_auth"
    assert web_client(server).auth_test()["user_id"] == "U0LOCALBOT"
    strict = slack_server.start(token="xoxb-right")
    try:
        assert refusal(web_client(strict).auth_test)["error"] == "invalid_auth"
        assert web_client(strict, "xoxb-right").auth_test()["ok"]
    finally:
        strict.stop()


def test_a_form_is_read_like_json(server: Server, bot: WebClient) -> None:
    form = {"channel": "#alerts", "text": "t", "blocks": json.dumps([section("b")])}
    assert bot.api_call("chat.postMessage", data=form)["ok"]
    assert listed(server)[0]["blocks"] == [section("b")]


def test_a_broadcast_reply_is_in_its_thread_and_in_the_channel(
    server: Server, bot: WebClient
) -> None:
    control(server, pace=0)
    root = bot.chat_postMessage(channel="#alerts", text="root")["ts"]
    for text, broadcast in (("quiet", False), ("loud", True)):
        bot.chat_postMessage(
            channel="#alerts", text=text, thread_ts=root, reply_broadcast=broadcast
        )
    channel = listed(server)[0]["channel_id"]
    history = bot.conversations_history(channel=channel)["messages"]
    assert [message["text"] for message in history] == ["loud", "root"]
    assert history[0]["subtype"] == "thread_broadcast"
    replies = bot.conversations_replies(channel=channel, ts=root)["messages"]
    assert [message["text"] for message in replies] == ["root", "quiet", "loud"]
    assert [message["broadcast"] for message in listed(server)] == [False, False, True]


def test_history_pages_from_the_newest_and_leaves_threads_out(server: Server) -> None:
    control(server, pace=0)
    bot = web_client(server)
    sent = [
        bot.chat_postMessage(channel="#alerts", text=str(n), metadata=METADATA)["ts"]
        for n in range(5)
    ]
    bot.chat_postMessage(channel="#alerts", text="reply", thread_ts=sent[0])
    pages = [page.data for page in bot.conversations_history(channel=ALERTS, limit=2)]
    assert [[m["ts"] for m in page["messages"]] for page in pages] == [
        [sent[4], sent[3]],
        [sent[2], sent[1]],
        [sent[0]],
    ]
    assert [page["has_more"] for page in pages] == [True, True, False]
    assert "metadata" not in pages[0]["messages"][0]
    assert pages[2]["messages"][0]["reply_count"] == 1


def test_history_between_two_times_excludes_them_unless_inclusive(server: Server) -> None:
    control(server, pace=0)
    bot = web_client(server)
    sent = [bot.chat_postMessage(channel="#alerts", text="t")["ts"] for _ in range(4)]
    span = {"channel": ALERTS, "oldest": sent[1], "latest": sent[3]}

    def found(**more: Any) -> list[str]:
        return [m["ts"] for m in bot.conversations_history(**span, **more)["messages"]]

    assert found() == [sent[2]]
    assert found(inclusive=True) == [sent[3], sent[2], sent[1]]


def test_replies_carry_metadata_and_follow_their_root(server: Server) -> None:
    control(server, pace=0)
    bot = web_client(server)
    root = bot.chat_postMessage(channel="#alerts", text="root")["ts"]
    first = bot.chat_postMessage(channel="#alerts", text="1", thread_ts=root, metadata=METADATA)[
        "ts"
    ]
    # Answering a reply lands in the same thread, as in Slack.
    second = bot.chat_postMessage(channel="#alerts", text="2", thread_ts=first)["ts"]
    pages = bot.conversations_replies(channel=ALERTS, ts=root, limit=2, include_all_metadata=True)
    found = [message for page in pages for message in page["messages"]]
    assert [message["ts"] for message in found] == [root, first, second]
    assert found[1]["metadata"] == METADATA
    assert [message["thread"] for message in listed(server)] == [None, root, root]
    unknown = refusal(bot.conversations_replies, channel=ALERTS, ts="1.000001")
    assert unknown["error"] == "thread_not_found"


def test_a_channel_takes_one_message_per_second_after_a_short_burst(
    server: Server, bot: WebClient, clock: Clock
) -> None:
    for _ in range(2):
        bot.chat_postMessage(channel="#alerts", text="t")
    with pytest.raises(SlackApiError) as caught:
        bot.chat_postMessage(channel="#alerts", text="t")
    response = caught.value.response
    assert (response.status_code, response.headers["Retry-After"]) == (429, "1")
    assert response["error"] == "ratelimited"
    assert webhook(server).send(text="t").status_code == 429
    bot.chat_postMessage(channel="#alerts-critical", text="another channel has its own pace")
    clock.now += 1
    bot.chat_postMessage(channel="#alerts", text="t")
    assert refusal(bot.chat_postMessage, channel="#alerts", text="t")["error"] == "ratelimited"


def test_edits_are_limited_per_minute(server: Server, bot: WebClient, clock: Clock) -> None:
    ts = bot.chat_postMessage(channel="#alerts", text="t")["ts"]
    for number in range(50):
        bot.chat_update(channel=ALERTS, ts=ts, text=str(number))
    assert refusal(bot.chat_update, channel=ALERTS, ts=ts, text="t")["error"] == "ratelimited"
    clock.now += 2
    bot.chat_update(channel=ALERTS, ts=ts, text="t")
    control(server, pace=0)
    for _ in range(60):
        bot.chat_update(channel=ALERTS, ts=ts, text="t")
    assert listed(server)[0]["edits"] == 111


def test_a_webhook_posts_into_its_channel_and_the_test_one_into_its_own(server: Server) -> None:
    answer = webhook(server).send(text="t", blocks=[section("b")])
    assert (answer.status_code, answer.body) == (200, "ok")
    assert webhook(server, "/services/T0/B0/TEST").send(text="t").body == "ok"
    assert [(m["channel"], m["via"]) for m in listed(server)] == [
        ("#alerts", "webhook"),
        ("#alerts-test", "webhook"),
    ]


def test_a_webhook_refuses_in_words(server: Server) -> None:
    hook = webhook(server)
    bad_blocks = hook.send(text="t", blocks=[section("")])
    assert (bad_blocks.status_code, bad_blocks.body) == (400, "invalid_blocks")
    assert hook.send(text="").body == "no_text"
    unknown = webhook(server, "/services/nonsense").send(text="t")
    assert (unknown.status_code, unknown.body) == (404, "no_service")
    request = urllib.request.Request(
        f"{server.url}/services/T0/B0/k", b"{", {"Content-Type": "application/json"}
    )
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(request, timeout=5)
    assert (caught.value.code, caught.value.read()) == (400, b"invalid_payload")


@pytest.mark.parametrize(
    ("fail", "status", "error"),
    [
        ({"mode": "500"}, 500, None),
        ({"mode": "429", "retry_after": 9}, 429, "ratelimited"),
        ({"mode": "ok_false", "error": "fatal_error"}, 200, "fatal_error"),
        ({"mode": "html"}, 200, None),
    ],
)
def test_failures_on_demand_post_nothing(
    server: Server, bot: WebClient, fail: dict[str, Any], status: int, error: str | None
) -> None:
    control(server, fail={**fail, "count": 1})
    with pytest.raises(SlackApiError) as caught:
        bot.chat_postMessage(channel="#alerts", text="t")
    assert caught.value.response.status_code == status
    if error:
        assert caught.value.response["error"] == error
    assert caught.value.response.headers.get("Retry-After") == ("9" if status == 429 else None)
    assert listed(server) == []
    assert bot.chat_postMessage(channel="#alerts", text="t")["ok"]


def test_a_dropped_connection_posts_nothing(server: Server, bot: WebClient) -> None:
    control(server, fail={"mode": "drop", "methods": ["chat.postMessage"]})
    with pytest.raises(http.client.RemoteDisconnected):
        bot.chat_postMessage(channel="#alerts", text="t")
    assert bot.auth_test()["ok"]
    control(server, fail=None)
    assert bot.chat_postMessage(channel="#alerts", text="t")["ok"]
    assert len(listed(server)) == 1


def test_a_timeout_after_the_post_leaves_the_message(server: Server) -> None:
    control(server, fail={"mode": "timeout_after_post", "count": 1})
    with pytest.raises(TimeoutError):
        web_client(server, timeout=1).chat_postMessage(channel="#alerts", text="landed")
    assert [message["text"] for message in listed(server)] == ["landed"]


def test_a_connection_dropped_after_the_post_leaves_the_message(
    server: Server, bot: WebClient
) -> None:
    control(server, fail={"mode": "drop_after_post", "count": 1})
    with pytest.raises(http.client.RemoteDisconnected):
        bot.chat_postMessage(channel="#alerts", text="landed")
    assert [message["text"] for message in listed(server)] == ["landed"]


def test_a_share_of_the_calls_fails_and_the_same_ones_with_one_seed(
    server: Server, bot: WebClient
) -> None:
    def failures() -> list[int]:
        control(server, fail={"mode": "500", "share": 0.3, "seed": 7})
        return [number for number in range(100) if not succeeds(bot)]

    first = failures()
    assert 20 <= len(first) <= 40
    assert failures() == first


def succeeds(bot: WebClient) -> bool:
    try:
        return bool(bot.auth_test()["ok"])
    except SlackApiError:
        return False


def test_a_failure_for_some_seconds_ends_by_the_clock(
    server: Server, bot: WebClient, clock: Clock
) -> None:
    control(server, fail={"mode": "ok_false", "error": "internal_error", "seconds": 60})
    clock.now += 59
    assert refusal(bot.auth_test)["error"] == "internal_error"
    clock.now += 1
    assert bot.auth_test()["ok"]


def test_control_counts_and_clears_and_refuses_nonsense(server: Server, bot: WebClient) -> None:
    bot.chat_postMessage(channel="#alerts", text="t")
    refusal(bot.chat_postMessage, channel="#gone", text="t")
    counts = get(server, "/control")
    assert counts["calls"] == {"chat.postMessage": 2}
    assert counts["answers"] == {"ok": 1, "channel_not_found": 1}
    assert control(server, clear=True)["calls"] == {}
    assert listed(server) == []
    for order in ({"fail": {"mode": "explode"}}, {"pace": -1}, {"speed": 1}):
        with pytest.raises(urllib.error.HTTPError, match="400"):
            control(server, **order)


def test_an_unchanged_list_is_not_sent_again(server: Server, bot: WebClient) -> None:
    with urllib.request.urlopen(f"{server.url}/api/messages", timeout=5) as answer:
        etag = answer.headers["ETag"]
    request = urllib.request.Request(f"{server.url}/api/messages", headers={"If-None-Match": etag})
    with pytest.raises(urllib.error.HTTPError, match="304"):
        urllib.request.urlopen(request, timeout=5)
    bot.chat_postMessage(channel="#alerts", text="t")
    assert len(get(server, "/api/messages", **{"If-None-Match": etag})) == 1


def test_the_page_and_its_parts_are_served_under_a_strict_policy(server: Server) -> None:
    for path in slack_page.PATHS:
        with urllib.request.urlopen(server.url + path, timeout=5) as answer:
            assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
            assert "innerHTML" not in answer.read().decode()


@pytest.mark.parametrize("headers", [{"Host": "evil.example"}, {"Origin": "https://evil.example"}])
def test_other_web_sites_cannot_reach_it(server: Server, headers: dict[str, str]) -> None:
    with pytest.raises(urllib.error.HTTPError, match="403"):
        get(server, "/api/messages", **headers)


def test_stopping_closes_connections_that_are_kept_alive() -> None:
    running = slack_server.start()
    with socket.create_connection(("127.0.0.1", running.port), timeout=5) as connection:
        connection.sendall(b"GET /control HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert connection.recv(9) == b"HTTP/1.1 "
        running.stop()
        while connection.recv(4096):
            pass


def command(*arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "local_stack.slack_server", *arguments],
        cwd=SCRIPTS,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_command_says_where_it_is_and_stops_on_a_signal(number: signal.Signals) -> None:
    process = command("--port", "0")
    assert process.stdout is not None
    ready = process.stdout.readline()
    url = ready.split()[-1]
    with urllib.request.urlopen(f"{url}/api/messages", timeout=5) as answer:
        assert answer.read() == b"[]"
    process.send_signal(number)
    out, err = process.communicate(timeout=10)
    assert (process.returncode, ready, out, err) == (0, f"local Slack ready at {url}\n", "", "")


def test_the_command_names_a_taken_port() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        process = command("--port", port)
        _, err = process.communicate(timeout=10)
    assert process.returncode == 1
    assert port in err


def test_the_page_is_given_what_changed_since(server: Server, bot: WebClient) -> None:
    control(server, pace=0)
    first, second = (bot.chat_postMessage(channel="#alerts", text=t)["ts"] for t in "ab")
    known = get(server, "/api/page")
    assert (known["reset"], [m["ts"] for m in known["messages"]]) == (True, [first, second])
    bot.chat_update(channel=ALERTS, ts=first, text="c")
    news = get(server, f"/api/page?since={known['revision']}")
    assert (news["reset"], [m["text"] for m in news["messages"]]) == (False, ["c"])
    assert get(server, f"/api/page?since={news['revision']}")["messages"] == []
    control(server, clear=True)
    assert get(server, f"/api/page?since={news['revision']}")["reset"]
    assert get(server, "/api/page?since=999999")["reset"], "of a server that ran before"


def test_the_page_is_given_what_was_refused_and_why(
    server: Server, bot: WebClient, clock: Clock
) -> None:
    refusal(bot.chat_postMessage, channel="#alerts", text="t", blocks=[section("")])
    webhook(server).send(text="")
    control(server, fail={"mode": "429", "count": 1})
    refusal(bot.chat_postMessage, channel="#alerts", text="later")
    found = get(server, "/api/page")
    first, second = found["refusals"]
    assert (first["method"], first["channel"], first["at"]) == (
        "chat.postMessage",
        "#alerts",
        clock.now,
    )
    assert first["error"] == "invalid_blocks"
    assert "/blocks/0/text/text" in first["reasons"][0]
    assert first["message"]["blocks"] == [section("")]
    assert (second["method"], second["error"]) == ("webhook", "no_text")
    assert (found["calls"], found["rate_limited"]) == (3, 1)


def test_every_change_is_told_as_it_happens(server: Server, bot: WebClient) -> None:
    with urllib.request.urlopen(f"{server.url}/api/events", timeout=5) as events:
        assert events.headers["Content-Type"] == "text/event-stream"

        def told() -> int:
            said, end = events.readline(), events.readline()
            assert end == b"\n"
            return int(said.removeprefix(b"data: "))

        before = told()
        bot.chat_postMessage(channel="#alerts", text="t")
        assert told() > before
        refusal(bot.chat_postMessage, channel="#gone", text="t")
        assert told() > before + 1
