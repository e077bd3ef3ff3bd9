"""What reception is wired to in its tests: a queue that may fail, a log, API Gateway's events."""

import base64
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from responder.contracts import AlertMessage
from responder.errors import Reason, ResponderError, Retryable
from responder.intake.authentication.senders import Helpers
from responder.intake.reception import Reception
from responder.ports import Outgoing, Queue
from samples import NOW

TOKEN = "t0ken-of-the-old-alertmanager"
SOURCES: Mapping[str, object] = {
    "tokens": {"old": TOKEN, "kuma": {"token": "kuma-token", "tools": ["uptime-kuma"]}}
}


@dataclass
class KeptQueues:
    """Keeps what is sent; raises ``trouble`` instead while it is set, for ``troubled`` queues."""

    kept: list[tuple[Queue, Outgoing]] = field(default_factory=list)
    calls: list[Queue] = field(default_factory=list)
    trouble: ResponderError | None = None
    troubled: Sequence[Queue] = tuple(Queue)

    @property
    def sent(self) -> list[Outgoing]:
        """All of them, in the order in which they came."""
        return [message for _, message in self.kept]

    def send(self, queue: Queue, messages: Sequence[Outgoing]) -> None:
        assert messages
        if self.trouble and queue in self.troubled:
            raise self.trouble
        self.calls.append(queue)
        self.kept += [(queue, message) for message in messages]

    def dead_letter(self, queue: Queue, message: Outgoing) -> None:
        raise AssertionError("reception gives nothing up")


@dataclass
class KeptTelemetry:
    """Keeps counts and log lines."""

    counts: dict[tuple[str, str], float] = field(default_factory=dict)
    lines: list[dict[str, object]] = field(default_factory=list)

    def count(self, metric: str, amount: float = 1, *, reason: str = "", tier: str = "") -> None:
        self.counts[metric, reason] = self.counts.get((metric, reason), 0) + amount

    def seconds(self, metric: str, value: float) -> None:
        raise AssertionError("reception times nothing")

    def info(self, message: str, **fields: object) -> None:
        self.lines.append({"message": message, **fields})

    def warning(self, message: str, **fields: object) -> None:
        self.lines.append({"message": message, **fields})


@dataclass
class KeptNotary:
    """Has certificates by their address, and keeps what is confirmed."""

    certificates: dict[str, bytes] = field(default_factory=dict)
    confirmed: list[tuple[str, str]] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    trouble: ResponderError | None = None

    def certificate(self, url: str) -> bytes:
        self.asked.append(url)
        if self.trouble:
            raise self.trouble
        return self.certificates[url]

    def confirm(self, topic: str, token: str) -> None:
        if self.trouble:
            raise self.trouble
        self.confirmed.append((topic, token))


@dataclass
class KeptKeySets:
    """Has keys by tenant and name."""

    keys: dict[tuple[str, str], Mapping[str, object]] = field(default_factory=dict)
    asked: list[tuple[str, str]] = field(default_factory=list)
    trouble: ResponderError | None = None

    def key(self, tenant: str, key_id: str) -> Mapping[str, object] | None:
        self.asked.append((tenant, key_id))
        if self.trouble:
            raise self.trouble
        return self.keys.get((tenant, key_id))


@dataclass
class Wired:
    """Reception with its doubles. ``sources`` None means that the secret is missing.

    ``trouble`` is raised instead of handing the secret over.
    """

    queues: KeptQueues = field(default_factory=KeptQueues)
    telemetry: KeptTelemetry = field(default_factory=KeptTelemetry)
    notary: KeptNotary = field(default_factory=KeptNotary)
    key_sets: KeptKeySets = field(default_factory=KeptKeySets)
    sources: Mapping[str, object] | None = field(default_factory=lambda: SOURCES)
    asked_afresh: int = 0
    trouble: ResponderError | None = None

    @property
    def reception(self) -> Reception:
        helpers = Helpers(self.notary, self.key_sets)
        return Reception(self.queues, self._read, helpers, self.telemetry, lambda: NOW)

    def messages(self) -> list[AlertMessage]:
        return [AlertMessage.model_validate_json(sent.body) for sent in self.queues.sent]

    def _read(self, fresh: bool) -> Mapping[str, object]:
        self.asked_afresh += fresh
        if self.trouble:
            raise self.trouble
        if self.sources is None:
            detail = "the secret mcp-responder/sources has no value"
            raise Retryable(Reason.SECRET_MISSING, detail, after=30)
        return self.sources


def request(
    body: bytes | None,
    *,
    token: str | None = None,
    tool: str = "",
    method: str = "POST",
    headers: Mapping[str, str] | None = None,
    query: Mapping[str, str] | None = None,
    encoded: bool = False,
) -> dict[str, object]:
    """An event of API Gateway's REST proxy integration."""
    root = "/alerts" if token is None else "/in/{token}"
    parameters = {**({"tool": tool} if tool else {}), **({} if token is None else {"token": token})}
    text = None if body is None else body.decode("latin-1")
    if encoded and body is not None:
        text = base64.b64encode(body).decode()
    return {
        "resource": f"{root}/{{tool+}}" if tool else root,
        "path": "/prod/anything",
        "httpMethod": method,
        "headers": dict(headers or {}),
        "multiValueHeaders": {name: [value] for name, value in (headers or {}).items()},
        "queryStringParameters": dict(query) if query else None,
        "pathParameters": parameters or None,
        "body": text,
        "isBase64Encoded": encoded,
    }


def body_of(answer: Mapping[str, object]) -> dict[str, object]:
    """The JSON of an answer."""
    parsed = json.loads(str(answer["body"]))
    assert isinstance(parsed, dict)
    return parsed
