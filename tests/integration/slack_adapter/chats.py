"""What the tests of the Slack adapter share: a card, and ways to the local Slack."""

from dataclasses import dataclass, field
from datetime import UTC, datetime

from integration.local_slack.calls import get
from local_stack.loopback import Server
from responder.adapters.slack import BotSlack, WebhookSlack
from responder.delivery import card
from responder.errors import Reason, Retryable
from responder_cli.card.examples import FIRST, NOW

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


def bot(server: Server, token: FakeSecret | None = None, timeout: int = 5) -> BotSlack:
    return BotSlack(token or FakeSecret(TOKEN), f"{server.url}/api/", timeout)


def webhook(url: str) -> WebhookSlack:
    return WebhookSlack(FakeSecret(url), 5)


def calls(server: Server) -> dict[str, int]:
    counts: dict[str, int] = get(server, "/control")["calls"]
    return counts
