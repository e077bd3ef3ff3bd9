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


def why(incident: Incident) -> RouteReason:
    """What decides the channel: test alerts never reach people, operators' routes precede ours."""
    if incident.synthetic:
        return RouteReason.SYNTHETIC
    if _chosen(incident):
        return RouteReason.ROUTED
    critical = incident.severity is Severity.CRITICAL
    return RouteReason.CRITICAL if critical else RouteReason.DEFAULT


def route(incident: Incident, channels: Channels) -> Decision:
    """Where to. Raises Permanent for a test alert where there is no channel for tests."""
    reason = why(incident)
    channel = {
        RouteReason.SYNTHETIC: channels.test,
        RouteReason.ROUTED: _chosen(incident),
        RouteReason.CRITICAL: channels.critical or channels.default,
        RouteReason.DEFAULT: channels.default,
    }[reason]
    if not channel and incident.synthetic:
        raise Permanent(Reason.MISCONFIGURED, "TEST_CHANNEL is empty: test alerts have no way")
    return Decision(channel, reason)


def _chosen(incident: Incident) -> str:
    return incident.route.channel if incident.route else ""


def refuge(incident: Incident, channels: Channels, refused: str) -> str:
    """Where a message goes that Slack does not take to the channel ``refused``.

    What is CRITICAL is looked for where that is; the default channel is the last one. Nowhere for
    test alerts.
    """
    if incident.synthetic:
        return ""
    urgent = channels.critical if incident.severity is Severity.CRITICAL else ""
    return urgent if urgent and refused not in (urgent, channels.default) else channels.default
