"""``responder eval``: measures the analyses against Claude, or replays what is recorded.

``responder eval redaction`` measures what of an alert would leave the house.
"""

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final, get_args

import click
from click.core import ParameterSource

from responder import settings
from responder.analysis import pricing, prompt
from responder.analysis.tiering import LARGE, SMALL, TierName
from responder.bootstrap import claude as wiring
from responder_cli import asking, aws, console
from responder_cli.aws import NoSuch, Stack
from responder_cli.canary import finding
from responder_cli.eval import cases, report, running, secrets
from responder_cli.eval.cases import Scenario
from responder_cli.eval.running import Outcome
from responder_cli.options import (
    examples,
    json_option,
    profile_option,
    region_option,
    yes_option,
)

CORPUS: Final = Path(__file__).parents[3] / "tests" / "evals"
EXIT_BELOW: Final = 1
#: As for all commands (``responder --help``).
EXIT_UNREACHABLE: Final = 3
#: Options that mean something only where Claude is asked.
_OF_ASKING: Final = (
    "tier", "model", "bedrock_id", "access", "repeat", "fail_under", "stack_name", "region",
    "profile",
)  # fmt: skip
ACCESS: Final = get_args(settings.Claude.model_fields["claude_access"].annotation)


@click.group(
    "eval",
    invoke_without_command=True,
    epilog=examples(
        "responder eval --offline",
        "ANTHROPIC_API_KEY=... responder eval --repeat 3",
        "responder eval --tier large --case 'misleading*' --yes --fail-under 0.9",
        "CLAUDE_REGION=eu-central-1 responder eval --access bedrock",
        "responder eval redaction",
    ),
)
@click.option("--offline", is_flag=True, help="Replay the answers written by hand; asks nobody.")
@click.option("--tier", type=click.Choice([SMALL, LARGE]), default=SMALL, show_default=True)
@click.option("--model", callback=asking.priced, help="A model of prices.json; else the tier's.")
@asking.bedrock_id_option
@click.option("--access", type=click.Choice(list(ACCESS)),
              help="The way to Claude; else CLAUDE_ACCESS, or the API key.")  # fmt: skip
@click.option("--repeat", type=click.IntRange(1, 50), default=1, show_default=True)
@click.option("--case", "pattern", default="*", help="Only cases of this name, as in a shell.")
@click.option("--fail-under", type=click.FloatRange(0, 1), default=0.0,
              help="Exit with 1 where a smaller share of answers passes.")  # fmt: skip
@click.option("--stack", "stack_name", help="Ask as this stack's live function does.")
@region_option
@profile_option
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
    bedrock_id: str | None,
    access: str | None,
    repeat: int,
    pattern: str,
    fail_under: float,
    stack_name: str | None,
    region: str | None,
    profile: str | None,
    corpus: Path,
    yes: bool,
    as_json: bool,
) -> None:
    """Measure how good the analyses are, on cases whose causes are known.

    Everything of Claude's settings is taken from a stack, or from variables of the same names as
    the function's (CLAUDE_ACCESS, CLAUDE_REGION, MODEL_SMALL, PROMPT_VERSION, ANTHROPIC_BASE_URL
    ...). The key is ANTHROPIC_API_KEY or the stack's; AWS is asked as AWS_PROFILE.
    """
    if ctx.invoked_subcommand is not None:
        return
    if offline:
        _refuse_what_asks(ctx)
        _offline(_load(corpus, pattern), as_json)
        return
    if not stack_name and (region or profile):
        raise click.UsageError("--region and --profile say where the stack is: give --stack.")
    scenarios = _load(corpus, pattern)
    stack = (ctx.obj or aws.connect)(stack_name, region, profile) if stack_name else None
    given = asking.tried(_settings(stack, access), tier, model, bedrock_id)
    key = asking.key(given, stack, profile)
    outcomes = _online(scenarios, given, key, tier, repeat, yes=yes)
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
    if outcomes and not any(one.score for one in outcomes):
        console.warn("Claude answered nothing; the first reason stands beside each case.")
        ctx.exit(EXIT_UNREACHABLE)
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
    try:
        found = secrets.measure(corpus)
    except (OSError, ValueError, KeyError, TypeError) as error:
        told = f"{corpus} is no corpus like tests/evals/redaction: {error}"
        raise click.ClickException(console.safe(told)) from error
    if as_json:
        console.as_json(
            {
                "planted": found.planted,
                "leaked": list(found.leaked),
                "leak_rate": found.leak_rate,
                "ordinary": found.ordinary,
                "changed": list(found.changed),
                "over_redaction": found.over_redaction,
                "held_out": found.held_out,
                "held_out_leaked": list(found.held_out_leaked),
            }
        )
    else:
        leaked = f"{len(found.leaked)} of {found.planted}"
        console.say(f"{leaked} kinds of secrets leak ({found.leak_rate:.1%}).")
        for name in found.leaked:
            console.say(f"  {name}")
        held_out = f"{len(found.held_out_leaked)} of {found.held_out}"
        console.say(f"{held_out} held out for a test of the detectors leak.")
        for name in found.held_out_leaked:
            console.say(f"  {name}")
        changed = f"{len(found.changed)} of {found.ordinary}"
        console.say(f"{changed} ordinary texts are changed ({found.over_redaction:.1%}).")
        for text in found.changed:
            console.say(f"  {text}")
    if found.leaked:
        ctx.exit(EXIT_BELOW)


def _refuse_what_asks(ctx: click.Context) -> None:
    """What says whom to ask, how often and for how much means nothing where nobody is asked."""
    given = [
        f"--{name.removesuffix('_name').replace('_', '-')}"
        for name in _OF_ASKING
        if ctx.get_parameter_source(name) is ParameterSource.COMMANDLINE
    ]
    if given:
        raise click.UsageError(f"--offline asks nobody: it goes without {', '.join(given)}.")


def _load(corpus: Path, pattern: str) -> list[Scenario]:
    try:
        scenarios = cases.load(corpus, pattern)
    except ValueError as error:
        raise click.ClickException(console.safe(str(error))) from error
    if not scenarios:
        raise NoSuch(f"there is no case {pattern!r} in {corpus.name}")
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


def _settings(stack: Stack | None, access: str | None) -> settings.Claude:
    """How Claude is asked: as a stack's live function does, else as the environment says."""
    if stack is not None and access is not None:
        raise click.UsageError("A stack has its own way to Claude: --stack goes without --access.")
    try:
        if stack is not None:
            return finding.configured(stack)
        variables = dict(os.environ) | ({"CLAUDE_ACCESS": access} if access else {})
        return settings.load(settings.Claude, variables)
    except (finding.Unreadable, settings.SettingsError) as error:
        raise click.ClickException(console.safe(str(error))) from error


def _online(
    scenarios: Sequence[Scenario],
    given: settings.Claude,
    key: Callable[[bool], str],
    name: TierName,
    repeat: int,
    *,
    yes: bool,
) -> list[Outcome]:
    way, tier = wiring.way_in(given, key), wiring.tiers_of(given)[name]
    pricing.require_price(tier.model)
    rules = wiring.redaction_of(given)
    prompts = [prompt.build(one.case, rules, given.prompt_version) for one in scenarios]
    price = way.terms(tier.model).price
    asking.agree(asking.estimate(prompts, tier, repeat, price), tier, yes=yes)
    claude = wiring.analyst(given, way, asking.Unguarded())
    outcomes = []
    with console.progress("asking Claude") as one_more:
        for outcome in running.ask(scenarios, claude, name, repeat):
            outcomes.append(outcome)
            one_more()
    return sorted(outcomes, key=lambda one: (one.case, one.run))
