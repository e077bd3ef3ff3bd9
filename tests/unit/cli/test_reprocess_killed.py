"""A thousand letters go back by a command that is killed: all are shown, none of them twice.

``e2e/test_letters`` shows the same with processes, queues and functions of a deployed stack.
"""

import random
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest
from click.testing import CliRunner

from desk import Desk
from examples import alert
from faults.world import START
from responder.contracts import AlertMessage, Announcement
from responder.ports import Queue
from responder_cli.aws import Stack
from responder_cli.dlq.looking import HOLD_SECONDS
from responder_cli.main import cli
from unit.cli.stacks import stack

LETTERS, KILLS = 1_000, 3
PAIRS = {"dead": "processing", "dead-cards": "distribution"}
OUTPUTS = {
    "DeadLetterQueueUrl": "dead",
    "ProcessingQueueUrl": "processing",
    "DistributionDeadLetterQueueUrl": "dead-cards",
    "DistributionQueueUrl": "distribution",
}
#: ``processing`` is selected, as SQS would move the whole of it by itself.
WORDS = ("dlq", "reprocess", "--reason", "r", "--rate", "500", "--yes", "--queue")


class Killed(BaseException):
    """The process is no more: it cannot even put letters back."""


@dataclass
class Held:
    body: str
    visible_at: datetime


@dataclass
class Sqs:
    """Queues whose holds run out by the test's clock; a process dies at a call, and stays dead."""

    now: datetime = START
    queues: dict[str, dict[str, Held]] = field(default_factory=dict)
    alive_for: int = -1
    sent: int = 0

    def put(self, queue: str, body: str) -> None:
        self.sent += 1
        self.queues.setdefault(queue, {})[str(self.sent)] = Held(body, self.now)

    def get_queue_attributes(self, QueueUrl: str, **_: object) -> dict[str, Any]:
        self._lives()
        held = self.queues.get(QueueUrl, {}).values()
        hidden = sum(one.visible_at > self.now for one in held)
        return {
            "Attributes": {
                "ApproximateNumberOfMessages": str(len(held) - hidden),
                "ApproximateNumberOfMessagesNotVisible": str(hidden),
            }
        }

    def receive_message(self, QueueUrl: str, VisibilityTimeout: int, **_: object) -> dict[str, Any]:
        self._lives()
        held = self.queues.get(QueueUrl, {})
        ready = [name for name, one in held.items() if one.visible_at <= self.now][:10]
        self._hide(QueueUrl, ready, VisibilityTimeout)
        return {"Messages": [_message(name, held[name].body) for name in ready]}

    def change_message_visibility_batch(self, QueueUrl: str, Entries: list[dict[str, Any]]) -> None:
        self._lives()
        for entry in Entries:
            self._hide(QueueUrl, [entry["ReceiptHandle"]], entry["VisibilityTimeout"])

    def send_message(self, QueueUrl: str, MessageBody: str, **_: object) -> None:
        self._lives()
        self.put(QueueUrl, MessageBody)

    def delete_message(self, QueueUrl: str, ReceiptHandle: str) -> None:
        self._lives()
        self.queues[QueueUrl].pop(ReceiptHandle, None)

    def _hide(self, queue: str, names: list[str], seconds: int) -> None:
        for name in names:
            if name in self.queues[queue]:
                self.queues[queue][name].visible_at = self.now + timedelta(seconds=seconds)

    def _lives(self) -> None:
        if self.alive_for == 0:
            raise Killed
        self.alive_for -= 1


def _message(name: str, body: str) -> dict[str, Any]:
    reason = {"StringValue": "r", "DataType": "String"}
    return {
        "MessageId": name,
        "ReceiptHandle": name,
        "Body": body,
        "MessageAttributes": {"reason": reason},
    }


def run(sqs: Sqs, queue: str, alive_for: int = -1) -> int:
    """The command, in a process that lives for so many calls (-1: to its end); its exit code."""
    sqs.alive_for = alive_for
    house: Stack = stack(OUTPUTS, {"sqs": sqs})
    words = [*WORDS, queue]
    return CliRunner().invoke(cli, words, obj=lambda *_: house, catch_exceptions=False).exit_code


@pytest.mark.parametrize("seed", [0, 1])
def test_a_thousand_letters_go_back_although_the_command_is_killed(seed: int) -> None:
    rng, desk, sqs = random.Random(seed), Desk(), Sqs()
    for number in range(LETTERS):
        one = alert(f"a{number}", rule=f"v1:{number}", fingerprint=f"f{number}")
        if number % 2:
            sqs.put("dead", AlertMessage(alert=one, trace="t").model_dump_json())
        else:
            desk.record(one)
            sqs.put("dead-cards", desk.queues.messages[Queue.DISTRIBUTION].pop().body)

    for queue in PAIRS.values():
        for _ in range(KILLS):
            with pytest.raises(Killed):
                run(sqs, queue, rng.randrange(2, LETTERS // KILLS))
            # Started again at once it says that something is missing; then the holds run out.
            sqs.now += timedelta(seconds=HOLD_SECONDS)
        assert run(sqs, queue) == 0
    assert not any(sqs.queues[dead] for dead in PAIRS)

    copies = [one.body for queue in PAIRS.values() for one in sqs.queues[queue].values()]
    # Some kills were between a copy and the deletion of its letter.
    assert len(copies) > LETTERS
    rng.shuffle(copies)
    for body in copies:
        if body.startswith('{"alert"'):
            message = AlertMessage.model_validate_json(body)
            desk.recorder.record([desk.recorder.arrived(message)])
        else:
            desk.deliverer.handle(Announcement.model_validate_json(body))
    desk.deliver_all()
    incidents = [desk.incident(f"v1:{number}|prod.1") for number in range(LETTERS)]
    assert [one.count for one in incidents] == [1] * LETTERS
    posts = Counter(desk.card(one.incident_id).ts for one in incidents)
    assert len(posts) == LETTERS
    assert desk.slack.methods().count("post") == LETTERS
