"""The deployments of CodeDeploy that move a stack's traffic; none where all goes at once."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import batched
from typing import Any

import yaml
from botocore.exceptions import ClientError

from responder_cli.aws import Stack
from responder_cli.problems import Unreadable

#: The name that SAM gives its application of CodeDeploy.
APPLICATION = "ServerlessDeploymentApplication"
UNDER_WAY = ["Created", "Queued", "InProgress", "Baking", "Ready"]
ENDED = ["Succeeded", "Failed", "Stopped"]
#: Older deployments say nothing of the versions that a rollback may lead to.
LOOKS_BACK = timedelta(days=90)
#: https://docs.aws.amazon.com/codedeploy/latest/APIReference/API_BatchGetDeployments.html
MOST_AT_ONCE = 25


@dataclass(frozen=True)
class Canary:
    """A deployment under way, of the function that its group is named after."""

    deployment: str
    group: str


def under_way(stack: Stack) -> Iterator[Canary]:
    """Those that move traffic at this moment."""
    for group in _groups(stack):
        found = stack.client("codedeploy").list_deployments(
            applicationName=group["applicationName"],
            deploymentGroupName=group["deploymentGroupName"],
            includeOnlyStatuses=UNDER_WAY,
        )
        yield from (Canary(one, group["deploymentGroupName"]) for one in found["deployments"])


def undone(stack: Stack, now: datetime) -> dict[str, set[int]]:
    """Versions that CodeDeploy gave the traffic to and took it back from, by function.

    They stay published (the template retains versions). What it has ended last with a version
    counts: the same code may have been deployed once more. A way back to an older version, as
    where another function's canary failed, undoes the newer ones. Raises Unreadable.
    """
    found: dict[str, set[int]] = {}
    seen: dict[str, set[int]] = {}
    for ended in sorted(_ended(stack, now), key=lambda one: one["createTime"]):
        for function, version in _targets(ended):
            versions = found.setdefault(function, set())
            before = seen.setdefault(function, set())
            if ended["status"] == "Succeeded":
                versions.discard(version)
                versions |= {one for one in before if one > version}
            else:
                versions.add(version)
            before.add(version)
    return found


def stop(stack: Stack, canary: Canary) -> None:
    """Give all traffic back to the version before; CloudFormation then undoes its update."""
    stack.client("codedeploy").stop_deployment(
        deploymentId=canary.deployment, autoRollbackEnabled=True
    )


def _groups(stack: Stack) -> Iterator[dict[str, str]]:
    application = _application(stack)
    if not application:
        return
    client = stack.client("codedeploy")
    groups = client.list_deployment_groups(applicationName=application)["deploymentGroups"]
    for group in groups:
        yield {"applicationName": application, "deploymentGroupName": group}


def _ended(stack: Stack, now: datetime) -> Iterator[Mapping[str, Any]]:
    for group in _groups(stack):
        client = stack.client("codedeploy")
        pages = client.get_paginator("list_deployments").paginate(
            **group, includeOnlyStatuses=ENDED, createTimeRange={"start": now - LOOKS_BACK}
        )
        ids = [one for page in pages for one in page["deployments"]]
        for some in batched(ids, MOST_AT_ONCE, strict=False):
            yield from client.batch_get_deployments(deploymentIds=some)["deploymentsInfo"]


def _targets(deployment: Mapping[str, Any]) -> list[tuple[str, int]]:
    """The function and version of its AppSpec, which may be JSON or YAML. Raises Unreadable.

    https://docs.aws.amazon.com/codedeploy/latest/userguide/reference-appspec-file-structure-resources.html
    """
    revision = deployment.get("revision") or {}
    written = (revision.get("appSpecContent") or revision.get("string") or {}).get("content", "")
    try:
        resources = yaml.safe_load(written)["Resources"]
        moved = [one["Properties"] for resource in resources for one in resource.values()]
        return [(one["Name"], int(one["TargetVersion"])) for one in moved]
    except (yaml.YAMLError, AttributeError, LookupError, TypeError, ValueError) as error:
        raise Unreadable(f"the AppSpec of {deployment.get('deploymentId')}: {error!r}") from error


def _application(stack: Stack) -> str:
    try:
        answer = stack.client("cloudformation").describe_stack_resource(
            StackName=stack.name, LogicalResourceId=APPLICATION
        )
    except ClientError as error:
        # CloudFormation's word for a resource that the stack does not have.
        if error.response["Error"]["Code"] != "ValidationError":
            raise
        return ""
    return str(answer["StackResourceDetail"]["PhysicalResourceId"])
