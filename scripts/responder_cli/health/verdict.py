"""A finding about one component; every check of ``responder health`` returns these."""

from dataclasses import dataclass
from enum import StrEnum


class Verdict(StrEnum):
    """How a component is. Only ``FAILING`` makes the whole unhealthy."""

    OK = "ok"
    WARNING = "warning"
    FAILING = "failing"


@dataclass(frozen=True)
class Finding:
    """One component's verdict, the reason in words, and the command that mends it."""

    component: str
    verdict: Verdict
    reason: str
    mend: str = ""


def ok(component: str, reason: str) -> Finding:
    """Nothing to do."""
    return Finding(component, Verdict.OK, reason)


def warning(component: str, reason: str, mend: str = "") -> Finding:
    """Worth a look; alerts still arrive."""
    return Finding(component, Verdict.WARNING, reason, mend)


def failing(component: str, reason: str, mend: str = "") -> Finding:
    """Alerts are lost, late, unseen or unexplained, or soon will be."""
    return Finding(component, Verdict.FAILING, reason, mend)
