"""What a span cost: Claude by the ledgers, AWS by Cost Explorer, and what the month will have."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from botocore.exceptions import BotoCoreError, ClientError

from responder.analysis.budget import month_of
from responder.analysis.ledger import Line
from responder_cli.aws import Stack, words
from responder_cli.cost import books
from responder_cli.cost.books import Span
from responder_cli.cost.forecast import Forecast
from responder_cli.health.metrics import DAY_MINUTES, Window

#: CloudFormation puts it on everything; Cost Explorer knows it once it is activated in Billing.
STACK_TAG = "aws:cloudformation:stack-name"
#: Days of the month that costs are told for.
MONTH_DAYS = 30


@dataclass(frozen=True)
class Aws:
    """Dollars by service, or why they are not known; ``days`` of them are behind it."""

    services: Mapping[str, float]
    unknown: str
    days: int

    @property
    def usd(self) -> float:
        """All services."""
        return sum(self.services.values())

    @property
    def month(self) -> float:
        """What a month costs that goes on like this."""
        return self.usd / self.days * MONTH_DAYS


@dataclass(frozen=True)
class Money:
    """Claude by model and by the service that its alerts were of, and AWS by service."""

    models: Mapping[str, Line]
    services: Mapping[str, Line]
    usd: float
    before: float
    month: str
    forecast: Forecast | None
    aws: Aws


def read(stack: Stack, window: Window) -> Money:
    """What whole UTC days of a window cost, with the day that it began on."""
    now = window.end
    span, earlier = _days(window), _days(Window(window.start - timedelta(days=1), window.minutes))
    found = books.read(stack, [*earlier.days, *span.days, *books.foreseen_by(now)])
    return Money(
        models=found.of(span.days, "model"),
        services=found.of(span.days, "service"),
        usd=found.usd(span.days),
        before=found.usd(earlier.days),
        month=month_of(now),
        forecast=books.expected(found, books.limits_of(stack), now),
        aws=_aws(stack, window),
    )


def _days(window: Window) -> Span:
    return Span(window.start.date(), window.end.date())


def _aws(stack: Stack, window: Window) -> Aws:
    """AWS's own figures, or why there are none: never a guess."""
    days = max(1, window.minutes // DAY_MINUTES)
    if not stack.on_aws:
        return Aws({}, "not available here: this is no stack on AWS", days)
    try:
        found = _asked(stack, window.start, window.end)
    except (ClientError, BotoCoreError) as error:
        return Aws({}, f"Cost Explorer does not answer: {words(error)}", days)
    unknown = "" if found else f"none known; is the tag {STACK_TAG} activated?"
    return Aws(dict(sorted(found.items(), key=lambda pair: -pair[1])), unknown, days)


def _asked(stack: Stack, start: datetime, end: datetime) -> dict[str, float]:
    answer = stack.client("ce").get_cost_and_usage(
        TimePeriod={"Start": f"{start:%Y-%m-%d}", "End": f"{end:%Y-%m-%d}"},
        Granularity="MONTHLY",
        Metrics=["UnblendedCost"],
        GroupBy=[{"Type": "DIMENSION", "Key": "SERVICE"}],
        Filter={"Tags": {"Key": STACK_TAG, "Values": [stack.name]}},
    )
    costs: dict[str, float] = {}
    for period in answer["ResultsByTime"]:
        for group in period["Groups"]:
            service = group["Keys"][0]
            cost = float(group["Metrics"]["UnblendedCost"]["Amount"])
            costs[service] = costs.get(service, 0.0) + cost
    return costs
