"""Which requests our functions make for a batch of each size, seen on a running stack.

The functions' own handlers run here, with the settings of the deployed ones, while the deployed
ones rest; a batch goes by hand from queue to queue.
"""

import io
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stdout
from types import SimpleNamespace
from typing import Any

from botocore import xform_name
from botocore.client import BaseClient

from bench import inside
from bench.inside import LANES
from e2e.pipeline import Pipeline, wait_until
from local_stack import layout

type Request = tuple[str, str, dict[str, Any]]
type Requests = dict[str, dict[int, list[Request]]]

#: Queues that are recorded, with the output that has their address.
OUTPUTS = {"processing": "ProcessingQueueUrl", "distribution": "DistributionQueueUrl"}
DEPLOYED = {
    "reception": "AlertReceptionFunction",
    "analysis": "AnalysisFunction",
    "distribution": "DistributionFunction",
}
_CONTEXT = SimpleNamespace(aws_request_id="00000000-0000-0000-0000-000000000000")


def record(pipeline: Pipeline, body: Callable[[], bytes]) -> Requests:
    """The requests for one alert at the door, and for batches of every size of both lanes.

    ``body`` makes the next alert: of a known problem, and an incident of its own.
    """
    with _resting(pipeline), inside.environment(_way(pipeline)):
        recorder = _Recorder(pipeline, body)
        # The first batch also fetches secrets and settings, which later ones remember.
        recorder.walk(1)
        found: Requests = {"http": {}, **{recorder.queue(lane): {} for lane in OUTPUTS}}
        found["http"][1] = recorder.door(1)
        most = max(LANES[lane].batch for lane in OUTPUTS)
        recorder.door(most * (most + 1) // 2 - 1)
        for size in range(1, most + 1):
            found[recorder.queue("processing")][size] = recorder.batch("processing", size)
        for size in range(1, LANES["distribution"].batch + 1):
            found[recorder.queue("distribution")][size] = recorder.batch("distribution", size)
    # What is left of the alerts, the deployed functions finish.
    pipeline.idle()
    return found


class _Recorder:
    """Our functions in this process, and what they ask for."""

    def __init__(self, pipeline: Pipeline, body: Callable[[], bytes]) -> None:
        self._pipeline, self._body = pipeline, body
        self._seen: list[Request] = []
        self._handlers = {name: _handler(pipeline, name) for name in DEPLOYED}

    def queue(self, lane: str) -> str:
        return self._url(lane).rpartition("/")[2]

    def walk(self, alerts: int) -> None:
        self.door(alerts)
        for lane in OUTPUTS:
            self.batch(lane, alerts)

    def door(self, alerts: int) -> list[Request]:
        """Take so many requests; what the last one asked for."""
        for _ in range(alerts):
            found = self._requests("reception", _event(self._body()))
        return found

    def batch(self, lane: str, size: int) -> list[Request]:
        """Let a lane work on so many messages; what that asked for."""
        records = self._receive(lane, size)
        found = self._requests(LANES[lane].function, {"Records": records})
        if lane == "distribution":
            found += self._cards(size)
        return found

    def _cards(self, size: int) -> list[Request]:
        token = self._pipeline.client("secretsmanager").get_secret_value(
            SecretId=self._pipeline.secret("slack-bot-token")
        )["SecretString"]
        card = self._pipeline.stack.slack_messages()[-1]
        body = {name: card[name] for name in ("channel", "text", "blocks", "attachments")}
        return [
            ("slack", "chat.postMessage", {"authorization": f"Bearer {token}", "body": body})
        ] * size

    def _requests(self, name: str, event: Mapping[str, Any]) -> list[Request]:
        self._seen.clear()
        with _listening(self._seen), redirect_stdout(io.StringIO()):
            answer = self._handlers[name](event, _CONTEXT)
        if answer.get("batchItemFailures") or answer.get("statusCode", 202) != 202:
            raise RuntimeError(f"{name} answered {answer}")
        return [_unconditional(one) for one in self._seen]

    def _receive(self, lane: str, size: int) -> list[dict[str, Any]]:
        sqs, url = self._pipeline.client("sqs"), self._url(lane)
        found: list[dict[str, Any]] = []

        def more() -> int:
            answer = sqs.receive_message(
                QueueUrl=url,
                MaxNumberOfMessages=size - len(found),
                AttributeNames=["All"],
                MessageAttributeNames=["All"],
            )
            found.extend(answer.get("Messages", []))
            return len(found)

        wait_until(more, lambda number: number == size, 60)
        for message in found:
            sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        return [_record(message, self.queue(lane)) for message in found]

    def _url(self, lane: str) -> str:
        return self._pipeline.stack.outputs[OUTPUTS[lane]]


def _unconditional(request: Request) -> Request:
    """The same write, whatever stands there already."""
    service, operation, parameters = request
    return service, operation, _without_conditions(parameters)


def _without_conditions(parameters: dict[str, Any]) -> dict[str, Any]:
    if "TransactItems" in parameters:
        items = [
            {kind: _without_conditions(put) if kind == "Put" else put for kind, put in one.items()}
            for one in parameters["TransactItems"]
        ]
        # A token would make AWS take the second of two equal transactions for the first one.
        return {"TransactItems": items}
    if "Item" not in parameters:
        return parameters
    condition = {
        "ConditionExpression",
        "ExpressionAttributeNames",
        "ExpressionAttributeValues",
    }
    return {name: value for name, value in parameters.items() if name not in condition}


def _record(message: Mapping[str, Any], queue: str) -> dict[str, Any]:
    """A received message as Lambda hands it over.

    https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html
    """
    return {
        "messageId": message["MessageId"],
        "receiptHandle": message["ReceiptHandle"],
        "body": message["Body"],
        "attributes": message.get("Attributes", {}),
        "messageAttributes": {
            name: {"stringValue": value.get("StringValue"), "dataType": value["DataType"]}
            for name, value in message.get("MessageAttributes", {}).items()
        },
        "eventSource": "aws:sqs",
        "eventSourceARN": f"arn:aws:sqs:{layout.REGION}:000000000000:{queue}",
        "awsRegion": layout.REGION,
    }


def _event(body: bytes) -> dict[str, Any]:
    return {
        "httpMethod": "POST",
        "path": "/alerts",
        "resource": "/alerts",
        "headers": {"content-type": "application/json"},
        "multiValueHeaders": {"content-type": ["application/json"]},
        "queryStringParameters": None,
        "multiValueQueryStringParameters": None,
        "pathParameters": None,
        "requestContext": {"requestId": "bench", "resourcePath": "/alerts"},
        "body": body.decode(),
        "isBase64Encoded": False,
    }


def _handler(pipeline: Pipeline, name: str) -> Callable[..., dict[str, Any]]:
    """The function's handler, made with the settings of the deployed one."""
    described = pipeline.client("lambda").get_function_configuration(
        FunctionName=f"{layout.STACK_NAME}-{DEPLOYED[name]}"
    )
    os.environ.update(described["Environment"]["Variables"])
    os.environ["AWS_LAMBDA_FUNCTION_NAME"] = described["FunctionName"]
    return inside.handler(name)


@contextmanager
def _listening(seen: list[Request]) -> Iterator[None]:
    """Note every request of any client of AWS; nothing changes for who asks."""
    call = BaseClient._make_api_call  # type: ignore[attr-defined]

    def noting(client: Any, operation: str, parameters: dict[str, Any]) -> Any:  # noqa: ANN401 - as botocore
        service = client.meta.service_model.service_name
        seen.append((service, xform_name(operation), parameters))
        return call(client, operation, parameters)

    BaseClient._make_api_call = noting  # type: ignore[attr-defined]
    try:
        yield
    finally:
        BaseClient._make_api_call = call  # type: ignore[attr-defined]


def _way(pipeline: Pipeline) -> dict[str, str]:
    """Variables with which this process may ask the emulator as the functions do."""
    return {
        **layout.CREDENTIALS,
        "AWS_DEFAULT_REGION": layout.REGION,
        "AWS_ENDPOINT_URL": pipeline.stack.endpoint,
        "AWS_CA_BUNDLE": str(pipeline.stack.bundle),
    }


@contextmanager
def _resting(pipeline: Pipeline) -> Iterator[None]:
    """The deployed functions take nothing from their queues."""
    client = pipeline.client("lambda")
    mappings: Sequence[Mapping[str, Any]] = client.list_event_source_mappings()[
        "EventSourceMappings"
    ]
    names = [one["UUID"] for one in mappings]
    for name in names:
        client.update_event_source_mapping(UUID=name, Enabled=False)
    try:
        yield
    finally:
        for name in names:
            client.update_event_source_mapping(UUID=name, Enabled=True)
