"""The root of the command line: which commands there are, and what an error exits with."""

import os
from collections.abc import Iterable
from difflib import get_close_matches
from importlib import import_module
from typing import Any

import click
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    EndpointConnectionError,
    NoRegionError,
    ParamValidationError,
)
from pydantic import ValidationError

from responder.errors import ResponderError
from responder_cli import console, problems
from responder_cli.aws import NoSuch, NotFound, words

EXIT_FAILED = 1
EXIT_UNREACHABLE = 3
EXIT_NO_SUCH = 4
NO_LOCAL_STACK = "AWS_ENDPOINT_URL is set: is the local stack up? make local, or unset it."
#: DynamoDB's words for a table that is not there; they do not name it.
DYNAMODB_HAS_NONE = "Requested resource not found"
NO_TABLE = "A table is gone: responder health names it, and what brings it back."
NO_REGION = "Give --region; for the local stack: source .local/stack.env"

#: Where each command is. Only the one that is called is imported: all of them take half a second.
COMMANDS = {
    "alerts": "lookup.alerts:alerts",
    "analysis": "analysis:analysis",
    "backup": "backup.commands:backup",
    "cache": "cache.commands:cache",
    "canary-prompt": "canary.commands:canary_prompt",
    "card": "card.commands:card",
    "changes": "changes:changes",
    "cost": "cost.commands:cost",
    "deploy": "deploy.commands:deploy",
    "dlq": "dlq.commands:dlq",
    "doctor": "doctor.commands:doctor",
    "erase": "erase.commands:erase",
    "eval": "eval.commands:evaluate",
    "explain": "explain:explain",
    "feedback": "feedback:feedback",
    "health": "health.commands:health",
    "incidents": "lookup.incidents:group",
    "inhibit": "inhibit:inhibit",
    "inject": "inject.commands:inject",
    "logs": "logs.commands:logs",
    "reconcile": "reconcile.commands:reconcile",
    "report": "report.commands:report",
    "restore": "backup.commands:restore",
    "rollback": "rollback.commands:rollback",
    "route": "route.commands:route",
    "runbook": "runbook:runbook",
    "secrets": "secrets.commands:secrets",
    "signature": "signature.commands:signature",
    "silence": "silence:silence",
    "sources": "sources.commands:sources",
    "tail": "logs.commands:tail",
    "tune": "tune.commands:tune",
    "window": "window:window",
}

EPILOG = """\b
Examples:
  responder health
  responder reconcile --since 24h
  responder explain events/generic/firing.json
  responder alerts query --severity CRITICAL --since 24h
  responder incidents show INCIDENT
  responder logs ALERT_ID
  responder dlq list
  responder secrets check
  responder doctor --environment prod
  responder feedback INCIDENT wrong --note "it was the certificate"
  responder signature rules show
  responder card preview
  responder eval --offline
  responder route test routes.json
  STACK_NAME=mcp-incident-responder-dev responder inject --sample generic/firing --wait

\b
Exit codes:
  0  done, healthy
  1  unhealthy, failed, or not everything was done
  2  wrong usage
  3  AWS, the stack or the webhook cannot be reached, or refused us
  4  there is nothing of the id, name or number that was given
"""


class Commands(click.Group):
    """A group whose commands end with the documented exit codes, whatever goes wrong below."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Their names, in the order of the help."""
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """One command. For a name that is none of theirs, click looks at all for the one meant."""
        self._load([cmd_name] if cmd_name in COMMANDS else COMMANDS)
        return super().get_command(ctx, cmd_name)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """As click's own, which lists what is like a mistyped name by the alphabet."""
        try:
            return super().resolve_command(ctx, args)
        except click.NoSuchCommand as error:
            nearest = get_close_matches(error.command_name, COMMANDS, n=1)
            raise click.NoSuchCommand(error.command_name, possibilities=nearest, ctx=ctx) from None

    def _load(self, names: Iterable[str]) -> None:
        for name in names:
            module, _, attribute = COMMANDS[name].partition(":")
            self.add_command(getattr(import_module(f"responder_cli.{module}"), attribute), name)

    def invoke(self, ctx: click.Context) -> Any:  # noqa: ANN401 - what click's own returns
        """Run the command; what AWS refuses becomes one line on standard error and an exit."""
        try:
            return super().invoke(ctx)
        except ParamValidationError as error:
            console.warn(f"responder: {error}")
            ctx.exit(2)
        except (ValidationError, problems.Unreadable) as error:
            # What people write in options and files is refused where it is read.
            console.warn(f"responder: {problems.of_stored(error)}")
            ctx.exit(EXIT_FAILED)
        except BrokenPipeError:
            # Nobody reads on ("| head"): click ends quietly.
            raise
        except NoRegionError as error:
            console.warn(f"responder: {words(error)} {NO_REGION}")
            ctx.exit(EXIT_UNREACHABLE)
        except NoSuch as error:
            console.warn(f"responder: {error}")
            ctx.exit(EXIT_NO_SUCH)
        except EndpointConnectionError as error:
            local = f" {NO_LOCAL_STACK}" if os.environ.get("AWS_ENDPOINT_URL") else ""
            console.warn(f"responder: {words(error)}{local}")
            ctx.exit(EXIT_UNREACHABLE)
        except (BotoCoreError, ClientError, NotFound, ConnectionError, ResponderError) as error:
            gone = f" {NO_TABLE}" if DYNAMODB_HAS_NONE in str(error) else ""
            console.warn(f"responder: {words(error)}{gone}")
            ctx.exit(EXIT_UNREACHABLE)


@click.group(
    cls=Commands,
    epilog=EPILOG,
    context_settings={"help_option_names": ["-h", "--help"]},
)
def cli() -> None:
    """Operate the MCP Incident Responder.

    Everything is found through the outputs of the stack (--stack or STACK_NAME). With
    .local/stack.env loaded, the same commands work on the local stack.
    """
