"""Which channel an incident's card goes to; the card protocol asks until its first post.

What the operators' routes say was decided in ``policy.routes`` and stands on the incident.
"""

from dataclasses import dataclass

from responder.alert import Severity
from responder.errors import Permanent, Reason
from responder.incident import Incident
from responder.policy.decision import Decision, RouteReason


@dataclass(frozen=True)
class Channels:
    """The configured channels. ``critical`` and ``test`` may be empty."""

    default: str
    critical: str = ""
    test: str = ""


def route(incident: Incident, channels: Channels) -> Decision:
    """Test alerts never reach people, whatever they claim; operators' routes come before ours."""
    if incident.synthetic:
        if not channels.test:
            raise Permanent(Reason.MISCONFIGURED, "TEST_CHANNEL is empty: test alerts have no way")
        return Decision(channels.test, RouteReason.SYNTHETIC)
    if incident.route is not None and incident.route.channel:
        return Decision(incident.route.channel, RouteReason.ROUTED)
    if incident.severity is Severity.CRITICAL and channels.critical:
        return Decision(channels.critical, RouteReason.CRITICAL)
    return Decision(channels.default, RouteReason.DEFAULT)


def refuge(incident: Incident, channels: Channels) -> str:
    """Where a card goes that Slack does not take to its channel; nowhere for test alerts."""
    return "" if incident.synthetic else channels.default
