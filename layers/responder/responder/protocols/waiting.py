"""A deliberate wait never spends a receive: a delayed copy is sent, then the original succeeds.

    send the copy ──▶ the original is done
                 (1)
Killed at (1): both exist; every lane treats the second as news it already knows. The copy keeps
``first_sent``, so that age, not the number of receives, ends the waiting.
"""

from datetime import datetime, timedelta
from math import ceil

from responder.contracts import AnalysisRequest, Announcement
from responder.errors import Reason
from responder.ports import Outgoing, Queue, Queues, Telemetry

#: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html
MAX_DELAY_SECONDS = 900
#: What the other side asks for is believed up to this long, in seconds.
MAX_ASKED = 900.0
#: Without a word of the other side, we wait half the age of the message, within these bounds.
MIN_WAIT = timedelta(seconds=2)
MAX_WAIT = timedelta(seconds=30)


class Postponed(Exception):
    """The next step has to wait until ``until``."""

    def __init__(self, until: datetime, reason: Reason, *, slot_reserved: bool = False) -> None:
        """Keep when to go on, why not now, and whether a pace slot is reserved for then."""
        super().__init__(reason.value)
        self.until = until
        self.reason = reason
        self.slot_reserved = slot_reserved


def next_try(first_sent: datetime, now: datetime, after: float | None) -> datetime:
    """When to try again: what the other side asked for, else backing off with the message's age."""
    if after is not None:
        return now + timedelta(seconds=min(max(after, 1), MAX_ASKED))
    return now + min(max((now - first_sent) / 2, MIN_WAIT), MAX_WAIT)


def send_copy(
    queues: Queues,
    queue: Queue,
    message: AnalysisRequest | Announcement,
    until: datetime,
    now: datetime,
    reason: Reason,
    telemetry: Telemetry,
) -> None:
    """Send ``message`` again for ``until``; waits beyond SQS's longest delay are taken in turns."""
    # Never at once: the copy must not arrive while its sender still holds the lease.
    delay = min(max(ceil((until - now).total_seconds()), 1), MAX_DELAY_SECONDS)
    copy = message.model_copy(update={"not_before": until})
    queues.send(queue, [Outgoing(copy.model_dump_json(), delay=delay)])
    telemetry.count("Waits", reason=reason.value)
