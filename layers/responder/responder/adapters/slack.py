"""Slack behind ``ports.Chat``: with a bot token, or with an incoming webhook.

A bot edits cards and finds them again; a webhook only ever adds messages. The composition root
makes both, and ``choose_chat`` picks one per invocation: a bot token set later counts without a
deployment.
"""

import logging
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from slack_sdk.webhook import WebhookClient

from responder.adapters.slack_errors import (
    BAD_TOKEN,
    BAD_WEBHOOK,
    ERROR_CODE,
    FAILURES,
    failure,
    raise_for_status,
    raise_refusal,
)
from responder.channel import is_id
from responder.errors import Permanent, Reason, Retryable
from responder.ports import Chat, Message, Place

#: Gives a secret's value; True asks for a fresh one. Raises Retryable where it has none.
Secret = Callable[[bool], str]

METADATA_EVENT = "responder_card"

# https://docs.slack.dev/reference/methods/conversations.history: at most 999, 200 advised.
_PAGE_SIZE = 200
# https://docs.slack.dev/reference/methods/conversations.list: under 1,000, and about 20 calls a
# minute. A refused call begins the list anew: with smaller pages a big one would never be read.
_LIST_SIZE = 999
# slack_sdk logs requests at DEBUG and errors at ERROR, both with the webhook's address in them; our
# own errors say all that a person needs.
_silent = logging.getLogger("responder.slack")
_silent.setLevel(logging.CRITICAL + 1)


class BotSlack:
    """Posts, edits and finds messages with a bot token."""

    def __init__(self, token: Secret, base_url: str, timeout: int) -> None:
        """``timeout`` in seconds bounds each wait for Slack."""
        self._token = token
        self._base_url = base_url
        self._timeout = timeout
        self._ids: dict[str, str] = {}

    @property
    def editable(self) -> bool:
        """A bot can edit, thread and look up."""
        return True

    def post(self, channel: str, message: Message, delivery_id: str, thread_ts: str = "") -> Place:
        """Post; only posting takes a channel's name, so its id is told."""
        body = {**_content(message), **_metadata(delivery_id), **_UNFURL_NOTHING}
        if thread_ts:
            body |= {"thread_ts": thread_ts, "reply_broadcast": message.broadcast}
        answer = self._call("chat.postMessage", channel, body)
        return Place(str(answer.get("channel") or channel), str(answer["ts"]))

    def update(self, channel: str, ts: str, message: Message, delivery_id: str) -> None:
        """Replace a posted message; its metadata stays, or it could not be found again."""
        self._call(
            "chat.update",
            self._id_of(channel),
            {"ts": ts, **_content(message), **_metadata(delivery_id)},
        )

    def find(
        self, channel: str, delivery_id: str, since: datetime, thread_ts: str = ""
    ) -> Place | None:
        """Look through every page of the channel (or thread) from ``since`` on."""
        known = self._id_of(channel)
        try:
            for message in self._messages(known, since, thread_ts):
                payload = (message.get("metadata") or {}).get("event_payload") or {}
                if payload.get("delivery_id") == delivery_id:
                    return Place(known, str(message["ts"]))
        except Permanent as error:
            if error.reason is Reason.CHANNEL_NOT_FOUND:
                # The name may be another channel's by now.
                self._ids.pop(channel, None)
            raise
        return None

    def _id_of(self, channel: str) -> str:
        """A channel's id: only posting takes a name. Asked for once per process and name."""
        if is_id(channel):
            return channel
        if channel not in self._ids:
            name = channel.removeprefix("#")
            query = {
                "types": "public_channel,private_channel",
                "exclude_archived": True,
                "limit": _LIST_SIZE,
            }
            listed = self._pages("conversations.list", "", query, "channels")
            found = (str(one["id"]) for one in listed if one.get("name") == name)
            if (found_id := next(found, None)) is None:
                return channel
            self._ids[channel] = found_id
        return self._ids[channel]

    def _messages(
        self, channel: str, since: datetime, thread_ts: str
    ) -> Iterator[Mapping[str, Any]]:
        method = "conversations.replies" if thread_ts else "conversations.history"
        query: dict[str, Any] = {
            "oldest": f"{since.timestamp():.6f}",
            "include_all_metadata": True,
        }
        if thread_ts:
            query["ts"] = thread_ts
        return self._pages(method, channel, query, "messages")

    def _pages(
        self, method: str, channel: str, query: Mapping[str, Any], member: str
    ) -> Iterator[Mapping[str, Any]]:
        """What every page holds under ``member``."""
        query = {"limit": _PAGE_SIZE, **query}
        seen: set[str] = set()
        while True:
            page = self._call(method, channel, query)
            yield from page.get(member) or ()
            cursor = str((page.get("response_metadata") or {}).get("next_cursor") or "")
            if not cursor:
                return
            if cursor in seen:
                raise Retryable(Reason.UNAVAILABLE, f"{method}: Slack repeats a page", after=5)
            seen.add(cursor)
            query["cursor"] = cursor

    def _call(self, method: str, channel: str, body: Mapping[str, Any]) -> Mapping[str, Any]:
        """One call; a refused token is fetched afresh and tried once more."""
        if not channel and method != "conversations.list":
            raise Permanent(Reason.MISCONFIGURED, f"{method}: no Slack channel is configured")
        token = self._token(False)
        answer = self._send(token, method, channel, body)
        if answer.get("error") in BAD_TOKEN:
            fresh = self._token(True)
            if fresh != token:
                answer = self._send(fresh, method, channel, body)
        if answer.get("ok"):
            return answer
        raise_refusal(method, channel, str(answer.get("error", "")))

    def _send(
        self, token: str, method: str, channel: str, body: Mapping[str, Any]
    ) -> Mapping[str, Any]:
        """Slack's JSON answer, ok or not; everything else is raised as an error of ours."""
        client = WebClient(
            token=token.strip(),
            base_url=self._base_url,
            timeout=self._timeout,
            # The default handler sends a POST again on a dropped connection: a second card.
            retry_handlers=[],
            logger=_silent,
        )
        arguments = {"channel": channel, **body} if channel else dict(body)
        # Reading methods take form fields, writing ones JSON.
        reading = method.startswith("conversations.")
        try:
            if reading:
                return _answer(client.api_call(method, params=arguments).data)
            return _answer(client.api_call(method, json=arguments).data)
        except SlackApiError as error:
            response: Any = error.response
        except FAILURES as error:
            # from None: the text of the cause may hold the address or the token.
            raise failure(method, error) from None
        raise_for_status(method, int(response.status_code), response.headers)
        return _answer(response.data)


class WebhookSlack:
    """Posts through an incoming webhook, which has one channel of its own and no memory."""

    def __init__(self, url: Secret, timeout: int) -> None:
        """``timeout`` in seconds bounds each wait for Slack."""
        self._url = url
        self._timeout = timeout

    @property
    def editable(self) -> bool:
        """A webhook can only add messages."""
        return False

    def post(self, channel: str, message: Message, delivery_id: str, thread_ts: str = "") -> Place:
        """Post; a webhook tells nothing of where."""
        url = self._url(False)
        error = self._send(url, message)
        if error in BAD_WEBHOOK:
            fresh = self._url(True)
            if fresh != url:
                error = self._send(fresh, message)
        if error is not None:
            raise_refusal("webhook", "its own channel", error)
        return Place("", "")

    def update(self, channel: str, ts: str, message: Message, delivery_id: str) -> None:
        """Never: the card protocol asks ``editable`` first."""
        raise Permanent(Reason.MISCONFIGURED, "a webhook cannot edit messages")

    def find(
        self, channel: str, delivery_id: str, since: datetime, thread_ts: str = ""
    ) -> Place | None:
        """Never: the card protocol asks ``editable`` first."""
        raise Permanent(Reason.MISCONFIGURED, "a webhook cannot look messages up")

    def _send(self, url: str, message: Message) -> str | None:
        """None when Slack took the message, else what it said instead."""
        try:
            client = WebhookClient(
                url.strip(), timeout=self._timeout, retry_handlers=[], logger=_silent
            )
            answer = client.send_dict({**_content(message), **_UNFURL_NOTHING})
        except FAILURES as error:
            raise failure("webhook", error) from None
        raise_for_status("webhook", answer.status_code, answer.headers)
        body = answer.body.strip()
        if answer.status_code == 200 and body == "ok":
            return None
        if answer.status_code == 404 and not ERROR_CODE.fullmatch(body):
            return "no_service"
        return body


def choose_chat(bot_token: Secret, bot: Chat, webhook: Chat) -> Chat:
    """The bot where its token's secret has a value, else the webhook."""
    try:
        bot_token(False)
    except Retryable as error:
        if error.reason is not Reason.SECRET_MISSING:
            raise
        return webhook
    return bot


_UNFURL_NOTHING: Mapping[str, Any] = {"unfurl_links": False, "unfurl_media": False}


def _content(message: Message) -> dict[str, Any]:
    """Text and blocks. The colour is a bar beside the last block, the card's small print.

    Only attachments have a colour, and Slack may hide what is in them behind "show more"
    (https://docs.slack.dev/legacy/legacy-messaging/legacy-secondary-message-attachments): so
    everything that must be read stays outside.
    """
    blocks = [dict(block) for block in message.blocks]
    bar = bool(message.color) and len(blocks) > 1
    return {
        "text": message.text,
        "blocks": blocks[:-1] if bar else blocks,
        # Also when empty: an update without the field would leave the old bar in place.
        "attachments": [{"color": message.color, "blocks": blocks[-1:]}] if bar else [],
        # chat.update's default would turn names and addresses in the text into links.
        "parse": "none",
        "link_names": False,
    }


def _metadata(delivery_id: str) -> dict[str, Any]:
    return {
        "metadata": {"event_type": METADATA_EVENT, "event_payload": {"delivery_id": delivery_id}}
    }


def _answer(data: object) -> Mapping[str, Any]:
    return data if isinstance(data, Mapping) else {}
