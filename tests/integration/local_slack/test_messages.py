"""The local Slack, driven over HTTP by slack_sdk, keeps and refuses messages as Slack does."""

import json
import urllib.error
import urllib.request
from typing import Any

import pytest
from slack_sdk import WebClient

from integration.clock import Clock
from integration.local_slack.calls import (
    ALERTS,
    METADATA,
    control,
    listed,
    refusal,
    section,
    web_client,
    webhook,
)
from local_stack import slack_server
from local_stack.loopback import Server


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
