"""The local Slack's limits, and the failures that it is asked for."""

import http.client
import urllib.error
import urllib.request
from typing import Any

import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from integration.clock import Clock
from integration.local_slack.calls import ALERTS, control, get, listed, refusal, web_client, webhook
from local_stack.loopback import Server


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
