"""The tests of ``recognition``'s table that need more than the presence of a key."""

from collections.abc import Callable

from responder.intake.changes.aws import is_deployment_event, is_stack_event
from responder.intake.draft import Request
from responder.intake.fields import mapping, sequence

# Fields of an element by which a bare array is known as Alertmanager's push API's.
_PUSH_FIELDS = frozenset({"annotations", "startsAt", "endsAt", "generatorURL"})
_LOOKED_AT = 20
_CLOUDFLARE_TEST = "Hello World! This is a test message sent from https://cloudflare.com"
_AZURE_SCHEMAS = ("azuremonitor", "microsoft.insights/")


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


def is_azure_schema(payload: object, request: Request) -> bool:
    """Whether ``schemaId`` is one of Azure Monitor's."""
    schema = mapping(payload)["schemaId"]
    return isinstance(schema, str) and schema.lower().startswith(_AZURE_SCHEMAS)


def is_azure_metric(payload: object, request: Request) -> bool:
    """Whether ``context`` is that of a classic metric alert or an autoscale notification."""
    context = mapping(mapping(payload)["context"])
    return "resourceType" in context and "portalLink" in context


def is_grid_event(payload: object, request: Request) -> bool:
    """Whether an event of Azure Event Grid tells of a topic's subject."""
    event = mapping(payload)
    return isinstance(event.get("eventType"), str) and "subject" in event and "topic" in event


def is_google_incident(payload: object, request: Request) -> bool:
    """Whether ``incident`` is one of Google Cloud Monitoring."""
    incident = mapping(mapping(payload)["incident"])
    return "incident_id" in incident and ("policy_name" in incident or "condition" in incident)


def is_cloudflare_test(payload: object, request: Request) -> bool:
    """Whether Cloudflare tries a new destination out; it says nothing else."""
    text = mapping(payload)["text"]
    return isinstance(text, str) and text.startswith(_CLOUDFLARE_TEST)


def is_kubernetes_event(payload: object, request: Request) -> bool:
    """Whether it is an event of Kubernetes itself, alone or in what an exporter put around it."""
    fields = mapping(payload)
    event = mapping(fields.get("event")) or fields
    named = "involvedObject" in event or "regarding" in event
    return named and event.get("type") in ("Normal", "Warning")


def is_alertmanager(payload: object, request: Request) -> bool:
    """Whether ``alerts`` are those of a webhook notification, version 4."""
    fields = mapping(payload)
    return isinstance(fields["alerts"], list) and (
        fields.get("version") == "4" or "groupKey" in fields or "receiver" in fields
    )


def is_push(payload: object, request: Request) -> bool:
    """Whether an array holds the alerts of Alertmanager's push API."""
    return any(_is_pushed(element) for element in sequence(payload)[:_LOOKED_AT])


def _is_pushed(element: object) -> bool:
    fields = mapping(element)
    labels = fields.get("labels")
    return isinstance(labels, dict) and (
        "alertname" in labels or not _PUSH_FIELDS.isdisjoint(fields)
    )
