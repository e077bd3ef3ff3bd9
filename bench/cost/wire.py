"""Every AWS request of the functions, seen as bytes on their way out: counted, and answered.

A hook of botocore's ``before-send``: what adapters, serialisers and retries make of a call is done
by then. The tables hold what was put, since what a write is billed for depends on what it replaces.
"""

import json
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any

from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.hooks import BaseEventHooks

from bench.cost import units
from bench.cost.units import Index, Item

#: Tables by name: the partition key, and the indexes of the template.
STACK = "bench"
ALERTS, CACHE, INCIDENTS, STATE = (
    f"{STACK}-{table}" for table in ("alerts", "analysis-cache", "incidents", "state")
)
KEYS = {ALERTS: "alert_id", CACHE: "error_signature", INCIDENTS: "id", STATE: "id"}
DUE = Index(("due_shard", "due_at"))
BY_TIME = Index(("severity", "timestamp"), ("title", "source", "service", "status"))
#: Items whose size is the alert's own, by the beginning of their ids.
SIZED = {ALERTS: "", INCIDENTS: "incident#"}
INDEXES = {ALERTS: (BY_TIME,), INCIDENTS: (DUE,)}
SERVICES = ("dynamodb", "sqs", "secretsmanager", "s3")

#: Seconds that a request takes within a region, about.
AWS_SECONDS = 0.005

Answer = tuple[int, dict[str, Any]]
Send = Callable[[str, Mapping[str, Any]], None]


@dataclass
class Bill:
    """What was counted, by the name of the unit, such as ``sqs requests``."""

    units: Counter[str] = field(default_factory=Counter)

    def add(self, name: str, amount: float = 1) -> None:
        """So much more of a unit."""
        self.units[name] += amount  # type: ignore[assignment]

    def since(self, before: "Bill") -> "Bill":
        """What came in since a copy was taken."""
        return Bill(Counter(self.units) - Counter(before.units))

    def copy(self) -> "Bill":
        """As it is now."""
        return Bill(Counter(self.units))


class Wire:
    """Counts requests and answers them from memory.

    ``sent`` gets each SQS message as it is on the wire; ``secrets`` are values by their id.
    """

    def __init__(
        self, bill: Bill, sent: Send, secrets: Mapping[str, str], *, answers: bool = True
    ) -> None:
        """Empty tables. Without ``answers`` it only listens, and others answer."""
        self._answers = answers
        self.tables: dict[str, dict[str, Item]] = {name: {} for name in KEYS}
        self._bill = bill
        self._sent = sent
        self._secrets = secrets
        self.took: Callable[[float], None] = lambda seconds: None

    def attach(self, events: BaseEventHooks) -> None:
        """Answer all clients that are made with these events from now on."""
        for service in SERVICES:
            events.register(f"before-send.{service}", self._intercept)  # type: ignore[arg-type]

    def _intercept(self, request: AWSPreparedRequest, **_: object) -> AWSResponse | None:
        self.took(AWS_SECONDS)
        target = _text(request.headers.get("X-Amz-Target", ""))
        if not target:
            self._bill.add("s3 requests")
            return self._said(request, 200, b"<ListBucketResult></ListBucketResult>")
        action = target.partition(".")[2]
        asked = json.loads(_text(request.body))
        status, said = getattr(self, f"_{action}")(asked)
        return self._said(request, status, json.dumps(said).encode())

    def _said(self, request: AWSPreparedRequest, status: int, body: bytes) -> AWSResponse | None:
        if not self._answers:
            return None
        return AWSResponse(str(request.url), status, {}, _Body(body))  # type: ignore[arg-type]

    def _GetItem(self, asked: Mapping[str, Any]) -> Answer:
        ((_, name),) = asked["Key"].items()
        item = self.tables[asked["TableName"]].get(name["S"])
        consistent = asked.get("ConsistentRead", False)
        self._read(units.read(item) if consistent else units.read(item) / 2)
        return 200, {"Item": item} if item else {}

    def _BatchGetItem(self, asked: Mapping[str, Any]) -> Answer:
        found: dict[str, list[Item]] = {}
        for table, wanted in asked["RequestItems"].items():
            names = [name["S"] for key in wanted["Keys"] for name in key.values()]
            items = [self.tables[table].get(name) for name in names]
            self._read(sum(map(units.read, items)))
            found[table] = [item for item in items if item]
        return 200, {"Responses": found, "UnprocessedKeys": {}}

    def _Query(self, asked: Mapping[str, Any]) -> Answer:
        values = asked["ExpressionAttributeValues"]
        if ":shard" not in values:
            # Of an operator's command, which looks through accepted alerts.
            return 200, {"Items": [], "Count": 0}
        shard, now = values[":shard"], int(values[":now"]["N"])
        due = [
            item
            for item in self.tables[asked["TableName"]].values()
            if item.get("due_shard") == shard and int(item["due_at"]["N"]) <= now
        ]
        found = sorted(due, key=lambda item: int(item["due_at"]["N"]))[: asked["Limit"]]
        entries = [DUE.entry(item, "id") or {} for item in found]
        self._read(units.queried(list(entries)))
        return 200, {"Items": entries, "Count": len(entries)}

    def _PutItem(self, asked: Mapping[str, Any]) -> Answer:
        return self._put([asked], transaction=False)

    def _TransactWriteItems(self, asked: Mapping[str, Any]) -> Answer:
        return self._put([one["Put"] for one in asked["TransactItems"]], transaction=True)

    def _put(self, puts: list[Mapping[str, Any]], *, transaction: bool) -> Answer:
        """All or none, by their versions; a write that loses a race is billed as well."""
        lost = []
        for put in puts:
            table, item = put["TableName"], put["Item"]
            key = KEYS[table]
            before = self.tables[table].get(item[key]["S"])
            indexes = INDEXES.get(table, ())
            amount = units.written(before, item, key, indexes, transaction=transaction)
            self._bill.add("dynamodb write units", amount)
            self._bill.add(f"write units of {table}", amount)
            if item[key]["S"].startswith(SIZED.get(table, "-")):
                beyond = units.further(before, item, transaction=transaction)
                self._bill.add("write units for size", beyond)
            expected = put.get("ExpressionAttributeValues", {}).get(":expected")
            lost.append((before or {}).get("version") != expected)
        if any(lost):
            reasons = [{"Code": "ConditionalCheckFailed" if one else "None"} for one in lost]
            code = (
                "TransactionCanceledException"
                if transaction
                else ("ConditionalCheckFailedException")
            )
            return 400, {"__type": f"dynamodb#{code}", "CancellationReasons": reasons}
        for put in puts:
            table, item = put["TableName"], put["Item"]
            self.tables[table][item[KEYS[table]]["S"]] = item
        return 200, {}

    def _SendMessageBatch(self, asked: Mapping[str, Any]) -> Answer:
        entries = asked["Entries"]
        payload = sum(len(entry["MessageBody"].encode()) for entry in entries)
        self._bill.add("sqs requests", units.sqs(payload))
        for entry in entries:
            self._sent(asked["QueueUrl"], entry)
        taken = [{"Id": entry["Id"], "MessageId": "m", "MD5OfMessageBody": ""} for entry in entries]
        return 200, {"Successful": taken, "Failed": []}

    def _GetSecretValue(self, asked: Mapping[str, Any]) -> Answer:
        self._bill.add("secret reads")
        return 200, {"SecretString": self._secrets.get(asked["SecretId"], "")}

    def _read(self, amount: float) -> None:
        self._bill.add("dynamodb read units", amount)
        self._bill.add("dynamodb reads")


def _text(value: object) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)


class _Body(BytesIO):
    """As much of urllib3's response as botocore reads."""

    def stream(self, **_: object) -> Any:  # noqa: ANN401 - an iterator of bytes
        yield self.read()
