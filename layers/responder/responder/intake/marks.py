"""The tests of ``recognition``'s table that need more than the presence of a key."""

from responder.intake.draft import Request
from responder.intake.fields import mapping, sequence

# https://docs.aws.amazon.com/sns/latest/dg/sns-message-and-json-formats.html
_HANDSHAKES = ("SubscriptionConfirmation", "UnsubscribeConfirmation")
# Fields of an element by which a bare array is known as Alertmanager's push API's.
_PUSH_FIELDS = frozenset({"annotations", "startsAt", "endsAt", "generatorURL"})
_LOOKED_AT = 20
# Fields of a notification of Alertmanager's and Grafana's; those that only Grafana's alerts have.
_NOTIFICATION_FIELDS = frozenset({"groupKey", "receiver"})
_GRAFANA_FIELDS = frozenset({"silenceURL", "dashboardURL", "panelURL", "valueString"})

_SENTRY_ALERTS = frozenset({"event", "error", "issue", "metric_alert"})
_SENTRY_OWN = frozenset({"triggered_rule", "issue_alert", "metric_alert"})
_SENTRY_DATA = frozenset({"comment_id", "installation"})
_INSTANA_FIELDS = frozenset({"start", "end", "severity", "entityLabel"})


def is_handshake(payload: object, request: Request) -> bool:
    """Whether SNS asks for a confirmation instead of delivering a message."""
    fields = mapping(payload)
    return (
        fields.get("Type") in _HANDSHAKES
        and isinstance(fields.get("TopicArn"), str)
        and isinstance(fields.get("Message"), str)
    )


def is_alarm_event(payload: object, request: Request) -> bool:
    """Whether it is EventBridge's event of a CloudWatch alarm."""
    fields = mapping(payload)
    detail = mapping(fields.get("detail"))
    return fields.get("source") == "aws.cloudwatch" and "alarmName" in detail and "state" in detail


def is_grafana(payload: object, request: Request) -> bool:
    """Whether ``alerts`` are Grafana's, whose notifications have more than Alertmanager's."""
    fields = mapping(payload)
    alerts = fields["alerts"]
    if not isinstance(alerts, list) or fields.get("version") == "4":
        return False
    if not fields.keys().isdisjoint(_NOTIFICATION_FIELDS) and (
        "orgId" in fields
        or fields.get("version") == "1"
        or request.headers.get("user-agent", "").startswith("Grafana")
    ):
        return True
    return not _GRAFANA_FIELDS.isdisjoint(mapping(alerts[0]) if alerts else ())


def is_alertmanager(payload: object, request: Request) -> bool:
    """Whether ``alerts`` are those of a webhook notification."""
    fields = mapping(payload)
    alerts = fields["alerts"]
    return isinstance(alerts, list) and (
        fields.get("version") == "4"
        or not fields.keys().isdisjoint(_NOTIFICATION_FIELDS)
        or any(_is_pushed(alert) for alert in alerts[:_LOOKED_AT])
    )


def is_oncall_group(payload: object, request: Request) -> bool:
    """Whether Grafana OnCall tells of an alert group."""
    fields = mapping(payload)
    group = mapping(fields["alert_group"])
    return "integration_id" in group or ("id" in group and "integration" in fields)


def is_irm_incident(payload: object, request: Request) -> bool:
    """Whether Grafana IRM tells of an incident."""
    event = mapping(payload)["event"]
    return isinstance(event, str) and event.startswith("grafana.incident")


def is_push(payload: object, request: Request) -> bool:
    """Whether an array holds the alerts of Alertmanager's push API."""
    return any(_is_pushed(element) for element in sequence(payload)[:_LOOKED_AT])


def _is_pushed(element: object) -> bool:
    fields = mapping(element)
    labels = fields.get("labels")
    return isinstance(labels, dict) and (
        "alertname" in labels or not _PUSH_FIELDS.isdisjoint(fields)
    )


def is_pagerduty_event(payload: object, request: Request) -> bool:
    """Whether it is the event of a webhook of version 3."""
    event = mapping(mapping(payload)["event"])
    return "event_type" in event and ("resource_type" in event or "data" in event)


def are_pagerduty_messages(payload: object, request: Request) -> bool:
    """Whether they are the messages of a webhook of version 2 or 1."""
    messages = sequence(mapping(payload)["messages"])[:_LOOKED_AT]
    kinds = [mapping(message).get("event", mapping(message).get("type")) for message in messages]
    return any(isinstance(kind, str) and kind.startswith("incident.") for kind in kinds)


def is_pagerduty_payload(payload: object, request: Request) -> bool:
    """Whether the payload of an event is what PagerDuty's Events API takes."""
    return "summary" in mapping(mapping(payload).get("payload"))


def is_pagerduty(payload: object, request: Request) -> bool:
    """Whether a signed body has a shape of PagerDuty's webhooks."""
    fields = mapping(payload)
    return "event" in fields or "messages" in fields


def is_object(payload: object, request: Request) -> bool:
    """Whether it is an object; where a header names the tool, no more is needed."""
    return isinstance(payload, dict)


def is_sentry(payload: object, request: Request) -> bool:
    """Whether the data of an action are Sentry's."""
    fields = mapping(payload)
    data = mapping(fields["data"])
    if not _SENTRY_ALERTS.isdisjoint(data):
        return "installation" in fields or "actor" in fields or not _SENTRY_OWN.isdisjoint(data)
    return "installation" in fields and not _SENTRY_DATA.isdisjoint(data)


def is_sentry_hook(payload: object, request: Request) -> bool:
    """Whether it is the event of one of Sentry's service hooks."""
    fields = mapping(payload)
    return "id" in mapping(fields["group"]) and "event_id" in mapping(fields["event"])


def is_opsgenie(payload: object, request: Request) -> bool:
    """Whether an action is on an alert of Opsgenie's."""
    alert = mapping(mapping(payload)["alert"])
    return "alertId" in alert or "tinyId" in alert


def is_burn_alert(payload: object, request: Request) -> bool:
    """Whether it is Honeycomb's of an objective."""
    fields = mapping(payload)
    return isinstance(fields["slo"], dict) and (
        "shared_secret" in fields or "id" in fields or "result_url" in fields
    )


def is_instana(payload: object, request: Request) -> bool:
    """Whether an issue is Instana's, of which the closed one has next to nothing."""
    issue = mapping(mapping(payload)["issue"])
    return "id" in issue and not _INSTANA_FIELDS.isdisjoint(issue) and "title" not in issue


def is_policy_event(payload: object, request: Request) -> bool:
    """Whether the type of an event is one of AppDynamics' policies'."""
    fields = mapping(payload)
    kind = fields.get("eventType", fields.get("event_type"))
    return isinstance(kind, str) and kind.startswith("POLICY_")


def is_rootly(payload: object, request: Request) -> bool:
    """Whether an event is Rootly's."""
    event = mapping(mapping(payload)["event"])
    return "issued_at" in event and "type" in event


def is_firehydrant(payload: object, request: Request) -> bool:
    """Whether an event is FireHydrant's."""
    event = mapping(mapping(payload)["event"])
    return "operation" in event and "resource_type" in event


def is_squadcast(payload: object, request: Request) -> bool:
    """Whether an event is Squadcast's, version 2."""
    return "resource_data" in mapping(mapping(payload)["data"])


def is_incident_io(payload: object, request: Request) -> bool:
    """Whether the event is under its own name, as incident.io's are."""
    fields = mapping(payload)
    kind = fields["event_type"]
    return isinstance(kind, str) and "." in kind and isinstance(fields.get(kind), dict)
