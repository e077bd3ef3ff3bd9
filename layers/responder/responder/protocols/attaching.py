"""What an analysis makes of an incident that it is attached to; ``analyse`` writes it."""

from collections.abc import Sequence
from datetime import datetime

from responder.analysis import fallback
from responder.analysis.context import Passage
from responder.analysis.verdict import Analysis, Confidence
from responder.incident import Incident, IncidentState, NoticeKind
from responder.protocols import announcing
from responder.protocols.tally import noticed


def with_analysis(
    incident: Incident | None,
    analysis: Analysis,
    now: datetime,
    *,
    paid: bool,
    runbooks: Sequence[Passage] = (),
) -> Incident | None:
    """The incident with ``analysis``; None where it has this one, or a better one, already.

    A fallback is the triage of one alert: other incidents keep their own, with its reason, and with
    the first steps of the ``runbooks`` that fit, where it had none.
    """
    if incident is None or incident.analysis == analysis:
        return None
    if analysis.is_fallback:
        if not incident.analysis.is_fallback:
            return None
        reason = {"fallback_reason": analysis.fallback_reason}
        analysis = fallback.with_runbook(incident.analysis, runbooks).model_copy(update=reason)
        if analysis == incident.analysis:
            return None
    due = min(incident.due_at or now + announcing.LOOK_AGAIN, now + announcing.LOOK_AGAIN)
    doubt = _doubt(incident, analysis)
    if doubt:
        incident = noticed(incident, NoticeKind.SEVERITY_DOUBTED, now, doubt)
    attached = incident.model_copy(
        update={
            "analysis": analysis,
            "from_cache": not paid,
            "revision": incident.revision + 1,
            "due_at": due,
        }
    )
    return announcing.announced_at_once(attached, now)


def _doubt(incident: Incident, analysis: Analysis) -> str:
    """What to tell people of an opinion on the severity that contradicts the alert's; else empty.

    A refreshed analysis that still thinks so is no news.
    """
    opinion, before = analysis.severity_opinion, incident.analysis
    if (
        opinion is None
        or opinion is incident.severity
        or analysis.is_fallback
        or analysis.confidence is Confidence.LOW
        or incident.state is not IncidentState.OPEN
        or (not before.is_fallback and before.severity_opinion is opinion)
    ):
        return ""
    sure = f"confidence {analysis.confidence.value}"
    return (
        f"The alert says {incident.severity.value}, Claude {opinion.value} ({sure}): "
        f"{analysis.headline}"
    )
