"""What the readers of AWS's tools share: ARNs and the addresses of the console."""

from collections.abc import Mapping

from responder.intake.fields import sequence

_CONSOLES = {
    "aws": "console.aws.amazon.com",
    "aws-cn": "console.amazonaws.cn",
    "aws-us-gov": "console.amazonaws-us-gov.com",
}


def arn_part(arn: str, index: int) -> str:
    """A part of ``arn:partition:service:region:account:resource``, the sixth with its colons."""
    parts = arn.split(":", 6)
    return parts[index] if len(parts) > index else ""


def arn_name(arn: str) -> str:
    """What a person would call the resource: the last part of its ARN."""
    if ":function:" in arn:
        return arn.partition(":function:")[2].partition(":")[0]
    return arn.rpartition("/")[2].rpartition(":")[2]


def console(region: str, path: str, partition: str = "") -> str:
    """A page of the console in ``region``; empty where that is no region's name."""
    if not region.replace("-", "").isalnum():
        return ""
    partition = partition or _partition(region)
    host = _CONSOLES.get(partition)
    return f"https://{region}.{host}/{path}" if host else ""


def first_arn(event: Mapping[str, object]) -> str:
    """The first of the resources that an event names."""
    resources = sequence(event.get("resources"))
    return resources[0] if resources and isinstance(resources[0], str) else ""


def _partition(region: str) -> str:
    if region.startswith("cn-"):
        return "aws-cn"
    return "aws-us-gov" if region.startswith("us-gov-") else "aws"
