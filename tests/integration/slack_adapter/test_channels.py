"""The channels that the bot is given by name, by id, or not at all."""

import pytest

from integration.slack_adapter.chats import CARD, CHANNEL, SINCE, bot, calls
from local_stack.loopback import Reply, Request, Server, json_reply
from responder.errors import Permanent, Reason
from responder.ports import Message
from serving import serving


def test_a_channel_given_by_name_is_edited_and_searched_by_its_id(slack: Server) -> None:
    place = bot(slack).post("#alerts", CARD, "d-1")
    assert place.channel == CHANNEL
    another_process = bot(slack)
    another_process.update("#alerts", place.ts, CARD, "d-1")
    assert another_process.find("#alerts", "d-1", SINCE) == place
    assert calls(slack)["conversations.list"] == 1


def test_the_channels_of_a_big_workspace_are_listed_within_slacks_limit() -> None:
    """About 20 calls a minute; the channel that is looked for is the last one."""
    names, asked = [f"team-{number}" for number in range(12_000)], []

    def page(request: Request) -> Reply:
        form = request.form()
        if "channel" in form:
            return json_reply({"ok": True, "messages": []})
        asked.append(form)
        first, size = int(form.get("cursor") or 0), int(form["limit"])
        assert size < 1_000
        listed = [{"id": f"C{n:08}", "name": names[n]} for n in range(len(names))]
        following = str(first + size) if first + size < len(names) else ""
        return json_reply(
            {
                "ok": True,
                "channels": listed[first : first + size],
                "response_metadata": {"next_cursor": following},
            }
        )

    with serving(page) as server:
        assert bot(server).find(f"#{names[-1]}", "d-1", SINCE) is None
    assert len(asked) <= 20


def test_a_channel_that_slack_told_the_id_of_is_not_listed(slack: Server) -> None:
    chat = bot(slack)
    place = chat.post("#alerts", CARD, "d-1")
    chat.update(place.channel, place.ts, CARD, "d-1")
    chat.post(place.channel, Message(text="raised"), "d-2", thread_ts=place.ts)
    assert "conversations.list" not in calls(slack)


def test_a_name_whose_channel_is_gone_is_listed_anew_the_next_time() -> None:
    listed = ["C00000001", "C00000002"]

    def page(request: Request) -> Reply:
        form = request.form()
        if "channel" not in form:
            return json_reply({"ok": True, "channels": [{"id": listed.pop(0), "name": "ops"}]})
        if form["channel"] == "C00000001":
            return json_reply({"ok": False, "error": "channel_not_found"})
        return json_reply({"ok": True, "messages": []})

    with serving(page) as server:
        chat = bot(server)
        with pytest.raises(Permanent):
            chat.find("#ops", "d-1", SINCE)
        assert chat.find("#ops", "d-1", SINCE) is None
    assert not listed


def test_editing_in_a_channel_that_nobody_lists_says_what_is_needed(slack: Server) -> None:
    with pytest.raises(Permanent, match="the channel's id"):
        bot(slack).update("#not-there", "1.0", CARD, "d-1")


def test_no_channel_is_a_misconfiguration(slack: Server) -> None:
    with pytest.raises(Permanent) as caught:
        bot(slack).post("", CARD, "d-1")
    assert caught.value.reason is Reason.MISCONFIGURED
