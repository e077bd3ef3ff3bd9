"""What needs no model: to repeat the alert, or to say of each case what is said most often.

An analysis that is not clearly better than both is not worth its price.
"""

from collections import Counter
from collections.abc import Sequence

from responder.analysis.verdict import Analysis, Cause, Confidence
from responder_cli.eval.cases import Scenario
from responder_cli.eval.incidents import NOW
from responder_cli.eval.scoring import Score, score


def echo(scenario: Scenario) -> Score:
    """The alert's title as headline and cause; category and checks as the fixed triage has them.

    It cites the title and the message, which is more than an echo could know.
    """
    incident = scenario.case.incident
    fixed = incident.analysis
    cited = (f'title: "{incident.title}"', f'message: "{incident.message[:100]}"')
    cause = Cause(text=incident.title, confidence=Confidence.MEDIUM, evidence=cited)
    said = fixed.model_copy(
        update={"headline": incident.title, "summary": incident.message, "causes": (cause,)}
    )
    return score(said, scenario.expected)


def majority(scenario: Scenario, all_of_them: Sequence[Scenario]) -> Score:
    """The category and the cause that are right most often, cited from title and message."""
    categories = Counter(one.expected.categories[0] for one in all_of_them)
    faults = Counter(fault.name for one in all_of_them for fault in one.expected.faults)
    commonest = max(faults, key=lambda name: faults[name], default="")
    words = next(
        (
            " ".join(group[0] for group in fault.any_of[0])
            for one in all_of_them
            for fault in one.expected.faults
            if fault.name == commonest
        ),
        "",
    )
    said = Analysis(
        headline=words or "unknown",
        causes=(Cause(text=words, confidence=Confidence.MEDIUM, evidence=_CITED),),
        category=max(categories, key=lambda name: categories[name]),
        confidence=Confidence.MEDIUM,
        made_by="majority",
        tier="none",
        made_at=NOW,
    )
    return score(said, scenario.expected)


_CITED = ('title: "x"', 'message: "x"')
