"""Which problems a report calls noise, or never acted upon, and what it says would mend them."""

import json
import re
from datetime import timedelta
from typing import Any

import pytest

from examples import incident
from faults.world import START
from responder.alert import Severity
from responder.incident import Incident, IncidentState, Mark
from responder.policy.matching import Matcher, facts, matches_all
from responder_cli.report import advice
from responder_cli.report.problems import Problem

MINUTE = timedelta(minutes=1)
RESOLVED = IncidentState.RESOLVED


def over(minutes: float = 30, **changes: Any) -> Incident:
    """An incident that its tool resolved after so many minutes."""
    fields: dict[str, Any] = {"state": RESOLVED, "resolved_at": START + minutes * MINUTE}
    return incident(**(fields | {"title": "disk 91 % full"} | changes))


def problem(
    *incidents: Incident, alerts: int = 50, marks: dict[Mark, int] | None = None
) -> Problem:
    return Problem("disk 91 % full", "grafana", "db", alerts, alerts, incidents, marks or {})


def why(one: Problem) -> str:
    return "; ".join(said.why for said in advice.noisy([one]))


def test_noise_is_what_people_called_so_and_nothing_else() -> None:
    assert "noise 3 times" in why(problem(over(), alerts=1, marks={Mark.NOISE: 3}))
    assert why(problem(over(), alerts=1, marks={Mark.NOISE: 2})) == ""
    assert why(problem(over(), alerts=1, marks={Mark.NOISE: 3, Mark.RIGHT: 1})) == ""


@pytest.mark.parametrize(
    ("incidents", "said"),
    [
        ([over(flapping=True, refires=(START,) * 4)], "begins again, 4 times"),
        ([over(1)] * 5, "over by itself within minutes (1 min"),
        ([over(1)] * 2, ""),
        ([over(1)] * 3 + [over(30)] * 2, ""),
        ([over(state=IncidentState.CLOSED)] * 3, "never says that it is over"),
        ([over(state=IncidentState.CLOSED)] * 2 + [over()], ""),
        ([over(count=25)], "25 alerts for each incident"),
        ([over(count=5)], ""),
    ],
)
def test_the_first_reason_that_fits_is_told(incidents: list[Incident], said: str) -> None:
    found = why(problem(*incidents))
    assert said in found
    assert bool(found) is bool(said)


def test_few_alerts_are_no_noise() -> None:
    assert why(problem(*[over(1)] * 5, alerts=9)) == ""


def test_never_acted_upon_is_what_ended_by_itself_without_a_word() -> None:
    quiet = [over()] * 3
    (said,) = advice.never_acted_upon([problem(*quiet)])
    assert "nobody said a word" in said.why
    for acted_upon in (
        problem(*quiet[:2]),
        problem(*quiet, over(severity=Severity.CRITICAL)),
        problem(*quiet, incident()),
        problem(*quiet, marks={Mark.WRONG: 1}),
    ):
        assert advice.never_acted_upon([acted_upon]) == []


@pytest.mark.parametrize("rule", ["", "DiskFull"])
def test_the_route_that_it_proposes_matches_the_next_one_too(rule: str) -> None:
    seen = over(rule=rule, source="grafana", service="db")
    (said,) = advice.never_acted_upon([problem(*[seen] * 3)])
    found = re.search(r'"match": (\[.*\]), "minimum_severity": "(\w+)"', said.fix)
    assert found is not None
    matchers = [Matcher.parse(text) for text in json.loads(found[1])]
    later = seen.model_copy(update={"title": "disk 97 % full"})
    assert matches_all(matchers, facts(later))
    assert not matches_all(matchers, facts(later.model_copy(update={"service": "web"})))
    assert Severity(found[2]).worse_than(seen.severity)
