"""The Slack adapter against real HTTP: the local Slack, and a server that says what it is told."""

import json
import socket
import threading
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl

import pytest

from local_stack.loopback import Server
from local_stack.slack_server import start
from responder.adapters.slack import BotSlack, WebhookSlack, choose_chat
from responder.delivery import card
from responder.errors import Permanent, Reason, ResponderError, Retryable
from responder.ports import Message, Place
from responder_cli.card.examples import ANALYSED, FIRST, NOW, RESOLVED

CHANNEL = "C0ALERTS"
CARD = card.render(FIRST, NOW)
SINCE = datetime(2020, 1, 1, tzinfo=UTC)
TOKEN = "xoxb-right"


@dataclass
class FakeSecret:
    """A cached value, and the one that a fresh look finds."""

    value: str
    fresh: str = ""
    asked: list[bool] = field(default_factory=list)

    def __call__(self, force_fresh: bool) -> str:
        self.asked.append(force_fresh)
        if force_fresh and self.fresh:
            self.value = self.fresh
        if not self.value:
            raise Retryable(Reason.SECRET_MISSING, "secret slack has no value", after=60)
        return self.value


@pytest.fixture
def slack() -> Iterator[Server]:
    server = start(pace=0, token=TOKEN, archived_channels=["C0OLD"])
    try:
        yield server
    finally:
        server.stop()


def bot(server: Server, token: FakeSecret | None = None, timeout: int = 5) -> BotSlack:
    return BotSlack(token or FakeSecret(TOKEN), f"{server.url}/api/", timeout)


def listed(server: Server) -> list[dict[str, Any]]:
    with urllib.request.urlopen(f"{server.url}/api/messages") as answer:
        found: list[dict[str, Any]] = json.load(answer)
    return found


def trouble(server: Server, **fail: object) -> None:
    body = json.dumps({"fail": fail}).encode()
    urllib.request.urlopen(f"{server.url}/control", data=body).close()


def calls(server: Server) -> dict[str, int]:
    with urllib.request.urlopen(f"{server.url}/control") as answer:
        counts: dict[str, int] = json.load(answer)["calls"]
    return counts


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
    trouble(slack, **fail)
    with pytest.raises(Retryable) as caught:
        bot(slack).post(CHANNEL, CARD, "d-1")
    error = caught.value
    assert (error.reason, error.after, error.took_effect) == (reason, after, took_effect)
    assert calls(slack) == {"chat.postMessage": 1}


def test_a_lost_answer_may_have_taken_effect_and_the_card_is_found(slack: Server) -> None:
    trouble(slack, mode="timeout_after_post", count=1)
    chat = bot(slack, timeout=1)
    with pytest.raises(Retryable) as caught:
        chat.post(CHANNEL, CARD, "d-1")
    assert (caught.value.reason, caught.value.took_effect) == (Reason.TIMEOUT, None)
    assert chat.find(CHANNEL, "d-1", SINCE) == Place(CHANNEL, listed(slack)[0]["ts"])


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        ("channel_not_found", Reason.CHANNEL_NOT_FOUND),
        ("is_archived", Reason.CHANNEL_ARCHIVED),
        ("not_in_channel", Reason.NOT_IN_CHANNEL),
        ("restricted_action", Reason.CHANNEL_CLOSED),
        ("restricted_action_read_only_channel", Reason.CHANNEL_CLOSED),
        ("missing_scope", Reason.REFUSED_BY_SLACK),
    ],
)
def test_lasting_refusals_are_permanent_and_named(
    slack: Server, error: str, reason: Reason
) -> None:
    trouble(slack, mode="ok_false", error=error)
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
        ("edit_window_closed", Reason.CARD_GONE),
    ],
)
def test_refusals_that_can_be_mended_are_told_apart(
    slack: Server, error: str, reason: Reason
) -> None:
    trouble(slack, mode="ok_false", error=error)
    with pytest.raises(Permanent, match=error) as caught:
        bot(slack).post(CHANNEL, CARD, "d-1")
    assert caught.value.reason is reason


def test_slacks_own_refusals_are_permanent(slack: Server) -> None:
    chat = bot(slack)
    with pytest.raises(Permanent, match="is_archived"):
        chat.post("C0OLD", CARD, "d-1")
    with pytest.raises(Permanent, match="message_not_found"):
        chat.update(CHANNEL, "1.000001", CARD, "d-1")
    with pytest.raises(Permanent, match="invalid_blocks"):
        chat.post(CHANNEL, Message(text="t", blocks=[{"type": "section"}]), "d-1")


def test_a_channel_given_by_name_is_edited_and_searched_by_its_id(slack: Server) -> None:
    place = bot(slack).post("#alerts", CARD, "d-1")
    assert place.channel == CHANNEL
    another_process = bot(slack)
    another_process.update("#alerts", place.ts, CARD, "d-1")
    assert another_process.find("#alerts", "d-1", datetime(2020, 1, 1, tzinfo=UTC)) == place
    assert calls(slack)["conversations.list"] == 1


def test_the_channels_of_a_big_workspace_are_listed_within_slacks_limit() -> None:
    """About 20 calls a minute; the channel that is looked for is the last one."""
    names, asked = [f"team-{number}" for number in range(12_000)], []

    def page(form: dict[str, str]) -> dict[str, Any]:
        if "channel" in form:
            return {"ok": True, "messages": []}
        asked.append(form)
        first, size = int(form.get("cursor") or 0), int(form["limit"])
        assert size < 1_000
        listed = [{"id": f"C{n:08}", "name": names[n]} for n in range(len(names))]
        following = str(first + size) if first + size < len(names) else ""
        return {
            "ok": True,
            "channels": listed[first : first + size],
            "response_metadata": {"next_cursor": following},
        }

    with answering(page) as url:
        chat = BotSlack(FakeSecret(TOKEN), f"{url}/api/", 5)
        assert chat.find(f"#{names[-1]}", "d-1", SINCE) is None
    assert len(asked) <= 20


def test_a_channel_that_slack_told_the_id_of_is_not_listed(slack: Server) -> None:
    chat = bot(slack)
    place = chat.post("#alerts", CARD, "d-1")
    chat.update(place.channel, place.ts, CARD, "d-1")
    chat.post(place.channel, Message(text="raised"), "d-2", thread_ts=place.ts)
    assert "conversations.list" not in calls(slack)


def test_editing_in_a_channel_that_nobody_lists_says_what_is_needed(slack: Server) -> None:
    with pytest.raises(Permanent, match="the channel's id"):
        bot(slack).update("#not-there", "1.0", CARD, "d-1")


def test_no_channel_is_a_misconfiguration(slack: Server) -> None:
    with pytest.raises(Permanent) as caught:
        bot(slack).post("", CARD, "d-1")
    assert caught.value.reason is Reason.MISCONFIGURED


def test_nothing_listens_certainly_did_nothing() -> None:
    with pytest.raises(Retryable) as caught:
        BotSlack(FakeSecret(TOKEN), f"http://127.0.0.1:{free_port()}/api/", 5).post(
            CHANNEL, CARD, "d"
        )
    assert (caught.value.reason, caught.value.took_effect) == (Reason.TIMEOUT, False)


def test_an_unusable_token_never_shows_in_the_error(slack: Server) -> None:
    with pytest.raises(Retryable) as caught:
        bot(slack, FakeSecret("xoxb-a\nb")).post(CHANNEL, CARD, "d-1")
    error = caught.value
    assert (error.reason, error.took_effect) == (Reason.SECRET_MISSING, False)
    assert "xoxb" not in str(error)
    assert error.__suppress_context__


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
    trouble(slack, **fail)
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
    with saying(status, body.encode()) as url, pytest.raises(kind) as caught:
        webhook(f"{url}/services/T1/B1/secret").post("", CARD, "d-1")
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


def test_no_secret_is_logged_whatever_the_level(
    slack: Server, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    webhook(f"{slack.url}/services/T1/B1/hidden").post("", CARD, "d-1")
    bot(slack).post(CHANNEL, CARD, "d-2")
    assert "hidden" not in caplog.text
    assert TOKEN not in caplog.text


@pytest.mark.parametrize(
    ("headers", "body", "reason"),
    [
        ({"Content-Type": "application/json; charset=utf-8"}, b"\xff\xfe", Reason.UNAVAILABLE),
        ({"Content-Type": "application/json; charset=martian"}, b"{}", Reason.UNAVAILABLE),
        ({"Content-Type": "application/json"}, b"[1]", Reason.UNAVAILABLE),
        ({"Content-Type": "application/json"}, b"null", Reason.UNAVAILABLE),
        ({"Content-Type": "application/json", "Content-Length": "99"}, b"{", Reason.TIMEOUT),
    ],
)
def test_a_strange_answer_may_have_taken_effect(
    headers: dict[str, str], body: bytes, reason: Reason
) -> None:
    with saying(200, body, headers) as url, pytest.raises(Retryable) as caught:
        BotSlack(FakeSecret(TOKEN), f"{url}/api/", 5).post(CHANNEL, CARD, "d-1")
    assert (caught.value.reason, caught.value.took_effect) == (reason, None)


def test_a_page_that_leads_to_itself_ends_the_search() -> None:
    page = {"ok": True, "messages": [], "response_metadata": {"next_cursor": "again"}}
    with saying(200, json.dumps(page).encode()) as url, pytest.raises(Retryable, match="page"):
        BotSlack(FakeSecret(TOKEN), f"{url}/api/", 5).find(CHANNEL, "d-1", SINCE)


def test_a_429_without_a_number_waits_a_second() -> None:
    headers = {"Retry-After": "Sat, 21 Nov 2026 03:00:00 GMT"}
    with saying(429, b"{}", headers) as url, pytest.raises(Retryable) as caught:
        BotSlack(FakeSecret(TOKEN), f"{url}/api/", 5).post(CHANNEL, CARD, "d-1")
    assert caught.value.after == 1


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


def webhook(url: str) -> WebhookSlack:
    return WebhookSlack(FakeSecret(url), 5)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


@contextmanager
def answering(page: Callable[[dict[str, str]], dict[str, Any]]) -> Iterator[str]:
    """A server that answers every form by JSON."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            form = self.rfile.read(int(self.headers["Content-Length"])).decode()
            body = json.dumps(page(dict(parse_qsl(form)))).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    with serving(Handler) as url:
        yield url


@contextmanager
def saying(status: int, body: bytes, headers: dict[str, str] | None = None) -> Iterator[str]:
    """A server that gives one answer to everything."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(status)
            for name, value in {"Content-Length": str(len(body)), **(headers or {})}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    with serving(Handler) as url:
        yield url


@contextmanager
def serving(handler: type[BaseHTTPRequestHandler]) -> Iterator[str]:
    """A server's address, while it runs."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
