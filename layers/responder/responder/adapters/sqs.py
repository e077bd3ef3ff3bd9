"""``ports.Queues`` and ``protocols.batch.Visibility`` on SQS."""

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from responder.errors import Reason, Retryable
from responder.ports import Outgoing, Queue

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

#: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessageBatch.html
BATCH_LIMIT = 10
#: The same page: all messages of a batch together, in bytes; a margin is left for attributes.
BATCH_BYTES = 1_048_576 - 16_384
#: Entries that SQS refuses by its own fault are sent again this often before we give up.
SEND_TRIES = 3
#: Batches of one request that are under way at once; within boto3's default pool of connections.
PARALLEL_SENDS = 8


class SqsQueues:
    """Sends in batches of ten and sends again what SQS refuses."""

    def __init__(
        self,
        client: "SQSClient",
        urls: Mapping[Queue, str],
        dead_letter_urls: Mapping[Queue, str],
    ) -> None:
        """URLs of the queues, and of the dead-letter queues, that this function may use."""
        self._client = client
        self._urls = urls
        self._dead_letter_urls = dead_letter_urls

    def send(self, queue: Queue, messages: Sequence[Outgoing]) -> None:
        """Send all. Raises Retryable when SQS still refuses some."""
        batches = _batches(messages)
        if len(batches) == 1:
            self._send_batch(self._urls[queue], batches[0])
            return
        # A request of thousands of alerts must be sent whole before API Gateway gives up on it.
        with ThreadPoolExecutor(max_workers=PARALLEL_SENDS) as pool:
            list(pool.map(partial(self._send_batch, self._urls[queue]), batches))

    def dead_letter(self, queue: Queue, message: Outgoing) -> None:
        """Put ``message`` into the dead-letter queue of ``queue``."""
        self._send_batch(self._dead_letter_urls[queue], [message])

    def retry_in(self, queue: Queue, receipt: str, seconds: int) -> None:
        """Make a failed message visible again in ``seconds``; without it, SQS's time-out does."""
        try:
            self._client.change_message_visibility(
                QueueUrl=self._urls[queue], ReceiptHandle=receipt, VisibilityTimeout=seconds
            )
        except (ClientError, BotoCoreError):
            return

    def _send_batch(self, url: str, messages: Sequence[Outgoing]) -> None:
        entries: list[Any] = [_entry(number, m) for number, m in enumerate(messages)]
        for _ in range(SEND_TRIES):
            try:
                answer = self._client.send_message_batch(QueueUrl=url, Entries=entries)
            except (ClientError, BotoCoreError) as error:
                raise Retryable(Reason.UNAVAILABLE, f"SQS: {error}") from error
            refused = {failure["Id"] for failure in answer.get("Failed", [])}
            entries = [entry for entry in entries if entry["Id"] in refused]
            if not entries:
                return
        raise Retryable(Reason.UNAVAILABLE, f"SQS refused {len(entries)} messages")


def _batches(messages: Sequence[Outgoing]) -> list[list[Outgoing]]:
    """Cut so that no batch has more messages, or more bytes, than SQS takes."""
    batches: list[list[Outgoing]] = []
    size = 0
    for message in messages:
        bytes_ = len(message.body.encode())
        if not batches or len(batches[-1]) == BATCH_LIMIT or size + bytes_ > BATCH_BYTES:
            batches.append([])
            size = 0
        batches[-1].append(message)
        size += bytes_
    return batches


def _entry(number: int, message: Outgoing) -> dict[str, Any]:
    return {
        "Id": str(number),
        "MessageBody": message.body,
        "DelaySeconds": message.delay,
        "MessageAttributes": {
            name: {"DataType": "String", "StringValue": value}
            for name, value in message.attributes.items()
        },
    }
