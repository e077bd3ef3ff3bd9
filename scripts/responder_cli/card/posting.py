"""Incidents as Slack would show them: posted by the real adapter to a local Slack of its own.

So what is previewed went through the same rendering, the same request and the same limits as a
real card, and what Slack would refuse is refused here.
"""

import json
import urllib.request
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from local_stack import slack_server
from responder.adapters.slack import BotSlack, WebhookSlack
from responder.delivery import card, notices
from responder.errors import Permanent
from responder.incident import Incident
from responder.ports import Chat, Message, Place

#: Seconds; the local Slack answers at once.
TIMEOUT = 10
CHANNEL = "#alerts"


@dataclass(frozen=True)
class Preview:
    """What the page shows (``state``), and what Slack would refuse, one line each."""

    state: dict[str, Any]
    refusals: tuple[str, ...]

    @property
    def messages(self) -> list[dict[str, Any]]:
        """The messages as Slack gets them, oldest first; Block Kit Builder takes each."""
        sent = ("text", "blocks", "attachments")
        return [{name: message[name] for name in sent} for message in self.state["messages"]]


def post(incidents: Sequence[Incident], now: datetime, *, webhook: bool) -> Preview:
    """Post every incident with all that is told of it, as if all had happened by ``now``."""
    server = slack_server.start(pace=0, webhook_channel=CHANNEL, clock=lambda: now.timestamp())
    try:
        chat = _chat(server.url, webhook=webhook)
        for number, incident in enumerate(incidents):
            _tell(chat, incident, now, f"preview-{number}")
        with urllib.request.urlopen(f"{server.url}/api/page", timeout=TIMEOUT) as answer:  # noqa: S310
            state: dict[str, Any] = json.loads(answer.read())
    finally:
        server.stop()
    refusals = tuple(f"{one['error']}: {'; '.join(one['reasons'])}" for one in state["refusals"])
    return Preview({**state, "calls": 0}, refusals)


def _chat(url: str, *, webhook: bool) -> Chat:
    if not webhook:
        return BotSlack(lambda fresh: "xoxb-preview", f"{url}/api/", TIMEOUT)
    address = f"{url}/services/T0/B0/preview"
    return WebhookSlack(lambda fresh: address, TIMEOUT)


def _tell(chat: Chat, incident: Incident, now: datetime, delivery_id: str) -> None:
    """The card, then what follows it; what is refused leaves nothing to follow."""
    first, *rest = _messages(incident, now, editable=chat.editable)
    place = _post(chat, first, delivery_id, "")
    if place is None:
        return
    for message in rest:
        _post(chat, message, delivery_id, place.ts)


def _messages(incident: Incident, now: datetime, *, editable: bool) -> list[Message]:
    told = [notices.render(incident, one, standalone=not editable) for one in incident.notices]
    if editable:
        return [card.render(incident, now), *told]
    analysis = [] if incident.analysis.is_fallback else [card.webhook_analysis(incident, now)]
    return [card.webhook_first(incident, now), *analysis, *told]


def _post(chat: Chat, message: Message, delivery_id: str, thread_ts: str) -> Place | None:
    try:
        return chat.post(CHANNEL, message, delivery_id, thread_ts)
    except Permanent:
        # The local Slack keeps what it refused, with its reasons.
        return None
