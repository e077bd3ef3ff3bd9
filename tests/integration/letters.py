"""Queues of a stack on moto, the command line pointed at them, and SQS clients that fail."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from click.testing import CliRunner, Result

from examples import incident
from integration.cli_house import make_table
from moto_aws import moto_aws
from responder.alert import Alert, Severity, Status
from responder.contracts import AlertMessage, Announcement
from responder.ports import Table
from responder.protocols import items
from responder_cli.aws import Stack
from responder_cli.main import cli
from unit.cli.stacks import refusal, stack

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
LONG_AGO = datetime(2026, 11, 20, 12, tzinfo=UTC)


@dataclass
class House:
    """A stack of queues on moto, and the command line pointed at it."""

    stack: Stack

    def run(self, *words: str) -> Result:
        return CliRunner().invoke(cli, list(words), obj=lambda *_: self.stack)

    def with_sqs(self, client: Any) -> Stack:
        clients = {"sqs": client, "cloudformation": self.stack.client("cloudformation")}
        return Stack("it", clients.__getitem__)

    def put(self, output: str, body: str, **attributes: str) -> None:
        self.stack.client("sqs").send_message(
            QueueUrl=self.stack.output(output),
            MessageBody=body,
            MessageAttributes={
                name: {"DataType": "String", "StringValue": value}
                for name, value in attributes.items()
            },
        )

    def with_incidents(self, *ids: str, source: str) -> None:
        """Let the stack have a table with these incidents."""
        client = boto3.client("dynamodb")
        make_table(client, Table.INCIDENTS)
        before = self.stack.make_client
        self.stack.make_client = lambda name: client if name == "dynamodb" else before(name)
        self.stack.store(Table.INCIDENTS).write(
            [
                items.write_of(items.incident_item(one), incident(one, source=source), 0, NOW)
                for one in ids
            ]
        )

    def depth(self, output: str) -> int:
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        answer = self.stack.client("sqs").get_queue_attributes(
            QueueUrl=self.stack.output(output), AttributeNames=names
        )
        return sum(int(answer["Attributes"][name]) for name in names)

    def take(self, output: str) -> list[dict[str, Any]]:
        answer = self.stack.client("sqs").receive_message(
            QueueUrl=self.stack.output(output),
            MaxNumberOfMessages=10,
            MessageAttributeNames=["All"],
        )
        return list(answer.get("Messages", []))

    def let_holds_run_out(self, output: str, receipts: list[str]) -> None:
        """What time does for a dead process: its letters are visible again."""
        client, url = self.stack.client("sqs"), self.stack.output(output)
        for receipt in receipts:
            with suppress(ClientError):
                client.change_message_visibility(
                    QueueUrl=url, ReceiptHandle=receipt, VisibilityTimeout=0
                )


QUEUES = {
    "DeadLetterQueueUrl": "processing-dlq",
    "ProcessingQueueUrl": "processing",
    "CriticalProcessingQueueUrl": "processing-critical",
    "DistributionDeadLetterQueueUrl": "distribution-dlq",
    "DistributionQueueUrl": "distribution",
    "CriticalDeadLetterQueueUrl": "distribution-critical-dlq",
    "CriticalQueueUrl": "distribution-critical",
    "AsyncFailureQueueUrl": "async-failures",
}


@contextmanager
def house_of_queues(monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    """A house whose stack has empty queues."""
    with moto_aws(monkeypatch):
        sqs = boto3.client("sqs")
        outputs = {
            output: sqs.create_queue(QueueName=name)["QueueUrl"] for output, name in QUEUES.items()
        }
        yield House(stack(outputs, {"sqs": sqs}))


def alert(number: int, source: str = "generic") -> str:
    value = Alert(
        alert_id=f"a{number}",
        source=source,
        fingerprint=f"f{number}",
        title=f"disk of bob@example.com is full {source}",
        severity=Severity.HIGH,
        status=Status.FIRING,
        event_at=NOW,
        received_at=NOW,
    )
    return AlertMessage(alert=value).model_dump_json()


def announcement(incident_id: str) -> str:
    return Announcement(
        incident_id=incident_id, first_sent=LONG_AGO, not_before=LONG_AGO, slot_reserved=True
    ).model_dump_json()


class Killed(BaseException):
    """The process dies."""


class Dying:
    """An SQS client of a process that dies just before the named call of that number."""

    def __init__(self, real: Any, call: str, number: int) -> None:
        self._real = real
        self._call = call
        self._left = number
        self.dead = False
        self.receipts: list[str] = []

    def __getattr__(self, name: str) -> Any:
        if self.dead:
            raise Killed
        if name == self._call:
            self._left -= 1
            if self._left == 0:
                self.dead = True
                raise Killed
        return self._receive if name == "receive_message" else getattr(self._real, name)

    def _receive(self, **options: object) -> Any:
        answer = self._real.receive_message(**options)
        self.receipts += [message["ReceiptHandle"] for message in answer.get("Messages", [])]
        return answer


class Refusing:
    """An SQS client whose target queue takes nothing."""

    def __init__(self, real: Any) -> None:
        self._real = real

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)

    def send_message(self, **_: object) -> None:
        raise refusal("Throttled")
