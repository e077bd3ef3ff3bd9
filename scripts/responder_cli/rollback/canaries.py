"""The deployments of CodeDeploy that move a stack's traffic; none where all goes at once."""

from collections.abc import Iterator
from dataclasses import dataclass

from botocore.exceptions import ClientError

from responder_cli.aws import Stack

#: The name that SAM gives its application of CodeDeploy.
APPLICATION = "ServerlessDeploymentApplication"
UNDER_WAY = ["Created", "Queued", "InProgress", "Baking", "Ready"]


@dataclass(frozen=True)
class Canary:
    """A deployment under way, of the function that its group is named after."""

    deployment: str
    group: str


def under_way(stack: Stack) -> Iterator[Canary]:
    """Those that move traffic at this moment."""
    application = _application(stack)
    if not application:
        return
    client = stack.client("codedeploy")
    groups = client.list_deployment_groups(applicationName=application)["deploymentGroups"]
    for group in groups:
        found = client.list_deployments(
            applicationName=application, deploymentGroupName=group, includeOnlyStatuses=UNDER_WAY
        )
        yield from (Canary(one, group) for one in found["deployments"])


def stop(stack: Stack, canary: Canary) -> None:
    """Give all traffic back to the version before; CloudFormation then undoes its update."""
    stack.client("codedeploy").stop_deployment(
        deploymentId=canary.deployment, autoRollbackEnabled=True
    )


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
