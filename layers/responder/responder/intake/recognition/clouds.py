"""Rows for the other clouds, for CloudEvents and for Kubernetes."""

from responder.intake.draft import Request
from responder.intake.fields import mapping
from responder.intake.recognition.row import Row

_CLOUDFLARE_TEST = "Hello World! This is a test message sent from https://cloudflare.com"
_AZURE_SCHEMAS = ("azuremonitor", "microsoft.insights/")


def is_azure_schema(payload: object, request: Request) -> bool:
    """Whether ``schemaId`` is one of Azure Monitor's."""
    schema = mapping(payload)["schemaId"]
    return isinstance(schema, str) and schema.lower().startswith(_AZURE_SCHEMAS)


def is_azure_metric(payload: object, request: Request) -> bool:
    """Whether ``context`` is that of a classic metric alert or an autoscale notification."""
    context = mapping(mapping(payload)["context"])
    return "resourceType" in context and "portalLink" in context


def holds_essentials(payload: object, request: Request) -> bool:
    """Whether ``data`` are those of the common alert schema, whose name was left out."""
    essentials = mapping(mapping(mapping(payload)["data"]).get("essentials"))
    return "monitorCondition" in essentials


def is_grid_event(payload: object, request: Request) -> bool:
    """Whether an event of Azure Event Grid tells of a topic's subject."""
    event = mapping(payload)
    return isinstance(event.get("eventType"), str) and "subject" in event and "topic" in event


def is_google_incident(payload: object, request: Request) -> bool:
    """Whether ``incident`` is one of Google Cloud Monitoring."""
    incident = mapping(mapping(payload)["incident"])
    by_id = "incident_id" in incident or "scoping_project_id" in incident
    return by_id and ("policy_name" in incident or "condition" in incident)


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


ROWS: tuple[Row, ...] = (
    Row("cloudevents", ("specversion", "type", "source", "id")),
    Row("azure-monitor", ("schemaId", "data"), test=is_azure_schema),
    Row("azure-monitor", ("data",), test=holds_essentials),
    Row("azure-monitor", ("AlertRuleName", "SearchQuery")),
    Row("azure-monitor", ("context", "status"), test=is_azure_metric),
    Row("azure-event-grid", ("eventType", "topic"), test=is_grid_event),
    Row("google-cloud", ("incident",), test=is_google_incident),
    Row("google-cloud", ("group_info", "exception_info")),
    Row("google-cloud", ("budgetDisplayName", "costAmount")),
    Row("google-cloud", ("notificationConfigName", "finding")),
    Row("mongodb-atlas", header="x-mms-event"),
    Row("mongodb-atlas", ("eventTypeName", "status")),
    Row("cloudflare", header="cf-webhook-auth"),
    Row("cloudflare", ("alert_type", "policy_id")),
    Row("cloudflare", ("ts", "name", "text", "data")),
    Row("cloudflare", ("text",), test=is_cloudflare_test),
    Row("oracle-cloud", ("alarmMetaData", "title")),
    Row("alibaba-cloud", ("alertState", "alertName")),
    Row("tencent-cloud", ("alarmPolicyInfo", "alarmObjInfo")),
    Row("sysdig", ("timespan", "alert", "state")),
    Row("kubernetes", ("involvedObject", "reason"), test=is_kubernetes_event),
    Row("kubernetes", ("regarding", "reason"), test=is_kubernetes_event),
    Row("kubernetes", ("event", "verb"), test=is_kubernetes_event),
)
