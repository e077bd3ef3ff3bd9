"""What the rooms need from the outside, as Protocols of at most four methods.

``adapters`` implement them on AWS, Slack and Claude; the fault harness implements them in memory.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

if TYPE_CHECKING:
    # Not at run time: reception knows neither incidents nor analyses, and starts without them.
    from responder.analysis.context import Case
    from responder.analysis.verdict import Analysis


class Table(StrEnum):
    """The four tables, by what they hold."""

    ALERTS = "alerts"
    CACHE = "analysis-cache"
    INCIDENTS = "incidents"
    STATE = "state"


class Key(NamedTuple):
    """Where an item lives."""

    table: Table
    id: str


class Record(NamedTuple):
    """An item as read. ``data`` is None when it is absent or expired; ``version`` 0 when absent.

    Write with the ``version`` that was read, also for an expired item.
    """

    version: int
    data: Mapping[str, Any] | None


@dataclass(frozen=True)
class Write:
    """One conditional write: only when the item is still at ``expect`` (0: does not exist).

    ``data`` is JSON-like; the store adds the version, and ``expires_at`` as the table's TTL.
    """

    key: Key
    data: Mapping[str, Any]
    expect: int
    expires_at: datetime | None = None


class Reads(Protocol):
    """Items for who only reads them."""

    def read(self, keys: Sequence[Key]) -> dict[Key, Record]:
        """Every key asked for, strongly consistent. Raises Retryable when throttled."""


class Store(Reads, Protocol):
    """Items with optimistic versions."""

    def write(self, writes: Sequence[Write]) -> None:
        """All writes or none. Raises Conflict when any item is not at its expected version."""

    def due(self, now: datetime, limit: int) -> Sequence[str]:
        """Ids of incidents whose ``due_at`` has passed, oldest first (eventually consistent)."""


class Queue(StrEnum):
    """The queues that our own code sends to."""

    PROCESSING = "processing"
    CRITICAL_PROCESSING = "processing-critical"
    ANALYSIS = "analysis"
    DISTRIBUTION = "distribution"
    CRITICAL_DISTRIBUTION = "distribution-critical"


@dataclass(frozen=True)
class Outgoing:
    """A message to send. ``delay`` in seconds, 0 to 900 (SQS's longest)."""

    body: str
    delay: int = 0
    attributes: Mapping[str, str] = field(default_factory=dict)


class Queues(Protocol):
    """Sending; receiving is Lambda's part."""

    def send(self, queue: Queue, messages: Sequence[Outgoing]) -> None:
        """Send all. Raises Retryable when any is still refused after retries."""

    def dead_letter(self, queue: Queue, message: Outgoing) -> None:
        """Put a message into the dead-letter queue of ``queue``, reason in its attributes."""


@dataclass(frozen=True)
class Message:
    """A Slack message: ``text`` for notifications and screen readers, ``blocks`` for eyes.

    ``color`` (``#rrggbb``) is the bar beside the blocks, empty for none. ``broadcast`` shows a
    reply in the channel as well as in its thread.
    """

    text: str
    blocks: Sequence[Mapping[str, Any]] = ()
    color: str = ""
    broadcast: bool = False


class Place(NamedTuple):
    """Where a message stands: the channel's id, and the message's ts (both empty for a webhook)."""

    channel: str
    ts: str


class Chat(Protocol):
    """Slack. ``editable`` is False for an incoming webhook: it can neither edit nor look up.

    Every method raises Retryable (``took_effect`` False only for a certain refusal) or Permanent.
    """

    @property
    def editable(self) -> bool:
        """Whether messages can be edited, threaded and found again (bot token)."""

    def post(self, channel: str, message: Message, delivery_id: str, thread_ts: str = "") -> Place:
        """Post to a channel, by id or name, and return where the message stands."""

    def update(self, channel: str, ts: str, message: Message, delivery_id: str) -> None:
        """Replace a posted message; repeating it is harmless."""

    def find(
        self, channel: str, delivery_id: str, since: datetime, thread_ts: str = ""
    ) -> Place | None:
        """Where the message that carries ``delivery_id`` stands, or None when surely absent."""


@dataclass(frozen=True)
class OperatorNotice:
    """Trouble of the pipeline in words, for a way that is not Slack.

    ``document`` is the same for machines (docs/sinks.md); its ``id`` stays when it is sent again.
    """

    subject: str
    text: str
    document: Mapping[str, Any]


class Sink(Protocol):
    """A way to operators besides Slack."""

    def tell(self, notice: OperatorNotice) -> bool:
        """Send it; False where the way is not set up. Raises Retryable or Permanent."""


class FrontDoor(Protocol):
    """Our own front door, as a monitoring tool sees it."""

    def send(self, body: bytes) -> None:
        """Have an alert accepted. Raises Retryable or Permanent where it was not, and why."""


class Acceptance(NamedTuple):
    """An alert that the front door says it accepted, and when."""

    alert_id: str
    at: datetime


class Doorkeeper(Protocol):
    """What the front door says it let in, and how much of it nobody has recorded yet."""

    def accepted(self, start: datetime, end: datetime, most: int) -> Sequence[Acceptance]:
        """The first ``most`` from ``start`` until before ``end``, in order. Raises Retryable."""

    def waiting(self) -> int:
        """Messages between door and record, dead letters included. Raises Retryable."""


class RunbookFile(NamedTuple):
    """A runbook as its author wrote it."""

    name: str
    text: str
    changed_at: datetime


class Shelved(NamedTuple):
    """All runbooks, and the names of those that are beyond what is read."""

    files: Sequence[RunbookFile]
    left_out: Sequence[str] = ()


class Notary(Protocol):
    """SNS, as far as a subscriber speaks to it."""

    def certificate(self, url: str) -> bytes:
        """The certificate at an address that was checked, in PEM. Raises Retryable."""

    def confirm(self, topic: str, token: str) -> None:
        """Confirm our subscription to a topic, by its ARN; again is harmless. Raises Retryable."""


class KeySets(Protocol):
    """The keys with which Microsoft Entra ID signs."""

    def key(self, tenant: str, key_id: str) -> Mapping[str, object] | None:
        """A tenant's public key as a JSON Web Key, or None. Raises Retryable."""


class Shelf(Protocol):
    """Where operators keep their runbooks."""

    def read(self) -> Shelved:
        """All of them, in the order of their names. Raises Retryable."""


@dataclass(frozen=True)
class Question:
    """A case in words, not asked yet. ``ceiling_usd`` is to be reserved before ``ask``.

    ``ask`` gives a verdict, paid for. It raises Retryable or Permanent; refusals are Permanent.
    """

    ceiling_usd: float
    ask: "Callable[[], Analysis]"


class Analyst(Protocol):
    """Claude behind one call."""

    def question(self, case: "Case", tier: str) -> Question:
        """What asking about a case may cost, and asking. Raises Permanent without a price."""


class Telemetry(Protocol):
    """Structured logs and metrics, with few dimensions."""

    def count(self, metric: str, amount: float = 1, *, reason: str = "", tier: str = "") -> None:
        """Add to a counter metric."""

    def seconds(self, metric: str, value: float) -> None:
        """Record one duration in seconds."""

    def info(self, message: str, **fields: object) -> None:
        """One structured log line."""

    def warning(self, message: str, **fields: object) -> None:
        """One structured log line that a person should look at."""
