"""Messages that Slack would refuse are refused by the local Slack, and those at the limits pass."""

from collections.abc import Iterator
from typing import Any

import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from local_stack import slack_server


@pytest.fixture(scope="module")
def bot() -> Iterator[WebClient]:
    server = slack_server.start(pace=0)
    yield WebClient("xoxb-local", base_url=f"{server.url}/api/", retry_handlers=[], timeout=5)
    server.stop()


def refusal(bot: WebClient, **message: Any) -> dict[str, Any]:
    with pytest.raises(SlackApiError) as caught:
        bot.api_call("chat.postMessage", json={"channel": "#alerts", **message})
    answer: dict[str, Any] = caught.value.response.data
    return answer


def plain(text: str) -> dict[str, Any]:
    return {"type": "plain_text", "text": text}


def section(text: str, **more: Any) -> dict[str, Any]:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text}, **more}


IMAGE = {"type": "image", "image_url": "https://example.com/a.png", "alt_text": "a"}
BUTTON = {"type": "button", "text": plain("Go"), "action_id": "a"}


@pytest.mark.parametrize(
    ("blocks", "place"),
    [
        ([section("x")] * 51, "/blocks"),
        ([section("x" * 3001)], "/blocks/0/text/text"),
        ([section("")], "/blocks/0/text/text"),
        ([{"type": "section"}], "/blocks/0"),
        ([{"type": "section", "fields": [plain("x")] * 11}], "/blocks/0/fields"),
        ([{"type": "section", "fields": [plain("x" * 2001)]}], "/blocks/0/fields/0/text"),
        ([{"type": "header", "text": plain("x" * 151)}], "/blocks/0/text/text"),
        ([{"type": "header", "text": {"type": "mrkdwn", "text": "x"}}], "/blocks/0/text/type"),
        ([{"type": "context", "elements": [plain("x")] * 11}], "/blocks/0/elements"),
        ([{"type": "context", "elements": []}], "/blocks/0/elements"),
        ([{"type": "actions", "elements": []}], "/blocks/0/elements"),
        ([{"type": "actions", "elements": [BUTTON, BUTTON]}], "/blocks/0/elements/1/action_id"),
        (
            [{"type": "actions", "elements": [{**BUTTON, "text": plain("x" * 76)}]}],
            "/blocks/0/elements/0/text/text",
        ),
        (
            [{"type": "actions", "elements": [{**BUTTON, "url": "javascript:alert(1)"}]}],
            "/blocks/0/elements/0/url",
        ),
        ([{"type": "divider", "block_id": "a"}] * 2, "/blocks/1/block_id"),
        ([{"type": "divider", "block_id": "x" * 256}], "/blocks/0/block_id"),
        ([{**IMAGE, "alt_text": "x" * 2001}], "/blocks/0/alt_text"),
        ([{"type": "markdown", "text": "x" * 12_001}], "/blocks/0/text"),
        ([{"type": "markdown", "text": "x" * 6001}] * 2, "/blocks"),
        (
            [{"type": "table", "rows": [[{"type": "raw_text", "text": "x"}] * 21]}],
            "/blocks/0/rows/0",
        ),
        ([{"type": "no_such_block"}], "/blocks/0/type"),
        ([{"text": plain("x")}], "/blocks/0"),
        ([section("x", colour="red")], "/blocks/0"),
    ],
)
def test_blocks_that_slack_would_refuse(
    bot: WebClient, blocks: list[dict[str, Any]], place: str
) -> None:
    answer = refusal(bot, text="t", blocks=blocks)
    assert answer["error"] == "invalid_blocks"
    assert f"[json-pointer:{place}]" in " ".join(answer["response_metadata"]["messages"])


@pytest.mark.parametrize(
    "block",
    [
        section("x" * 3000, block_id="b" * 255, accessory=BUTTON),
        {"type": "section", "fields": [plain("x")] * 10},
        {"type": "header", "text": plain("x" * 150)},
        {"type": "context", "elements": [{"type": "mrkdwn", "text": "x"}, IMAGE] * 5},
        {"type": "actions", "elements": [{**BUTTON, "action_id": f"a{n}"} for n in range(25)]},
        IMAGE,
        {"type": "markdown", "text": "x" * 12_000},
        {"type": "alert", "level": "error", "text": plain("x")},
        {
            "type": "rich_text",
            "elements": [
                {
                    "type": "rich_text_preformatted",
                    "elements": [{"type": "text", "text": "x", "style": {"bold": True}}],
                }
            ],
        },
        {"type": "table", "rows": [[{"type": "raw_text", "text": "x"}] * 20] * 100},
    ],
)
def test_blocks_at_their_limits_pass(bot: WebClient, block: dict[str, Any]) -> None:
    assert bot.chat_postMessage(channel="#alerts", text="t", blocks=[block])["ok"]


def test_the_blocks_of_attachments_are_checked_too(bot: WebClient) -> None:
    wrong = [{"color": "#d32f2f", "blocks": [section("")]}]
    answer = refusal(bot, text="t", attachments=wrong)
    assert answer["error"] == "invalid_blocks"
    assert "/attachments/0/blocks/0/text/text" in answer["response_metadata"]["messages"][0]
    red = [{"color": "reddish", "blocks": [section("x")]}]
    answer = refusal(bot, text="t", attachments=red)
    assert answer["error"] == "invalid_attachments"


@pytest.mark.parametrize(
    ("message", "error"),
    [
        ({}, "no_text"),
        ({"text": " "}, "no_text"),
        ({"text": "x" * 40_001}, "msg_too_long"),
        ({"text": "t", "blocks": [section("x" * 2700)] * 5}, "msg_blocks_too_long"),
        ({"text": "t", "blocks": "{"}, "invalid_blocks_format"),
        ({"text": "t", "thread_ts": "yesterday"}, "invalid_thread_ts"),
        ({"text": "t", "thread_ts": "1.000001"}, "thread_not_found"),
        ({"text": "t", "metadata": {"event_type": "x"}}, "invalid_metadata_schema"),
    ],
)
def test_messages_that_slack_would_refuse(
    bot: WebClient, message: dict[str, Any], error: str
) -> None:
    answer = refusal(bot, **message)
    assert answer["error"] == error
