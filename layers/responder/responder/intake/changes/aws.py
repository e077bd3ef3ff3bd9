"""CloudFormation's and CodeDeploy's events, as EventBridge carries them.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/event-detail-stack-status-change.html
https://docs.aws.amazon.com/eventbridge/latest/ref/events-ref-codedeploy.html
"""

from collections.abc import Mapping

from responder.alert import Scope
from responder.change import ChangeState
from responder.errors import Reason
from responder.intake.changes.news import News, NoNews
from responder.intake.draft import Request
from responder.intake.errors import Unreadable
from responder.intake.fields import first, mapping
from responder.intake.times import read_time

CLOUDFORMATION = "cloudformation"
CODEDEPLOY = "codedeploy"

_CODEDEPLOY_STATES = {
    "START": ChangeState.STARTED,
    "READY": ChangeState.STARTED,
    "SUCCESS": ChangeState.SUCCEEDED,
    "FAILURE": ChangeState.FAILED,
    "STOP": ChangeState.CANCELLED,
}
_STACK_CHANGES = ("CREATE", "UPDATE", "DELETE", "IMPORT")


def is_stack_event(payload: object, request: Request) -> bool:
    """Whether a stack changed its status."""
    return _is(payload, "aws.cloudformation", "CloudFormation Stack Status Change")


def read_stack_event(payload: object, request: Request) -> News | NoNews:
    """What a stack's status tells. Raises Unreadable."""
    event, detail = _parts(payload)
    stack = first(detail, ["stack-id"])
    details = mapping(detail.get("status-details"))
    status = first(details, ["status"])
    name = stack.partition(":stack/")[2].partition("/")[0]
    if not name:
        raise Unreadable("a stack without a name")
    if status == "REVIEW_IN_PROGRESS":
        return NoNews(Reason.NO_CHANGE)
    # One operation has one token in all its events; without one, each event stands for itself.
    operation = first(detail, ["client-request-token"]) or first(event, ["id"])
    return News(
        source=CLOUDFORMATION,
        identity=(stack, operation),
        subject=(stack,),
        service=name,
        what=_stack_change(status),
        state=_stack_state(status),
        at=read_time(event.get("time")),
        detail=": ".join(part for part in (status, first(details, ["status-reason"])) if part),
        link=_console(event, f"cloudformation/home?region={{}}#/stacks/events?stackId={stack}"),
        scope=_scope(event),
        raw=payload,
    )


def is_deployment_event(payload: object, request: Request) -> bool:
    """Whether a deployment of CodeDeploy changed its state (not one of its instances)."""
    return _is(payload, "aws.codedeploy", "CodeDeploy Deployment State-change Notification")


def read_deployment_event(payload: object, request: Request) -> News:
    """What a deployment's state tells. Raises Unreadable."""
    event, detail = _parts(payload)
    deployment, state = first(detail, ["deploymentId"]), first(detail, ["state"])
    application, group = first(detail, ["application"]), first(detail, ["deploymentGroup"])
    if not deployment or not application or state not in _CODEDEPLOY_STATES:
        raise Unreadable("a deployment without an id, an application or a known state")
    return News(
        source=CODEDEPLOY,
        identity=(deployment,),
        subject=(first(event, ["account"]), first(event, ["region"]), application, group),
        service=application,
        what=f"deployment to group {group}" if group else "deployment",
        state=_CODEDEPLOY_STATES[state],
        at=read_time(event.get("time")),
        link=_console(event, f"codesuite/codedeploy/deployments/{deployment}?region={{}}"),
        scope=_scope(event),
        raw=payload,
    )


def _is(payload: object, source: str, kind: str) -> bool:
    event = mapping(payload)
    described = event.get("source") == source and event.get("detail-type") == kind
    return described and isinstance(event.get("detail"), dict)


def _parts(payload: object) -> tuple[Mapping[str, object], Mapping[str, object]]:
    event = mapping(payload)
    return event, mapping(event.get("detail"))


def _stack_change(status: str) -> str:
    """What is done to the stack; only its creation is rolled back without being named."""
    kind = status.partition("_")[0]
    return f"stack {kind.lower()}" if kind in _STACK_CHANGES else "stack create"


def _stack_state(status: str) -> ChangeState:
    """A stack that rolls back has failed, long before it is back."""
    kind, _, rest = status.partition("_")
    if kind == "ROLLBACK" or rest.startswith("ROLLBACK_") or status.endswith("_FAILED"):
        return ChangeState.FAILED
    if kind in _STACK_CHANGES and rest.endswith("IN_PROGRESS"):
        return ChangeState.STARTED
    if kind in _STACK_CHANGES and rest == "COMPLETE":
        return ChangeState.SUCCEEDED
    raise Unreadable(f"a stack of status {status[:60]}")


def _scope(event: Mapping[str, object]) -> Scope:
    return Scope(account=first(event, ["account"]), region=first(event, ["region"]))


def _console(event: Mapping[str, object], path: str) -> str:
    region = first(event, ["region"])
    if not region.replace("-", "").isalnum() or region.startswith(("cn-", "us-gov-")):
        return ""
    return f"https://{region}.console.aws.amazon.com/{path.replace('{}', region)}"
