"""Seconds of service: of AWS, by assumption, and of the local stack, by one measured number."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from bench import stack
from bench.capacity.work import Stage, Work
from bench.cost import prices
from bench.cost.town import CLAUDE_SECONDS, SLACK_SECONDS
from bench.cost.wire import AWS_SECONDS

#: Between a message's sending and its batch's invocation; SQS says nothing exact.
PICKUP_SECONDS = 0.05
#: Processor seconds of a start at one whole processor (docs/benchmarks.md, "cold start of").
COLD_PROCESSOR = {"reception": 0.293, "analysis": 0.433, "distribution": 0.400}
#: How long an idle environment is kept; AWS says nothing exact either.
KEEP_SECONDS = 300.0


@dataclass(frozen=True)
class Times:
    """Seconds of each step.

    ``batch`` is what a batch of the processing queue takes beside its alerts, ``claude`` the part
    of ``analysis`` that waits for Claude, ``slack`` what is waited for Slack. With ``processors``
    all other seconds are those of one machine that does so many things at a time.
    """

    reception: float
    batch: float
    new: float
    repeat: float
    analysis: float
    card: float
    edit: float
    claude: float = 0.0
    slack: float = 0.0
    pickup: float = 0.0
    cold: Mapping[str, float] = field(default_factory=dict)
    keep: float = float("inf")
    processors: int | None = None


def aws(work: Work) -> Times:
    """Requests at what they take within a region, and our work on each function's processor."""

    def seconds(requests: float, stage: Stage, function: str) -> float:
        return requests * AWS_SECONDS + stage.processor / prices.share(function)

    return Times(
        reception=seconds(work.reception.fixed, work.reception, "reception"),
        batch=work.new.fixed * AWS_SECONDS,
        new=seconds(work.new.each, work.new, "analysis"),
        repeat=seconds(work.repeat.each, work.repeat, "analysis"),
        analysis=seconds(work.analysis.fixed, work.analysis, "analysis"),
        card=seconds(work.card.each, work.card, "distribution"),
        edit=seconds(work.edit.each, work.edit, "distribution"),
        claude=CLAUDE_SECONDS,
        slack=SLACK_SECONDS,
        pickup=PICKUP_SECONDS,
        cold={name: used / prices.share(name) for name, used in COLD_PROCESSOR.items()},
        keep=KEEP_SECONDS,
    )


def local(work: Work, request: float, processors: int) -> Times:
    """The same requests, each ``request`` seconds of one machine's processor; Slack is one more."""
    return Times(
        reception=work.reception.fixed * request,
        batch=work.new.fixed * request,
        new=work.new.each * request,
        repeat=work.repeat.each * request,
        analysis=work.analysis.fixed * request,
        card=(work.card.each + 1) * request,
        edit=(work.edit.each + 1) * request,
        claude=stack.CLAUDE_SECONDS,
        processors=processors,
    )
