"""The bot's token: rotated, refused, missing, never shown; and when the bot is chosen."""

import pytest

from integration.slack_adapter.chats import CARD, CHANNEL, TOKEN, FakeSecret, bot, calls, webhook
from local_stack.loopback import Server
from responder.adapters.slack import BotSlack, choose_chat
from responder.errors import Reason, Retryable


def test_a_rotated_token_works_at_once(slack: Server) -> None:
    token = FakeSecret("xoxb-old", fresh=TOKEN)
    assert bot(slack, token).post(CHANNEL, CARD, "d-1")
    assert token.asked == [False, True]


def test_a_refused_token_waits_for_a_new_one(slack: Server) -> None:
    with pytest.raises(Retryable, match="invalid_auth") as caught:
        bot(slack, FakeSecret("xoxb-wrong")).post(CHANNEL, CARD, "d-1")
    error = caught.value
    assert (error.reason, error.after, error.took_effect) == (Reason.SECRET_MISSING, 60, False)
    assert "xoxb" not in str(error)
    # The fresh value is the same: asking Slack again would be in vain.
    assert calls(slack) == {"chat.postMessage": 1}


def test_a_missing_secret_is_told_as_it_is(slack: Server) -> None:
    with pytest.raises(Retryable, match="secret slack has no value"):
        bot(slack, FakeSecret("")).post(CHANNEL, CARD, "d-1")
    assert calls(slack) == {}


def test_an_unusable_token_never_shows_in_the_error(slack: Server) -> None:
    with pytest.raises(Retryable) as caught:
        bot(slack, FakeSecret("xoxb-a\nb")).post(CHANNEL, CARD, "d-1")
    error = caught.value
    assert (error.reason, error.took_effect) == (Reason.SECRET_MISSING, False)
    assert "xoxb" not in str(error)
    assert error.__suppress_context__


def test_no_secret_is_logged_whatever_the_level(
    slack: Server, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    webhook(f"{slack.url}/services/T1/B1/hidden").post("", CARD, "d-1")
    bot(slack).post(CHANNEL, CARD, "d-2")
    assert "hidden" not in caplog.text
    assert TOKEN not in caplog.text


def test_the_bot_is_chosen_once_its_token_has_a_value() -> None:
    chats = BotSlack(FakeSecret(""), "http://127.0.0.1:9/", 1), webhook("http://127.0.0.1:9/")
    token = FakeSecret("")
    assert choose_chat(token, *chats) is chats[1]
    token.value = TOKEN
    assert choose_chat(token, *chats) is chats[0]


def test_an_unreadable_secret_store_does_not_demote_the_bot() -> None:
    def unreachable(force_fresh: bool) -> str:
        raise Retryable(Reason.UNAVAILABLE, "secrets manager")

    with pytest.raises(Retryable, match="secrets manager"):
        choose_chat(unreachable, BotSlack(unreachable, "", 1), webhook("http://127.0.0.1:9/"))
