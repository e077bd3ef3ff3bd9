"""The outcomes of a run as figures and tables: per case, per part, beside what costs nothing."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import mean
from typing import Any

from responder_cli import console
from responder_cli.eval import baselines
from responder_cli.eval.cases import Scenario
from responder_cli.eval.running import Outcome
from responder_cli.eval.scoring import PARTS, Part, Score


@dataclass(frozen=True)
class Figures:
    """Over all cases: the share that passed, the mean score, and the share of each part.

    ``spread`` has the lowest and the highest share that passed of the single runs.
    """

    passed: float
    score: float
    parts: dict[Part, float]
    spread: tuple[float, float] = (0.0, 0.0)

    def row(self, name: str) -> tuple[str, ...]:
        """As a line of a table."""
        low, high = self.spread
        spread = f"{low:.0%} to {high:.0%}" if high > low else ""
        shares = (f"{self.parts[part]:.0%}" if part in self.parts else "-" for part in PARTS)
        return name, f"{self.passed:.0%}", spread, f"{self.score:.2f}", *shares


COLUMNS = ("", "passed", "single runs", "score", *PARTS)


def figures(scores: Sequence[Score | None], runs: Iterable[Sequence[Score | None]] = ()) -> Figures:
    """What no answer was had for counts as failed."""
    shares = [_share(run) for run in runs]
    had = [score for score in scores if score is not None]
    parts: dict[Part, float] = {}
    for part in PARTS:
        asked = [one for one in had if one.has(part) or part in dict(one.failed)]
        if asked:
            parts[part] = mean(one.has(part) for one in asked)
    value = mean(one.value if one else 0.0 for one in scores) if scores else 0.0
    spread = (min(shares), max(shares)) if shares else (0.0, 0.0)
    return Figures(_share(scores), value, parts, spread)


def _share(scores: Sequence[Score | None]) -> float:
    return mean(one is not None and one.passed for one in scores) if scores else 0.0


def of_baselines(scenarios: Sequence[Scenario]) -> dict[str, Figures]:
    """What it takes to be better than nothing."""
    return {
        "echo the alert": figures([baselines.echo(one) for one in scenarios]),
        "majority": figures([baselines.majority(one, scenarios) for one in scenarios]),
    }


def of_run(outcomes: Sequence[Outcome]) -> Figures:
    """All outcomes of a run against Claude."""
    runs: dict[str, list[Score | None]] = defaultdict(list)
    for one in outcomes:
        runs[one.run].append(one.score)
    return figures([one.score for one in outcomes], runs.values())


def show(name: str, found: Figures, beside: dict[str, Figures]) -> None:
    """The figures with the baselines under them."""
    rows = [found.row(name), *(one.row(other) for other, one in beside.items())]
    console.grid(COLUMNS, rows)


def show_cases(scenarios: Sequence[Scenario], outcomes: Sequence[Outcome]) -> None:
    """A line for each case: how often it passed, and the first reason why not."""
    rows = []
    for scenario in scenarios:
        own = [one for one in outcomes if one.case == scenario.name]
        passed = sum(one.score is not None and one.score.passed for one in own)
        rows.append((scenario.name, scenario.expected.family, f"{passed} of {len(own)}", _why(own)))
    console.grid(("case", "family", "passed", "first thing wrong"), rows)


def _why(outcomes: Sequence[Outcome]) -> str:
    for one in outcomes:
        if one.score is None:
            return one.trouble
        if one.score.failed:
            part, why = one.score.failed[0]
            return f"{part}: {why}"
    return ""


def document(
    found: Figures, beside: dict[str, Figures], outcomes: Sequence[Outcome]
) -> dict[str, Any]:
    """The same for a machine."""
    return {
        "figures": _figures(found),
        "baselines": {name: _figures(one) for name, one in beside.items()},
        "outcomes": [_outcome(one) for one in outcomes],
        "cost_usd": round(sum(one.cost_usd for one in outcomes), 6),
    }


def _figures(found: Figures) -> dict[str, Any]:
    return {
        "passed": found.passed,
        "score": found.score,
        "parts": found.parts,
        "single_runs": list(found.spread),
    }


def _outcome(one: Outcome) -> dict[str, Any]:
    scored = one.score
    return {
        "case": one.case,
        "run": one.run,
        "passed": scored is not None and scored.passed,
        "score": scored.value if scored else 0.0,
        "failed": dict(scored.failed) if scored else {},
        "trouble": one.trouble or one.unlike,
        "cost_usd": one.cost_usd,
        "seconds": round(one.seconds, 3),
    }
