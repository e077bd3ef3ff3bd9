"""Which problems are noise, which nobody ever acted upon, and what would mend each. Pure.

What people do outside of Slack is not known here: "never acted upon" means that nobody said a word
on any of its incidents, that none was CRITICAL, and that all of them ended by themselves.
"""

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from math import ceil
from statistics import median

from responder.alert import Severity
from responder.delivery.words import duration
from responder.incident import Incident, IncidentState, Mark
from responder.protocols.feedback import NOISY
from responder_cli.report.problems import Problem

#: A problem is no news below so many alerts, and no habit below so many incidents.
FEW_ALERTS, FEW_INCIDENTS = 10, 3
#: Over before anybody can have looked.
GLIMPSE = timedelta(minutes=5)
#: Of its incidents, so many must be alike.
MOST_OF_THEM = 0.8
_DIGIT = re.compile(r"\d")
#: Alerts that an incident's tool repeats while nothing changes.
MANY_ALERTS = 20


@dataclass(frozen=True)
class Advice:
    """A problem, what is the matter with it, and what would mend it."""

    problem: Problem
    why: str
    fix: str


def noisy(problems: Sequence[Problem]) -> list[Advice]:
    """What makes the most noise for the least reason, the most alerts first."""
    loud = (one for one in problems if one.alerts >= FEW_ALERTS or _called_noise(one))
    return [advice for one in loud for advice in _noise(one)]


def never_acted_upon(problems: Sequence[Problem]) -> list[Advice]:
    """What comes again and again, and nobody ever did anything about."""
    return [
        Advice(one, _unmoved(one), next((said.fix for said in _noise(one)), _quieter(one)))
        for one in problems
        if len(one.incidents) >= FEW_INCIDENTS
        and all(map(_by_itself, one.incidents))
        and not (one.marks.get(Mark.RIGHT, 0) or one.marks.get(Mark.WRONG, 0))
    ]


def _noise(one: Problem) -> Iterator[Advice]:
    """The first reason that fits; they are ordered by how sure they are."""
    if _called_noise(one):
        said = f"people called it noise {one.marks[Mark.NOISE]} times, and never anything else"
        yield Advice(one, said, _quieter(one))
    elif flaps := [incident for incident in one.incidents if incident.flapping]:
        again = max(len(incident.refires) for incident in flaps)
        yield Advice(
            one,
            f"it ends and begins again, {again} times within an hour",
            f"in {one.source}, let the rule end later than it begins (a lower threshold to recover,"
            " or a longer time)",
        )
    elif (glimpses := _glimpses(one)) is not None:
        minutes = max(1, ceil(glimpses / timedelta(minutes=1)))
        yield Advice(
            one,
            f"over by itself within minutes ({duration(glimpses)} in the median)",
            f"in {one.source}, let the rule wait for {2 * minutes} minutes before it fires"
            " (Prometheus: for)",
        )
    elif _never_ends(one):
        yield Advice(
            one,
            "its tool never says that it is over; we closed it as quiet",
            f"in {one.source}, send resolved messages too (Alertmanager: send_resolved)",
        )
    elif (each := _per_incident(one)) >= MANY_ALERTS:
        yield Advice(
            one,
            f"{each:,.0f} alerts for each incident",
            f"in {one.source}, repeat less often, or group what fires together"
            " (Alertmanager: repeat_interval, group_by)",
        )


def _called_noise(one: Problem) -> bool:
    others = one.marks.get(Mark.RIGHT, 0) + one.marks.get(Mark.WRONG, 0)
    return one.marks.get(Mark.NOISE, 0) >= NOISY and not others


def _glimpses(one: Problem) -> timedelta | None:
    """How long its incidents last where nearly all are over at once."""
    ended = [_lasted(incident) for incident in one.incidents if _resolved(incident)]
    if len(ended) < FEW_INCIDENTS or len(ended) < MOST_OF_THEM * len(one.incidents):
        return None
    short = [span for span in ended if span <= GLIMPSE]
    return _middle(short) if len(short) >= MOST_OF_THEM * len(ended) else None


def _never_ends(one: Problem) -> bool:
    over = [incident for incident in one.incidents if incident.state is not IncidentState.OPEN]
    closed = all(incident.state is IncidentState.CLOSED for incident in over)
    return len(over) >= FEW_INCIDENTS and closed


def _per_incident(one: Problem) -> float:
    counts = [incident.count for incident in one.incidents]
    return median(counts) if counts else 0.0


def _middle(spans: Sequence[timedelta]) -> timedelta:
    return timedelta(seconds=median(span.total_seconds() for span in spans))


def _resolved(incident: Incident) -> bool:
    return incident.state is IncidentState.RESOLVED and incident.resolved_at is not None


def _lasted(incident: Incident) -> timedelta:
    return (incident.resolved_at or incident.last_seen) - incident.opened_at


def _by_itself(incident: Incident) -> bool:
    return (
        incident.state is not IncidentState.OPEN
        and incident.severity is not Severity.CRITICAL
        and incident.feedback is None
    )


def _unmoved(one: Problem) -> str:
    spans = list(map(_lasted, one.incidents))
    return (
        f"{len(one.incidents)} of its incidents looked at: none CRITICAL, nobody said a word, "
        f"all over by themselves (after {duration(_middle(spans))} in the median)"
    )


def _alike(title: str) -> str:
    """An expression for titles that differ in words with digits."""
    words = title.split()
    return " ".join(".*" if _DIGIT.search(word) else re.escape(word) for word in words)


def _quieter(one: Problem) -> str:
    """A route holds it back below a severity; its rule names it where its incidents have one."""
    rule = next((incident.rule for incident in one.incidents if incident.rule), "")
    match = [f"source={one.source}"]
    match += [f"service={one.service}"] if one.service else []
    match += [f"rule={rule}"] if rule else [f"title=~{_alike(one.title)}"]
    worst = min((incident.severity.rank for incident in one.incidents), default=0)
    above = [severity for severity in Severity if severity.rank < worst]
    least = (above or [Severity.CRITICAL])[-1].value
    return (
        f"raise its threshold or drop the rule in {one.source}; or a route with "
        f'"match": {json.dumps(match)}, "minimum_severity": "{least}" (docs/routing.md)'
    )
