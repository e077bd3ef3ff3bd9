"""One dead letter as a value: why it died, what it is about, and a view without its contents."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from pydantic import ValidationError

from responder.contracts import AlertMessage
from responder.signature import signature

#: SQS itself moved the message after its last receive; a reason left over from before is stale.
RECEIVES_EXHAUSTED = "receives_exhausted"
UNKNOWN = "unknown"

#: Attributes that our own hand adds when it gives a message up; a copy goes back without them.
OUR_ATTRIBUTES = frozenset({"reason", "function", "version", "trace", "detail", "card"})
#: Attributes that SNS and EventBridge add to an event that they could not deliver.
#: https://docs.aws.amazon.com/sns/latest/dg/sns-dead-letter-queues.html
#: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-dlq.html
SERVICE_REASONS = ("ErrorCode", "ERROR_CODE")

#: Fields that say which message it is without saying what is in it.
PLAIN_FIELDS = frozenset(
    {
        "alert_id", "incident_id", "cache_key", "source", "fingerprint", "severity", "status",
        "rule", "service", "event_at", "received_at", "first_sent", "not_before", "trace", "cause",
        "requestId", "functionArn", "condition", "timestamp", "MessageId", "TopicArn", "Type",
        "Timestamp", "id", "detail-type", "time", "region", "EventSource",
    }
)  # fmt: skip


@dataclass(frozen=True)
class Letter:
    """A received dead letter; ``attributes`` are SQS message attributes as SQS gives them.

    ``source`` is the tool of the incident that it names, where somebody looked that up.
    """

    message_id: str
    receipt: str
    body: str
    attributes: Mapping[str, Mapping[str, Any]]
    sent_at: datetime | None
    receives: int
    system: Mapping[str, str]
    source: str = ""

    @classmethod
    def read(cls, message: Mapping[str, Any]) -> "Letter":
        """A letter from what ReceiveMessage returned."""
        system = message.get("Attributes", {})
        sent = system.get("SentTimestamp")
        return cls(
            message_id=message["MessageId"],
            receipt=message["ReceiptHandle"],
            body=message["Body"],
            attributes=message.get("MessageAttributes", {}),
            sent_at=datetime.fromtimestamp(int(sent) / 1000, UTC) if sent else None,
            receives=int(system.get("ApproximateReceiveCount", 0)),
            system=system,
        )

    def attribute(self, name: str) -> str:
        """A message attribute's text, empty when absent."""
        return str(self.attributes.get(name, {}).get("StringValue", ""))

    @property
    def content(self) -> Any:  # noqa: ANN401 - any JSON value
        """The body as JSON, or as the text it is."""
        try:
            return json.loads(self.body)
        except ValueError:
            return self.body

    @property
    def reason(self) -> str:
        """Why it is here, in one word."""
        if "DeadLetterQueueSourceArn" in self.system:
            return RECEIVES_EXHAUSTED
        named = (self.attribute(name) for name in ("reason", *SERVICE_REASONS))
        return next(filter(None, named), "") or _condition(self.content) or UNKNOWN

    @property
    def about(self) -> dict[str, str]:
        """The ids that the letter carries: alert, incident, source, signature."""
        content = self.content
        if not isinstance(content, dict):
            return {}
        alert = content.get("alert")
        found = {"source": self.source, **(alert if isinstance(alert, dict) else {}), **content}
        ids = {
            name: str(found[name])
            for name in ("alert_id", "incident_id", "source", "cache_key")
            if found.get(name)
        }
        key = _signature(self.body)
        return {**ids, "signature": key} if key else ids

    @property
    def incident_id(self) -> str:
        """The incident that a message of our own names without its tool; empty for all others."""
        ours = isinstance(self.content, dict) and "first_sent" in self.content
        return self.about.get("incident_id", "") if ours else ""

    def word(self, by: str) -> str:
        """What letters are counted by: the reason, or the source or signature that it is about."""
        if by == "reason":
            return self.reason
        about = self.about
        key = about.get("signature") or _signature_of(about)
        return (key if by == "signature" else about.get("source", "")) or UNKNOWN

    def redacted(self) -> Any:  # noqa: ANN401 - any JSON value
        """The body's shape and ids, every other text replaced by its length."""
        return _redact(self.content, "")


@dataclass(frozen=True)
class Selection:
    """Which letters are meant; empty fields leave all in. ``before`` and ``since`` are of sending.

    A letter that SQS gave no time is of no age: one selected by age is not it.
    """

    reasons: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    signatures: tuple[str, ...] = ()
    ids: tuple[str, ...] = ()
    before: datetime | None = None
    since: datetime | None = None

    @property
    def everything(self) -> bool:
        """Whether nothing is left out."""
        return self == Selection()

    def takes(self, letter: Letter) -> bool:
        """Whether this letter is meant."""
        return self._is_of_age(letter.sent_at) and self._names(letter)

    def _is_of_age(self, sent_at: datetime | None) -> bool:
        if sent_at is None:
            return self.before is None and self.since is None
        return (self.before is None or sent_at <= self.before) and (
            self.since is None or sent_at >= self.since
        )

    def _names(self, letter: Letter) -> bool:
        about = letter.about
        ids = {letter.message_id, about.get("alert_id", ""), about.get("incident_id", "")}
        return (
            (not self.reasons or letter.reason in self.reasons)
            and (not self.sources or about.get("source", "") in self.sources)
            and (not self.signatures or _is_of(about, self.signatures))
            and (not self.ids or not ids.isdisjoint(self.ids))
        )


def _is_of(about: Mapping[str, str], signatures: tuple[str, ...]) -> bool:
    """Cache keys and incident ids begin with the signature that they are of."""
    keys = [about.get(name, "") for name in ("signature", "cache_key", "incident_id")]
    return any(key.startswith(wanted) for key in keys for wanted in signatures)


def _signature_of(about: Mapping[str, str]) -> str:
    """The signature that a cache key (``key@place``) or an incident id (``key.scope.n``) is of."""
    if key := about.get("cache_key", ""):
        return key.partition("@")[0]
    return about.get("incident_id", "").rsplit(".", 2)[0]


def _signature(body: str) -> str:
    try:
        return signature(AlertMessage.model_validate_json(body).alert).key
    except ValidationError:
        return ""


def _condition(content: Any) -> str:  # noqa: ANN401 - any JSON value
    """Lambda's own word for it, from the envelope of an OnFailure destination."""
    context = content.get("requestContext") if isinstance(content, dict) else None
    return str(context.get("condition", "")) if isinstance(context, dict) else ""


def _redact(value: Any, name: str) -> Any:  # noqa: ANN401 - any JSON value
    if isinstance(value, dict):
        return {key: _redact(inner, key) for key, inner in value.items()}
    if isinstance(value, list):
        return [_redact(inner, name) for inner in value]
    if isinstance(value, str) and value and name not in PLAIN_FIELDS:
        return f"({len(value)} characters)"
    return value
