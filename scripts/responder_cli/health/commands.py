"""``responder health``: every component with a verdict and the reason."""

import click

from responder.clock import utc_now
from responder_cli import console
from responder_cli.aws import Stack
from responder_cli.health import checks
from responder_cli.health.metrics import Window
from responder_cli.health.verdict import Finding, Verdict
from responder_cli.options import examples, json_option, on_stack

EXIT_UNHEALTHY = 1
DAY_MINUTES = 1440
#: https://docs.aws.amazon.com/sns/latest/api/API_Publish.html
LONGEST_SUBJECT = 100


@click.command(
    epilog=examples(
        "responder health",
        "responder health --window 1440 --json",
        "ALERT_TOPIC_ARN=arn:aws:sns:eu-west-1:111122223333:ops responder health",
    )
)
@click.option("--window", type=click.IntRange(1, DAY_MINUTES), default=5, show_default=True,
              help="Minutes to look back on.")  # fmt: skip
@click.option("--topic", envvar="ALERT_TOPIC_ARN",
              help="SNS topic that is told when unhealthy. Also ALERT_TOPIC_ARN.")  # fmt: skip
@json_option
@on_stack
def health(stack: Stack, window: int, topic: str | None, as_json: bool) -> None:
    """Every component with a verdict and the reason; exits 1 when one is failing."""
    stack.output("WebhookUrl")
    findings = list(checks.every(stack, Window(utc_now(), window)))
    if as_json:
        console.as_json(
            [
                {"component": one.component, "verdict": one.verdict.value, "reason": one.reason}
                for one in findings
            ]
        )
    else:
        rows = [(one.component, one.verdict.value, one.reason) for one in findings]
        console.grid(("component", "verdict", "reason"), rows, verdict=1)
    bad = [one for one in findings if one.verdict is Verdict.FAILING]
    if bad and topic:
        _tell(stack, topic, bad)
    if bad:
        click.get_current_context().exit(EXIT_UNHEALTHY)


def _tell(stack: Stack, topic: str, bad: list[Finding]) -> None:
    stack.client("sns").publish(
        TopicArn=topic,
        Subject=f"{stack.name} is unhealthy"[:LONGEST_SUBJECT],
        Message="\n".join(f"{one.component}: {one.reason}" for one in bad),
    )
