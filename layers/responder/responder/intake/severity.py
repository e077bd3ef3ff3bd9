"""The one table from the words of monitoring tools to our severities; all readers use it."""

import re
from collections.abc import Mapping

from responder.alert import Severity

_WORDS = {
    Severity.CRITICAL: "critical crit fatal emergency emerg alert disaster down page blocker panic",
    Severity.HIGH: "high error err major severe urgent",
    Severity.MEDIUM: "medium warning warn average moderate degraded",
    Severity.LOW: "low minor notice",
    Severity.INFO: "info information informational debug verbose ok none clear trivial",
}
_BY_WORD = {word: severity for severity, words in _WORDS.items() for word in words.split()}
_BY_RANK = list(Severity)
# P0 to P5 and SEV0 to SEV5, alone or before their name ("P1 - Critical", "SEV-2"). Who counts from
# 0 means a worse one than 1 by it, and 1 is what a pager goes off for:
# https://support.pagerduty.com/main/docs/incident-priority
# https://docs.firehydrant.com/docs/severities-and-priorities
# Azure Monitor's own scale is ``azure_severity``.
_RANK = re.compile(r"(?:p(?:riority)?|sev(?:erity)?)[-_ ]?([0-5])(?!\d)")
_WORD = re.compile(r"[a-z]+")
# Sev0 to Sev4, of which the older shapes write the number.
# https://learn.microsoft.com/azure/azure-monitor/alerts/alerts-overview#alert-severity
_AZURE = dict(zip("01234", Severity, strict=True))
_LONGEST = 60
# Tags that are a severity by themselves; most of the words above have other meanings there.
_BARE = frozenset({"critical", *(f"{rank}{n}" for rank in ("p", "sev") for n in range(6))})

# What an alert is worth where its tool says nothing: most tools without severities tell of what
# is down, and a tool that is not named here has severities of its own.
_DEFAULTS = dict.fromkeys(
    (
        "cloudwatch", "pingdom", "uptime-kuma", "uptimerobot", "statuscake", "better-stack",
        "checkly", "healthchecks", "updown", "site24x7", "honeycomb", "aws-health",
        "github", "gitlab", "jenkins", "argocd", "flux", "bitbucket", "circleci", "azure-devops",
        "terraform-cloud", "vercel", "heroku", "rollbar", "bugsnag", "raygun", "airbrake",
        "honeybadger", "prtg", "gatus", "freshping", "cronitor", "dead-mans-snitch", "monit",
    ),
    Severity.HIGH,
)  # fmt: skip


# Labels and tags by which people give an alert its severity.
_LABELS = ("severity", "priority", "level", "Severity", "Priority")
# Words that begin the heading of any alert, whatever it is worth.
_NO_SEVERITIES = frozenset({"alert", "page", "down", "ok", "none", "clear", "error"})
_LONGEST_PREFIX = 20


def default_of(tool: str) -> Severity:
    """The severity of an alert whose tool says none."""
    return _DEFAULTS.get(tool, Severity.MEDIUM)


def severity_of_labels(labels: Mapping[str, object]) -> Severity | None:
    """The severity that labels or tags name, by the first that names one."""
    for name in _LABELS:
        if name in labels and (found := read_severity(labels[name])):
            return found
    return None


def tagged(labels: Mapping[str, str]) -> Severity | None:
    """The same, where also a bare tag such as ``P1`` is a severity."""
    if named := severity_of_labels(labels):
        return named
    bare = (name for name, value in labels.items() if value == "true" and name.lower() in _BARE)
    return read_severity(next(bare, None))


def labelled(labels: Mapping[str, str], tool: str) -> Severity:
    """The severity that labels or tags name, for tools that have none; else their default."""
    return tagged(labels) or default_of(tool)


def heading_severity(text: str) -> Severity | None:
    """By the word that a heading begins with: "CRITICAL: disk full", "[Warning] disk full"."""
    if text.startswith("["):
        head, closed, _ = text[1:].partition("]")
    else:
        head, closed, _ = text.partition(":")
    word = head.strip().lower()
    if not closed or len(word) > _LONGEST_PREFIX or word in _NO_SEVERITIES:
        return None
    return read_severity(word)


def read_severity(value: object) -> Severity | None:
    """The severity that ``value`` names, or None where it names none."""
    if not value or not isinstance(value, str) or len(value) > _LONGEST:
        return None
    text = value.strip().lower()
    if found := _BY_WORD.get(text):
        return found
    if match := _RANK.match(text):
        return _BY_RANK[max(int(match[1]) - 1, 0)]
    word = _WORD.match(text)
    return _BY_WORD.get(word[0]) if word else None


def azure_severity(text: str) -> Severity | None:
    """The severity that Azure names, which counts from 0."""
    return _AZURE.get(text.strip().lower().removeprefix("sev")) or read_severity(text)


def worst(*found: Severity | None) -> Severity | None:
    """The worst of several, None where there is none."""
    return min((one for one in found if one), key=lambda one: one.rank, default=None)
