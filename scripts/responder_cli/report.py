"""``responder report``: what a stack did in a day, a week or a month, and what that cost."""

from collections.abc import Iterator
from dataclasses import dataclass

import click
from botocore.exceptions import BotoCoreError, ClientError

from responder.alert import Severity
from responder.clock import utc_now
from responder.incident import Mark
from responder.ports import Table
from responder.protocols import feedback
from responder_cli import accepted, console
from responder_cli.aws import Stack, words
from responder_cli.health.metrics import DAY_MINUTES, Window, amount, ours
from responder_cli.options import examples, json_option, on_stack

DAYS = {"daily": 1, "weekly": 7, "monthly": 30}
#: CloudFormation puts it on everything; Cost Explorer knows it once it is activated in Billing.
STACK_TAG = "aws:cloudformation:stack-name"
#: Signatures that people call noise again and again: the report names the worst.
MOST_NOISY = 10

TIERS = tuple({"service": "analysis", "tier": tier} for tier in ("small", "large"))
ANALYSIS = ({"service": "analysis"},)
DISTRIBUTION = ({"service": "distribution"},)
#: What is shown, the metric, and the dimensions that it is sent with.
FIGURES = (
    ("alerts counted, heartbeats included", "AlertsCounted", ANALYSIS),
    ("incidents opened", "IncidentsOpened", ANALYSIS),
    ("served from the cache", "CacheHits", ANALYSIS),
    ("cards posted", "CardsPosted", DISTRIBUTION),
    ("cards updated", "CardsUpdated", DISTRIBUTION),
    ("Claude calls", "ClaudeCalls", TIERS),
    ("Claude dollars", "ClaudeDollars", TIERS),
)


@dataclass(frozen=True)
class Line:
    """One figure of the report."""

    group: str
    name: str
    value: float | str

    @property
    def words(self) -> str:
        """The value for a person: whole numbers whole, money to a hundredth of a cent."""
        if isinstance(self.value, str):
            return self.value
        return f"{self.value:.0f}" if self.value == round(self.value) else f"{self.value:.4f}"


@click.command(epilog=examples("responder report", "responder report monthly --json"))
@click.argument("span", type=click.Choice(list(DAYS)), default="daily")
@json_option
@on_stack
def report(stack: Stack, span: str, as_json: bool) -> None:
    """What the stack did, and what it cost.

    Counts and Claude's dollars are the stack's own metrics; AWS's costs are Cost Explorer's, by
    the tag aws:cloudformation:stack-name, which has to be activated in Billing. What people said
    of analyses is counted by whole UTC days, the first one included.
    """
    window = Window(utc_now(), DAYS[span] * DAY_MINUTES)
    stack.output("WebhookUrl")
    lines = [
        *_alerts(stack, window),
        *_figures(stack, window),
        *_feedback(stack, window),
        *_costs(stack, window),
    ]
    if as_json:
        console.as_json([{"group": o.group, "name": o.name, "value": o.value} for o in lines])
    else:
        console.say(
            f"{stack.name}, {window.start:{console.MINUTE}} to {window.end:{console.MINUTE}} UTC"
        )
        console.grid(("", "", ""), [(one.group, one.name, one.words) for one in lines])


def _alerts(stack: Stack, window: Window) -> Iterator[Line]:
    """Accepted alerts by severity."""
    for severity in Severity:
        pages = accepted.pages(stack, severity, window.start, Select="COUNT")
        yield Line("accepted", severity.value, sum(page["Count"] for page in pages))


def _figures(stack: Stack, window: Window) -> Iterator[Line]:
    for name, metric, dimensions in FIGURES:
        value = sum(amount(stack, ours(stack), metric, one, window) for one in dimensions)
        yield Line("responder", name, value)


def _feedback(stack: Stack, window: Window) -> Iterator[Line]:
    """What people said of analyses, and the signatures that they call noise."""
    found = feedback.summary(stack.store(Table.STATE), window.start.date(), window.end.date())
    for mark in Mark:
        yield Line("feedback", mark.value, found.marks.get(mark, 0))
    if everything := sum(found.marks.values()):
        noise = found.marks.get(Mark.NOISE, 0)
        yield Line("feedback", "false positives, of all marked", noise / everything)
    for one in found.noisy[:MOST_NOISY]:
        marks = {mark: one.marks.get(mark, 0) for mark in Mark}
        counts = ", ".join(f"{number} {mark.value}" for mark, number in marks.items() if number)
        never = "" if marks[Mark.RIGHT] or marks[Mark.WRONG] else "; never anything else"
        yield Line("noise", one.signature, f"{counts}{never}: {one.title}")


def _costs(stack: Stack, window: Window) -> Iterator[Line]:
    """AWS's own figures, or why there are none: never a guess."""
    if not stack.on_aws:
        yield Line("AWS dollars", "unknown", "not available here: this is no stack on AWS")
        return
    try:
        answer = stack.client("ce").get_cost_and_usage(
            TimePeriod={"Start": f"{window.start:%Y-%m-%d}", "End": f"{window.end:%Y-%m-%d}"},
            Granularity="MONTHLY",
            Metrics=["UnblendedCost"],
            GroupBy=[{"Type": "DIMENSION", "Key": "SERVICE"}],
            Filter={"Tags": {"Key": STACK_TAG, "Values": [stack.name]}},
        )
    except (ClientError, BotoCoreError) as error:
        yield Line("AWS dollars", "unknown", f"Cost Explorer does not answer: {words(error)}")
        return
    costs: dict[str, float] = {}
    for period in answer["ResultsByTime"]:
        for group in period["Groups"]:
            service = group["Keys"][0]
            cost = float(group["Metrics"]["UnblendedCost"]["Amount"])
            costs[service] = costs.get(service, 0.0) + cost
    if not costs:
        yield Line("AWS dollars", "unknown", f"none known; is the tag {STACK_TAG} activated?")
    for service, cost in sorted(costs.items(), key=lambda pair: -pair[1]):
        yield Line("AWS dollars", service, cost)
