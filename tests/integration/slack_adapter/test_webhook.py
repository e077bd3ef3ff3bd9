"""The incoming webhook: what it can do, and what its answers mean."""

import pytest

from integration.local_slack.calls import control, listed
from integration.slack_adapter.chats import CARD, SINCE, FakeSecret, calls, webhook
from local_stack.loopback import Server, text_reply
from responder.adapters.slack import WebhookSlack
from responder.delivery import card
from responder.errors import Permanent, Reason, ResponderError, Retryable
from responder.ports import Place
from responder_cli.card.examples import ANALYSED, FIRST, NOW
from serving import serving


def test_webhook_posts_and_can_do_no_more(slack: Server) -> None:
    chat = webhook(f"{slack.url}/services/T1/B1/secret\n")
    assert not chat.editable
    assert chat.post("", card.webhook_first(FIRST, NOW), "d-1") == Place("", "")
    assert chat.post("", card.webhook_analysis(ANALYSED, NOW), "d-2") == Place("", "")
    assert [m["via"] for m in listed(slack)] == ["webhook", "webhook"]
    with pytest.raises(Permanent):
        chat.update("", "1.1", CARD, "d-1")
    with pytest.raises(Permanent):
        chat.find("", "d-1", SINCE)


@pytest.mark.parametrize(
    ("fail", "reason", "after", "took_effect"),
    [
        ({"mode": "429", "retry_after": 3}, Reason.RATE_LIMITED, 3, False),
        ({"mode": "500"}, Reason.UNAVAILABLE, None, None),
        ({"mode": "html"}, Reason.UNAVAILABLE, None, None),
        ({"mode": "drop"}, Reason.TIMEOUT, None, None),
    ],
)
def test_webhook_trouble_is_retryable(
    slack: Server,
    fail: dict[str, object],
    reason: Reason,
    after: float | None,
    took_effect: bool | None,
) -> None:
    control(slack, fail=fail)
    with pytest.raises(Retryable) as caught:
        webhook(f"{slack.url}/services/T1/B1/secret").post("", CARD, "d-1")
    error = caught.value
    assert (error.reason, error.after, error.took_effect) == (reason, after, took_effect)
    assert calls(slack) == {"webhook": 1}


@pytest.mark.parametrize(
    ("status", "body", "kind", "reason"),
    [
        (404, "no_service", Retryable, Reason.SECRET_MISSING),
        (404, "<html>nothing here</html>", Retryable, Reason.SECRET_MISSING),
        (410, "no_service", Retryable, Reason.SECRET_MISSING),
        (403, "invalid_token", Retryable, Reason.SECRET_MISSING),
        (404, "channel_not_found", Permanent, Reason.CHANNEL_NOT_FOUND),
        (410, "channel_is_archived", Permanent, Reason.REFUSED_BY_SLACK),
        (400, "invalid_payload", Permanent, Reason.REFUSED_BY_SLACK),
        (200, "OK", Retryable, Reason.UNAVAILABLE),
        (200, "", Retryable, Reason.UNAVAILABLE),
    ],
)
def test_webhook_answers_other_than_ok(
    status: int, body: str, kind: type[ResponderError], reason: Reason
) -> None:
    said = text_reply(body, status)
    with serving(lambda request: said) as server, pytest.raises(kind) as caught:
        webhook(f"{server.url}/services/T1/B1/secret").post("", CARD, "d-1")
    assert type(caught.value) is kind
    assert caught.value.reason is reason
    assert "secret/" not in str(caught.value)
    assert "services" not in str(caught.value)


def test_a_rotated_webhook_works_at_once(slack: Server) -> None:
    url = FakeSecret(f"{slack.url}/services/gone", fresh=f"{slack.url}/services/T1/B1/secret")
    WebhookSlack(url, 5).post("", CARD, "d-1")
    assert url.asked == [False, True]
    assert len(listed(slack)) == 1


@pytest.mark.parametrize(
    "value", ["changeme", "file:///etc/passwd", "http://h/se cret", "http://["]
)
def test_an_unusable_webhook_never_shows_in_error_or_log(
    value: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    with pytest.raises(Retryable) as caught:
        webhook(value).post("", CARD, "d-1")
    assert caught.value.reason is Reason.SECRET_MISSING
    assert value not in str(caught.value) + caplog.text
    assert caught.value.__suppress_context__
