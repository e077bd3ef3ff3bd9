"""The tests of ``recognition``'s table that need more than the presence of a key."""

from responder.intake.draft import Request
from responder.intake.fields import mapping, sequence

# https://docs.aws.amazon.com/sns/latest/dg/sns-message-and-json-formats.html
_HANDSHAKES = ("SubscriptionConfirmation", "UnsubscribeConfirmation")
# Fields of an element by which a bare array is known as Alertmanager's push API's.
_PUSH_FIELDS = frozenset({"annotations", "startsAt", "endsAt", "generatorURL"})
_LOOKED_AT = 20
# Types of notifications that Nagios and its descendants share.
_NOTIFICATIONS = ("PROBLEM", "RECOVERY", "ACKNOWLEDGEMENT", "FLAPPING", "DOWNTIME", "CUSTOM")
# Fields by which the resources of Better Stack are known among those of JSON:API.
_BETTER_STACK = {
    "incident": frozenset({"cause", "started_at", "acknowledged_at", "resolved_at"}),
    "error": frozenset({"error_url", "error_type", "application_name"}),
    "monitor": frozenset({"pronounceable_name", "monitor_type", "check_frequency"}),
}
_ON_CALL = "on_call"
_ZABBIX_MESSAGES = ("Problem started at ", "Problem has been resolved ")
_STATUS_PAGE = ("incident", "maintenance", "component_update")


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


def is_status_page(payload: object, request: Request) -> bool:
    """Whether it is what a status page tells its subscribers."""
    fields = mapping(payload)
    return isinstance(fields["page"], dict) and any(
        isinstance(fields.get(name), dict) for name in _STATUS_PAGE
    )


def is_better_stack(payload: object, request: Request) -> bool:
    """Whether ``data`` is a resource of Better Stack's."""
    data = mapping(mapping(payload)["data"])
    attributes, kind = data.get("attributes"), data.get("type")
    if not isinstance(attributes, dict) or not isinstance(kind, str):
        return False
    return kind.startswith(_ON_CALL) or not _BETTER_STACK.get(kind, frozenset()).isdisjoint(
        attributes
    )


def is_healthcheck(payload: object, request: Request) -> bool:
    """Whether our template has a check of Healthchecks in it."""
    return "grace" in mapping(mapping(payload).get("check"))


def is_updown(payload: object, request: Request) -> bool:
    """Whether an event, or one of an array of events, is of a check of updown.io."""
    elements = payload if isinstance(payload, list) else [payload]
    return any(_is_updown(element) for element in elements[:_LOOKED_AT])


def _is_updown(element: object) -> bool:
    fields = mapping(element)
    check, event = mapping(fields.get("check")), fields.get("event")
    is_event = isinstance(event, str) and event.startswith("check.")
    return is_event and ("token" in check or "apdex_t" in check)


def is_nagios(payload: object, request: Request) -> bool:
    """Whether a type of notification is one of Nagios' words, and something has a state."""
    fields = mapping(payload)
    names = ("notification_type", "notificationtype", "type")
    kind = next((fields[name] for name in names if name in fields), None)
    return isinstance(kind, str) and kind.upper().startswith(_NOTIFICATIONS)


def is_reachability(payload: object, request: Request) -> bool:
    """Whether Netdata tells of a node that it can or cannot reach."""
    return "reachable" in mapping(mapping(payload)["status"])


def is_wazuh(payload: object, request: Request) -> bool:
    """Whether a rule has a level, as only Wazuh's have."""
    fields = mapping(payload)
    return "level" in mapping(fields["rule"]) and isinstance(fields["agent"], dict)


def is_thousandeyes(payload: object, request: Request) -> bool:
    """Whether the event, or the alert in it, is ThousandEyes'."""
    fields = mapping(payload)
    alert, event = mapping(fields.get("alert")), fields.get("eventType")
    is_event = isinstance(event, str) and ("NOTIFICATION" in event or event == "WEBHOOK_TEST")
    return is_event or ("ruleExpression" in alert and "alertId" in alert)


def is_cronitor(payload: object, request: Request) -> bool:
    """Whether a monitor's alert is one of Cronitor's two types."""
    return mapping(payload)["type"] in ("ALERT", "RECOVERY")


def is_snitch(payload: object, request: Request) -> bool:
    """Whether ``data`` is of Dead Man's Snitch."""
    return isinstance(mapping(mapping(payload)["data"]).get("snitch"), dict)


def is_zabbix_message(payload: object, request: Request) -> bool:
    """Whether a message begins as Zabbix's default messages do."""
    message = mapping(payload)["message"]
    return isinstance(message, str) and message.startswith(_ZABBIX_MESSAGES)
