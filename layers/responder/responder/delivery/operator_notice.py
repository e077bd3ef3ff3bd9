"""Trouble with a card, in words and as a document; ``protocols.operators`` sends both to the sinks.

``WebhookBody`` is a promise to receivers (docs/sinks.md): a field is added under the same
``schema_version``; what takes one away, or changes its meaning, raises it.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict

from responder.alert import Scope, Severity
from responder.contracts import Trouble
from responder.delivery import destination, mrkdwn, plain, words
from responder.errors import Reason
from responder.incident import Incident, IncidentState
from responder.ports import OperatorNotice

#: A mail's subject stays below SNS's limit:
#: https://docs.aws.amazon.com/sns/latest/api/API_Publish.html
SUBJECT = 99
#: Other incidents that a notice names; the rest is only counted.
MAX_NAMED = 20

_CAUSES = {
    "slack_unreachable": "Slack does not answer, or asks to wait",
    Reason.SECRET_MISSING: "Slack's secret has no value, or Slack refuses the value",
    Reason.MISCONFIGURED: "the responder's settings do not fit",
    Reason.REFUSED_BY_SLACK: "Slack refuses it",
    Reason.INVALID_MESSAGE: "Slack finds the message invalid, also as plain text",
    Reason.CARD_GONE: "the message vanishes as soon as it is posted",
    Reason.TOO_OLD: "Slack was not reached for 12 hours",
}


class Cause(BaseModel):
    """Why Slack does not show the card; ``gave_up``: it is a dead letter, else it still waits."""

    model_config = ConfigDict(frozen=True)

    code: str
    detail: str
    gave_up: bool


class Counts(BaseModel):
    """Distinct alerts: that fired, that were resolved, and that fire now."""

    model_config = ConfigDict(frozen=True)

    fired: int
    resolved: int
    firing_now: int


class Times(BaseModel):
    """Of the incident; RFC 3339, UTC."""

    model_config = ConfigDict(frozen=True)

    first_seen: datetime
    last_seen: datetime
    opened_at: datetime
    resolved_at: datetime | None


class AnalysisPart(BaseModel):
    """The analysis in short; ``by_claude`` is false for the fixed triage."""

    model_config = ConfigDict(frozen=True)

    headline: str
    confidence: str
    by_claude: bool


class IncidentPart(BaseModel):
    """The incident as it is when the notice is sent; ``card`` is what its card would say."""

    model_config = ConfigDict(frozen=True)

    id: str
    revision: int
    state: IncidentState
    severity: Severity
    title: str
    service: str
    scope: Scope
    source: str
    counts: Counts
    times: Times
    analysis: AnalysisPart
    links: dict[str, str]
    card: str


class Others(BaseModel):
    """Incidents that the same cause keeps from Slack; ``ids`` names the first of them.

    Not ``exact``: there were more than are remembered, so that there may be more than ``count``.
    """

    model_config = ConfigDict(frozen=True)

    count: int
    exact: bool = True
    ids: tuple[str, ...]


class WebhookBody(BaseModel):
    """The body of the generic webhook. ``id`` stays when a notice is sent again: take it once."""

    #: Receivers may generate code from the published schema, whose title this is.
    model_config = ConfigDict(frozen=True, title="Document")

    schema_version: Literal[1] = 1
    type: Literal["card_not_shown"] = "card_not_shown"
    id: str
    at: datetime
    stack: str
    summary: str
    cause: Cause
    incident: IncidentPart
    others: Others


def write(
    stack: str,
    trouble: Trouble,
    notice_id: str,
    incidents: Sequence[Incident],
    *,
    exact: bool = True,
) -> OperatorNotice:
    """The notice of ``trouble``: the first incident in full, the others by their names.

    Not ``exact``: there may be more of the others than are given.
    """
    incident, *others = incidents
    summary = _summary(incident, trouble)
    document = WebhookBody(
        id=notice_id,
        at=trouble.at,
        stack=stack,
        summary=summary,
        cause=Cause(code=trouble.cause, detail=trouble.detail, gave_up=trouble.gave_up),
        incident=_incident(incident),
        others=Others(
            count=len(others),
            exact=exact,
            ids=tuple(other.incident_id for other in others[:MAX_NAMED]),
        ),
    )
    return OperatorNotice(
        subject=_subject(stack, incident),
        text=_text(incident, trouble, others, summary, exact=exact),
        document=document.model_dump(mode="json"),
    )


def _subject(stack: str, incident: Incident) -> str:
    about = plain.line(words.subject(incident))
    return plain.cut(f"Not in Slack: {incident.severity.value} {about} [{stack}]", SUBJECT)


def _summary(incident: Incident, trouble: Trouble) -> str:
    why = _CAUSES.get(trouble.cause) or _of_its_channel(trouble.cause)
    what = "and it is given up" if trouble.gave_up else "it waits and is tried again"
    return f"Slack does not show the card of a {incident.severity.value} incident: {why}; {what}."


def _of_its_channel(cause: str) -> str:
    why = destination.refusal(cause)
    return f"its channel {why}" if why else cause


def _text(
    incident: Incident,
    trouble: Trouble,
    others: Sequence[Incident],
    summary: str,
    *,
    exact: bool,
) -> str:
    advice = (
        "When the cause is mended: scripts/responder dlq list, then dlq reprocess --queue all."
        if trouble.gave_up
        else "It arrives by itself when the cause is mended."
    )
    parts = [
        summary,
        f"Slack's word: {trouble.detail} ({plain.moment(trouble.at)})",
        f"{advice} See the runbook, 'Slack is silent, or a card is missing'.",
        "",
        "The card would say:",
        plain.card(incident),
    ]
    least = "" if exact else "at least "
    if others:
        parts += ["", f"The same holds for {least}{len(others)} more:"]
        parts += [
            plain.line(f"{words.lead(one)} · {words.subject(one)}") for one in others[:MAX_NAMED]
        ]
    elif not exact:
        parts += ["", "The same may hold for others."]
    if len(others) > MAX_NAMED:
        parts.append(f"and {least}{len(others) - MAX_NAMED} more")
    return "\n".join(parts)


def _incident(incident: Incident) -> IncidentPart:
    analysis = incident.analysis
    addresses = {name: mrkdwn.safe_url(url) for name, url in incident.links.items()}
    return IncidentPart(
        id=incident.incident_id,
        revision=incident.revision,
        state=incident.state,
        severity=incident.severity,
        title=plain.line(words.title(incident)),
        service=plain.line(incident.service),
        scope=incident.scope,
        source=incident.source,
        counts=Counts(fired=incident.count, resolved=incident.resolves, firing_now=incident.firing),
        times=Times(
            first_seen=incident.first_seen,
            last_seen=incident.last_seen,
            opened_at=incident.opened_at,
            resolved_at=incident.resolved_at,
        ),
        analysis=AnalysisPart(
            headline=plain.line(analysis.headline),
            confidence=analysis.confidence.value,
            by_claude=not analysis.is_fallback,
        ),
        links={name: address for name, address in addresses.items() if address},
        card=plain.card(incident),
    )
