"""What the tests of all patches ask of the emulator, as any client would."""

import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

PATIENCE_SECONDS = 40.0

#: A client of a service by the service's name.
Client = Callable[[str], Any]


def unique(name: str) -> str:
    return f"{name}-{uuid4().hex[:8]}"


def eventually(holds: Callable[[], bool]) -> bool:
    """Whether it comes to hold within what the emulator's clock needs."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        if holds():
            return True
        time.sleep(0.5)
    return False


def _points(client: Client, namespace: str, metric: str, dimensions: Mapping[str, str]) -> Any:
    now = datetime.now(UTC)
    return client("cloudwatch").get_metric_statistics(
        Namespace=namespace,
        MetricName=metric,
        Dimensions=[{"Name": name, "Value": value} for name, value in dimensions.items()],
        StartTime=now - timedelta(minutes=10),
        EndTime=now + timedelta(minutes=1),
        Period=60,
        Statistics=["Sum", "Maximum"],
    )["Datapoints"]


def total(client: Client, namespace: str, metric: str, **dimensions: str) -> float:
    return float(sum(point["Sum"] for point in _points(client, namespace, metric, dimensions)))


def most(client: Client, namespace: str, metric: str, **dimensions: str) -> float:
    points = _points(client, namespace, metric, dimensions)
    return float(max((point["Maximum"] for point in points), default=0))


def queue(client: Client, name: str, **attributes: str) -> str:
    made = client("sqs").create_queue(QueueName=unique(name), Attributes=attributes)
    return str(made["QueueUrl"])


def arn(client: Client, url: str) -> str:
    found = client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
    return str(found["Attributes"]["QueueArn"])
