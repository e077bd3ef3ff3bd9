"""What the two functions that consume queues have in common."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from os import urandom
from typing import TYPE_CHECKING, Any

from responder import settings
from responder.adapters import environment
from responder.adapters.sqs import SqsQueues
from responder.adapters.telemetry import PrintedTelemetry
from responder.ports import Queue
from responder.protocols.batch import Failures, Lane, Origin

if TYPE_CHECKING:
    from responder.protocols.tick import Ticker

Records = Sequence[Mapping[str, Any]]


@dataclass(frozen=True)
class QueueFunction:
    """A function that consumes queues. ``lanes`` maps queue names to their consumers.

    ``self_check`` touches every adapter and says what it found; the pre-traffic hook calls it.
    """

    telemetry: PrintedTelemetry
    lanes: Mapping[str, Callable[[Records], Failures]]
    self_check: Callable[[], dict[str, str]]
    ticker: "Ticker | None" = None

    def consume(self, records: Records) -> Failures:
        """Hand a batch to the lane of its queue; one batch comes from one queue."""
        queue = str(records[0]["eventSourceARN"]).rsplit(":", 1)[-1]
        return self.lanes[queue](records)


def lane_of(queue: Queue, queues: SqsQueues, telemetry: PrintedTelemetry) -> Lane:
    """The way through a batch of a queue."""
    return Lane(queue, queues, queues, telemetry, Origin(*environment.function_version()))


def queues_of(given: settings.Lanes) -> SqsQueues:
    """The queues that a function sends to, with those of their dead letters."""
    urls = {
        Queue.DISTRIBUTION: given.distribution_url,
        Queue.CRITICAL_DISTRIBUTION: given.critical_url,
    }
    dead = {
        Queue.DISTRIBUTION: given.distribution_dlq_url,
        Queue.CRITICAL_DISTRIBUTION: given.critical_dlq_url,
    }
    if isinstance(given, settings.Analysis):
        urls |= {
            Queue.PROCESSING: given.processing_url,
            Queue.CRITICAL_PROCESSING: given.critical_processing_url,
            Queue.ANALYSIS: given.analysis_url,
        }
        dead |= {
            Queue.PROCESSING: given.processing_dlq_url,
            Queue.CRITICAL_PROCESSING: given.processing_dlq_url,
            Queue.ANALYSIS: given.analysis_dlq_url,
        }
    return SqsQueues(environment.sqs(), urls, dead)


def name_of(queue_url: str) -> str:
    """A queue's name, by which an event names it."""
    return queue_url.rsplit("/", 1)[-1]


def new_id() -> str:
    """An id that nobody has had before."""
    return urandom(16).hex()
