"""The root of the command line: which commands there are, and what an error exits with."""

from typing import Any

import click
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    NoRegionError,
    ParamValidationError,
)

from responder.errors import ResponderError
from responder_cli import console
from responder_cli.analysis import analysis
from responder_cli.aws import NotFound, words
from responder_cli.backup import backup
from responder_cli.cache.commands import cache
from responder_cli.canary.commands import canary_prompt
from responder_cli.card.commands import card
from responder_cli.changes import changes
from responder_cli.cost.commands import cost
from responder_cli.deploy.commands import deploy
from responder_cli.dlq.commands import dlq
from responder_cli.doctor.commands import doctor
from responder_cli.eval.commands import evaluate
from responder_cli.explain import explain
from responder_cli.feedback import feedback
from responder_cli.health.commands import health
from responder_cli.inhibit import inhibit
from responder_cli.inject.commands import inject
from responder_cli.logs.commands import logs, tail
from responder_cli.lookup.alerts import alerts
from responder_cli.lookup.incidents import group as incidents
from responder_cli.report.commands import report
from responder_cli.rollback.commands import rollback
from responder_cli.route.commands import route
from responder_cli.runbook import runbook
from responder_cli.secrets.commands import secrets
from responder_cli.signature.commands import signature
from responder_cli.silence import silence
from responder_cli.sources.commands import sources
from responder_cli.tune.commands import tune
from responder_cli.window import window

EXIT_UNREACHABLE = 3
NO_REGION = "Give --region; for the local stack: source .local/stack.env"

EPILOG = """\b
Examples:
  responder health
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
"""


class Commands(click.Group):
    """A group whose commands end with the documented exit codes, whatever goes wrong below."""

    def invoke(self, ctx: click.Context) -> Any:  # noqa: ANN401 - what click's own returns
        """Run the command; what AWS refuses becomes one line on standard error and an exit."""
        try:
            return super().invoke(ctx)
        except ParamValidationError as error:
            console.warn(f"responder: {error}")
            ctx.exit(2)
        except BrokenPipeError:
            # Nobody reads on ("| head"): click ends quietly.
            raise
        except NoRegionError as error:
            console.warn(f"responder: {words(error)} {NO_REGION}")
            ctx.exit(EXIT_UNREACHABLE)
        except (BotoCoreError, ClientError, NotFound, ConnectionError, ResponderError) as error:
            console.warn(f"responder: {words(error)}")
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


for _command in (
    explain,
    inject,
    health,
    alerts,
    incidents,
    logs,
    tail,
    dlq,
    analysis,
    cache,
    feedback,
    silence,
    card,
    route,
    window,
    inhibit,
    runbook,
    sources,
    signature,
    changes,
    evaluate,
    canary_prompt,
    secrets,
    report,
    cost,
    tune,
    backup,
    doctor,
    deploy,
    rollback,
):
    cli.add_command(_command)
