"""Runs cases: against Claude through the adapter that production uses, or from recorded answers.

``commands`` calls it; ``report`` shows the outcomes.
"""

import json
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from responder.analysis import prompt
from responder.analysis.reading import Call, Unusable, read
from responder.ports import Analyst
from responder_cli import asking
from responder_cli.asking import Reply
from responder_cli.eval.cases import Answer, Scenario
from responder_cli.eval.incidents import NOW
from responder_cli.eval.scoring import Score, score


@dataclass(frozen=True)
class Outcome:
    """One answer to one case: its score, or why there is none."""

    case: str
    run: str
    score: Score | None
    trouble: str = ""
    cost_usd: float = 0.0
    seconds: float = 0.0
    unlike: str = ""


def ask(
    scenarios: Sequence[Scenario],
    analyst: Analyst,
    tier: str,
    repeat: int,
    at_once: int = asking.AT_ONCE,
    wait: Callable[[float], None] = time.sleep,
) -> Iterator[Outcome]:
    """Ask about each case ``repeat`` times; outcomes come as they are ready."""
    questions = [((one, str(run)), one.case) for run in range(1, repeat + 1) for one in scenarios]
    for (scenario, run), reply in asking.ask(questions, analyst, tier, at_once, wait):
        yield _outcome(scenario, run, reply)


def _outcome(scenario: Scenario, run: str, reply: Reply) -> Outcome:
    found = reply.analysis
    if found is None:
        return Outcome(scenario.name, run, None, reply.trouble, reply.cost_usd)
    scored = score(found, scenario.expected)
    return Outcome(scenario.name, run, scored, "", reply.cost_usd, found.seconds)


def replay(scenarios: Sequence[Scenario]) -> Iterator[Outcome]:
    """Read and score each recorded answer; ``unlike`` says where it is not as its file says."""
    for scenario in scenarios:
        for name, answer in scenario.answers:
            yield _replayed(scenario, name, answer)


def _replayed(scenario: Scenario, name: str, answer: Answer) -> Outcome:
    try:
        asked = prompt.build(scenario.case)
        found = read(json.dumps(answer.answer), "end_turn", asked, _FREE)
    except Unusable as error:
        return Outcome(scenario.name, name, None, str(error), unlike="it cannot be read")
    scored = score(found, scenario.expected)
    failed = {part for part, _ in scored.failed}
    wanted = ", ".join(sorted(answer.fails)) or "nothing"
    got = ", ".join(sorted(failed)) or "nothing"
    unlike = "" if failed == set(answer.fails) else f"{wanted} should fail, {got} does"
    return Outcome(scenario.name, name, scored, unlike=unlike)


#: Nobody was asked.
_FREE: Final = Call("written by hand", "none", "none", NOW, 0, 0, 0)
