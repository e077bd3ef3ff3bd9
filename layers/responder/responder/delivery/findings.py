"""The analysis as blocks: who made it, what it says, what to check first. Used by ``card``."""

from collections.abc import Iterable
from datetime import datetime

from responder.analysis.verdict import Analysis, Cause, Check
from responder.delivery import blocks, mrkdwn
from responder.delivery.words import duration, place
from responder.errors import Reason
from responder.incident import Incident, IncidentState

TRIAGE_LABEL = "*Triage (rule-based, not Claude)*"

#: More than this belongs into a thread; nobody reads it at 3 a.m.
MAX_CAUSES = 3
MAX_EVIDENCE = 2
MAX_CHECKS = 4
MAX_ACTIONS = 4

_HEADLINE, _SUMMARY, _IMPACT = 300, 900, 300
_CAUSE, _EVIDENCE = 350, 180
_CHECK, _COMMAND = 250, 450
_ACTION = 300
_SMALL = 80
_PLACE = 200

_NOT_CLAUDE = {
    Reason.BUDGET_SPENT: "Claude was not asked: today's budget is spent",
    Reason.ANALYSIS_OFF: "Claude was not asked: analysis is switched off",
    Reason.NO_KEY: "Claude was not asked: no API key is set",
    Reason.SECRET_MISSING: "Claude was not asked: the API key's secret has no value",
    Reason.BREAKER_OPEN: "Claude was not asked: it failed repeatedly just now",
    Reason.TOO_OLD: "Claude did not answer in time",
    Reason.TIMEOUT: "Claude did not answer in time",
    Reason.UNAVAILABLE: "Claude is not available",
    Reason.RATE_LIMITED: "Claude is over its rate limit",
    Reason.REFUSED_BY_CLAUDE: "Claude declined to answer",
    Reason.MALFORMED_ANSWER: "Claude's answer could not be read",
    Reason.MISCONFIGURED: "Claude was not asked: misconfigured",
}


def verdict(incident: Incident) -> blocks.Block | None:
    """Who says it, the headline, the summary and the impact."""
    analysis = incident.analysis
    impact = mrkdwn.inline(analysis.impact, _IMPACT)
    return blocks.section(
        [
            _label(incident),
            mrkdwn.bold(analysis.headline, _HEADLINE),
            mrkdwn.paragraph(analysis.summary, _SUMMARY),
            f"Impact: {impact}" if impact else "",
        ]
    )


def causes(analysis: Analysis) -> blocks.Block | None:
    """The likeliest causes, each with its confidence and what it rests on."""
    lines = [_cause(number, cause) for number, cause in _numbered(analysis.causes, MAX_CAUSES)]
    return blocks.section(["*Likely causes*", *lines]) if any(lines) else None


def checks(analysis: Analysis) -> blocks.Block | None:
    """What to look at first, with commands to copy."""
    lines = [_check(number, check) for number, check in _numbered(analysis.checks, MAX_CHECKS)]
    return blocks.section(["*Check first*", *lines]) if any(lines) else None


def actions(analysis: Analysis) -> blocks.Block | None:
    """What to do next."""
    texts = (mrkdwn.inline(action, _ACTION) for action in analysis.actions[:MAX_ACTIONS])
    lines = [f"• {text}" for text in texts if text]
    return blocks.section(["*Do next*", *lines]) if lines else None


def provenance(incident: Incident, now: datetime) -> blocks.Block | None:
    """The small print: why it was grouped, whether cached and how old, what it cost, doubts."""
    analysis = incident.analysis
    explanation = mrkdwn.inline(incident.explanation, 400)
    return blocks.context(
        [
            f"Grouping: {explanation}" if explanation else "",
            _age(incident, now),
            _cost(analysis),
            _opinion(incident),
            _noise(analysis),
        ]
    )


def _label(incident: Incident) -> str:
    analysis = incident.analysis
    if not analysis.is_fallback:
        model = mrkdwn.code(analysis.made_by, _SMALL)
        return f"*Analysis by Claude* · {model} · confidence {analysis.confidence.value}"
    if analysis.fallback_reason:
        return f"{TRIAGE_LABEL} · {_why_not_claude(analysis.fallback_reason)}"
    waiting = incident.state is IncidentState.OPEN
    return f"{TRIAGE_LABEL} · Claude is being asked" if waiting else TRIAGE_LABEL


def _why_not_claude(reason: str) -> str:
    known = reason in Reason and _NOT_CLAUDE.get(Reason(reason))
    return known or f"Claude's analysis is missing: {mrkdwn.inline(reason, _SMALL)}"


def _numbered[T: (Cause, Check)](items: tuple[T, ...], most: int) -> Iterable[tuple[int, T]]:
    return enumerate(items[:most], start=1)


def _cause(number: int, cause: Cause) -> str:
    text = mrkdwn.inline(cause.text, _CAUSE)
    if not text:
        return ""
    evidence = (mrkdwn.inline(item, _EVIDENCE) for item in cause.evidence[:MAX_EVIDENCE])
    shown = [f"      ↳ {item}" for item in evidence if item]
    return "\n".join([f"{number}. {text} (confidence {cause.confidence.value})", *shown])


def _check(number: int, check: Check) -> str:
    text = mrkdwn.inline(check.text, _CHECK)
    command = mrkdwn.fence(check.command, _COMMAND)
    if not text and not command:
        return ""
    return "\n".join(part for part in (f"{number}. {text}".rstrip(), command) if part)


def _age(incident: Incident, now: datetime) -> str:
    if not incident.from_cache or incident.analysis.is_fallback:
        return ""
    made_at, made_for = incident.analysis.made_at, incident.analysis.made_for
    old = duration(now - made_at)
    elsewhere = mrkdwn.inline(place(made_for), _PLACE) if made_for != incident.scope else ""
    where = f" for {elsewhere}" if elsewhere else ""
    return f"Analysis from the cache, {old} old when shown (made{where} {mrkdwn.date(made_at)})"


def _cost(analysis: Analysis) -> str:
    if analysis.is_fallback:
        return "Cost $0"
    return f"Cost ${analysis.cost_usd:,.4f}"


def _opinion(incident: Incident) -> str:
    opinion = incident.analysis.severity_opinion
    if opinion is None or opinion is incident.severity or incident.analysis.is_fallback:
        return ""
    return f"Claude would say {opinion.value}, the alert says {incident.severity.value}"


def _noise(analysis: Analysis) -> str:
    # Below one half it is likelier not noise, and saying so helps nobody.
    likely = 0.5 <= analysis.noise_likelihood <= 1
    return f"Likely noise ({analysis.noise_likelihood:.0%})" if likely else ""
