"""Rows for what AWS sends: messages of SNS, CloudWatch, events of EventBridge."""

from collections.abc import Callable

from responder.intake.changes.aws import is_deployment_event, is_stack_event
from responder.intake.draft import Request
from responder.intake.fields import mapping, sequence
from responder.intake.recognition.row import Row


def is_sns_message(payload: object, request: Request) -> bool:
    """Whether it is a message of SNS that holds nothing which could be taken out of it."""
    fields = mapping(payload)
    return all(isinstance(fields.get(name), str) for name in ("Type", "TopicArn", "Message"))


def is_budget(payload: object, request: Request) -> bool:
    """Whether AWS Budgets sent the message of SNS."""
    subject = mapping(payload).get("Subject")
    return isinstance(subject, str) and subject.startswith("AWS Budgets")


def event_of(source: str, *names: str) -> Callable[[object, Request], bool]:
    """Whether an event of EventBridge is of ``source``, with one of ``names`` in its detail."""

    def is_of(payload: object, request: Request) -> bool:
        fields = mapping(payload)
        detail = mapping(fields.get("detail"))
        return fields.get("source") == source and any(name in detail for name in names)

    return is_of


def is_event(payload: object, request: Request) -> bool:
    """Whether it is an event of EventBridge that tells of no deployment."""
    fields = mapping(payload)
    named = isinstance(fields["detail-type"], str) and isinstance(fields["source"], str)
    # A route to this tool must not hide a change from those that tell of changes.
    return named and not (is_stack_event(payload, request) or is_deployment_event(payload, request))


def holds_findings(payload: object, request: Request) -> bool:
    """Whether ``findings`` are those of Security Hub, sent without their event."""
    found = mapping(next(iter(sequence(mapping(payload)["findings"])), None))
    return "ProductArn" in found or "finding_info" in found


def is_alarm_event(payload: object, request: Request) -> bool:
    """Whether it is EventBridge's event of a CloudWatch alarm."""
    fields = mapping(payload)
    detail = mapping(fields.get("detail"))
    return fields.get("source") == "aws.cloudwatch" and "alarmName" in detail and "state" in detail


ROWS: tuple[Row, ...] = (
    Row("aws-cost", ("TopicArn", "Message"), test=is_budget),
    Row("sns", ("TopicArn", "Message"), test=is_sns_message),
    Row("cloudwatch", ("AlarmName", "NewStateValue")),
    Row("cloudwatch", ("alarmData", "alarmArn")),
    Row("cloudwatch", ("detail", "source"), test=is_alarm_event),
    Row("guardduty", ("detail-type",), test=event_of("aws.guardduty", "id")),
    Row("guardduty", ("schemaVersion", "partition", "service")),
    Row("security-hub", ("detail-type",), test=event_of("aws.securityhub", "findings")),
    Row("security-hub", ("findings",), test=holds_findings),
    Row(
        "aws-health",
        ("detail-type",),
        test=event_of("aws.health", "eventArn", "eventTypeCode"),
    ),
    Row("aws-health", ("eventArn", "eventTypeCode")),
    Row("aws-cost", ("detail-type",), test=event_of("aws.ce", "anomalyId")),
    Row("aws-cost", ("anomalyId", "monitorArn")),
    Row("eventbridge", ("detail-type", "source"), test=is_event),
    Row("eventbridge", ("Event Message", "Source ID")),
    Row("eventbridge", ("AutoScalingGroupARN", "Event")),
)
