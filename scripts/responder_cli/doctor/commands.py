"""``responder doctor``."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict

import click
from click.core import ParameterSource

from local_stack import samconfig
from responder_cli import console
from responder_cli.aws import Stack
from responder_cli.doctor import account, machine
from responder_cli.doctor.plan import NOTHING, plan_of
from responder_cli.health.verdict import Finding, Verdict, warning
from responder_cli.mending import ENVIRONMENTS
from responder_cli.options import examples, json_option, on_stack

EXIT_FAILED = 1


@click.command(
    epilog=examples(
        "responder doctor --environment dev",
        "responder doctor --environment prod --bucket my-deployments --json",
    )
)
@click.option("--environment", type=click.Choice(ENVIRONMENTS), default="prod", show_default=True,
              help="A section of samconfig.toml, and its stack.")  # fmt: skip
@click.option("--bucket", help="The S3 bucket that `deploy` is to be given.")
@json_option
@on_stack
@click.pass_context
def doctor(
    ctx: click.Context, stack: Stack, environment: str, bucket: str | None, as_json: bool
) -> None:
    """What is missing for a deployment, each with the command that mends it.

    The machine's tools and build, the section of samconfig.toml, credentials, region, quotas, what
    earlier stacks left in the way; and once it is deployed, its secrets. Changes nothing. Exit code
    1: a deployment would fail, or what is deployed does not work.
    """
    its_own = samconfig.setting(environment, "stack_name")
    named = ctx.get_parameter_source("stack_name") is not ParameterSource.DEFAULT
    target = stack if named else stack.other(its_own)
    found = [*_named(target, environment, its_own), *findings(target, environment, bucket)]
    if as_json:
        console.as_json([asdict(one) for one in found])
    else:
        show(target, found)
    if any(one.verdict is Verdict.FAILING for one in found):
        ctx.exit(EXIT_FAILED)


def _named(stack: Stack, environment: str, its_own: str) -> Iterator[Finding]:
    """STACK_NAME, left over from another environment, would send every command there."""
    if stack.name != its_own:
        yield warning(
            "stack's name",
            f"--stack or STACK_NAME says {stack.name}, and [{environment}] deploys {its_own}",
            f"unset STACK_NAME, or give --stack {its_own}",
        )


def findings(
    stack: Stack,
    environment: str,
    bucket: str | None,
    parameters: Mapping[str, str] = NOTHING,
) -> Iterator[Finding]:
    """Everything that speaks for or against a deployment with these parameters."""
    plan = plan_of(environment, parameters)
    region = samconfig.setting(environment, "region")
    yield from machine.findings(plan)
    yield from account.findings(stack, plan, region, bucket)


def show(stack: Stack, found: list[Finding]) -> None:
    """For a person: all findings, then the commands that mend what is not well."""
    rows = [(one.component, one.verdict.value, one.reason) for one in found]
    console.grid((stack.name, "verdict", "reason"), rows, verdict=1)
    due = [one for one in found if one.mend]
    if not due:
        console.say("Nothing is missing.")
        return
    console.heading("To mend:")
    for one in due:
        console.say(f"{one.component}:")
        console.say(f"  {one.mend}")
