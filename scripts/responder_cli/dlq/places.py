"""The places where dead letters lie, found from the stack's outputs; used by every dlq command."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from responder_cli.aws import Stack


class Way(StrEnum):
    """How the letters of a place go back.

    ``MOVE`` lets SQS move them as they are. ``RENEW`` copies each one with its age set anew: the
    messages carry the time of their first sending, and one that died of age would die again.
    ``REPLAY`` hands the original event of an asynchronous source to reception.
    """

    MOVE = "move"
    RENEW = "renew"
    REPLAY = "replay"


@dataclass(frozen=True)
class Place:
    """A dead-letter or failure queue: ``target`` is the output of the queue it feeds, if any."""

    name: str
    output: str
    way: Way
    target: str = ""


PLACES = (
    Place("processing", "DeadLetterQueueUrl", Way.MOVE, "ProcessingQueueUrl"),
    Place("analysis", "AnalysisDeadLetterQueueUrl", Way.RENEW, "AnalysisQueueUrl"),
    Place("distribution", "DistributionDeadLetterQueueUrl", Way.RENEW, "DistributionQueueUrl"),
    Place("critical", "CriticalDeadLetterQueueUrl", Way.RENEW, "CriticalQueueUrl"),
    Place("sns", "SnsFailureQueueUrl", Way.REPLAY),
    Place("rule", "RuleFailureQueueUrl", Way.REPLAY),
    Place("async", "AsyncFailureQueueUrl", Way.REPLAY),
)
NAMES = tuple(place.name for place in PLACES)
ALL = "all"
#: As SQS calls the queues; operators meet these words, too. Alerts of both die in one.
ALIASES = {"distribution-critical": "critical", "processing-critical": "processing"}


def chosen(name: str, outputs: Mapping[str, str]) -> tuple[Place, ...]:
    """The places of that name, or every place that this stack has."""
    if name == ALL:
        return tuple(place for place in PLACES if place.output in outputs)
    return tuple(place for place in PLACES if place.name == name)


@dataclass(frozen=True)
class Depth:
    """How many messages a queue holds by SQS's approximate count."""

    waiting: int
    in_flight: int
    delayed: int

    @property
    def total(self) -> int:
        """All of them."""
        return self.waiting + self.in_flight + self.delayed


def depth(stack: Stack, url: str) -> Depth:
    """The present depth of a queue."""
    names = (
        "ApproximateNumberOfMessages",
        "ApproximateNumberOfMessagesNotVisible",
        "ApproximateNumberOfMessagesDelayed",
    )
    answer = stack.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=list(names))
    counts = answer.get("Attributes", {})
    return Depth(*(int(counts.get(name, 0)) for name in names))


def messages(stack: Stack, outputs: Iterable[str]) -> int:
    """How many messages the queues of these outputs hold together."""
    return sum(depth(stack, stack.output(one)).total for one in outputs)


def arn(stack: Stack, url: str) -> str:
    """A queue's ARN, asked for rather than guessed from its URL."""
    answer = stack.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
    return str(answer["Attributes"]["QueueArn"])
