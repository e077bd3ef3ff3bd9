"""``responder health``: every component with a verdict and the reason."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from datetime import datetime

import click
from botocore.exceptions import BotoCoreError, ClientError

from responder.clock import utc_now
from responder_cli import console
from responder_cli.aws import NotFound, Stack, words
from responder_cli.health import checks, watching
from responder_cli.health.metrics import DAY_MINUTES, Window
from responder_cli.health.verdict import Finding, Verdict, failing
from responder_cli.options import examples, json_option, on_stack

EXIT_UNHEALTHY = 1
#: https://docs.aws.amazon.com/sns/latest/api/API_Publish.html
LONGEST_SUBJECT = 100


@click.command(
    epilog=examples(
        "responder health",
        "responder health --watch",
        "responder health --window 1440 --json",
        "ALERT_TOPIC_ARN=arn:aws:sns:eu-west-1:111122223333:ops responder health",
    )
)
@click.option("--window", type=click.IntRange(1, DAY_MINUTES), default=5, show_default=True,
              help="Minutes to look back on.")  # fmt: skip
@click.option("--watch", is_flag=True,
              help="Look again and again until Ctrl-C; piped, it prints what changed.")  # fmt: skip
@click.option("--every", type=click.IntRange(1, 3600), default=60, show_default=True,
              help="Seconds between two looks of --watch. On AWS each asks 43 metrics: at 60 s "
              "$0.62 a day, at 5 s $7.43.")  # fmt: skip
@click.option("--topic", envvar="ALERT_TOPIC_ARN",
              help="SNS topic that is told when unhealthy. Also ALERT_TOPIC_ARN.")  # fmt: skip
@json_option
@on_stack
def health(
    stack: Stack, window: int, watch: bool, every: int, topic: str | None, as_json: bool
) -> None:
    """Every component with a verdict, the reason, and the command that mends it.

    Exits 1 when one is failing, or cannot be checked; a warning is worth a look, and alerts still
    arrive. Exits 3 when the stack itself cannot be looked up.
    """

    def look(now: datetime) -> Sequence[Finding]:
        return checks.every(stack, Window(now, window))

    if watch:
        findings = watching.watch(stack.name, look, watching.every(every), as_json=as_json)
    else:
        findings = _seen(stack, look, topic)
        _show(findings, as_json=as_json)
    bad = [one for one in findings if one.verdict is Verdict.FAILING]
    if bad and topic and not watch:
        _tell(stack, topic, bad)
    if bad:
        click.get_current_context().exit(EXIT_UNHEALTHY)


def _seen(stack: Stack, look: watching.Look, topic: str | None) -> Sequence[Finding]:
    """One look. A stack that cannot be looked up ends the command, but not unheard."""
    try:
        return look(utc_now())
    except (BotoCoreError, ClientError, NotFound) as error:
        if topic:
            _tell(stack, topic, [failing("stack", f"could not be looked up: {words(error)}")])
        raise


def _show(findings: Iterable[Finding], *, as_json: bool) -> None:
    if as_json:
        console.as_json([asdict(one) for one in findings])
    else:
        rows = watching.rows(findings)
        console.grid(watching.COLUMNS, rows, verdict=watching.VERDICT, copied=True)


def _tell(stack: Stack, topic: str, bad: list[Finding]) -> None:
    stack.client("sns").publish(
        TopicArn=topic,
        Subject=f"{stack.name} is unhealthy"[:LONGEST_SUBJECT],
        Message="\n".join(f"{one.component}: {one.reason}\n  {one.mend}".rstrip() for one in bad),
    )
