"""``ports.Store`` on DynamoDB: strongly consistent reads, conditional writes, one sparse index.

Every item carries ``version`` (the optimistic lock) and ``ttl`` (expiry in epoch seconds).
"""

import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from decimal import Decimal
from math import isfinite
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from responder.errors import Conflict, Permanent, Reason, Retryable
from responder.ports import Key, Record, Table, Write

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

#: https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchGetItem.html
BATCH_GET_LIMIT = 100
#: BatchGetItem may answer in part when it is throttled; so often the rest is asked for again.
UNPROCESSED_TRIES = 6
#: The sparse index that ``due`` queries, and its partitions (``protocols.items.DUE_SHARDS``).
DUE_INDEX = "due-index"
DUE_SHARDS = 4
#: Partition key of each table, as the operators' runbook names them.
PARTITION_KEY = {
    Table.ALERTS: "alert_id",
    Table.CACHE: "error_signature",
    Table.INCIDENTS: "id",
    Table.STATE: "id",
}
#: Answers that mean "another write came first".
LOST_RACE = frozenset(
    {"ConditionalCheckFailedException", "TransactionConflictException", "TransactionConflict"}
)

#: Answers that mean "never as it is": too large, or against the rules of names and types.
UNSTORABLE = frozenset(
    {"ValidationException", "ValidationError", "ItemCollectionSizeLimitExceeded"}
)


class DynamoStore:
    """Items in up to four tables; ``tables`` maps those that this function may use to names."""

    def __init__(
        self,
        client: "DynamoDBClient",
        tables: Mapping[Table, str],
        clock: Callable[[], float] = time.time,
    ) -> None:
        """``clock`` gives epoch seconds; expiry is checked on every read against it."""
        self._client = client
        self._tables = tables
        self._clock = clock

    def read(self, keys: Sequence[Key]) -> dict[Key, Record]:
        """Every key asked for. Raises Retryable when DynamoDB does not answer in full."""
        found: dict[Key, Record] = {key: Record(0, None) for key in keys}
        if len(found) == 1:
            key = next(iter(found))
            return {key: self._get(key)}
        unique = list(found)
        for start in range(0, len(unique), BATCH_GET_LIMIT):
            self._batch_get(unique[start : start + BATCH_GET_LIMIT], found)
        return found

    def write(self, writes: Sequence[Write]) -> None:
        """All or none. Raises Conflict when an item is not at its expected version."""
        puts = [self._put(write) for write in writes]
        try:
            if len(puts) == 1:
                self._client.put_item(**puts[0])
            else:
                self._client.transact_write_items(TransactItems=[{"Put": put} for put in puts])
        except ClientError as error:
            if lost_race(error):
                raise Conflict(str(error)) from error
            raise _trouble(error) from error
        except BotoCoreError as error:
            raise Retryable(Reason.UNAVAILABLE, f"DynamoDB: {error}") from error

    def due(self, now: datetime, limit: int) -> Sequence[str]:
        """Ids of incidents whose time has come, the oldest of each partition first."""
        with ThreadPoolExecutor(DUE_SHARDS) as pool:
            shards = pool.map(lambda shard: self._due(shard, now, limit), range(DUE_SHARDS))
            found = [one for shard in shards for one in shard]
        return [incident_id for _, incident_id in sorted(found)[:limit]]

    def _due(self, shard: int, now: datetime, limit: int) -> list[tuple[int, str]]:
        try:
            answer = self._client.query(
                TableName=self._tables[Table.INCIDENTS],
                IndexName=DUE_INDEX,
                KeyConditionExpression="due_shard = :shard AND due_at <= :now",
                ExpressionAttributeValues={
                    ":shard": {"S": str(shard)},
                    ":now": {"N": str(int(now.timestamp()))},
                },
                Limit=limit,
            )
        except (ClientError, BotoCoreError) as error:
            raise _trouble(error) from error
        return [
            (int(item["due_at"]["N"]), item["id"]["S"].removeprefix("incident#"))
            for item in answer["Items"]
        ]

    def _get(self, key: Key) -> Record:
        try:
            answer = self._client.get_item(
                TableName=self._tables[key.table],
                Key={PARTITION_KEY[key.table]: {"S": key.id}},
                ConsistentRead=True,
            )
        except (ClientError, BotoCoreError) as error:
            raise _trouble(error) from error
        return self._record(answer.get("Item"))

    def _batch_get(self, keys: Sequence[Key], found: dict[Key, Record]) -> None:
        wanted: dict[str, Any] = {}
        for key in keys:
            name = self._tables[key.table]
            request = wanted.setdefault(name, {"Keys": [], "ConsistentRead": True})
            request["Keys"].append({PARTITION_KEY[key.table]: {"S": key.id}})
        table_of = {name: table for table, name in self._tables.items()}
        for _ in range(UNPROCESSED_TRIES):
            try:
                answer = self._client.batch_get_item(RequestItems=wanted)
            except (ClientError, BotoCoreError) as error:
                raise _trouble(error) from error
            for name, items in answer["Responses"].items():
                table = table_of[name]
                for item in items:
                    found[Key(table, item[PARTITION_KEY[table]]["S"])] = self._record(item)
            wanted = dict(answer.get("UnprocessedKeys") or {})
            if not wanted:
                return
        raise Retryable(Reason.RATE_LIMITED, "DynamoDB left keys of a batch unread")

    def _record(self, item: Mapping[str, Any] | None) -> Record:
        if item is None:
            return Record(0, None)
        data = _values(item)
        version = int(data.pop("version", 0))
        expires = data.pop("ttl", None)
        if expires is not None and expires <= self._clock():
            return Record(version, None)
        return Record(version, data)

    def _put(self, write: Write) -> Any:  # noqa: ANN401 - one of two request shapes
        data = dict(write.data)
        data[PARTITION_KEY[write.key.table]] = write.key.id
        data["version"] = write.expect + 1
        if write.expires_at is not None:
            data["ttl"] = int(write.expires_at.timestamp())
        put: dict[str, Any] = {
            "TableName": self._tables[write.key.table],
            "Item": _attributes(data),
            "ExpressionAttributeNames": {"#version": "version"},
        }
        if write.expect == 0:
            put["ConditionExpression"] = "attribute_not_exists(#version)"
        else:
            put["ConditionExpression"] = "#version = :expected"
            put["ExpressionAttributeValues"] = {":expected": {"N": str(write.expect)}}
        return put


def _attributes(data: Mapping[str, Any]) -> dict[str, Any]:
    # Most values are texts, and a call for each of them would take as long as all the rest.
    return {
        name: {"S": value} if type(value) is str else _typed(value) for name, value in data.items()
    }


def _typed(value: Any) -> Any:  # noqa: ANN401 - JSON, and DynamoDB's
    """One value of JSON with DynamoDB's type; boto3's own way takes ten times the time."""
    kind = type(value)
    if kind is str:
        return {"S": value}
    if kind is dict:
        return {"M": _attributes(value)}
    if kind is list:
        return {"L": [_typed(inner) for inner in value]}
    if kind is bool:
        return {"BOOL": value}
    if kind is int or (kind is float and isfinite(value)):
        return {"N": repr(value)}
    if value is None:
        return {"NULL": True}
    raise TypeError(f"DynamoDB has no type for {value!r}")


def _values(attributes: Mapping[str, Any]) -> dict[str, Any]:
    # As above: most are texts.
    return {
        name: value["S"] if "S" in value else _plain(value) for name, value in attributes.items()
    }


def _plain(attribute: Mapping[str, Any]) -> Any:  # noqa: ANN401 - JSON
    """An attribute's value, numbers as ints and floats; boto3's own way takes twice the time."""
    if "S" in attribute:
        return attribute["S"]
    if "N" in attribute:
        return _number(attribute["N"])
    if "M" in attribute:
        return _values(attribute["M"])
    if "L" in attribute:
        return [_plain(inner) for inner in attribute["L"]]
    return None if "NULL" in attribute else next(iter(attribute.values()))


def _number(text: str) -> int | float:
    if text.isdecimal():
        return int(text)
    number = Decimal(text)
    return int(number) if number == number.to_integral_value() else float(number)


def lost_race(error: ClientError) -> bool:
    """Whether somebody else wrote first, and nothing else was wrong."""
    code = error.response["Error"]["Code"]
    if code != "TransactionCanceledException":
        return code in LOST_RACE
    reasons: list[dict[str, Any]] = error.response.get("CancellationReasons", [])  # type: ignore[assignment]
    codes = {reason.get("Code", "None") for reason in reasons} - {"None"}
    return bool(codes) and codes <= {"ConditionalCheckFailed", "TransactionConflict"}


def _trouble(error: ClientError | BotoCoreError) -> Retryable | Permanent:
    if isinstance(error, ClientError) and UNSTORABLE & _codes(error):
        return Permanent(Reason.UNSTORABLE, f"DynamoDB: {error}")
    return Retryable(Reason.UNAVAILABLE, f"DynamoDB: {error}")


def _codes(error: ClientError) -> set[str]:
    reasons: list[dict[str, Any]] = error.response.get("CancellationReasons", [])  # type: ignore[assignment]
    return {error.response["Error"]["Code"], *(reason.get("Code", "None") for reason in reasons)}
