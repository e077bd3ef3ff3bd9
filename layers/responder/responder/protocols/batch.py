"""How a lane takes a batch from SQS: poison fails alone, waits are successes, the rest is retried.

An unreadable or permanently failing message goes to the dead-letter queue by our own hand, with its
reason, and is then a success. An unexpected failure is reported as a batch item failure, and its
message is made visible again soon; only such failures use up receives.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol

from pydantic import BaseModel, ValidationError

from responder.contracts import AlertMessage
from responder.errors import Permanent, Reason, Retryable
from responder.ports import Outgoing, Queue, Queues, Telemetry

#: Seconds until an unexpectedly failed message is tried again, by receive count.
RETRY_AFTER = (5, 20, 60, 180)
#: The same where DynamoDB or SQS refused: their trouble may last, and receives are few.
TROUBLE_RETRY_AFTER = (5, 60, 180, 600)

Failures = dict[str, list[dict[str, str]]]


class Visibility(Protocol):
    """Shortens the time until SQS delivers a failed message again."""

    def retry_in(self, queue: Queue, receipt: str, seconds: int) -> None:
        """Make the message visible again in ``seconds``. Failing to do so costs only time."""


@dataclass(frozen=True)
class Origin:
    """Who dead-letters a message: written into its attributes."""

    function: str
    version: str


@dataclass(frozen=True)
class Lane:
    """One queue's consumer: its queue, its message type and its ports."""

    queue: Queue
    queues: Queues
    visibility: Visibility
    telemetry: Telemetry
    origin: Origin

    def run[M: BaseModel](
        self, records: Sequence[Mapping[str, Any]], model: type[M], handle: Callable[[M], None]
    ) -> Failures:
        """Handle every record by itself."""
        failed: list[Mapping[str, Any]] = []
        for record in records:
            message = self._read(record, model, failed)
            if message is not None:
                self._guard([record], partial(handle, message), failed)
        return _failures(failed)

    def run_groups[A](
        self,
        records: Sequence[Mapping[str, Any]],
        arrive: Callable[[AlertMessage], A],
        group: Callable[[Sequence[A]], list[list[A]]],
        handle: Callable[[Sequence[A]], None],
    ) -> Failures:
        """Handle what alert messages bring in groups of related ones; a failing group fails alone.

        ``arrive`` makes of a message what is grouped and handled; that fails alone, too.
        """
        failed: list[Mapping[str, Any]] = []
        arrived: list[tuple[A, Mapping[str, Any]]] = []

        def take(message: AlertMessage, record: Mapping[str, Any]) -> None:
            arrived.append((arrive(message), record))

        for record in records:
            message = self._read(record, AlertMessage, failed)
            if message is not None:
                self._guard([record], partial(take, message, record), failed)
        for members in self._grouped(group, [one for one, _ in arrived]):
            ids = {id(member) for member in members}
            theirs = [record for one, record in arrived if id(one) in ids]
            self._guard(theirs, partial(handle, members), failed)
        return _failures(failed)

    def _grouped[A](
        self, group: Callable[[Sequence[A]], list[list[A]]], arrived: Sequence[A]
    ) -> list[list[A]]:
        """Groups; one by one where a poison alert cannot even be grouped: it then fails alone."""
        try:
            return group(arrived)
        except Exception as error:
            self.telemetry.warning("Not grouped", error=repr(error))
            return [[one] for one in arrived]

    def _read[M: BaseModel](
        self, record: Mapping[str, Any], model: type[M], failed: list[Mapping[str, Any]]
    ) -> M | None:
        try:
            return model.model_validate_json(record["body"])
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            place = ".".join(str(part) for part in first["loc"])
            detail = f"{place}: {first['msg']}" if place else first["msg"]
            permanent = Permanent(Reason.UNREADABLE, detail)
            self._guard([record], partial(_raise, permanent), failed)
            return None

    def _guard(
        self,
        records: Sequence[Mapping[str, Any]],
        act: Callable[[], None],
        failed: list[Mapping[str, Any]],
    ) -> None:
        """Run ``act`` for ``records``; no exception leaves, and none goes uncounted."""
        try:
            try:
                act()
            except Permanent as error:
                for record in records:
                    self._dead_letter(record, error)
                if error.lettered is not None:
                    error.lettered()
        except Exception as error:
            for record in records:
                self._fail(record, error)
            failed.extend(records)

    def _dead_letter(self, record: Mapping[str, Any], error: Permanent) -> None:
        attributes = {
            "reason": error.reason.value,
            "detail": error.detail[:200] or error.reason.value,
            "function": self.origin.function,
            "version": self.origin.version,
            "trace": record.get("attributes", {}).get("AWSTraceHeader") or "none",
        }
        if error.card:
            attributes["card"] = error.card
        self.queues.dead_letter(self.queue, Outgoing(record["body"], attributes=attributes))
        self.telemetry.count("DeadLettered", reason=error.reason.value)
        self.telemetry.warning("Dead-lettered", reason=error.reason.value, detail=error.detail)

    def _fail(self, record: Mapping[str, Any], error: Exception) -> None:
        received = int(record.get("attributes", {}).get("ApproximateReceiveCount", "1"))
        self.telemetry.count("FailedItems")
        self.telemetry.warning(
            "Item failed", error=repr(error), message_id=record.get("messageId", "")
        )
        waits = TROUBLE_RETRY_AFTER if isinstance(error, Retryable) else RETRY_AFTER
        seconds = waits[min(received, len(waits)) - 1]
        self.visibility.retry_in(self.queue, record["receiptHandle"], seconds)


def parted(
    records: Sequence[Mapping[str, Any]], chosen: Callable[[str], bool]
) -> tuple[list[Mapping[str, Any]], list[Mapping[str, Any]]]:
    """The records whose body is chosen, and the others, for lanes with two kinds of messages."""
    those = [record for record in records if chosen(record["body"])]
    return those, [record for record in records if not chosen(record["body"])]


def merged(*results: Failures) -> Failures:
    """The failures of all parts of a batch."""
    items = (item for result in results for item in result["batchItemFailures"])
    return {"batchItemFailures": list(items)}


def _raise(error: Exception) -> None:
    raise error


def _failures(failed: Sequence[Mapping[str, Any]]) -> Failures:
    return {"batchItemFailures": [{"itemIdentifier": record["messageId"]} for record in failed]}
