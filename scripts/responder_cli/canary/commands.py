"""``responder canary-prompt``: asks another prompt or model about what Claude analysed last.

``finding`` finds the incidents, ``comparing`` shows what differs. Nothing is written anywhere.
"""

from typing import Final

import click

from responder import settings
from responder.analysis import prompt
from responder.analysis.context import Case
from responder.analysis.tiering import LARGE, SMALL, TierName
from responder.bootstrap import claude as wiring
from responder_cli import asking, console
from responder_cli.asking import Reply
from responder_cli.aws import Stack
from responder_cli.canary import comparing, finding
from responder_cli.canary.comparing import Pair
from responder_cli.options import examples, json_option, on_stack, yes_option

EXIT_INCOMPLETE: Final = 1

#: What a promotion changes: parameters of the template, and the settings that they become.
_PARAMETERS: Final = {
    "PromptVersion": "prompt_version",
    "ModelSmall": "model_small",
    "ModelLarge": "model_large",
    "BedrockIdSmall": "bedrock_small",
    "BedrockIdLarge": "bedrock_large",
}


@click.command(
    "canary-prompt",
    epilog=examples(
        "responder canary-prompt --prompt v1 --last 20",
        "responder canary-prompt --tier large --model claude-opus-5 --stack NAME",
        "responder canary-prompt --yes --json",
    ),
)
@click.option("--prompt", "version", type=click.Choice(list(prompt.VERSIONS)),
              help="The instructions to try; else the configured ones.")  # fmt: skip
@click.option("--model", callback=asking.priced,
              help="The model to try; else the tier's configured one.")  # fmt: skip
@asking.bedrock_id_option
@click.option("--tier", type=click.Choice([SMALL, LARGE]), default=SMALL, show_default=True,
              help="Only analyses of this tier are replayed.")  # fmt: skip
@click.option("--last", type=click.IntRange(1, 200), default=20, show_default=True,
              help="So many problems, the newest first.")  # fmt: skip
@yes_option
@json_option
@on_stack
def canary_prompt(
    stack: Stack,
    version: str | None,
    model: str | None,
    bedrock_id: str | None,
    tier: TierName,
    last: int,
    yes: bool,
    as_json: bool,
) -> None:
    """Ask another prompt or model about what Claude analysed last, and show what differs.

    Masked and asked as the stack's own settings say, with the stack's key or ANTHROPIC_API_KEY.
    Nothing is written, and the stack's budgets do not count it. Without --prompt and --model it
    shows how much answers differ by themselves. Exit code 1 when not everything was answered.
    """
    present = _configured(stack)
    tried = asking.tried(present, tier, model, bedrock_id)
    tried = tried.model_copy(update={"prompt_version": version or tried.prompt_version})
    incidents = finding.analysed(stack, tier, last)
    if not incidents:
        raise click.ClickException(f"Claude has analysed nothing yet with the {tier} model.")
    pairs = _replay(stack, tried, tier, finding.cases(stack, tried, incidents), yes=yes)
    found = comparing.summary(pairs)
    if as_json:
        change = {"promote": _parameters(tried, present), "roll_back": _parameters(present, tried)}
        console.as_json({**comparing.document(pairs, found), **change})
    else:
        comparing.show(pairs)
        console.say()
        comparing.show_summary(found)
        _tell_change(_parameters(tried, present), _parameters(present, tried))
    if found.unanswered:
        click.get_current_context().exit(EXIT_INCOMPLETE)


def _configured(stack: Stack) -> settings.Analysis:
    try:
        return finding.configured(stack)
    except finding.Unreadable as error:
        raise click.ClickException(console.safe(str(error))) from error


def _replay(
    stack: Stack, tried: settings.Analysis, tier: TierName, cases: list[Case], *, yes: bool
) -> list[Pair]:
    profile: str | None = click.get_current_context().params["profile"]
    way = wiring.way_in(tried, asking.key(tried, stack, profile))
    terms = wiring.tiers_of(tried)[tier]
    rules = wiring.redaction_of(tried)
    prompts = [prompt.build(one, rules, tried.prompt_version) for one in cases]
    asking.agree(
        asking.estimate(prompts, terms, price=way.terms(terms.model).price), terms, yes=yes
    )
    claude = wiring.analyst(tried, way, asking.Unguarded())
    replies: dict[int, Reply] = {}
    with console.progress("asking Claude") as one_more:
        for number, reply in asking.ask(enumerate(cases), claude, tier):
            replies[number] = reply
            one_more()
    return [Pair(one.incident, replies[number]) for number, one in enumerate(cases)]


def _parameters(new: settings.Analysis, old: settings.Analysis) -> dict[str, str]:
    """The template's parameters in which they differ, as ``new`` has them."""
    return {
        parameter: getattr(new, name)
        for parameter, name in _PARAMETERS.items()
        if getattr(new, name) != getattr(old, name)
    }


def _tell_change(promote: dict[str, str], back: dict[str, str]) -> None:
    if not promote:
        console.say("This is what is configured: so much differs by itself.")
        return
    console.say(f"Promote:   {_deployment(promote)}")
    console.say(f"Roll back: {_deployment(back)}")
    console.say("Either way cached analyses are renewed little by little (docs/claude.md).")


def _deployment(parameters: dict[str, str]) -> str:
    pairs = " ".join(f"{name}={value}" for name, value in parameters.items())
    return f'make deploy STAGE=… PARAMETERS="{pairs}"'
