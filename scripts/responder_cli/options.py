"""Options that many commands share, and the stack that they lead to."""

from collections.abc import Callable
from functools import wraps
from typing import Any

import click

from responder_cli import aws
from responder_cli.aws import Stack

DEFAULT_STACK = "mcp-incident-responder-prod"
Command = Callable[..., Any]


def on_stack(command: Command) -> Command:
    """Give a command --stack, --region and --profile; it gets a ``Stack`` as first argument.

    Tests hand a function like ``aws.connect`` to click as ``obj``.
    """

    @click.option(
        "--stack", "stack_name", envvar="STACK_NAME", default=DEFAULT_STACK, show_default=True,
        help="The CloudFormation stack. Also STACK_NAME.",
    )  # fmt: skip
    @click.option("--region", help="AWS region; else the usual AWS configuration.")
    @click.option("--profile", help="AWS profile; else the usual AWS configuration.")
    @click.pass_context
    @wraps(command)
    def wrapped(
        ctx: click.Context,
        /,
        *args: object,
        stack_name: str,
        region: str | None,
        profile: str | None,
        **options: object,
    ) -> Any:  # noqa: ANN401 - what the command returns
        connect: Callable[..., Stack] = ctx.obj or aws.connect
        return command(connect(stack_name, region, profile), *args, **options)

    return wrapped


def json_option(command: Command) -> Command:
    """Give a command --json."""
    return click.option("--json", "as_json", is_flag=True, help="One JSON document.")(command)


def yes_option(command: Command) -> Command:
    """Give a command --yes."""
    return click.option("--yes", is_flag=True, help="Do not ask.")(command)


def examples(*lines: str) -> str:
    """The end of a command's help; the backspace keeps click from joining the lines."""
    return "\b\nExamples:\n" + "\n".join(f"  {line}" for line in lines)
