"""Hand-written AWS for the tests of ``responder health``: metrics, queues with letters, secrets."""

from collections.abc import Iterable
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any

from boto3.dynamodb.types import TypeSerializer

from responder.adapters import telemetry
from responder.analysis.trouble import Trouble
from responder.protocols import troubles
from responder_cli.health.metrics import Window
from responder_cli.health.verdict import Finding, Verdict
from unit.cli.stacks import Client, refusal

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
FIVE_MINUTES = Window(NOW, 5)


def verdicts(findings: Iterable[Finding]) -> dict[str, Verdict]:
    return {finding.component: finding.verdict for finding in findings}


def watch(**values: float) -> Client:
    """CloudWatch with one datapoint for each named metric, and none for the others."""

    def statistics(MetricName: str, Statistics: list[str], **_: object) -> dict[str, Any]:
        value = values.get(MetricName)
        return {"Datapoints": [] if value is None else [{Statistics[0]: value}]}

    return Client({"get_metric_statistics": statistics})


def refused(**_: object) -> None:
    raise refusal("AccessDeniedException")


def depths(**counts: int) -> Client:
    return Client(
        {
            "get_queue_attributes": lambda QueueUrl, **_: {
                "Attributes": {"ApproximateNumberOfMessages": str(counts.get(QueueUrl, 0))}
            },
            "receive_message": refused,
        }
    )


def letters(**reasons: list[str]) -> Client:
    """Queues that hold letters of these reasons."""

    def received(QueueUrl: str, **_: object) -> dict[str, Any]:
        named = enumerate(reasons.get(QueueUrl, []))
        return {
            "Messages": [
                {
                    "MessageId": str(number),
                    "ReceiptHandle": str(number),
                    "Body": "{}",
                    "MessageAttributes": {"reason": {"StringValue": reason}},
                }
                for number, reason in named
            ]
        }

    counted = {
        "get_queue_attributes": lambda QueueUrl, **_: {
            "Attributes": {"ApproximateNumberOfMessages": str(len(reasons.get(QueueUrl, [])))}
        }
    }
    return Client(counted | {"receive_message": received, "change_message_visibility_batch": {}})


def waits(metric: str = "Waits", /, **counts: float) -> Client:
    """CloudWatch with these counts, by "service reason", of one metric and namespace."""

    def statistics(
        Namespace: str, MetricName: str, Dimensions: list[dict[str, str]], **_: object
    ) -> dict[str, Any]:
        named = {one["Name"]: one["Value"] for one in Dimensions}
        key = f"{named.get('service')}_{named.get('reason')}"
        ours = Namespace == f"{telemetry.NAMESPACE}/it" and MetricName == metric
        return {"Datapoints": [{"Sum": counts[key]}] if ours and key in counts else []}

    return Client({"get_metric_statistics": statistics})


def noted(**tiers: str) -> Client:
    """The state table while these troubles with Claude stand, since NOW, each with its tier."""
    standing = [
        troubles.Note(trouble=Trouble(kind), tier=tier, since=NOW) for kind, tier in tiers.items()
    ]
    data = troubles.Notes(standing=tuple(standing)).model_dump(mode="json")
    serialize = TypeSerializer().serialize
    item = {name: serialize(value) for name, value in {**data, "version": 1}.items()}
    return Client({"get_item": {"Item": item} if standing else {}})


def vault(described: Any = MappingProxyType({}), **values: str) -> Client:
    def value(SecretId: str, VersionStage: str) -> dict[str, str]:
        prefix, _, name = SecretId.partition("/")
        assert (prefix, VersionStage) == ("mine", "AWSCURRENT")
        if name not in values:
            raise refusal("ResourceNotFoundException")
        return {"SecretString": values[name]}

    return Client({"get_secret_value": value, "describe_secret": described})
