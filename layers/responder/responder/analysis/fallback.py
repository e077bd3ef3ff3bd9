"""The fixed triage: what the alert itself says, put in order. It knows no cause and claims none.

The record protocol calls it when an incident opens, the lease protocol when Claude is given up.
The same alert always gives the same triage.
"""

import re
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from functools import partial

from responder.alert import Alert, Status
from responder.analysis import commands, markdown
from responder.analysis.context import Passage
from responder.analysis.families import FAMILIES, UNRECOGNISED, Family
from responder.analysis.text import clean, one_line, shorten
from responder.analysis.verdict import Analysis, Check
from responder.errors import Reason

MADE_BY = "fallback"
TIER = "fallback"
#: An analysis that no model made.
fixed = partial(Analysis, made_by=MADE_BY, tier=TIER)

MAX_CHECKS = 5
#: How the check begins that names a runbook.
RUNBOOK = "Runbook: "
#: Steps of a runbook beside its name, and characters of each.
MAX_STEPS = 2
MAX_STEP = 200
#: More of a text does not change its family, and one alert must not cost seconds.
MAX_WORDS_FROM = 20_000

#: Clocks that differ by less differ as clocks do.
CLOCKS_DIFFER = timedelta(seconds=5)
#: An alert that took less to reach us is on time.
LATE = timedelta(minutes=2)

#: The places in the table of the families that a word points to.
_FAMILIES_BY_WORD: dict[str, list[int]] = {}
for _place, _pointed_to in enumerate(FAMILIES):
    for _word in _pointed_to.words.split():
        _FAMILIES_BY_WORD.setdefault(_word, []).append(_place)

_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
_WORD = re.compile(r"[a-z0-9]{1,60}")


def triage(
    alert: Alert, *, reason: str, now: datetime, runbooks: Sequence[Passage] = ()
) -> Analysis:
    """What the alert says, where to look first. ``reason``: why not Claude; empty while awaited.

    The first of the matching ``runbooks`` says what to do first.
    """
    family = _family(alert)
    made = fixed(
        headline=_headline(alert),
        summary=_summary(alert, family),
        checks=tuple(_checks(alert, family)),
        category=family.category,
        made_at=now,
        fallback_reason=reason,
    )
    return with_runbook(made, runbooks)


def with_runbook(made: Analysis, runbooks: Sequence[Passage]) -> Analysis:
    """The best runbook's first steps before the checks, unless a runbook's are there already."""
    if not runbooks or any(check.text.startswith(RUNBOOK) for check in made.checks):
        return made
    checks = (*_steps(runbooks[0]), *made.checks)[:MAX_CHECKS]
    best = {"runbook": runbooks[0].place, "runbook_url": runbooks[0].url}
    return made.model_copy(update={"checks": checks} | (best if runbooks[0].url else {}))


def of_storm(now: datetime) -> Analysis:
    """What can be said of a storm before anybody has looked at it."""
    return fixed(
        headline="Many things fail at once: look for what they share",
        summary="Seldom does each of them have a cause of its own.",
        checks=(
            Check(text="What failed first, and what does all that fails depend on?"),
            Check(text="What was deployed or changed just before it began?"),
            Check(text="Network, DNS, certificates, identity provider, status of the cloud?"),
        ),
        category="storm",
        made_at=now,
    )


def of_throttle(now: datetime) -> Analysis:
    """What can be said of a source that sends too much; Claude is not asked to read it all."""
    return fixed(
        headline="One tool reports ever new problems, more than anybody looks at one by one",
        checks=(
            Check(text="Is it one problem, named anew each time, as by an id in the title?"),
            Check(text="What was deployed or changed, in it or in what it watches, when it began?"),
        ),
        actions=(
            "One problem under many names: a signature rule makes it one",
            "Expected for a while: a silence. Never worth a card: a route's minimum severity",
        ),
        category="throttle",
        made_at=now,
        fallback_reason=Reason.THROTTLE.value,
    )


def with_reason(analysis: Analysis, reason: str) -> Analysis:
    """What stands since Claude was given up; a stale analysis, too, then counts as fallback."""
    return analysis.model_copy(update={"made_by": MADE_BY, "tier": TIER, "fallback_reason": reason})


def _family(alert: Alert) -> Family:
    """The family with the most hits: the rule's and title's words count twice."""
    named = (alert.rule, alert.title, _metric(alert))
    names = _words(" ".join(text[:MAX_WORDS_FROM] for text in named))
    words = names | _words(alert.message[:MAX_WORDS_FROM])
    hits: dict[int, int] = {}
    for word in words & _FAMILIES_BY_WORD.keys():
        for number in _FAMILIES_BY_WORD[word]:
            hits[number] = hits.get(number, 0) + (2 if word in names else 1)
    # Of equals the first one.
    best = min(hits, key=lambda number: (-hits[number], number), default=None)
    return UNRECOGNISED if best is None else FAMILIES[best]


def _metric(alert: Alert) -> str:
    wanted = {"metricname", "metric_name", "metric", "reason", "check", "alertname"}
    return " ".join(value for name, value in alert.labels.items() if name.lower() in wanted)


def _words(text: str) -> set[str]:
    """Words both whole and split at capitals: ``KubePodCrashLooping`` and its four parts."""
    visible = clean(text)
    split = _CAMEL.sub(" ", visible)
    words = set(_WORD.findall(split.lower()))
    # Most texts have no capital within a word.
    return words if split == visible else words.union(_WORD.findall(visible.lower()))


def _headline(alert: Alert) -> str:
    title = one_line(alert.title) or one_line(alert.rule) or f"Alert of {one_line(alert.source)}"
    where = one_line(alert.service or alert.resource)
    if where and where.lower() not in title.lower():
        title = f"{where}: {title}"
    return shorten(title, 150)


def _summary(alert: Alert, family: Family) -> str:
    return " ".join(_sentences(alert, family))


def _sentences(alert: Alert, family: Family) -> Iterator[str]:
    """Only what the card does not show beside it."""
    late = alert.received_at - (alert.starts_at or alert.event_at)
    if -late > CLOCKS_DIFFER:
        yield f"The sender's clock is {_span(-late)} ahead of ours."
    elif late >= LATE and alert.status is Status.FIRING:
        yield f"It reached us {_span(late)} after it began."
    if family is not UNRECOGNISED:
        yield f"By its words: {family.category}."
    yield "No cause is known yet."


def _checks(alert: Alert, family: Family) -> Iterator[Check]:
    """Commands first, then the family's questions; never more than a person reads at night."""
    found = list(commands.checks(alert, family.category))[: MAX_CHECKS - 2]
    yield from found
    for question in family.questions[: MAX_CHECKS - len(found)]:
        yield Check(text=question)


def _steps(best: Passage) -> Iterator[Check]:
    """The first steps of a runbook; the card has room for what the family asks as well."""
    yield Check(text=shorten(one_line(f"{RUNBOOK}{best.place}"), MAX_STEP))
    for step in markdown.steps(best.text, MAX_STEPS):
        yield Check(text=shorten(step, MAX_STEP))


def _span(span: timedelta) -> str:
    """A duration as people say it; a clock that is ahead of ours counts as no time at all."""
    seconds = max(0, int(span.total_seconds()))
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds // size} {unit}"
    return f"{seconds} s"
