"""Trouble between us and Claude that only a person ends: its kinds, and what to tell of them.

The Claude adapter raises ``NotServed``, ``protocols.troubles`` makes an alert of ours of it, and
the record protocol gives that alert's incident this triage: Claude is not asked about itself.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from responder.alert import Alert, Severity
from responder.analysis import fallback
from responder.analysis.text import one_line, shorten
from responder.analysis.verdict import Analysis, Check, Confidence
from responder.errors import Permanent, Reason

#: Source of the alerts that this product raises about itself.
OWN_SOURCE: Final = "responder"
_RULE: Final = "claude:"


class Trouble(StrEnum):
    """Why Claude serves nobody here, by what a person must do."""

    CREDENTIALS = "credentials"
    CREDIT = "credit"
    ACCESS = "access"
    MODEL = "model"
    REQUEST = "request"

    @property
    def of_one_model(self) -> bool:
        """Whether an answer of another model says nothing about it."""
        return self not in (Trouble.CREDENTIALS, Trouble.CREDIT)

    @property
    def rule(self) -> str:
        """The name of the rule that its alerts come from."""
        return f"{_RULE}{self.value}"


class NotServed(Permanent):
    """Claude will answer no request like this one until a person has acted."""

    def __init__(self, reason: Reason, detail: str, trouble: Trouble) -> None:
        """Keep what a person must look after."""
        super().__init__(reason, detail)
        self.trouble = trouble


@dataclass(frozen=True)
class _Told:
    title: str
    severity: Severity
    checks: tuple[str, ...]


_TOLD: Final = {
    Trouble.CREDENTIALS: _Told(
        "Claude refuses our credentials",
        Severity.HIGH,
        (
            "API key: is the one in the secret anthropic-key whole, and alive in the Console?",
            "AWS: may the role of the analysis function be used, and is ClaudeRegion right?",
            "A new key is used within minutes; nothing has to be restarted.",
        ),
    ),
    Trouble.CREDIT: _Told(
        "Claude's credit or spend limit is used up",
        Severity.HIGH,
        (
            "What do billing and limits of the organisation and its workspace say?",
            "Was more asked than usual? The dashboard shows dollars and calls by tier.",
        ),
    ),
    Trouble.ACCESS: _Told(
        "Claude denies this stack access",
        Severity.HIGH,
        (
            "Is the model enabled for this account or workspace, in ClaudeRegion?",
            "AWS: was the stack deployed with the ClaudeAccess, models and workspace in use, "
            "and does no policy above the role deny the action?",
            "Is the organisation on hold? Its owner hears of that by e-mail.",
        ),
    ),
    Trouble.MODEL: _Told(
        "A configured model of Claude is not there",
        Severity.HIGH,
        (
            "Has the model been retired? docs/claude.md names where the dates stand.",
            "Are ModelSmall, ModelLarge (Bedrock: BedrockIdSmall, BedrockIdLarge, "
            "BedrockProfile) written as the service spells them, and offered in ClaudeRegion?",
        ),
    ),
    Trouble.REQUEST: _Told(
        "Claude refuses the form of our requests",
        Severity.MEDIUM,
        (
            "Does the model take what is configured? An effort (EffortSmall, EffortLarge) and, "
            "on Bedrock, a schema (BedrockSchemaModels) are not taken by every model.",
            "Did it begin with a deployment? Then go back to the version before.",
        ),
    ),
}


def of(alert: Alert) -> Trouble | None:
    """The trouble that an alert of ours tells of; None for every other alert."""
    kind = alert.rule.removeprefix(_RULE)
    if alert.source != OWN_SOURCE or kind == alert.rule or kind not in set(Trouble):
        return None
    return Trouble(kind)


def title(trouble: Trouble) -> str:
    """What the card is called."""
    return _TOLD[trouble].title


def severity(trouble: Trouble) -> Severity:
    """How bad: every card still comes, with the fixed triage instead of an analysis."""
    return _TOLD[trouble].severity


def triage(alert: Alert, trouble: Trouble, now: datetime) -> Analysis:
    """What is known, and what to do; it stands, as Claude is not asked about it."""
    told = _TOLD[trouble]
    said = shorten(one_line(alert.message), 500)
    return fallback.fixed(
        headline=told.title,
        summary=f"Until this is put right, cards carry the fixed triage. It says: {said}",
        impact="No alert is lost or late; new problems have no analysis by Claude.",
        checks=tuple(Check(text=text) for text in told.checks),
        actions=(
            "If it will last: scripts/responder analysis off stops the asking, on begins it again.",
        ),
        category="configuration",
        confidence=Confidence.HIGH,
        made_at=now,
        fallback_reason=Reason.ABOUT_CLAUDE.value,
    )
