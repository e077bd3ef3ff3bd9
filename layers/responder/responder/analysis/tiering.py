"""Which model an incident deserves, by severity. Called by the lease protocol and the adapter."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from responder.alert import Severity
from responder.analysis.verdict import Analysis, Confidence

TierName = Literal["small", "large"]
#: ``none`` asks without one, for models that know no effort.
Effort = Literal["none", "low", "medium", "high", "xhigh", "max"]

SMALL: Final = "small"
LARGE: Final = "large"

#: Count thinking too; Claude reserves output rate from them at the start of a call. The larger one
#: is what the larger model writes within the time that a call may take.
MAX_TOKENS_SMALL: Final = 2000
MAX_TOKENS_LARGE: Final = 4000


@dataclass(frozen=True)
class Tier:
    """How one tier asks: which model, with how much effort, for how long an answer at most."""

    model: str
    effort: Effort
    max_tokens: int


def tiers(
    model_small: str,
    model_large: str,
    effort_small: Effort = "low",
    effort_large: Effort = "medium",
    max_tokens_small: int = MAX_TOKENS_SMALL,
    max_tokens_large: int = MAX_TOKENS_LARGE,
) -> Mapping[str, Tier]:
    """The two tiers by name, from settings."""
    return {
        SMALL: Tier(model_small, effort_small, max_tokens_small),
        LARGE: Tier(model_large, effort_large, max_tokens_large),
    }


def tier_for(severity: Severity, previous: Analysis | None = None) -> TierName:
    """The tier to ask for; ``previous`` is the cached analysis that is being refreshed, if any.

    A low confidence of the small model raises the tier once, where the severity deserves it.
    """
    if severity is Severity.CRITICAL:
        return LARGE
    if previous is not None and _unsure_and_grave(previous, severity):
        return LARGE
    return SMALL


def deserves_higher(analysis: Analysis, severity: Severity) -> bool:
    """Whether a cached analysis should be served and refreshed once by the larger model.

    False for the fallback: its freshness alone decides when Claude is asked again.
    """
    return analysis.tier == SMALL and tier_for(severity, analysis) == LARGE


def _unsure_and_grave(analysis: Analysis, severity: Severity) -> bool:
    return (
        analysis.tier == SMALL
        and analysis.confidence is Confidence.LOW
        and not Severity.HIGH.worse_than(severity)
    )
