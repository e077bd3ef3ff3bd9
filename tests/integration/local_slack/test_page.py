"""What the local Slack serves to its page, and to no other web site."""

import urllib.error
import urllib.request

import pytest
from slack_sdk import WebClient

from integration.clock import Clock
from integration.local_slack.calls import ALERTS, control, get, refusal, section, webhook
from local_stack import slack_page
from local_stack.loopback import Server


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
