"""How long an analysis may be served from the cache. Called by the record and lease protocols."""

import hashlib
import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from responder.alert import Severity
from responder.analysis.context import Retrieved
from responder.analysis.verdict import Analysis
from responder.errors import Reason

#: Age is the weakest sign that an analysis is wrong; ``News`` and what people say of it are others.
#: A CRITICAL one stands for a shift: whoever saw it first is still there.
LIFE: Final = {
    Severity.CRITICAL: timedelta(hours=8),
    Severity.HIGH: timedelta(hours=12),
    Severity.MEDIUM: timedelta(days=1),
    Severity.LOW: timedelta(days=3),
    Severity.INFO: timedelta(days=7),
}

#: A fallback stands until Claude is worth asking again: soon after an outage, later where the
#: same answer is to be expected.
FALLBACK_LIFE: Final = timedelta(minutes=5)
FALLBACK_LIFE_BY_REASON: Final = {
    Reason.REFUSED_BY_CLAUDE.value: timedelta(hours=1),
    Reason.MALFORMED_ANSWER.value: timedelta(minutes=30),
    Reason.BUDGET_SPENT.value: timedelta(minutes=30),
    Reason.MISCONFIGURED.value: timedelta(minutes=15),
    Reason.ANALYSIS_OFF.value: timedelta(minutes=1),
}


#: Mean of the head start by which a request may find an analysis due before it is stale; about
#: what an analysis takes, as in the rule of Vattani, Chierichetti and Lowenstein, "Optimal
#: probabilistic cache stampede prevention" (VLDB 2015), with beta 1.
HEAD_START: Final = timedelta(seconds=45)


def looked_at(now: datetime, incident_id: str) -> datetime:
    """When ``incident_id`` judges whether an analysis is due: now, or a little later.

    The more incidents share an analysis, the surer one of them refreshes it before it is stale.
    Chance is drawn from the id, so that all who judge for an incident agree, however often.
    """
    return now + HEAD_START * -math.log(_drawn(incident_id, slice(0, 8)))


#: Of the incidents that find an analysis of another prompt or model, so many have it made anew.
RENEWED_SHARE: Final = 1 / 8


@dataclass(frozen=True)
class Makers:
    """The configured models and prompt: who makes analyses from now on."""

    models: Collection[str]
    prompt: str

    def made(self, analysis: Analysis) -> bool:
        """Whether one of them made it."""
        return analysis.prompt_version == self.prompt and analysis.made_by in self.models


def renews(incident_id: str) -> bool:
    """Whether ``incident_id`` has an analysis of another prompt or model made anew.

    All stale at once, a promotion or its rollback would cost as much as a cold cache. So what comes
    often is renewed soon, and a bad prompt shows on a few cards before it is on all of them. Drawn
    as the head start is, and independently of it.
    """
    return _drawn(incident_id, slice(8, 16)) <= RENEWED_SHARE


def _drawn(incident_id: str, part: slice) -> float:
    """A number above 0, at most 1."""
    digest = hashlib.sha256(incident_id.encode()).digest()
    return (int.from_bytes(digest[part]) + 1) / 2**64


#: Labels that say which version of a service an alert comes from, without their punctuation.
VERSION_LABELS: Final = (
    "version", "appversion", "serviceversion", "appkubernetesioversion", "release", "revision",
    "gitcommit", "commit", "commitsha", "gitsha", "imagetag", "buildid", "build",
)  # fmt: skip
#: While a deployment rolls, old and new versions alert in turns; an analysis this young stands.
ROLLING: Final = timedelta(minutes=30)
#: Processes learn of a changed runbook within minutes of each other; an analysis this young stands.
SETTLED: Final = timedelta(minutes=10)
_PUNCTUATION = str.maketrans("", "", "_-. /")


def deployed(labels: Mapping[str, str]) -> str:
    """The version of the service that an alert names, empty where it names none."""
    named = {name.lower().translate(_PUNCTUATION): value for name, value in labels.items()}
    return next((named[name] for name in VERSION_LABELS if named.get(name)), "")


@dataclass(frozen=True)
class News:
    """What is known now of the service, and may not have been when an analysis was made.

    ``deployment`` is the version that alerts, ``changed_at`` when the latest change of it was told.
    ``runbooks`` is None while nobody has read them.
    """

    deployment: str = ""
    changed_at: datetime | None = None
    runbooks: Retrieved | None = None


def overtaken(analysis: Analysis, news: News, now: datetime) -> bool:
    """Whether ``news`` are newer than the analysis: it answers for another state of things."""
    return _outdated(analysis, news, now) or _rewritten(analysis, news.runbooks, now)


def may_be_outdated(analysis: Analysis, now: datetime) -> bool:
    """Whether it is Claude's, and old enough for a deployment to overtake it."""
    return not analysis.is_fallback and now - analysis.made_at >= ROLLING


def _outdated(analysis: Analysis, news: News, now: datetime) -> bool:
    """Whether the service was deployed since: another version alerts, or a change was told."""
    if not may_be_outdated(analysis, now):
        return False
    versions = {news.deployment, analysis.deployment} - {""}
    changed = news.changed_at is not None and news.changed_at > analysis.made_at
    return len(versions) > 1 or changed


def _rewritten(analysis: Analysis, runbooks: Retrieved | None, now: datetime) -> bool:
    """Whether runbooks say otherwise since: what it was told is gone, or what fits is news.

    What fits may differ between alerts of one signature. That alone is no news: it would be
    analysed anew with every other alert. None: nobody has read them yet.
    """
    if runbooks is None or now - analysis.made_at < SETTLED:
        return False
    if not runbooks.known.issuperset(analysis.runbooks):
        return True
    return any(
        passage.hash not in analysis.runbooks
        and passage.changed_at is not None
        and passage.changed_at > analysis.made_at - SETTLED
        for passage in runbooks.passages
    )


def fresh_until(analysis: Analysis, severity: Severity, now: datetime) -> datetime:
    """When ``analysis``, made for an incident of ``severity``, stops being fresh.

    The triage of an incident that still awaits Claude (no fallback reason) is never fresh.
    """
    if not analysis.is_fallback:
        return now + LIFE[severity]
    if not analysis.fallback_reason:
        return now
    life = FALLBACK_LIFE_BY_REASON.get(analysis.fallback_reason, FALLBACK_LIFE)
    return now + min(life, LIFE[severity])


def is_too_old(analysis: Analysis, severity: Severity, now: datetime) -> bool:
    """Whether an analysis of Claude is older than one for ``severity`` may be, whoever had it made.

    A signature's alerts differ in severity: what was made for an INFO lives for a week.
    """
    return not analysis.is_fallback and now - analysis.made_at >= LIFE[severity]


def is_fresh(
    analysis: Analysis | None,
    fresh_until: datetime | None,
    now: datetime,
    makers: Makers,
    asker: str,
) -> bool:
    """Whether a cached analysis may be served to an incident without asking for a new one.

    An analysis of another model or prompt than ``makers`` is stale for those who renew it.
    """
    if analysis is None or fresh_until is None or now >= fresh_until:
        return False
    if analysis.is_fallback:
        return True
    return makers.made(analysis) or not renews(asker)
