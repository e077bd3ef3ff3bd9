"""The bot posts, edits and finds messages, and replies in their threads."""

from datetime import UTC, datetime, timedelta

import pytest

from integration.local_slack.calls import listed
from integration.slack_adapter.chats import CARD, CHANNEL, SINCE, bot, calls
from local_stack.loopback import Server, json_reply
from responder.delivery import card
from responder.errors import Retryable
from responder.ports import Message, Place
from responder_cli.card.examples import NOW, RESOLVED
from serving import serving


def test_bot_posts_edits_and_finds_a_card(slack: Server) -> None:
    chat = bot(slack)
    assert chat.editable
    ts = chat.post(CHANNEL, CARD, "d-1").ts
    chat.update(CHANNEL, ts, card.render(RESOLVED, NOW), "d-1")
    assert chat.find(CHANNEL, "d-1", SINCE) == Place(CHANNEL, ts)
    (message,) = listed(slack)
    assert message["text"].startswith("✅ RESOLVED")
    assert message["edits"] == 1
    assert message["metadata"]["event_payload"] == {"delivery_id": "d-1"}


def test_only_the_small_print_rides_beside_the_bar(slack: Server) -> None:
    bot(slack).post(CHANNEL, CARD, "d-1")
    (message,) = listed(slack)
    assert message["blocks"] == list(CARD.blocks[:-1])
    assert message["attachments"] == [{"color": CARD.color, "blocks": [CARD.blocks[-1]]}]


def test_an_edit_takes_the_bar_away_too(slack: Server) -> None:
    chat = bot(slack)
    ts = chat.post(CHANNEL, CARD, "d-1").ts
    chat.update(CHANNEL, ts, Message(text="t", blocks=CARD.blocks[:1], color="#ffffff"), "d-1")
    (message,) = listed(slack)
    assert message["blocks"] == list(CARD.blocks[:1])
    assert message["attachments"] == []


def test_replies_are_posted_and_found_in_their_thread_only(slack: Server) -> None:
    chat = bot(slack)
    parent = chat.post(CHANNEL, CARD, "d-1").ts
    reply = chat.post(CHANNEL, Message(text="raised"), "d-2", thread_ts=parent)
    assert chat.find(CHANNEL, "d-2", SINCE) is None
    assert chat.find(CHANNEL, "d-2", SINCE, thread_ts=parent) == reply
    assert listed(slack)[1]["thread"] == parent


def test_a_reply_may_be_shown_in_the_channel_too(slack: Server) -> None:
    chat = bot(slack)
    parent = chat.post(CHANNEL, CARD, "d-1").ts
    chat.post(CHANNEL, Message(text="raised", broadcast=True), "d-2", thread_ts=parent)
    chat.post(CHANNEL, Message(text="over"), "d-3", thread_ts=parent)
    assert [message["broadcast"] for message in listed(slack)] == [False, True, False]


def test_find_reads_every_page_and_stops_at_since(slack: Server) -> None:
    chat = bot(slack)
    first = chat.post(CHANNEL, Message(text="first"), "d-first")
    for number in range(205):
        chat.post(CHANNEL, Message(text=f"{number}"), f"d-{number}")
    assert chat.find(CHANNEL, "d-first", SINCE) == first
    assert calls(slack)["conversations.history"] == 2
    later = datetime.fromtimestamp(float(first.ts), UTC) + timedelta(milliseconds=1)
    assert chat.find(CHANNEL, "d-first", later) is None
    assert chat.find(CHANNEL, "d-204", later) is not None


def test_a_page_that_leads_to_itself_ends_the_search() -> None:
    page = {"ok": True, "messages": [], "response_metadata": {"next_cursor": "again"}}
    answer = json_reply(page)
    with serving(lambda request: answer) as server, pytest.raises(Retryable, match="page"):
        bot(server).find(CHANNEL, "d-1", SINCE)
