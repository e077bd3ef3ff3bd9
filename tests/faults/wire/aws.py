"""AWS by moto, with a fault at every request of botocore.

The store keeps a copy of every item that DynamoDB took, for the reckoning, and says where the two
disagree. What SQS took is delivered by the harness, as Lambda would.
"""

import json
import threading
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

from aws_lambda_powertools.utilities.circuit_breaker import base as breaker
from aws_lambda_powertools.utilities.circuit_breaker.persistence import base as breaker_store
from aws_lambda_powertools.utilities.circuit_breaker.persistence import dynamodb as breaker_table
from boto3.dynamodb.types import TypeDeserializer
from botocore import endpoint
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.compat import HTTPHeaders
from botocore.exceptions import ConnectTimeoutError, ReadTimeoutError
from moto.core.botocore_stubber import BotocoreStubber, MockRawResponse

from e2e.tables import create_tables
from faults.queues import DEAD_WITH, Held, MemoryQueues
from faults.store import MemoryStore
from faults.substitutes import Replacement
from faults.world import World
from responder.adapters.dynamodb import PARTITION_KEY
from responder.ports import Key, Queue, Table, Write

REGION = "us-east-1"
STACK = "faults"
TABLES = {table: f"{STACK}-{table}" for table in Table}
SECRETS = ("slack", "claude")
#: An outage lasts: who was refused once is refused again so often, when botocore tries again.
REFUSED_AGAIN = 0.7
#: How AWS refuses: status, and the error's name.
REFUSALS = (
    (400, "ThrottlingException"),
    (400, "ProvisionedThroughputExceededException"),
    (500, "InternalServerError"),
    (503, "ServiceUnavailable"),
)
#: What has no other name than this in an answer that was told not to be whole.
PARTIAL = "partial"

_deserialize = TypeDeserializer().deserialize


def url_of(queue: Queue, *, dead: bool = False) -> str:
    """The address of a queue, or of its dead-letter queue."""
    name = f"{DEAD_WITH[queue]}-dlq" if dead else str(queue)
    return f"https://sqs.{REGION}.amazonaws.com/123456789012/{name}"


class WireStore(MemoryStore):
    """A copy of what DynamoDB holds, made of the requests that it answered."""

    client: Any

    def __init__(self, world: World) -> None:
        """Nothing is there."""
        super().__init__(world)
        #: The circuit breaker's item.
        self.circuit: dict[str, Any] = {}

    def took(self, put: Mapping[str, Any]) -> None:
        """DynamoDB took this item."""
        table = next(table for table, name in TABLES.items() if name == put["TableName"])
        item = {name: _plain(_deserialize(value)) for name, value in put["Item"].items()}
        if "version" not in item:
            # The circuit breaker's: not ours to count.
            self.circuit = item
            return
        expires = item.pop("ttl", None)
        version = item.pop("version")
        key = Key(table, item[PARTITION_KEY[table]])
        self.noticed(Write(key, item, version - 1))
        self.items[key] = (version, item)
        if expires is not None:
            self.expires[key] = datetime.fromtimestamp(expires, UTC)

    def reap(self, share: float) -> None:
        """As in memory, and in DynamoDB."""
        before = set(self.items)
        super().reap(share)
        for key in sorted(before - set(self.items)):
            self.client.delete_item(
                TableName=TABLES[key.table], Key={PARTITION_KEY[key.table]: {"S": key.id}}
            )

    def disagreements(self) -> list[str]:
        """What DynamoDB holds in another version than was written, or not at all."""
        held: dict[Key, int] = {}
        for table, name in TABLES.items():
            for item in self.client.scan(TableName=name, ConsistentRead=True)["Items"]:
                if "version" in item:
                    key = Key(table, item[PARTITION_KEY[table]]["S"])
                    held[key] = int(item["version"]["N"])
        known = {key: version for key, (version, _) in self.items.items()}
        return [
            f"{key}: DynamoDB has {held.get(key)}, written {known.get(key)}"
            for key in sorted(held.keys() | known.keys())
            if held.get(key) != known.get(key)
        ]


class _Refused(Exception):
    """An answer that AWS gives in the place of an effect."""

    def __init__(self, response: AWSResponse) -> None:
        super().__init__(response.status_code)
        self.response = response


class Wire:
    """Between botocore and moto."""

    def __init__(self, world: World, store: WireStore, queues: MemoryQueues) -> None:
        """Nothing is set up yet."""
        self._world = world
        self._store = store
        self._queues = queues
        self._thread = threading.get_ident()
        self._moto: Callable[..., AWSResponse | None] = BotocoreStubber.__call__

    def set_up(self, clients: Mapping[str, Any]) -> None:
        """Tables, queues and secrets."""
        self._store.client = clients["dynamodb"]
        assert create_tables(clients["dynamodb"], STACK) == TABLES
        for queue in Queue:
            for dead in (False, True):
                clients["sqs"].create_queue(QueueName=url_of(queue, dead=dead).rsplit("/", 1)[1])
        for name in SECRETS:
            clients["secretsmanager"].create_secret(Name=name, SecretString=first_value(name))

    def replacements(self) -> list[Replacement]:
        """Faults at every request; and botocore and the breaker live in the world's time."""

        def call(
            stubber: BotocoreStubber, event_name: str, request: AWSPreparedRequest, **_: object
        ) -> AWSResponse | None:
            return self._answer(stubber, event_name, request)

        clock = SimpleNamespace(datetime=SimpleNamespace(now=self._world.clock))
        sleeping = SimpleNamespace(sleep=self._world.rest)
        breakers = [(module, "dt", clock) for module in (breaker, breaker_store, breaker_table)]
        return [(BotocoreStubber, "__call__", call), (endpoint, "time", sleeping), *breakers]

    def _answer(
        self, stubber: BotocoreStubber, event_name: str, request: AWSPreparedRequest
    ) -> AWSResponse | None:
        # The tick asks the index in threads of its own.
        if self._world.current is None or threading.get_ident() != self._thread:
            return self._moto(stubber, event_name, request)
        operation = event_name.rsplit(".", 1)[1]
        if operation == "ChangeMessageVisibility":
            return self._retry_in(_body(request), request.url)
        again = b"attempt=1" not in _bytes(request.headers.get("amz-sdk-request", "attempt=1"))
        worker = self._world.current
        try:
            if again and worker.refused and self._world.strikes(REFUSED_AGAIN):
                raise self._refusal(operation, request)
            worker.refused = False
            return self._world.effect(
                f"aws.{operation}",
                lambda: self._effect(stubber, event_name, operation, request),
                refused=lambda: self._refusal(operation, request),
                unanswered=lambda: ReadTimeoutError(endpoint_url=request.url),
            )
        except _Refused as refused:
            worker.refused = True
            return refused.response

    def _effect(
        self,
        stubber: BotocoreStubber,
        event_name: str,
        operation: str,
        request: AWSPreparedRequest,
    ) -> AWSResponse | None:
        response = self._moto(stubber, event_name, request)
        assert response is not None
        if response.status_code == 200:
            self._took_effect(operation, _body(request))
        return response

    def _took_effect(self, operation: str, body: Mapping[str, Any]) -> None:
        match operation:
            case "PutItem":
                self._store.took(body)
            case "TransactWriteItems":
                for one in body["TransactItems"]:
                    self._store.took(one["Put"])
            case "SendMessageBatch":
                self._arrived(body)

    def _arrived(self, body: Mapping[str, Any]) -> None:
        name = body["QueueUrl"].rsplit("/", 1)[1]
        queue, now = Queue(name.removesuffix("-dlq")), self._world.now()
        place = (self._queues.dead if name.endswith("-dlq") else self._queues.messages)[queue]
        for entry in body["Entries"]:
            delay = timedelta(seconds=entry.get("DelaySeconds", 0))
            place.append(Held(entry["MessageBody"], now + delay))

    def _retry_in(self, body: Mapping[str, Any], url: str) -> AWSResponse:
        queue = Queue(body["QueueUrl"].rsplit("/", 1)[1])
        self._queues.retry_in(queue, body["ReceiptHandle"], body["VisibilityTimeout"])
        return _response(url, 200, {})

    def _refusal(self, operation: str, request: AWSPreparedRequest) -> Exception:
        kinds: list[Any] = [*REFUSALS, "unconnected"]
        if operation in ("SendMessageBatch", "BatchGetItem"):
            kinds += [PARTIAL, PARTIAL, PARTIAL]
        kind = self._world.rng.choice(kinds)
        if kind == "unconnected":
            return ConnectTimeoutError(endpoint_url=request.url)
        if kind == PARTIAL:
            return _Refused(_response(request.url, 200, _nothing_done(operation, _body(request))))
        status, code = kind
        return _Refused(_response(request.url, status, {"__type": code, "message": "told to"}))


def first_value(secret: str) -> str:
    """A secret's value before anybody rotates it."""
    return f"xoxb-{secret}-1"


def _nothing_done(operation: str, body: Mapping[str, Any]) -> dict[str, Any]:
    """A success in which nothing was done yet."""
    if operation == "BatchGetItem":
        return {"Responses": {}, "UnprocessedKeys": body["RequestItems"]}
    failed = [
        {"Id": entry["Id"], "SenderFault": False, "Code": "InternalError"}
        for entry in body["Entries"]
    ]
    return {"Successful": [], "Failed": failed}


def _response(url: str, status: int, body: Mapping[str, Any]) -> AWSResponse:
    headers = HTTPHeaders()
    headers["content-type"] = "application/x-amz-json-1.0"
    return AWSResponse(url, status, headers, MockRawResponse(json.dumps(body)))


def _body(request: AWSPreparedRequest) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(_bytes(request.body))
    return found


def _bytes(text: Any) -> bytes:
    return text if isinstance(text, bytes) else str(text).encode()


def _plain(value: Any) -> Any:
    """Numbers as JSON has them."""
    match value:
        case Decimal():
            return int(value) if value == value.to_integral_value() else float(value)
        case dict():
            return {name: _plain(inner) for name, inner in value.items()}
        case list():
            return [_plain(inner) for inner in value]
        case _:
            return value
