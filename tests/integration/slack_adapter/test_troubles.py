"""What the bot makes of Slack's refusals, of outages, and of answers that are none."""

import pytest

from integration.local_slack.calls import control, listed
from integration.slack_adapter.chats import CARD, CHANNEL, SINCE, bot, calls
from local_stack.loopback import Reply, Server, json_reply
from responder.errors import Permanent, Reason, Retryable
from responder.ports import Message, Place
from serving import serving

JSON = "application/json"


@pytest.mark.parametrize(
    ("fail", "reason", "after", "took_effect"),
    [
        ({"mode": "429", "retry_after": 7}, Reason.RATE_LIMITED, 7, False),
        ({"mode": "500"}, Reason.UNAVAILABLE, None, None),
        ({"mode": "html"}, Reason.UNAVAILABLE, None, None),
        ({"mode": "drop"}, Reason.TIMEOUT, None, None),
        ({"mode": "ok_false", "error": "ratelimited"}, Reason.RATE_LIMITED, 1, False),
        ({"mode": "ok_false", "error": "service_unavailable"}, Reason.UNAVAILABLE, None, None),
        ({"mode": "ok_false", "error": "internal_error"}, Reason.UNAVAILABLE, None, None),
        ({"mode": "ok_false", "error": "fatal_error"}, Reason.UNAVAILABLE, None, None),
        ({"mode": "ok_false", "error": "org_login_required"}, Reason.UNAVAILABLE, None, None),
        ({"mode": "ok_false", "error": "token_revoked"}, Reason.SECRET_MISSING, 60, False),
    ],
)
def test_passing_trouble_is_retryable(
    slack: Server,
    fail: dict[str, object],
    reason: Reason,
    after: float | None,
    took_effect: bool | None,
) -> None:
    control(slack, fail=fail)
    with pytest.raises(Retryable) as caught:
        bot(slack).post(CHANNEL, CARD, "d-1")
    error = caught.value
    assert (error.reason, error.after, error.took_effect) == (reason, after, took_effect)
    assert calls(slack) == {"chat.postMessage": 1}


def test_a_lost_answer_may_have_taken_effect_and_the_card_is_found(slack: Server) -> None:
    control(slack, fail={"mode": "timeout_after_post", "count": 1})
    chat = bot(slack, timeout=1)
    with pytest.raises(Retryable) as caught:
        chat.post(CHANNEL, CARD, "d-1")
    assert (caught.value.reason, caught.value.took_effect) == (Reason.TIMEOUT, None)
    assert chat.find(CHANNEL, "d-1", SINCE) == Place(CHANNEL, listed(slack)[0]["ts"])


def test_nothing_listens_certainly_did_nothing() -> None:
    with serving(lambda request: Reply()) as stopped:
        pass
    with pytest.raises(Retryable) as caught:
        bot(stopped).post(CHANNEL, CARD, "d")
    assert (caught.value.reason, caught.value.took_effect) == (Reason.TIMEOUT, False)


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (Reply(body=b"\xff\xfe"), Reason.UNAVAILABLE),
        (Reply(body=b"{}", content_type=f"{JSON}; charset=martian"), Reason.UNAVAILABLE),
        (Reply(body=b"[1]", content_type=JSON), Reason.UNAVAILABLE),
        (Reply(body=b"null", content_type=JSON), Reason.UNAVAILABLE),
        (Reply(headers={"Content-Length": "99"}, stream=[b"{"]), Reason.TIMEOUT),
    ],
    ids=["not UTF-8", "no such charset", "a list", "null", "cut off"],
)
def test_a_strange_answer_may_have_taken_effect(answer: Reply, reason: Reason) -> None:
    with serving(lambda request: answer) as server, pytest.raises(Retryable) as caught:
        bot(server).post(CHANNEL, CARD, "d-1")
    assert (caught.value.reason, caught.value.took_effect) == (reason, None)


def test_a_429_without_a_number_waits_a_second() -> None:
    busy = json_reply({}, 429, Retry_After="Sat, 21 Nov 2026 03:00:00 GMT")
    with serving(lambda request: busy) as server, pytest.raises(Retryable) as caught:
        bot(server).post(CHANNEL, CARD, "d-1")
    assert caught.value.after == 1


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        ("channel_not_found", Reason.CHANNEL_NOT_FOUND),
        ("is_archived", Reason.CHANNEL_ARCHIVED),
        ("is_inactive", Reason.CHANNEL_ARCHIVED),
        ("not_in_channel", Reason.NOT_IN_CHANNEL),
        ("restricted_action", Reason.CHANNEL_CLOSED),
        ("restricted_action_read_only_channel", Reason.CHANNEL_CLOSED),
        ("missing_scope", Reason.REFUSED_BY_SLACK),
        # A reply alone is refused: the channel itself takes what the thread would have told.
        ("restricted_action_non_threadable_channel", Reason.REFUSED_BY_SLACK),
    ],
)
def test_lasting_refusals_are_permanent_and_named(
    slack: Server, error: str, reason: Reason
) -> None:
    control(slack, fail={"mode": "ok_false", "error": error})
    with pytest.raises(Permanent, match=f"chat.postMessage: {error} .channel C0ALERTS") as caught:
        bot(slack).post(CHANNEL, CARD, "d-1")
    assert caught.value.reason is reason


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        ("invalid_blocks", Reason.INVALID_MESSAGE),
        ("msg_too_long", Reason.INVALID_MESSAGE),
        ("attachment_payload_limit_exceeded", Reason.INVALID_MESSAGE),
        ("message_not_found", Reason.CARD_GONE),
        ("thread_not_found", Reason.CARD_GONE),
        ("edit_window_closed", Reason.CARD_GONE),
    ],
)
def test_refusals_that_can_be_mended_are_told_apart(
    slack: Server, error: str, reason: Reason
) -> None:
    control(slack, fail={"mode": "ok_false", "error": error})
    with pytest.raises(Permanent, match=error) as caught:
        bot(slack).post(CHANNEL, CARD, "d-1")
    assert caught.value.reason is reason


def test_slacks_own_refusals_are_permanent(slack: Server) -> None:
    chat = bot(slack)
    with pytest.raises(Permanent, match="is_archived"):
        chat.post("C0OLD", CARD, "d-1")
    with pytest.raises(Permanent, match="is_inactive"):
        chat.update("C0OLD", "1.000001", CARD, "d-1")
    with pytest.raises(Permanent, match="message_not_found"):
        chat.update(CHANNEL, "1.000001", CARD, "d-1")
    with pytest.raises(Permanent, match="invalid_blocks"):
        chat.post(CHANNEL, Message(text="t", blocks=[{"type": "section"}]), "d-1")
