"""``responder erase`` masks every dead letter, in whatever order the queue hands them out."""

import json
import random
from typing import Any

import pytest
from click.testing import CliRunner, Result

from responder_cli.aws import Stack
from responder_cli.dlq.places import PLACES
from responder_cli.erase import letters
from responder_cli.erase.letters import Erased, Seen
from responder_cli.erase.masking import MASK, Texts
from responder_cli.main import cli
from unit.cli.stacks import Client, stack

WHO = "Jane Doe"
PROCESSING = PLACES[0]


class Disordered:
    """A standard queue: any letter that is visible may come next; a hold ends when told."""

    def __init__(self, bodies: list[str], seed: int) -> None:
        self.letters = {f"m{number}": body for number, body in enumerate(bodies)}
        self._held: set[str] = set()
        self._random = random.Random(seed)
        self._sent = len(bodies)

    def with_the_text(self) -> int:
        return sum(WHO in body for body in self.letters.values())

    def get_queue_attributes(self, **_: object) -> dict[str, Any]:
        return {"Attributes": {"ApproximateNumberOfMessages": str(len(self.letters))}}

    def receive_message(self, MaxNumberOfMessages: int, **_: object) -> dict[str, Any]:
        visible = [name for name in self.letters if name not in self._held]
        taken = self._random.sample(visible, min(MaxNumberOfMessages, len(visible)))
        self._held.update(taken)
        return {
            "Messages": [
                {"MessageId": name, "ReceiptHandle": name, "Body": self.letters[name]}
                for name in taken
            ]
        }

    def change_message_visibility_batch(self, Entries: list[dict[str, Any]], **_: object) -> None:
        self._held -= {one["ReceiptHandle"] for one in Entries}

    def send_message(self, MessageBody: str, **_: object) -> None:
        self.letters[f"m{self._sent}"] = MessageBody
        self._sent += 1

    def delete_message(self, ReceiptHandle: str, **_: object) -> None:
        del self.letters[ReceiptHandle]


class Stubborn(Disordered):
    """A queue from which a deleted letter comes again, as SQS says may happen."""

    def delete_message(self, ReceiptHandle: str, **_: object) -> None:
        self._held.discard(ReceiptHandle)


class Shared(Disordered):
    """A queue from which somebody else moves letters while we mask them."""

    def send_message(self, MessageBody: str, **_: object) -> None:
        super().send_message(MessageBody)
        for name in [name for name in self.letters if name not in self._held][:1]:
            del self.letters[name]


def of_jane(count: int) -> list[str]:
    return [json.dumps({"title": f"disk {number} of {WHO} is full"}) for number in range(count)]


def holding(queue: Disordered) -> Stack:
    nothing = Client({"get_paginator": Client({"paginate": []})})
    return stack({PROCESSING.output: "q"}, {"sqs": queue, "dynamodb": nothing})


@pytest.mark.parametrize("seed", range(20))
def test_no_letter_keeps_the_text_in_whatever_order_they_come(seed: int) -> None:
    queue = Disordered(of_jane(60), seed)
    done = letters.erase(holding(queue), PROCESSING, Texts([WHO]), Seen(60))
    assert done == Erased(found=60, masked=60)
    assert queue.with_the_text() == 0
    assert sum(MASK in body for body in queue.letters.values()) == 60


def ran(queue: Disordered, *words: str) -> Result:
    return CliRunner().invoke(cli, ["erase", WHO, "--yes", *words], obj=lambda *_: holding(queue))


def test_all_masked_is_done() -> None:
    done = ran(Disordered(of_jane(30), 1), "--json")
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)
    assert (told["dead_letters"], told["dead_letters_left"]) == (
        {"processing": 30},
        {"processing": 0},
    )


def test_letters_that_are_left_are_told_and_it_is_not_done() -> None:
    done = ran(Stubborn(of_jane(3), 1))
    assert done.exit_code == 1, done.output
    assert "dead letters of processing: 3 were found" in done.stderr
    assert "3 are left" in done.stderr


def test_letters_that_others_took_meanwhile_are_told_and_it_is_not_done() -> None:
    queue = Shared(of_jane(30), 1)
    done = ran(queue)
    assert queue.with_the_text() == 0
    assert done.exit_code == 1, done.output
    assert "30 were found" in done.stderr
    assert "0 are left" in done.stderr


def test_letters_that_are_named_by_the_text_are_told_and_it_is_not_done() -> None:
    queue = Disordered([json.dumps({"incident_id": WHO})], 1)
    done = ran(queue)
    assert done.exit_code == 1, done.output
    assert "stays in dead letters of processing (incident_id)" in done.stderr
    assert queue.with_the_text() == 1
    told = json.loads(ran(queue, "--json").stdout)
    assert told["dead_letters_stay_in"] == {"processing": ["incident_id"]}
