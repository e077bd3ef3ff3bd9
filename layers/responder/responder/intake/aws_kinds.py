"""How the events of AWS's services are judged: what they are about, and which state says what.

``tools.eventbridge`` reads every event by a ``Kind``: the one of its ``detail-type``, or one of the
two for events that are not listed. The states are those of the services' own documentation:
https://docs.aws.amazon.com/eventbridge/latest/ref/welcome.html
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from responder.alert import Severity, Status
from responder.intake.errors import NotAnAlert
from responder.intake.fields import first, mapping, sequence

#: What a state says; a judge raises NotAnAlert for what says neither.
Verdict = tuple[Status, Severity]

STATES = ("state", "status", "State", "Status", "result", "build-status", "lastStatus")
_REASONS = ("reason", "statusMessage", "message", "Message", "description", "errorMessage",
            "error", "cause", "statusReason", "detailMessage", "summary", "text")  # fmt: skip
_NAMES = ("title", "alarmName", "alertName", "name", "summary", "subject", "serviceName", "service",
          "application", "resourceName", "CommonName", "instance-id", "resourceId")  # fmt: skip

_ENDED = frozenset({"resolved", "ok", "recovered", "closed", "clear", "cleared", "normal",
                    "healthy", "succeeded", "success", "successful", "passed"})  # fmt: skip
_DONE = _ENDED | {"completed", "complete", "compliant", "archived"}
# Steps on the way, which say nothing of the end; and ends that somebody wanted.
_UNDER_WAY = frozenset({"started", "starting", "start", "in_progress", "inprogress", "running",
                        "pending", "queued", "submitted", "runnable", "resumed", "created",
                        "creating", "provisioning", "canceling", "cancelling", "stopping",
                        "aborting", "resuming", "bootstrapping", "waiting"})  # fmt: skip
_CALLED_OFF = frozenset({"canceled", "cancelled", "stopped", "superseded", "abandoned"})


@dataclass(frozen=True)
class Kind:
    """How the events of one ``detail-type`` are read; fields are named by their path in detail.

    ``names`` say together what it is about, so that a later event of the same thing meets this
    one; ``aspect`` is the part of it, where several may be troubled at once. ``title`` stands for
    the detail-type where failure and success have two.
    """

    names: tuple[str, ...] = ()
    any_name: tuple[str, ...] = ()
    states: tuple[str, ...] = STATES
    ends: frozenset[str] = _DONE
    neither: frozenset[str] = _UNDER_WAY
    severity: Severity = Severity.MEDIUM
    reasons: tuple[str, ...] = _REASONS
    title: str = ""
    headline: str = ""
    page: str = ""
    judge: Callable[[Mapping[str, object]], Verdict] | None = None
    aspect: Callable[[Mapping[str, object]], str] | None = None

    def verdict(self, detail: Mapping[str, object]) -> Verdict:
        """What the detail says. Raises NotAnAlert for what says neither firing nor resolved."""
        if self.judge:
            return self.judge(detail)
        state = word(text_at(detail, self.states))
        if state in self.neither:
            raise NotAnAlert(f"state {state}")
        return (Status.RESOLVED if state in self.ends else Status.FIRING), self.severity


def text_at(detail: Mapping[str, object], paths: tuple[str, ...]) -> str:
    """The text at the first of ``paths`` (names joined by dots) that has one."""
    for path in paths:
        values, name = detail, path
        while "." in name:
            outer, _, name = name.partition(".")
            values = mapping(values.get(outer))
        if name in values and (text := first(values, (name,))):
            return text
    return ""


def word(state: str) -> str:
    """A state as the tables write it."""
    return state.lower().replace("-", "_").replace(" ", "_")


def kind_of(source: str, detail_type: str) -> Kind:
    """How an event is read."""
    return KINDS.get(detail_type) or (_OTHER if source.startswith("aws.") else _CUSTOM)


def _fires(severity: Severity) -> Callable[[Mapping[str, object]], Verdict]:
    return lambda detail: (Status.FIRING, severity)


def _ends(detail: Mapping[str, object]) -> Verdict:
    return Status.RESOLVED, Severity.MEDIUM


def _is_routine(detail: Mapping[str, object]) -> Verdict:
    raise NotAnAlert("a step of a routine")


# https://docs.aws.amazon.com/AmazonECS/latest/developerguide/stopped-task-error-codes.html
_STOPPED_BY_ITSELF = ("EssentialContainerExited", "TaskFailedToStart")
_STOPPED_FROM_OUTSIDE = ("SpotInterruption", "TerminationNotice")


def _ecs_task(detail: Mapping[str, object]) -> Verdict:
    if word(first(detail, ("lastStatus",))) != "stopped":
        raise NotAnAlert("a task that has not stopped")
    code, reason = first(detail, ("stopCode",)), first(detail, ("stoppedReason",))
    failed = any(
        first(mapping(one), ("exitCode",)) not in ("", "0")
        for one in sequence(detail.get("containers"))
    )
    if failed or code in _STOPPED_BY_ITSELF or "failed" in reason or "OutOfMemory" in reason:
        return Status.FIRING, Severity.HIGH
    if code in _STOPPED_FROM_OUTSIDE or not code:
        return Status.FIRING, Severity.MEDIUM
    return Status.FIRING, Severity.INFO


def _ecs_cluster(detail: Mapping[str, object]) -> str:
    """Services of one name may run in several clusters."""
    return first(detail, ("clusterArn",))


def _ecs_service(detail: Mapping[str, object]) -> Verdict:
    name, kind = first(detail, ("eventName",)), first(detail, ("eventType",))
    if name.endswith(("STEADY_STATE", "DEPLOYMENT_COMPLETED")):
        return Status.RESOLVED, Severity.MEDIUM
    if kind == "INFO":
        raise NotAnAlert(f"event {name[:60]}")
    return Status.FIRING, Severity.HIGH if kind == "ERROR" else Severity.MEDIUM


def _ecs_instance(detail: Mapping[str, object]) -> Verdict:
    connected = detail.get("agentConnected")
    return (Status.RESOLVED if connected is True else Status.FIRING), Severity.MEDIUM


# https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_Events.Messages.html
_RDS_HIGH = frozenset({"failure", "failover", "low storage", "security"})
_RDS_MEDIUM = frozenset({"availability", "read replica", "serverless"})
# Restarted, started, recovered, replication resumed.
_RDS_ENDS = frozenset({"RDS-EVENT-0006", "RDS-EVENT-0021", "RDS-EVENT-0046", "RDS-EVENT-0088"})
# Events that end each other: shut down and stopped, with their ends; replication broken, resumed.
_RDS_ASPECTS = {
    **dict.fromkeys(
        ("RDS-EVENT-0004", "RDS-EVENT-0006", "RDS-EVENT-0020", "RDS-EVENT-0021", "RDS-EVENT-0022",
         "RDS-EVENT-0031", "RDS-EVENT-0087", "RDS-EVENT-0088"),
        "availability",
    ),
    "RDS-EVENT-0045": "replication",
    "RDS-EVENT-0046": "replication",
}  # fmt: skip


def _rds(detail: Mapping[str, object]) -> Verdict:
    if first(detail, ("EventID",)) in _RDS_ENDS:
        return Status.RESOLVED, Severity.MEDIUM
    told = sequence(detail.get("EventCategories"))
    categories = {one.lower() for one in told if isinstance(one, str)}
    if not _RDS_HIGH.isdisjoint(categories):
        return Status.FIRING, Severity.HIGH
    known = categories and _RDS_MEDIUM.isdisjoint(categories)
    return Status.FIRING, Severity.INFO if known else Severity.MEDIUM


def _rds_aspect(detail: Mapping[str, object]) -> str:
    event = first(detail, ("EventID",))
    return _RDS_ASPECTS.get(event, event)


# https://docs.aws.amazon.com/dms/latest/userguide/CHAP_EventBridge.html
def _dms(detail: Mapping[str, object]) -> Verdict:
    event = word(first(detail, ("eventType",)))
    if "fail" in event or "error" in event:
        return Status.FIRING, Severity.HIGH
    if event.endswith(("_started", "_restarted", "_completed")):
        return Status.RESOLVED, Severity.MEDIUM
    if event.endswith(("_created", "_modified", "_starting", "_deleted", "_creating")):
        raise NotAnAlert(f"event {event[:60]}")
    return Status.FIRING, Severity.MEDIUM


def _advice(detail: Mapping[str, object]) -> Verdict:
    status = word(first(detail, ("status",)))
    if status == "ok":
        return Status.RESOLVED, Severity.MEDIUM
    return Status.FIRING, Severity.HIGH if status == "error" else Severity.MEDIUM


_PIPELINE = "codesuite/codepipeline/pipelines/{}/view?region={region}"
_CALLS = Kind(("eventSource", "eventName"), reasons=("errorMessage", "errorCode"), states=())
_BACKUP = Kind(("resourceArn",), any_name=("backupVaultName", "sourceBackupVaultArn"))
_RDS = Kind(("SourceIdentifier",), reasons=("Message",), judge=_rds, aspect=_rds_aspect)
_DMS = Kind(judge=_dms)
_FINDING = Kind(("findingArn",), any_name=("id", "arn"), headline="title")
_LAMBDA = "Lambda Function Invocation Result"
_LAMBDA_NAMES = ("requestContext.functionArn",)
_GROUP = ("AutoScalingGroupName",)
_GROUP_REASONS = ("StatusMessage", "Cause", "Description")
_GROUP_FAILED = Kind(
    _GROUP, reasons=_GROUP_REASONS, judge=_fires(Severity.HIGH), title="EC2 Instance Launch"
)

# The states of an instance, and of things that have no end of their own.
_EC2_UP = frozenset({"running"})

KINDS: Mapping[str, Kind] = {
    "ECS Task State Change": Kind(
        ("group",), reasons=("stoppedReason",), judge=_ecs_task, aspect=_ecs_cluster
    ),
    "ECS Deployment State Change": Kind(judge=_ecs_service),
    "ECS Service Action": Kind(judge=_ecs_service),
    "ECS Container Instance State Change": Kind(("ec2InstanceId",), judge=_ecs_instance),
    "EC2 Instance State-change Notification": Kind(
        ("instance-id",),
        ends=_EC2_UP,
        neither=frozenset({"pending"}),
        page="ec2/home?region={region}#InstanceDetails:instanceId={}",
    ),
    "EC2 Spot Instance Interruption Warning": Kind(
        ("instance-id",), judge=_fires(Severity.MEDIUM), reasons=("instance-action",)
    ),
    "EC2 Instance Launch Unsuccessful": _GROUP_FAILED,
    "EC2 Instance Launch Successful": Kind(
        _GROUP, reasons=_GROUP_REASONS, judge=_ends, title="EC2 Instance Launch"
    ),
    "EC2 Instance Terminate Unsuccessful": Kind(
        _GROUP,
        reasons=_GROUP_REASONS,
        judge=_fires(Severity.HIGH),
        title="EC2 Instance Terminate",
    ),
    "EC2 Instance Terminate Successful": Kind(
        _GROUP, reasons=_GROUP_REASONS, judge=_ends, title="EC2 Instance Terminate"
    ),
    "EC2 Instance-launch Lifecycle Action": Kind(judge=_is_routine),
    "EC2 Instance-terminate Lifecycle Action": Kind(judge=_is_routine),
    "RDS DB Instance Event": _RDS,
    "RDS DB Cluster Event": _RDS,
    "RDS DB Snapshot Event": _RDS,
    "RDS DB Cluster Snapshot Event": _RDS,
    "RDS DB Parameter Group Event": _RDS,
    "RDS DB Security Group Event": _RDS,
    "RDS DB Proxy Event": _RDS,
    "CodePipeline Pipeline Execution State Change": Kind(
        ("pipeline",), neither=_UNDER_WAY | _CALLED_OFF, page=_PIPELINE
    ),
    "CodePipeline Stage Execution State Change": Kind(
        ("pipeline", "stage"), neither=_UNDER_WAY | _CALLED_OFF
    ),
    "CodePipeline Action Execution State Change": Kind(
        ("pipeline", "stage", "action"),
        neither=_UNDER_WAY | _CALLED_OFF,
        reasons=("execution-result.external-execution-summary", *_REASONS),
    ),
    "CodeBuild Build State Change": Kind(
        ("project-name",), states=("build-status",), neither=_UNDER_WAY | _CALLED_OFF
    ),
    "CodeBuild Build Phase Change": Kind(
        ("project-name", "completed-phase"),
        states=("completed-phase-status",),
        neither=_UNDER_WAY | _CALLED_OFF,
        reasons=("completed-phase-context",),
    ),
    "Step Functions Execution Status Change": Kind(
        ("stateMachineArn",), reasons=("cause", "error"), severity=Severity.HIGH
    ),
    "Glue Job State Change": Kind(("jobName",), neither=_UNDER_WAY | _CALLED_OFF),
    "Glue Crawler State Change": Kind(("crawlerName",)),
    "Batch Job State Change": Kind(("jobName",)),
    "Backup Job State Change": _BACKUP,
    "Copy Job State Change": _BACKUP,
    "Restore Job State Change": _BACKUP,
    "DMS Replication Task State Change": _DMS,
    "DMS Replication Instance State Change": _DMS,
    "DMS Replication State Change": _DMS,
    "EMR Cluster State Change": Kind(
        ("clusterId",), neither=_UNDER_WAY | {"terminating", "terminated"}
    ),
    "EMR Step Status Change": Kind(("clusterId", "name"), neither=_UNDER_WAY | _CALLED_OFF),
    "Trusted Advisor Check Item Refresh Notification": Kind(
        ("check-name", "resource_id"), judge=_advice, reasons=("check-item-detail.Reason",)
    ),
    "Config Rules Compliance Change": Kind(
        ("configRuleName", "resourceId"),
        states=("newEvaluationResult.complianceType",),
        neither=frozenset({"not_applicable", "insufficient_data"}),
        reasons=("newEvaluationResult.annotation",),
    ),
    "Inspector2 Finding": _FINDING,
    "Macie Finding": _FINDING,
    "Access Analyzer Finding": _FINDING,
    "AWS API Call via CloudTrail": _CALLS,
    "AWS Console Sign In via CloudTrail": _CALLS,
    "AWS Service Event via CloudTrail": _CALLS,
    "Scheduled Event": Kind(judge=_is_routine),
    f"{_LAMBDA} - Failure": Kind(
        _LAMBDA_NAMES,
        judge=_fires(Severity.HIGH),
        title=_LAMBDA,
        reasons=("responsePayload.errorMessage", "requestContext.condition"),
    ),
    f"{_LAMBDA} - Success": Kind(_LAMBDA_NAMES, judge=_ends, title=_LAMBDA),
}

_OTHER = Kind(any_name=_NAMES)
#: Events of one's own applications: they end only where they say so in as many words.
_CUSTOM = Kind(any_name=_NAMES, ends=_ENDED, neither=frozenset())
