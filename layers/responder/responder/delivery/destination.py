"""What a card says of where it was sent: whom it calls, and why it is not where it should be.

The only live mentions of a message are made here, from what operators wrote and nothing else.
"""

from collections.abc import Mapping, Sequence

from responder.delivery import mrkdwn
from responder.errors import Reason
from responder.incident import Incident

_CHANNEL = 85
_CLOSED = "does not take the app's messages"
_WHY: Mapping[str, str] = {
    Reason.CHANNEL_NOT_FOUND: "does not exist for the app",
    Reason.CHANNEL_ARCHIVED: "is archived",
    Reason.NOT_IN_CHANNEL: "does not have the app as a member",
    Reason.CHANNEL_CLOSED: _CLOSED,
}


def mentions(incident: Incident, only: Sequence[str] = ()) -> str:
    """Whom its route calls, or ``only`` these, live; nobody once it is over.

    https://docs.slack.dev/messaging/formatting-message-text#mentioning-users
    """
    if incident.route is None or not incident.still_fires:
        return ""
    return " ".join(map(_live, only or incident.route.mentions))


def misplaced(incident: Incident) -> list[str]:
    """That Slack refused the channel that the card should be in."""
    refused = incident.route.refused if incident.route else None
    if refused is None:
        return []
    channel = mrkdwn.inline(refused.channel, _CHANNEL)
    return [f"↪️ {channel} {refusal(refused.reason) or _CLOSED}: shown here"]


def refusal(reason: str) -> str:
    """What a channel does that Slack refuses for ``reason``; empty for reasons of another kind."""
    return _WHY.get(reason, "")


def _live(mention: str) -> str:
    if mention in ("here", "channel"):
        return f"<!{mention}>"
    return f"<!subteam^{mention}>" if mention.startswith("S") else f"<@{mention}>"
