"""Runs cases: against Claude through the adapter that production uses, or from recorded answers.

``commands`` calls it; ``report`` shows the outcomes.
"""

import json
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from typing import Final

from responder.analysis import pricing, prompt
from responder.analysis.context import Case
from responder.analysis.pricing import Usage
from responder.analysis.reading import Call, Unusable, read
from responder.analysis.schema import SCHEMA
from responder.analysis.tiering import Tier
from responder.errors import Permanent, Reason, Retryable
from responder.ports import Analyst
from responder_cli.eval.cases import Answer, Scenario
from responder_cli.eval.incidents import NOW
from responder_cli.eval.scoring import Score, score

#: Claude is asked again after it asked for patience, this often and for at most this long.
TRIES: Final = 4
LONGEST_WAIT_SECONDS: Final = 60
FIRST_WAIT_SECONDS: Final = 5

#: What English and JSON take on average; the ceiling counts a token for each byte.
_BYTES_PER_TOKEN: Final = 4
#: An assumption: a whole answer of the schema with a little thinking. The ceiling does not use it.
_USUAL_OUTPUT_TOKENS: Final = 700


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


@dataclass(frozen=True)
class Estimate:
    """What a run will cost: probably, and at the very most."""

    calls: int
    likely_usd: float
    most_usd: float


def estimate(scenarios: Sequence[Scenario], tier: Tier, repeat: int) -> Estimate:
    """From the prompts as they will be sent. Raises Permanent for a model without a price."""
    sizes = [_size(one.case) for one in scenarios]
    usual = (Usage(size // _BYTES_PER_TOKEN, _USUAL_OUTPUT_TOKENS) for size in sizes)
    most = (pricing.ceiling_usd(tier.model, size, tier.max_tokens) for size in sizes)
    return Estimate(
        calls=len(sizes) * repeat,
        likely_usd=repeat * sum(pricing.cost_usd(tier.model, usage) for usage in usual),
        # What times out may have been paid for, and is asked again.
        most_usd=repeat * TRIES * sum(most),
    )


def _size(case: Case) -> int:
    return prompt.build(case).size_bytes + len(json.dumps(SCHEMA))


def ask(
    scenarios: Sequence[Scenario],
    analyst: Analyst,
    tier: str,
    repeat: int,
    at_once: int,
    wait: Callable[[float], None] = time.sleep,
) -> Iterator[Outcome]:
    """Ask about each case ``repeat`` times; outcomes come as they are ready.

    Whoever stops reading stops the asking: what has not begun is not paid for.
    """
    with ThreadPoolExecutor(at_once) as pool:
        asked = [
            pool.submit(_asked, one, str(run), analyst, tier, wait)
            for run in range(1, repeat + 1)
            for one in scenarios
        ]
        try:
            for future in as_completed(asked):
                yield future.result()
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


def _asked(
    scenario: Scenario, run: str, analyst: Analyst, tier: str, wait: Callable[[float], None]
) -> Outcome:
    for attempt in range(1, TRIES + 1):
        began = time.monotonic()
        try:
            found = analyst.analyse(scenario.case, tier)
        except Unusable as error:
            return Outcome(scenario.name, run, None, str(error), error.call.cost_usd)
        except Permanent as error:
            if error.reason is not Reason.REFUSED_BY_CLAUDE:
                raise
            return Outcome(scenario.name, run, None, str(error))
        except Retryable as error:
            if attempt == TRIES:
                return Outcome(scenario.name, run, None, str(error))
            pause = FIRST_WAIT_SECONDS * attempt if error.after is None else error.after
            wait(min(pause, LONGEST_WAIT_SECONDS))
            continue
        seconds = time.monotonic() - began
        scored = score(found, scenario.expected)
        return Outcome(scenario.name, run, scored, "", found.cost_usd, seconds)
    raise AssertionError("every attempt returns, raises or is followed by another")


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
