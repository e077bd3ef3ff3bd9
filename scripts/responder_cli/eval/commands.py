"""``responder eval``: measures the analyses against Claude, or replays what is recorded.

``responder eval redaction`` measures what of an alert would leave the house.
"""

import os
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

import click

from responder.adapters.claude import ApiKey, Claude
from responder.analysis import pricing, prompt
from responder.analysis.tiering import LARGE, SMALL, Tier, TierName, tiers
from responder.settings import Analysis as Settings
from responder_cli import asking, aws, console
from responder_cli.aws import Stack
from responder_cli.eval import cases, report, running, secrets
from responder_cli.eval.cases import Scenario
from responder_cli.eval.running import Outcome
from responder_cli.health.outside import CLAUDE_SECRET
from responder_cli.options import examples, json_option, yes_option

CORPUS: Final = Path(__file__).parents[3] / "tests" / "evals"
EXIT_BELOW: Final = 1


@click.group(
    "eval",
    invoke_without_command=True,
    epilog=examples(
        "responder eval --offline",
        "ANTHROPIC_API_KEY=... responder eval --repeat 3",
        "responder eval --tier large --case 'misleading*' --yes --fail-under 0.9",
        "responder eval redaction",
    ),
)
@click.option("--offline", is_flag=True, help="Replay the answers written by hand; asks nobody.")
@click.option("--tier", type=click.Choice([SMALL, LARGE]), default=SMALL, show_default=True)
@click.option("--model", help="A model of prices.json; else the tier's own.")
@click.option("--repeat", type=click.IntRange(1, 50), default=1, show_default=True)
@click.option("--case", "pattern", default="*", help="Only cases of this name, as in a shell.")
@click.option("--fail-under", type=click.FloatRange(0, 1), default=0.0,
              help="Exit with 1 where a smaller share of answers passes.")  # fmt: skip
@click.option("--stack", "stack_name", help="Take the key from this stack's secret.")
@click.option("--corpus", type=click.Path(exists=True, file_okay=False, path_type=Path),
              default=CORPUS, help="Like tests/evals.")  # fmt: skip
@yes_option
@json_option
@click.pass_context
def evaluate(
    ctx: click.Context,
    offline: bool,
    tier: TierName,
    model: str | None,
    repeat: int,
    pattern: str,
    fail_under: float,
    stack_name: str | None,
    corpus: Path,
    yes: bool,
    as_json: bool,
) -> None:
    """Measure how good the analyses are, on cases whose causes are known.

    The key is taken from ANTHROPIC_API_KEY or a stack's secret, the address from
    ANTHROPIC_BASE_URL.
    """
    if ctx.invoked_subcommand is not None:
        return
    scenarios = _load(corpus, pattern)
    if offline:
        _offline(scenarios, as_json)
        return
    key = _key(stack_name, ctx.obj or aws.connect)
    outcomes = _online(scenarios, _tier(tier, model), tier, repeat, key=key, yes=yes)
    found = report.of_run(outcomes)
    beside = report.of_baselines(scenarios)
    if as_json:
        console.as_json(report.document(found, beside, outcomes))
    else:
        report.show_cases(scenarios, outcomes)
        console.say()
        report.show("Claude", found, beside)
        spent = sum(one.cost_usd for one in outcomes)
        console.say()
        console.say(f"Cost ${spent:.4f}, at prices of {pricing.as_of()}.")
    if found.passed < fail_under:
        console.warn(f"{found.passed:.0%} passed; {fail_under:.0%} are asked for.")
        ctx.exit(EXIT_BELOW)


@evaluate.command(epilog=examples("responder eval redaction", "responder eval redaction --json"))
@click.option("--corpus", type=click.Path(exists=True, file_okay=False, path_type=Path),
              default=CORPUS / "redaction", help="Like tests/evals/redaction.")  # fmt: skip
@json_option
@click.pass_context
def redaction(ctx: click.Context, corpus: Path, as_json: bool) -> None:
    """Measure which planted secrets would be sent to Claude, and what is masked needlessly."""
    found = secrets.measure(corpus)
    if as_json:
        console.as_json(
            {
                "planted": found.planted,
                "leaked": list(found.leaked),
                "leak_rate": found.leak_rate,
                "ordinary": found.ordinary,
                "changed": list(found.changed),
                "over_redaction": found.over_redaction,
            }
        )
    else:
        leaked = f"{len(found.leaked)} of {found.planted}"
        console.say(f"{leaked} kinds of secrets leak ({found.leak_rate:.1%}).")
        for name in found.leaked:
            console.say(f"  {name}")
        changed = f"{len(found.changed)} of {found.ordinary}"
        console.say(f"{changed} ordinary texts are changed ({found.over_redaction:.1%}).")
        for text in found.changed:
            console.say(f"  {text}")
    if found.leaked:
        ctx.exit(EXIT_BELOW)


def _load(corpus: Path, pattern: str) -> list[Scenario]:
    try:
        scenarios = cases.load(corpus, pattern)
    except ValueError as error:
        raise click.ClickException(console.safe(str(error))) from error
    if not scenarios:
        raise click.ClickException(f"there is no case {console.safe(pattern)!r} in {corpus.name}")
    return scenarios


def _offline(scenarios: Sequence[Scenario], as_json: bool) -> None:
    """Recorded answers must be scored as their files say; they say nothing of Claude."""
    outcomes = list(running.replay(scenarios))
    unlike = [one for one in outcomes if one.unlike]
    good = report.figures([one.score for one in outcomes if one.run.startswith("good")])
    bad = report.figures([one.score for one in outcomes if one.run.startswith("bad")])
    beside = {"bad answers": bad, **report.of_baselines(scenarios)}
    if as_json:
        console.as_json({"written_by": "hand", **report.document(good, beside, outcomes)})
    else:
        report.show("good answers", good, beside)
        console.say()
        console.say(
            f"{len(outcomes)} answers to {len(scenarios)} cases, all written by hand: "
            "this measures the scorer, not Claude."
        )
    for one in unlike:
        console.warn(f"{one.case}, {one.run}: {one.unlike}")
    if unlike:
        raise click.exceptions.Exit(EXIT_BELOW)


def _tier(name: TierName, model: str | None) -> Tier:
    fields = Settings.model_fields
    configured = tiers(fields["model_small"].default, fields["model_large"].default)[name]
    chosen = replace(configured, model=model) if model else configured
    pricing.require_price(chosen.model)
    return chosen


def _key(stack_name: str | None, connect: Callable[..., Stack]) -> str:
    if key := os.environ.get("ANTHROPIC_API_KEY", "").strip():
        return key
    if stack_name is None:
        raise click.UsageError("Set ANTHROPIC_API_KEY, name a --stack, or give --offline.")
    stack = connect(stack_name, None, None)
    secret = f"{stack.output('SecretPrefix')}/{CLAUDE_SECRET}"
    answer = stack.client("secretsmanager").get_secret_value(SecretId=secret)
    if key := str(answer.get("SecretString", "")).strip():
        return key
    raise click.ClickException(f"the secret {secret} has no value")


def _online(
    scenarios: Sequence[Scenario], tier: Tier, name: TierName, repeat: int, *, key: str, yes: bool
) -> list[Outcome]:
    expected = asking.estimate([prompt.build(one.case) for one in scenarios], tier, repeat)
    asking.agree(expected, tier, yes=yes)
    way_in = ApiKey(
        lambda _: key,
        base_url=os.environ.get("ANTHROPIC_BASE_URL", ""),
        timeout_seconds=Settings.model_fields["claude_timeout"].default,
    )
    claude = Claude(way_in, {name: tier}, asking.Unguarded())
    outcomes = []
    with console.progress("asking Claude") as one_more:
        for outcome in running.ask(scenarios, claude, name, repeat):
            outcomes.append(outcome)
            one_more()
    return sorted(outcomes, key=lambda one: (one.case, one.run))
