"""SQS: dead-letter queues that can be read back, and the metrics that alarms watch."""

import json
import time
import uuid
from typing import Any

from ministack.services import cloudwatch, sqs

from local_stack.patches.background import scoped

#: Newest first, by source ARN.
_tasks: dict[str, list[dict[str, Any]]] = {}
#: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_ListMessageMoveTasks.html
MAX_LISTED_TASKS = 10


def message_move_tasks() -> None:
    """``aws sqs start-message-move-task`` (redrive) and its list are not implemented."""
    sqs._HANDLERS["StartMessageMoveTask"] = _start_move
    sqs._HANDLERS["ListMessageMoveTasks"] = _list_moves


def dead_letter_sources() -> None:
    """``aws sqs list-dead-letter-source-queues`` is not implemented."""
    sqs._HANDLERS["ListDeadLetterSourceQueues"] = _list_sources


def record_depth_and_age() -> None:
    """Queues have no metrics, so alarms on depth and age never change their state."""
    now = time.time()
    for url, queue in scoped(sqs._queues):
        messages = list(queue["messages"])
        visible = sum(1 for message in messages if message.get("visible_at", 0) <= now)
        oldest = max((now - message.get("sent_at", now) for message in messages), default=0.0)
        dimensions = {"QueueName": url.rsplit("/", 1)[-1]}
        for name, value, unit in (
            ("ApproximateNumberOfMessagesVisible", visible, "Count"),
            ("ApproximateAgeOfOldestMessage", oldest, "Seconds"),
        ):
            cloudwatch.record_metric("AWS/SQS", name, value, unit, dict(dimensions))


def _start_move(data: dict[str, Any], _url: str) -> dict[str, Any]:
    source_arn = data["SourceArn"]
    _, source = _queue(source_arn)
    if not _sources_of(source_arn):
        raise sqs._Err(
            "InvalidParameterValue", "Source queue must be configured as a Dead Letter Queue."
        )
    started, moved = int(time.time() * 1000), 0
    for message in list(source["messages"]):
        if message.get("visible_at", 0) > time.time():
            continue
        _move(message, source, data.get("DestinationArn") or _origin(message, source_arn))
        moved += 1
    task = {
        "TaskHandle": uuid.uuid4().hex,
        "Status": "COMPLETED",
        "SourceArn": source_arn,
        "ApproximateNumberOfMessagesMoved": moved,
        "ApproximateNumberOfMessagesToMove": moved,
        "StartedTimestamp": started,
    }
    if "DestinationArn" in data:
        task["DestinationArn"] = data["DestinationArn"]
    _tasks.setdefault(source_arn, []).insert(0, task)
    return {"TaskHandle": task["TaskHandle"]}


def _list_moves(data: dict[str, Any], _url: str) -> dict[str, Any]:
    _queue(data["SourceArn"])
    wanted = min(int(data.get("MaxResults", 1)), MAX_LISTED_TASKS)
    # A task handle is shown only while its task runs; ours have ended by now.
    return {
        "Results": [
            {name: value for name, value in task.items() if name != "TaskHandle"}
            for task in _tasks.get(data["SourceArn"], [])[:wanted]
        ]
    }


def _list_sources(data: dict[str, Any], url: str) -> dict[str, Any]:
    queue = sqs._get_q(data.get("QueueUrl", url))
    urls = _sources_of(queue["attributes"]["QueueArn"])
    return {"queueUrls": [sqs._externalize_url(found) for found in urls]}


def _move(message: dict[str, Any], source: dict[str, Any], destination_arn: str) -> None:
    url, _ = _queue(destination_arn)
    source["messages"].remove(message)
    # A moved message is a new one with its body and attributes, counted from zero again.
    sqs._act_send_message(
        {
            "QueueUrl": url,
            "MessageBody": message["body"],
            "MessageAttributes": message.get("message_attributes") or {},
        },
        url,
    )


def _origin(message: dict[str, Any], source_arn: str) -> str:
    """Where the message failed; one put there by hand has no such place and takes the first."""
    if arn := message.get("sys", {}).get("DeadLetterQueueSourceArn"):
        return str(arn)
    return str(sqs._get_q(_sources_of(source_arn)[0])["attributes"]["QueueArn"])


def _sources_of(dead_letter_arn: str) -> list[str]:
    return [
        url
        for url, queue in sqs._queues.items()
        if json.loads(queue["attributes"].get("RedrivePolicy") or "{}").get("deadLetterTargetArn")
        == dead_letter_arn
    ]


def _queue(arn: str) -> tuple[str, dict[str, Any]]:
    for url, queue in sqs._queues.items():
        if queue["attributes"].get("QueueArn") == arn:
            return str(url), queue
    raise sqs._Err("ResourceNotFoundException", "The resource that you specified does not exist.")
