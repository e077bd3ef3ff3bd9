"""Taking payloads out of what they were sent in: SNS messages and JSON inside strings.

No URL that an envelope names is ever fetched, and its tokens are never kept.
"""

from dataclasses import replace
from typing import TypeGuard

from responder.intake.body import load_json
from responder.intake.draft import Request
from responder.intake.fields import first, mapping, sequence
from responder.intake.times import read_time

#: Envelopes inside envelopes that are opened; what is deeper is read as it stands.
MAX_ENVELOPES = 4

# https://docs.aws.amazon.com/sns/latest/dg/sns-message-and-json-formats.html
_HANDSHAKES = ("SubscriptionConfirmation", "UnsubscribeConfirmation")


def unwrap(value: object, request: Request) -> tuple[object, Request]:
    """The innermost payload, and the request with the envelope's id, time and subject."""
    headers = request.headers
    if delivery := headers.get("idempotency-key") or headers.get("x-amz-sns-message-id"):
        request = replace(request, delivery_id=delivery)
    inner: object
    for _ in range(MAX_ENVELOPES):
        if isinstance(value, str):
            inner = _json_inside(value)
        elif _is_sns(value, ("Notification",)):
            inner = value["Message"]
            request = replace(
                request,
                delivery_id=first(value, ["MessageId"]) or request.delivery_id,
                sent_at=read_time(value.get("Timestamp")) or request.sent_at,
                subject=first(value, ["Subject"]) or request.subject,
            )
        elif (message := _lambda_record(value)) is not None:
            inner = message
        else:
            return value, request
        if inner is None:
            return value, request
        value = inner
    return value, request


def _is_sns(value: object, kinds: tuple[str, ...]) -> TypeGuard[dict[str, object]]:
    return (
        isinstance(value, dict)
        and value.get("Type") in kinds
        and isinstance(value.get("TopicArn"), str)
        and isinstance(value.get("Message"), str)
    )


def _lambda_record(value: object) -> object | None:
    """The message of an event with which SNS calls a Lambda function; it always holds one."""
    records = sequence(mapping(value).get("Records"))
    if len(records) != 1:
        return None
    message = mapping(records[0]).get("Sns")
    return message if _is_sns(message, ("Notification", *_HANDSHAKES)) else None


def _json_inside(text: str) -> object | None:
    if text.lstrip()[:1] not in ("{", "[", '"'):
        return None
    try:
        value = load_json(text)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict | list | str) else None
