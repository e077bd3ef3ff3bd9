"""Options that many commands share, and the stack that they lead to."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import wraps
from typing import Any

import click
from click.core import ParameterSource
from pydantic import ValidationError

from responder.clock import span_of, to_utc, utc_now
from responder_cli import aws, console, problems
from responder_cli.aws import Stack

#: Nobody asks about an earlier one, and what is reckoned back from the first of all overflows.
FIRST_YEAR = 2000
#: Nobody plans for a later one, and what is reckoned on from the last of all overflows.
LAST_YEAR = 2999
DEFAULT_STACK = "mcp-incident-responder-prod"
Command = Callable[..., Any]

region_option = click.option(
    "--region", help="AWS region; else AWS_REGION, or the usual AWS configuration."
)
profile_option = click.option("--profile", help="AWS profile; else the usual AWS configuration.")


def on_stack(command: Command) -> Command:
    """Give a command --stack, --region and --profile; it gets a ``Stack`` as first argument.

    Tests hand a function like ``aws.connect`` to click as ``obj``.
    """

    @click.option(
        "--stack", "stack_name", envvar="STACK_NAME", default=DEFAULT_STACK, show_default=True,
        help="The CloudFormation stack. Also STACK_NAME.",
    )  # fmt: skip
    @region_option
    @profile_option
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


def asks_where_it_acts(command: Command) -> Command:
    """Let a command that changes a stack on AWS ask when nobody has named the stack; --yes skips.

    It stands below ``on_stack``: production is the default, and looking at it needs no question.
    """

    @yes_option
    @wraps(command)
    def wrapped(stack: Stack, /, *args: object, yes: bool, **options: object) -> Any:  # noqa: ANN401 - what the command returns
        if not yes:
            ask_where_it_acts(stack)
        return command(stack, *args, **options)

    return wrapped


def ask_where_it_acts(stack: Stack) -> None:
    """The question, for a command that has another one of its own."""
    source = click.get_current_context().get_parameter_source("stack_name")
    if stack.on_aws and source is ParameterSource.DEFAULT:
        stack.check()
        console.ask(f"No --stack was given. Act on {stack.name} of account {stack.account}?")


def json_option(command: Command) -> Command:
    """Give a command --json."""
    return click.option("--json", "as_json", is_flag=True, help="One JSON document.")(command)


def json_anyway(command: Command) -> Command:
    """Give a command that prints JSON and nothing else the --json of all the others."""
    return click.option("--json", is_flag=True, expose_value=False, help="As it is anyway.")(
        command
    )


def yes_option(command: Command) -> Command:
    """Give a command --yes."""
    return click.option("--yes", is_flag=True, help="Do not ask.")(command)


def duration(text: str) -> timedelta:
    """A type of click: a time like 30m, 2h, 1d12h."""
    span = span_of(text)
    if not span:
        raise click.BadParameter(f"{text!r} is no duration like 30m, 2h or 1d12h")
    return span


def moment(text: str) -> datetime:
    """A type of click: so long ago (2h, 1d12h), or a date and time, in UTC unless it says else."""
    try:
        found = _moment(text)
    except ValueError:
        raise click.BadParameter(
            f"{text!r} is neither a time ago like 2h nor a moment like 2026-11-21T14:00"
        ) from None
    except OverflowError:
        raise click.BadParameter(f"{text!r} is in no year that there is") from None
    if found.year < FIRST_YEAR:
        raise click.BadParameter(f"{text!r} is before the year {FIRST_YEAR}")
    return found


def _moment(text: str) -> datetime:
    if span := span_of(text):
        return utc_now() - span
    found = datetime.fromisoformat(text)
    return to_utc(found) if found.tzinfo else found.replace(tzinfo=UTC)


class _DateTime(click.DateTime):
    """Click's own, in UTC, and of the years that a time can be reckoned from."""

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> datetime:
        """As click's own."""
        found: datetime = super().convert(value, param, ctx)
        if not FIRST_YEAR <= found.year <= LAST_YEAR:
            self.fail(f"{value!r} is not in the years {FIRST_YEAR} to {LAST_YEAR}", param, ctx)
        return found.replace(tzinfo=UTC)


#: A type of click: a moment in UTC. It takes no time ago, as it may lie ahead.
date_time = _DateTime(
    ("%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%d %H:%M:%S", "%Y-%m-%d")
)


def as_written(span: timedelta) -> str:
    """A time as ``duration`` takes it."""
    minutes = span // timedelta(minutes=1)
    parts = ((minutes // 1440, "d"), (minutes // 60 % 24, "h"), (minutes % 60, "m"))
    return "".join(f"{count}{unit}" for count, unit in parts if count)


@contextmanager
def refusals_as_usage(**named: str) -> Iterator[None]:
    """What a model refuses of the options it is made from is wrong usage, told by option.

    ``named`` says which option gives which of the model's fields.
    """
    try:
        yield
    except ValidationError as error:
        said = [console.safe(line) for line in problems.told(error, named)]
        raise click.UsageError("\n".join(said)) from error
    except ValueError as error:
        raise click.UsageError(console.safe(str(error))) from error


def examples(*lines: str) -> str:
    """The end of a command's help; the backspace keeps click from joining the lines."""
    return "\b\nExamples:\n" + "\n".join(f"  {line}" for line in lines)
