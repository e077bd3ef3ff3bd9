"""``responder deploy``: doctor, tests, build, change set, canary, smoke test."""

from collections.abc import Callable

import click

from local_stack import samconfig
from responder_cli import aws, console
from responder_cli.aws import NotFound, Stack
from responder_cli.deploy import steps
from responder_cli.deploy.steps import Wanted
from responder_cli.deploy.watching import Watch
from responder_cli.doctor.commands import findings, show
from responder_cli.health.verdict import Verdict
from responder_cli.mending import ENVIRONMENTS, command
from responder_cli.options import examples, profile_option, yes_option

EXIT_FAILED = 1
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
    first = not _is_there(stack)
    # SAM and AWS CLI look at the one before the other, whatever a shell or a pipeline has set.
    more = {"AWS_REGION": region, "AWS_DEFAULT_REGION": region}
    more |= {"AWS_PROFILE": profile} if profile else {}
    if not skip_tests:
        _step("Tests", steps.tests(), more=more)
    _step("Build", steps.build(), more=more)
    ship = steps.ship(Wanted(environment, bucket, parameters, yes))
    if first:
        _step("Change set and deployment", ship, more=more)
        _say_what_is_next(name)
        return
    watch = Watch(stack, console.say)
    watch.begin()
    _step("Change set and deployment", ship, watch, more)
    watch()
    if not skip_smoke:
        undo = command(stack, "rollback")
        _step("Smoke test", steps.smoke(environment), more=more, undo=undo)
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


def _is_there(stack: Stack) -> bool:
    try:
        stack.check()
    except NotFound:
        return False
    return True


def _step(
    name: str,
    command: list[str],
    watch: Callable[[], None] = lambda: None,
    more: dict[str, str] | None = None,
    undo: str = "",
) -> None:
    console.heading(name)
    code = steps.run(command, watch, more)
    if code:
        hint = f" To go back: {undo}" if undo else ""
        console.warn(f"{name} failed with {code}.{hint}")
        click.get_current_context().exit(code if code > 0 else EXIT_FAILED)


def _say_what_is_next(name: str) -> None:
    console.say(f"The first deployment of {name}. Now give it its secrets, and try it:")
    for line in (
        "secrets set slack-bot-token",
        "secrets set anthropic-key",
        "inject --sample generic/firing --wait",
    ):
        console.say(f"  STACK_NAME={name} responder {line}")
