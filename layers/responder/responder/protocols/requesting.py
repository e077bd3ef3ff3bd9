"""Asking for an analysis: one message on the analysis queue, for a signature that is due."""

from datetime import datetime

from responder.contracts import AnalysisRequest
from responder.incident import Incident
from responder.ports import Outgoing, Queue, Queues


def send(
    queues: Queues, incident: Incident, now: datetime, *, since: datetime | None = None
) -> None:
    """Ask for the analysis of ``incident``; ``since`` keeps the age of an earlier request."""
    message = AnalysisRequest(
        cache_key=incident.cache_key,
        incident_id=incident.incident_id,
        first_sent=since or now,
        trace=incident.trace,
    )
    queues.send(Queue.ANALYSIS, [Outgoing(message.model_dump_json())])
