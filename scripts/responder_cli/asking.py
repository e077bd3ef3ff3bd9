"""Questions to Claude from the command line: what they may cost, and the answers as they come.

``eval`` and ``canary-prompt`` ask through it, with the adapter that production uses.
"""

import json
import os
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from typing import Final

import click

from responder import settings
from responder.adapters.secrets import Secret
from responder.analysis import pricing
from responder.analysis.context import Case
from responder.analysis.pricing import Usage
from responder.analysis.prompt import Prompt
from responder.analysis.reading import Unusable
from responder.analysis.schema import SCHEMA
from responder.analysis.tiering import SMALL, Tier
from responder.analysis.verdict import Analysis
from responder.errors import Permanent, Reason, Retryable
from responder.ports import Analyst
from responder_cli import console
from responder_cli.aws import Stack

#: More would only meet the rate limits of a new organisation.
AT_ONCE: Final = 4
#: Claude is asked again after it asked for patience, this often and for at most this long.
TRIES: Final = 4
LONGEST_WAIT_SECONDS: Final = 60
FIRST_WAIT_SECONDS: Final = 5

#: What English and JSON take on average; the ceiling counts a token for each byte.
_BYTES_PER_TOKEN: Final = 4
#: An assumption: a whole answer of the schema with a little thinking. The ceiling does not use it.
_USUAL_OUTPUT_TOKENS: Final = 700


class Unguarded:
    """No breaker: a person watches, and the number of calls is known."""

    def call[T](self, action: Callable[[], T]) -> T:
        """Just call."""
        return action()


def priced(_: click.Context, __: click.Parameter, model: str | None) -> str | None:
    """Refuses an option's model that has no price: nothing may be spent that cannot be counted."""
    if model is not None:
        try:
            pricing.require_price(model)
        except Permanent as error:
            raise click.BadParameter(console.safe(error.detail)) from error
    return model


bedrock_id_option = click.option("--bedrock-id", help="What Amazon Bedrock calls --model.")


def tried[S: settings.Claude](
    present: S, tier: str, model: str | None, bedrock_id: str | None
) -> S:
    """The settings with another model of a tier, under the name that its way to Claude has."""
    by_bedrock = present.claude_access == "bedrock"
    if bedrock_id is not None and not (by_bedrock and model):
        raise click.UsageError("--bedrock-id goes with --model, on Amazon Bedrock only.")
    if model is None:
        return present
    if by_bedrock and not (bedrock_id or "").startswith(f"anthropic.{model}"):
        raise click.UsageError(f"On Bedrock a model has an id of its own: --bedrock-id of {model}.")
    size = "small" if tier == SMALL else "large"
    names = {f"model_{size}": model} | ({f"bedrock_{size}": bedrock_id} if bedrock_id else {})
    return present.model_copy(update=names)


def key(given: settings.Claude, stack: Stack | None, profile: str | None) -> Callable[[bool], str]:
    """ANTHROPIC_API_KEY, else the stack's secret; asked for where the chosen way needs a key.

    The ways through AWS sign as the credentials of the environment (AWS_PROFILE), not as
    ``profile``, which finds the stack.
    """
    if given.claude_access != "api-key" and profile:
        raise click.UsageError("Claude is asked as AWS_PROFILE says: set it, without --profile.")
    if own := os.environ.get("ANTHROPIC_API_KEY", "").strip():
        return lambda _: own
    if isinstance(given, settings.Analysis) and stack is not None:
        return Secret(stack.client("secretsmanager"), given.anthropic_secret, given.max_age)
    if given.claude_access == "api-key":
        raise click.UsageError("Set ANTHROPIC_API_KEY, name a --stack, or give --offline.")
    return lambda _: ""


@dataclass(frozen=True)
class Estimate:
    """What a run will cost: probably, and at the very most."""

    calls: int
    likely_usd: float
    most_usd: float


@dataclass(frozen=True)
class Reply:
    """What came of one question: an analysis, or why there is none."""

    analysis: Analysis | None
    trouble: str = ""
    cost_usd: float = 0.0


def estimate(prompts: Sequence[Prompt], tier: Tier, times: int = 1, price: float = 1.0) -> Estimate:
    """From the prompts as they will be sent, at a multiple of the list price.

    Raises Permanent for a model without a price.
    """
    sizes = [one.size_bytes + len(json.dumps(SCHEMA)) for one in prompts]
    usual = (Usage(size // _BYTES_PER_TOKEN, _USUAL_OUTPUT_TOKENS) for size in sizes)
    most = (pricing.ceiling_usd(tier.model, size, tier.max_tokens) for size in sizes)
    return Estimate(
        calls=len(sizes) * times,
        likely_usd=price * times * sum(pricing.cost_usd(tier.model, usage) for usage in usual),
        # What times out may have been paid for, and is asked again.
        most_usd=price * times * TRIES * sum(most),
    )


def agree(expected: Estimate, tier: Tier, *, yes: bool) -> None:
    """Say what a run will cost, and end the command unless that is agreed to."""
    # A result goes to standard output; this is for whoever starts it.
    click.echo(
        f"{expected.calls} calls of {tier.model} ({tier.effort} effort), about "
        f"${expected.likely_usd:.2f}, ${expected.most_usd:.2f} at the very most; "
        f"prices of {pricing.as_of()}.",
        err=True,
    )
    if not yes:
        console.ask("Spend it?")


def ask[Name](
    questions: Iterable[tuple[Name, Case]],
    analyst: Analyst,
    tier: str,
    at_once: int = AT_ONCE,
    wait: Callable[[float], None] = time.sleep,
) -> Iterator[tuple[Name, Reply]]:
    """Ask about each case; replies come as they are ready, each under the name of its question.

    Whoever stops reading stops the asking: what has not begun is not paid for. Raises Permanent
    for what would ail every other question, too.
    """
    with ThreadPoolExecutor(at_once) as pool:
        asked = {pool.submit(_asked, case, analyst, tier, wait): name for name, case in questions}
        try:
            for future in as_completed(asked):
                yield asked[future], future.result()
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


def _asked(case: Case, analyst: Analyst, tier: str, wait: Callable[[float], None]) -> Reply:
    question = analyst.question(case, tier)
    for attempt in range(1, TRIES + 1):
        try:
            found = question.ask()
        except Unusable as error:
            return Reply(None, str(error), error.call.cost_usd)
        except Permanent as error:
            if error.reason is not Reason.REFUSED_BY_CLAUDE:
                raise
            return Reply(None, str(error))
        except Retryable as error:
            if attempt == TRIES:
                return Reply(None, str(error))
            pause = FIRST_WAIT_SECONDS * attempt if error.after is None else error.after
            wait(min(pause, LONGEST_WAIT_SECONDS))
            continue
        return Reply(found, cost_usd=found.cost_usd)
    raise AssertionError("every attempt returns, raises or is followed by another")
