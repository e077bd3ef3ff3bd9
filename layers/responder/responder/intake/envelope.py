"""Taking payloads out of what they were sent in: messages, CloudEvents and JSON inside strings.

No URL that an envelope names is ever fetched, and its tokens are never kept.
"""

from collections.abc import Callable, Mapping

from responder.intake import generic
from responder.intake.body import from_base64, json_inside
from responder.intake.changes.registry import news_of
from responder.intake.draft import Request
from responder.intake.fields import first, mapping, sequence
from responder.intake.recognition import named, tools_of
from responder.intake.times import read_time

#: Envelopes inside envelopes that are opened; what is deeper is read as it stands.
MAX_ENVELOPES = 6

# https://docs.aws.amazon.com/sns/latest/dg/sns-message-and-json-formats.html
_NOTIFICATION = "Notification"
_SNS_FIELDS = ("Type", "TopicArn", "Message")
# https://docs.aws.amazon.com/sns/latest/dg/sns-large-payload-raw-message-delivery.html
_RAW_MODE = "x-amz-sns-rawdelivery"
_RAW_HEADERS = {"TopicArn": "x-amz-sns-topic-arn", "MessageId": "x-amz-sns-message-id"}
# https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html
_SQS = "aws:sqs"
# https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-pipes-event-target.html
_OF_PIPE = "Event from aws:"
# https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/bindings/http-protocol-binding.md
_BINARY_MODE = "ce-specversion"
_OF_GRID_ITSELF = "Microsoft.EventGrid."
_CLOUD_EVENT, _GRID_EVENT = _EVENTS = ("specversion", "eventType")
_ATTRIBUTES = ("specversion", "type", "source", "id", "time", "subject")

Fields = Mapping[str, object]
_Opened = tuple[object, Request] | None


def unwrap(value: object, request: Request) -> tuple[object, Request]:
    """The innermost payload, and the request with the envelope's id, time and subject."""
    headers = request.headers
    if delivery := headers.get("idempotency-key") or headers.get("x-amz-sns-message-id"):
        request = request._replace(delivery_id=delivery)
    if _BINARY_MODE in headers:
        value = _structured(value, headers)
    if _RAW_MODE in headers and isinstance(value, str) and json_inside(value) is None:
        value = _of_raw(value, headers)
    for _ in range(MAX_ENVELOPES):
        opened = _open(value, request)
        if opened is None:
            break
        value, request = opened
    return value, request


def _open(value: object, request: Request) -> _Opened:
    """What is inside, or None where it is no envelope, or one whose inside says less than it."""
    if isinstance(value, str):
        inner = json_inside(value)
        return None if inner is None else (inner, request)
    if isinstance(value, dict):
        for key, opener in _OPENERS:
            if key in value and (opened := opener(value, request)):
                return opened
    return None


def _of_sns(message: Fields, request: Request) -> _Opened:
    """Prose stays in its envelope, which names the topic."""
    if message.get("Type") != _NOTIFICATION or not _is_sns(message):
        return None
    inner = json_inside(first(message, ("Message",)))
    if inner is None:
        return None
    return inner, request._replace(
        delivery_id=first(message, ("MessageId",)) or request.delivery_id,
        sent_at=read_time(message.get("Timestamp")) or request.sent_at,
        subject=first(message, ("Subject",)) or request.subject,
    )


def _of_raw(text: str, headers: Mapping[str, str]) -> object:
    """Prose that came without its envelope, in one: the headers still name the topic."""
    named = {name: headers[header] for name, header in _RAW_HEADERS.items() if header in headers}
    return {"Type": _NOTIFICATION, "Message": text, **named} if "TopicArn" in named else text


def _of_message(message: Fields, request: Request) -> _Opened:
    """A known payload in a message whose envelope lost most of its fields."""
    inner = message["Message"]
    inner = json_inside(inner) if isinstance(inner, str) else inner
    if not isinstance(inner, dict) or next(tools_of(inner, request), None) is None:
        return None
    return inner, request._replace(
        delivery_id=first(message, ("MessageId",)) or request.delivery_id,
        sent_at=read_time(message.get("Timestamp")) or request.sent_at,
    )


def _of_lambda(event: Fields, request: Request) -> _Opened:
    """The messages with which SNS or SQS call a function."""
    messages: list[object] = []
    for record in map(mapping, sequence(event["Records"])):
        message = mapping(record.get("Sns"))
        if _is_sns(message):
            messages.append(message)
        elif record.get("eventSource") == _SQS:
            messages.append(record)
    if not messages or len(messages) < len(sequence(event["Records"])):
        return None
    return (messages[0] if len(messages) == 1 else messages), request


def _of_sqs(record: Fields, request: Request) -> _Opened:
    body = record.get("body")
    if record["eventSource"] != _SQS or not isinstance(body, str | dict):
        return None
    delivery = first(record, ("messageId",)) or request.delivery_id
    return body, request._replace(delivery_id=delivery)


def _of_pipe(event: Fields, request: Request) -> _Opened:
    """A record that EventBridge Pipes put on a bus."""
    kind, detail = event["detail-type"], event.get("detail")
    if not isinstance(kind, str) or not kind.startswith(_OF_PIPE) or not isinstance(detail, dict):
        return None
    # The bus keeps the record's body and not always where it came from.
    return {"eventSource": _SQS, **detail}, request


def _of_pubsub(push: Fields, request: Request) -> _Opened:
    """https://cloud.google.com/pubsub/docs/push#receive_push."""
    message = mapping(push.get("message"))
    text = from_base64(message.get("data"))
    if not text:
        return None
    inner = json_inside(text)
    return text if inner is None else inner, request._replace(
        delivery_id=first(message, ("messageId", "message_id")) or request.delivery_id,
        sent_at=read_time(message.get("publishTime")) or request.sent_at,
    )


def _of_cloud_event(event: Fields, request: Request) -> _Opened:
    """Data that a tool knows; what none knows says less than the event's own type and source."""
    data = event.get("data")
    if data is None and "data_base64" in event:
        data = from_base64(event["data_base64"])
    if isinstance(data, str):
        data = json_inside(data)
    if not isinstance(data, dict | list):
        return None
    inside = request._replace(
        delivery_id=f"{first(event, ('source',))}#{first(event, ('id',))}",
        sent_at=read_time(event.get("time")) or request.sent_at,
    )
    known = isinstance(data, list) or _is_known(data, inside, "cloudevents")
    return (data, inside) if known else None


def _of_event_grid(event: Fields, request: Request) -> _Opened:
    """An alert of a tool that was sent through Azure Event Grid."""
    data = event.get("data")
    if "topic" not in event or not isinstance(data, dict):
        return None
    # Its handshakes have data that no tool sent.
    if first(event, (_GRID_EVENT,)).startswith(_OF_GRID_ITSELF):
        return None
    if not _is_known(data, request, "azure-event-grid"):
        return None
    return data, request._replace(
        delivery_id=first(event, ("id",)) or request.delivery_id,
        sent_at=read_time(event.get("eventTime")) or request.sent_at,
    )


def _is_known(data: dict[str, object], request: Request, envelope: str) -> bool:
    """Whether data can be read without its envelope, by itself or by the route's tool.

    Data with the generic names are read within their envelope, whose type may say the state.
    """
    if next(tools_of(data, request), None):
        return True
    if named(request) not in ("", envelope) and not generic.is_generic(data):
        return True
    # Events within events are not followed here: a body may hold thousands of them.
    if any(name in data for name in _EVENTS):
        return True
    return _open(data, request) is not None or news_of(data, request) is not None


_OPENERS: tuple[tuple[str, Callable[[Fields, Request], _Opened]], ...] = (
    ("TopicArn", _of_sns),
    ("Message", _of_message),
    ("Records", _of_lambda),
    ("eventSource", _of_sqs),
    (_CLOUD_EVENT, _of_cloud_event),
    ("subscription", _of_pubsub),
    (_GRID_EVENT, _of_event_grid),
    ("detail-type", _of_pipe),
)


def _is_sns(message: Fields) -> bool:
    return all(isinstance(message.get(name), str) for name in _SNS_FIELDS)


def _structured(value: object, headers: Mapping[str, str]) -> dict[str, object]:
    """A CloudEvent whose attributes came as headers, in the form of one that came whole."""
    names = ((name, headers.get(f"ce-{name}")) for name in _ATTRIBUTES)
    return {name: text for name, text in names if text} | {"data": value}
