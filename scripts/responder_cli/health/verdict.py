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
    """One component's verdict, and the reason in words."""

    component: str
    verdict: Verdict
    reason: str


def ok(component: str, reason: str) -> Finding:
    """Nothing to do."""
    return Finding(component, Verdict.OK, reason)


def warning(component: str, reason: str) -> Finding:
    """Worth a look; alerts still arrive."""
    return Finding(component, Verdict.WARNING, reason)


def failing(component: str, reason: str) -> Finding:
    """Alerts are lost, late or unseen, or soon will be."""
    return Finding(component, Verdict.FAILING, reason)
