"""Which channel an incident's card goes to. The card protocol asks once, before the first post."""

from dataclasses import dataclass

from responder.alert import Severity
from responder.errors import Permanent, Reason
from responder.incident import Incident
from responder.policy.decision import Decision, RouteReason


@dataclass(frozen=True)
class Routes:
    """The configured channels. ``critical`` and ``test`` may be empty."""

    default: str
    critical: str = ""
    test: str = ""


def route(incident: Incident, routes: Routes) -> Decision:
    """Test alerts never reach people, whatever they claim; CRITICAL may have its own channel."""
    if incident.synthetic:
        if not routes.test:
            raise Permanent(Reason.MISCONFIGURED, "TEST_CHANNEL is empty: test alerts have no way")
        return Decision(routes.test, RouteReason.SYNTHETIC)
    if incident.severity is Severity.CRITICAL and routes.critical:
        return Decision(routes.critical, RouteReason.CRITICAL)
    return Decision(routes.default, RouteReason.DEFAULT)
