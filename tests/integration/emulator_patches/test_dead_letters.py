"""Dead letters that can be moved back, and whose sources are known."""

import json

import pytest
from botocore.exceptions import ClientError

from integration.emulator_patches.asking import Client, arn, queue


def test_dead_letters_move_back_with_their_attributes(client: Client) -> None:
    work, dead = dead_lettered(client, "the message")

    client("sqs").start_message_move_task(SourceArn=arn(client, dead))

    message = client("sqs").receive_message(
        QueueUrl=work, WaitTimeSeconds=10, MessageAttributeNames=["All"]
    )["Messages"][0]
    assert message["Body"] == "the message"
    assert message["MessageAttributes"]["reason"]["StringValue"] == "because"
    task = client("sqs").list_message_move_tasks(SourceArn=arn(client, dead))["Results"][0]
    assert (task["Status"], task["ApproximateNumberOfMessagesMoved"]) == ("COMPLETED", 1)


def test_dead_letters_move_to_another_queue_when_asked(client: Client) -> None:
    _, dead = dead_lettered(client, "elsewhere")
    other = queue(client, "other")

    client("sqs").start_message_move_task(
        SourceArn=arn(client, dead), DestinationArn=arn(client, other)
    )

    received = client("sqs").receive_message(QueueUrl=other, WaitTimeSeconds=10)
    assert [message["Body"] for message in received["Messages"]] == ["elsewhere"]


def test_only_a_dead_letter_queue_can_be_moved_from(client: Client) -> None:
    plain = arn(client, queue(client, "plain"))

    with pytest.raises(ClientError, match="Dead Letter Queue"):
        client("sqs").start_message_move_task(SourceArn=plain)


def test_a_dead_letter_queue_names_its_sources(client: Client) -> None:
    work, dead = dead_lettered(client, "any")

    found = client("sqs").list_dead_letter_source_queues(QueueUrl=dead)

    assert found["queueUrls"] == [work]


def dead_lettered(client: Client, body: str) -> tuple[str, str]:
    """A queue and its dead-letter queue, in which one message lies that failed once."""
    dead = queue(client, "dead")
    policy = {"deadLetterTargetArn": arn(client, dead), "maxReceiveCount": 1}
    work = queue(client, "work", RedrivePolicy=json.dumps(policy), VisibilityTimeout="0")
    client("sqs").send_message(
        QueueUrl=work,
        MessageBody=body,
        MessageAttributes={"reason": {"DataType": "String", "StringValue": "because"}},
    )
    assert client("sqs").receive_message(QueueUrl=work, WaitTimeSeconds=5)["Messages"]
    assert "Messages" not in client("sqs").receive_message(QueueUrl=work)
    return work, dead
