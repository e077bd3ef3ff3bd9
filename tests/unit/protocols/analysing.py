"""Hands for tests of the analysis lane: an incident that awaits Claude, and requests for it."""

from typing import Any

from desk import Desk
from examples import alert
from faults.world import START
from responder.alert import Scope
from responder.analysis.budget import Limits
from responder.analysis.reading import Call, Unusable
from responder.contracts import AnalysisRequest
from responder.errors import Reason, Retryable

ID = "v1:disk|prod.1"
DEV = "v1:disk|dev.1"
UNAVAILABLE = Retryable(Reason.UNAVAILABLE, "529", took_effect=False)
CALL = Call(
    model="m",
    tier="small",
    prompt_version="v1",
    made_at=START,
    cost_usd=0.013,
    input_tokens=1800,
    output_tokens=300,
)


def awaiting(limits: Limits | None = None, **changes: Any) -> Desk:
    """One incident that awaits its analysis; its announcement and request are taken."""
    desk = Desk(limits=limits) if limits else Desk()
    desk.record(alert(**changes))
    desk.announced()
    desk.requested()
    return desk


def request(desk: Desk, incident_id: str = ID, **changes: object) -> AnalysisRequest:
    fields = {"cache_key": "v1:disk@", "incident_id": incident_id, "first_sent": desk.now()}
    return AnalysisRequest.model_validate(fields | changes)


def handle(desk: Desk, incident_id: str = ID, **changes: object) -> None:
    desk.investigator.handle(request(desk, incident_id, **changes))


def join(desk: Desk, **changes: object) -> None:
    """Another incident of the same signature, which finds the lease held and waits."""
    desk.record(alert("b1", fingerprint="f2", scope=Scope(environment="dev"), **changes))


def refusal(reason: Reason = Reason.REFUSED_BY_CLAUDE) -> Unusable:
    return Unusable(reason, "declined", CALL)
