"""A whole queue is moved by SQS itself; moto has no move task, so SQS is played here."""

from collections.abc import Iterator
from typing import Any

import pytest

from responder.clock import utc_now
from responder_cli.dlq.places import PLACES
from responder_cli.dlq.plan import Step
from responder_cli.dlq.sending import Conduct, Outcome, move
from unit.cli.stacks import Client, stack

PROCESSING = PLACES[0]
OUTPUTS = {"DeadLetterQueueUrl": "u/dlq", "ProcessingQueueUrl": "u/target"}


def sqs(*tasks: dict[str, Any]) -> Client:
    """SQS whose newest move task is, call by call, one of ``tasks``; the last one stays."""
    told: Iterator[dict[str, Any]] = iter(tasks)
    state: dict[str, dict[str, Any]] = {"now": {}}

    def newest(**_: object) -> dict[str, Any]:
        state["now"] = next(told, state["now"])
        return {"Results": [state["now"]] if state["now"] else []}

    return Client(
        {
            "get_queue_attributes": lambda QueueUrl, **_: {
                "Attributes": {"QueueArn": f"arn:{QueueUrl}"}
            },
            "list_message_move_tasks": newest,
            "start_message_move_task": {"TaskHandle": "h"},
        }
    )


def run(client: Client, depth: int = 3) -> tuple[Outcome, list[int]]:
    progress: list[int] = []
    conduct = Conduct(1000, lambda _: None, utc_now, progress.append)
    step = Step(PROCESSING, PROCESSING.way, depth, None)
    return move(stack(OUTPUTS, {"sqs": client}), step, conduct), progress


def task(status: str, moved: int, **more: str) -> dict[str, Any]:
    return {"Status": status, "ApproximateNumberOfMessagesMoved": moved, **more}


def test_the_destination_is_named_and_the_rate_is_within_what_sqs_takes() -> None:
    client = sqs({}, task("COMPLETED", 3))
    run(client)
    (started,) = client.asked("start_message_move_task")
    assert started == {
        "SourceArn": "arn:u/dlq",
        "DestinationArn": "arn:u/target",
        "MaxNumberOfMessagesPerSecond": 500,
    }


def test_progress_is_followed_until_sqs_has_finished() -> None:
    client = sqs(task("COMPLETED", 9), task("RUNNING", 1), task("RUNNING", 2), task("COMPLETED", 3))
    outcome, progress = run(client)
    assert progress == [1, 2, 3]
    assert outcome.sent == 3
    assert outcome.good


def test_a_move_that_already_runs_is_followed_and_no_second_one_started() -> None:
    client = sqs(task("RUNNING", 1), task("RUNNING", 2), task("COMPLETED", 5))
    outcome, _ = run(client)
    assert client.asked("start_message_move_task") == []
    assert outcome.sent == 5


def test_what_somebody_holds_while_sqs_moves_the_others_is_missing() -> None:
    outcome, _ = run(sqs({}, task("COMPLETED", 6)), depth=10)
    assert (outcome.sent, outcome.missing, outcome.good) == (6, 4, False)


@pytest.mark.parametrize("status", ["FAILED", "CANCELLED"])
def test_a_move_that_ends_badly_is_a_failure_with_its_reason(status: str) -> None:
    outcome, _ = run(sqs({}, task(status, 1, FailureReason="AccessDenied")))
    assert not outcome.good
    assert "AccessDenied" in outcome.failures[0]
