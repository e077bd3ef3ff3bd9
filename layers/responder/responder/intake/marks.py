"""The tests of ``recognition``'s table that need more than the presence of a key."""

from responder.intake.draft import Request
from responder.intake.fields import mapping, sequence

# https://docs.aws.amazon.com/sns/latest/dg/sns-message-and-json-formats.html
_HANDSHAKES = ("SubscriptionConfirmation", "UnsubscribeConfirmation")
# Fields of an element by which a bare array is known as Alertmanager's push API's.
_PUSH_FIELDS = frozenset({"annotations", "startsAt", "endsAt", "generatorURL"})
_LOOKED_AT = 20


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
