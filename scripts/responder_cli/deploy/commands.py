"""``responder deploy``: doctor, tests, build, change set, canary, smoke test."""

from collections.abc import Callable

import click
from botocore.exceptions import ClientError

from local_stack import samconfig
from responder.clock import utc_now
from responder_cli import aws, console
from responder_cli.aws import Stack
from responder_cli.deploy import steps
from responder_cli.deploy.steps import Wanted
from responder_cli.deploy.watching import Watch
from responder_cli.doctor.commands import findings, show
from responder_cli.health import checks
from responder_cli.health.metrics import Window
from responder_cli.health.verdict import Verdict
from responder_cli.mending import ENVIRONMENTS, command
from responder_cli.options import examples, profile_option, yes_option

EXIT_FAILED = 1
#: Minutes that the stack's health is looked back on.
MINUTES = 5
#: CloudFormation's word for a stack that is not there.
NO_STACK = "ValidationError"
#: These do not keep a new version away: it comes to a stack that lacks them already.
NOT_OF_THE_DEPLOYMENT = ("slack secret", "claude secret")


@click.command(
    epilog=examples(
        "responder deploy --environment dev",
        "responder deploy --environment staging --bucket staging-deployment-bucket",
        "responder deploy --environment prod --parameter DeletionProtection=false",
        "responder deploy --environment staging --skip-tests --yes",
    )
)
@click.option("--environment", type=click.Choice(ENVIRONMENTS), required=True,
              help="A section of samconfig.toml.")  # fmt: skip
@click.option("--bucket", default="", help="S3 bucket for the code; else the one that SAM manages.")
@click.option("--parameter", "parameters", multiple=True, metavar="NAME=VALUE",
              help="Goes before samconfig.toml (repeatable).")  # fmt: skip
@click.option("--skip-tests", is_flag=True, help="Where they passed already, as in a pipeline.")
@click.option("--skip-smoke", is_flag=True, help="Do not send a test alert afterwards.")
@profile_option
@yes_option
@click.pass_context
def deploy(
    ctx: click.Context,
    environment: str,
    bucket: str,
    parameters: tuple[str, ...],
    skip_tests: bool,
    skip_smoke: bool,
    profile: str | None,
    yes: bool,
) -> None:
    """Deploy to AWS: doctor, tests, build, change set, canary, smoke test.

    It ends at the first step that fails, with its exit code. SAM shows the change set and asks
    (--yes does not). CodeDeploy moves the traffic of staging and prod; what it does is shown until
    it is done, and alarms undo it. The smoke test sends one alert to its card.
    """
    if wrong := [one for one in parameters if not all(one.partition("="))]:
        raise click.BadParameter(f"{wrong[0]!r} is not NAME=VALUE", param_hint="--parameter")
    connect: Callable[..., Stack] = ctx.obj or aws.connect
    name, region = (samconfig.setting(environment, one) for one in ("stack_name", "region"))
    stack = connect(name, region, profile)
    _examine(stack, environment, bucket, parameters)
    first = not stack.is_there
    # SAM and AWS CLI look at the one before the other, whatever a shell or a pipeline has set.
    more = {"AWS_REGION": region, "AWS_DEFAULT_REGION": region}
    more |= {"AWS_PROFILE": profile} if profile else {}
    if not skip_tests:
        _step("Tests", steps.tests(), more=more)
    _step("Build", steps.build(), more=more)
    ship = steps.ship(Wanted(environment, bucket, parameters, yes))
    waiting = _waiting(stack)
    if first:
        _step("Change set and deployment", ship, more=more)
        _end_where_it_was_refused(stack, waiting)
        _say_what_is_next(name)
        return
    ill = set() if skip_smoke else _ill(stack)
    watch = Watch(stack, console.say)
    watch.begin()
    _step("Change set and deployment", ship, watch, more)
    watch()
    _end_where_it_was_refused(stack, waiting)
    if not skip_smoke:
        _smoke(stack, steps.smoke(environment), more, ill)
    console.say(f"{name} is deployed.", style="bold")


def _examine(stack: Stack, environment: str, bucket: str, parameters: tuple[str, ...]) -> None:
    console.say("Doctor", style="bold")
    given = dict(one.split("=", 1) for one in parameters)
    found = list(findings(stack, environment, bucket or None, given))
    show(stack, found)
    if any(
        one.verdict is Verdict.FAILING and one.component not in NOT_OF_THE_DEPLOYMENT
        for one in found
    ):
        raise click.ClickException("Mend that first. Nothing was deployed.")


def _waiting(stack: Stack) -> set[str]:
    """The change sets that nobody has carried out; where one is, CloudFormation drops the others.

    SAM ends well, too, where its question was answered with no.
    """
    pages = stack.client("cloudformation").get_paginator("list_change_sets")
    try:
        return {
            one["ChangeSetId"]
            for page in pages.paginate(StackName=stack.name)
            for one in page["Summaries"]
            if one.get("ExecutionStatus") == "AVAILABLE"
        }
    except ClientError as error:
        if error.response["Error"]["Code"] != NO_STACK:
            raise
        return set()


def _end_where_it_was_refused(stack: Stack, before: set[str]) -> None:
    if _waiting(stack) - before:
        raise click.ClickException("The change set was not carried out. Nothing was deployed.")


def _ill(stack: Stack) -> set[str]:
    """The components that ``responder health`` finds failing."""
    found = checks.every(stack, Window(utc_now(), MINUTES))
    return {one.component for one in found if one.verdict is Verdict.FAILING}


def _smoke(stack: Stack, smoke: list[str], more: dict[str, str], ill: set[str]) -> None:
    """What was failing before is no reason to take back what may be its mend."""
    console.heading("Smoke test")
    code = steps.run(smoke, lambda: None, more)
    if code == 0:
        return
    new = ""
    if code == steps.EXIT_ILL:
        failing = sorted(_ill(stack.other(stack.name)))
        if ill.issuperset(failing):
            console.warn(f"Failing before, and still: {', '.join(failing) or 'nothing any more'}.")
            return
        new = f" Failing since: {', '.join(one for one in failing if one not in ill)}."
    console.warn(f"Smoke test failed with {code}.{new} To go back: {command(stack, 'rollback')}")
    click.get_current_context().exit(code if code > 0 else EXIT_FAILED)


def _step(
    name: str,
    command: list[str],
    watch: Callable[[], None] = lambda: None,
    more: dict[str, str] | None = None,
) -> None:
    console.heading(name)
    code = steps.run(command, watch, more)
    if code:
        console.warn(f"{name} failed with {code}.")
        click.get_current_context().exit(code if code > 0 else EXIT_FAILED)


def _say_what_is_next(name: str) -> None:
    console.say(f"The first deployment of {name}. Now give it its secrets, and try it:")
    for line in (
        "secrets set slack-bot-token",
        "secrets set anthropic-key",
        "inject --sample generic/firing --wait",
    ):
        console.say(f"  STACK_NAME={name} responder {line}")
