"""The analysis of a signature: the values that Claude or the fallback fills in and cards show."""

from enum import StrEnum

from pydantic import BaseModel, ConfigDict

from responder.alert import Moment, Scope, Severity


class Confidence(StrEnum):
    """How sure the analysis is of a cause or of itself."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


class Cause(BaseModel):
    """One probable cause; ``evidence`` quotes or names the fields of the alert it rests on."""

    model_config = ConfigDict(frozen=True)

    text: str
    confidence: Confidence = Confidence.LOW
    evidence: tuple[str, ...] = ()


class Check(BaseModel):
    """A first check: what to look at and, where one exists, the exact read-only command."""

    model_config = ConfigDict(frozen=True)

    text: str
    command: str = ""


class Analysis(BaseModel):
    """A verdict. ``made_by`` is a model id or ``fallback``; ``cost_usd`` is of this one call.

    ``fallback_reason`` says why Claude did not make it (empty while Claude is still awaited and
    for analyses of Claude). Each action tells its risk. ``noise_fix`` is what would keep noise
    quiet, ``would_change`` what would most change the verdict, ``runbook`` the passage that fits,
    ``runbook_url`` its page, as the page itself says. ``made_for`` is the scope of the incident
    that it was made for, which others may share, ``deployment`` the version of the service that it
    alerted of, ``runbooks`` the hashes of the passages that it was told, ``worst_alert`` the id of
    the worst alert that it was told beside the first one, empty for none. ``tier`` is ``small`` or
    ``large``, ``fallback`` for the fixed triage. ``seconds`` is what the answer took, 0 where
    unknown.
    """

    model_config = ConfigDict(frozen=True)

    headline: str
    summary: str = ""
    causes: tuple[Cause, ...] = ()
    impact: str = ""
    checks: tuple[Check, ...] = ()
    actions: tuple[str, ...] = ()
    severity_opinion: Severity | None = None
    severity_reason: str = ""
    confidence: Confidence = Confidence.LOW
    category: str = ""
    noise_likelihood: float = 0.0
    noise_fix: str = ""
    would_change: str = ""
    runbook: str = ""
    runbook_url: str = ""
    made_by: str
    tier: str
    made_at: Moment
    prompt_version: str = ""
    cost_usd: float = 0.0
    seconds: float = 0.0
    input_tokens: int = 0
    output_tokens: int = 0
    fallback_reason: str = ""
    made_for: Scope = Scope()
    deployment: str = ""
    runbooks: tuple[str, ...] = ()
    worst_alert: str = ""

    @property
    def is_fallback(self) -> bool:
        """Whether the fixed triage made it, not Claude."""
        return self.tier == "fallback"

    @property
    def is_awaited(self) -> bool:
        """Whether the triage stands in until Claude answers; not where Claude was given up."""
        return self.is_fallback and not self.fallback_reason
