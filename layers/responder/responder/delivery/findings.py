"""The analysis as blocks: who made it, what it says, what to check first. Used by ``card``."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from responder.analysis.verdict import Analysis, Cause, Check
from responder.delivery import blocks, mrkdwn
from responder.delivery.words import duration, headline, place
from responder.errors import Reason
from responder.incident import Incident, IncidentState

TRIAGE_LABEL = "*Triage (rule-based, not Claude)*"


@dataclass(frozen=True)
class Room:
    """How many of each an analysis may show, and how long each may be."""

    causes: int
    evidence: int
    checks: int
    actions: int
    headline: int
    summary: int
    impact: int
    cause: int
    quote: int
    check: int
    command: int
    action: int


#: More than this belongs into the thread; nobody reads it at 3 a.m.
CARD = Room(
    causes=3,
    evidence=2,
    checks=4,
    actions=4,
    headline=300,
    summary=900,
    impact=300,
    cause=350,
    quote=180,
    check=250,
    command=450,
    action=300,
)
#: All that ``analysis.reading`` lets through; each item still fits into a section.
THREAD = Room(
    causes=5,
    evidence=5,
    checks=6,
    actions=6,
    headline=600,
    summary=1_700,
    impact=600,
    cause=600,
    quote=450,
    check=600,
    command=2_000,
    action=600,
)

_SMALL = 80
_PLACE = 200
_TITLE = 120
_REASON, _FIX, _RUNBOOK = 200, 300, 150
_EXPLANATION = 400
#: What the halves of an explanation begin with, as ``signature.explain`` writes them.
_KEPT, _IGNORED = "Kept: ", ". Ignored: "

_NOT_CLAUDE = {
    Reason.BUDGET_SPENT: "Claude was not asked: the budget is spent",
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
    Reason.THROTTLE: "Claude was not asked: what is held costs nothing",
    Reason.ABOUT_CLAUDE: "Claude is not asked about itself",
    Reason.OWN_INCIDENT: "Claude is not asked about our own incidents",
}


def verdict(incident: Incident) -> blocks.Block | None:
    """Who says it, the headline, the summary and the impact."""
    return blocks.section([_label(incident), *_summary(incident, CARD)])


def causes(analysis: Analysis) -> blocks.Block | None:
    """The likeliest causes, each with its confidence and what it rests on."""
    return blocks.section(_causes(analysis, CARD))


def checks(analysis: Analysis) -> blocks.Block | None:
    """What to look at first, with commands to copy."""
    return blocks.section(_checks(analysis, CARD))


def actions(analysis: Analysis) -> blocks.Block | None:
    """What to do next."""
    return blocks.section(_actions(analysis, CARD))


def whole(incident: Incident) -> list[blocks.Block]:
    """All of the analysis, for the thread."""
    lines = (_checks, _causes, _actions)
    parts = [blocks.sections(part(incident.analysis, THREAD)) for part in lines]
    says = blocks.sections([_label(incident), *_summary(incident, THREAD)])
    why = mrkdwn.inline(incident.explanation, _EXPLANATION)
    grouping = blocks.sections([f"*Grouping*: {why}" if why else ""])
    return [*says, *(block for part in parts for block in part), *grouping]


def is_cut(analysis: Analysis) -> bool:
    """Whether the card leaves out anything of the analysis."""
    more = (
        len(analysis.causes) > CARD.causes
        or len(analysis.checks) > CARD.checks
        or len(analysis.actions) > CARD.actions
        or any(len(cause.evidence) > CARD.evidence for cause in analysis.causes)
    )
    return more or not all(mrkdwn.fits(text, limit) for text, limit in _texts(analysis))


def _texts(analysis: Analysis) -> Iterator[tuple[str, int]]:
    """Each text with the room that the card has for it."""
    # Less what the bold type itself takes, and the fence below.
    yield analysis.headline, CARD.headline - mrkdwn.BOLD
    yield analysis.summary, CARD.summary
    yield analysis.impact, CARD.impact
    for cause in analysis.causes:
        yield cause.text, CARD.cause
        yield from ((quote, CARD.quote) for quote in cause.evidence)
    for check in analysis.checks:
        yield check.text, CARD.check
        yield check.command, CARD.command - mrkdwn.FENCE
    yield from ((action, CARD.action) for action in analysis.actions)


def _summary(incident: Incident, room: Room) -> list[str]:
    analysis = incident.analysis
    impact = mrkdwn.inline(analysis.impact, room.impact)
    return [
        mrkdwn.bold(headline(incident), room.headline),
        mrkdwn.paragraph(analysis.summary, room.summary),
        f"Impact: {impact}" if impact else "",
    ]


def _causes(analysis: Analysis, room: Room) -> list[str]:
    numbered = _numbered(analysis.causes, room.causes)
    return _under("*Likely causes*", [_cause(number, cause, room) for number, cause in numbered])


def _checks(analysis: Analysis, room: Room) -> list[str]:
    numbered = _numbered(analysis.checks, room.checks)
    return _under("*Check first*", [_check(number, check, room) for number, check in numbered])


def _actions(analysis: Analysis, room: Room) -> list[str]:
    texts = [mrkdwn.inline(action, room.action) for action in analysis.actions[: room.actions]]
    return _under("*Do next*", [f"• {text}" for text in texts if text])


def _under(heading: str, items: Iterable[str]) -> list[str]:
    """The items that say anything under their heading; nothing where none does."""
    lines = [item for item in items if item]
    return [heading, *lines] if lines else []


def provenance(incident: Incident, now: datetime) -> blocks.Block | None:
    """The small print: why it was grouped, whether cached and how old, what it cost, doubts."""
    analysis = incident.analysis
    return blocks.context(
        [
            _grouping(incident),
            _age(incident, now),
            _made_from(incident),
            _cost(analysis),
            _opinion(incident),
            _noise(analysis),
            _runbook(analysis),
            _would_change(analysis),
        ]
    )


def _grouping(incident: Incident) -> str:
    """What is special in it; and once there was anything to group, what the alerts share."""
    special, _, rest = incident.explanation.partition(_KEPT)
    shared, _, _ = rest.partition(_IGNORED)
    corrected = mrkdwn.inline(special, _EXPLANATION)
    kept = mrkdwn.inline(shared, _EXPLANATION) if incident.count > 1 else ""
    told = (f"Grouping: {corrected}" if corrected else "", f"Grouped by {kept}" if kept else "")
    return " ".join(part for part in told if part)


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


def _cause(number: int, cause: Cause, room: Room) -> str:
    text = mrkdwn.inline(cause.text, room.cause)
    if not text:
        return ""
    evidence = [mrkdwn.inline(item, room.quote) for item in cause.evidence[: room.evidence]]
    shown = [f"      ↳ {item}" for item in evidence if item]
    return "\n".join([f"{number}. {text} (confidence {cause.confidence.value})", *shown])


def _check(number: int, check: Check, room: Room) -> str:
    text = mrkdwn.inline(check.text, room.check)
    command = mrkdwn.fence(check.command, room.command)
    if not text and not command:
        return ""
    return "\n".join(part for part in (f"{number}. {text}".rstrip(), command) if part)


def _made_from(incident: Incident) -> str:
    """Which alert it was made from, where the card shows what a worse one says."""
    worst, told = incident.worst, incident.analysis.worst_alert
    if worst is None or not worst.speaks_otherwise or incident.from_cache:
        return ""
    if told:
        return "" if told == worst.alert_id else "Made from earlier alerts"
    title = mrkdwn.inline(incident.title, _TITLE)
    named = worst.title is not None and title and not incident.analysis.is_fallback
    said = f": {title}" if named else ""
    return f"Made from the first alert{said}"


def _age(incident: Incident, now: datetime) -> str:
    if not incident.from_cache or incident.analysis.is_fallback:
        return ""
    made_at, made_for = incident.analysis.made_at, incident.analysis.made_for
    old = duration(now - made_at)
    elsewhere = mrkdwn.inline(place(made_for), _PLACE) if made_for != incident.scope else ""
    where = f" for {elsewhere}" if elsewhere else ""
    return f"Analysis from the cache, {old} old when shown (made{where} {mrkdwn.date(made_at)})"


def _cost(analysis: Analysis) -> str:
    return "" if analysis.is_fallback else f"Cost ${analysis.cost_usd:,.4f}"


def _opinion(incident: Incident) -> str:
    opinion = incident.analysis.severity_opinion
    if opinion is None or opinion is incident.severity or incident.analysis.is_fallback:
        return ""
    reason = mrkdwn.inline(incident.analysis.severity_reason, _REASON)
    why = f": {reason}" if reason else ""
    return f"Claude would say {opinion.value}, the alert says {incident.severity.value}{why}"


def _noise(analysis: Analysis) -> str:
    # Below one half it is likelier not noise, and saying so helps nobody.
    likely = 0.5 <= analysis.noise_likelihood <= 1
    if not likely:
        return ""
    fix = mrkdwn.inline(analysis.noise_fix, _FIX)
    quieter = f". To keep it quiet: {fix}" if fix else ""
    return f"Likely noise ({analysis.noise_likelihood:.0%}){quieter}"


def _runbook(analysis: Analysis) -> str:
    """With a link to its page where it has one that may be shown."""
    name = mrkdwn.inline(analysis.runbook, _RUNBOOK)
    shown = mrkdwn.link(analysis.runbook_url, analysis.runbook, _RUNBOOK) or name
    return f"Runbook: {shown}" if name else ""


def _would_change(analysis: Analysis) -> str:
    observation = mrkdwn.inline(analysis.would_change, _FIX)
    return f"Would change this verdict: {observation}" if observation else ""
