"""DynamoDB's client with its tables in memory and a fixed way to them, for ``added``."""

import time
from collections import Counter
from collections.abc import Mapping
from threading import Lock
from typing import Any

from botocore.exceptions import ClientError

from responder.adapters.dynamodb import PARTITION_KEY
from responder.ports import Table

#: Seconds of every call: about what DynamoDB takes within a region.
AWAY = 0.005
TABLES = {table: table.value for table in Table}
_NAME_OF_KEY = {table.value: PARTITION_KEY[table] for table in Table}


class FarTables:
    """As much of the client as ``DynamoStore`` and the circuit breaker use; counts the calls."""

    def __init__(self) -> None:
        """Empty tables."""
        self.calls: Counter[str] = Counter()
        self._items: dict[str, dict[str, dict[str, Any]]] = {name: {} for name in _NAME_OF_KEY}
        self._lock = Lock()

    def get_item(
        self, *, TableName: str, Key: Mapping[str, Any], ConsistentRead: bool = False
    ) -> Any:  # noqa: ANN401 - as boto3
        """GetItem."""
        self._travel("GetItem")
        ((_, name),) = Key.items()
        found = self._items[TableName].get(name["S"])
        return {"Item": found} if found else {}

    def batch_get_item(self, *, RequestItems: Mapping[str, Any]) -> Any:  # noqa: ANN401 - as boto3
        """BatchGetItem."""
        self._travel("BatchGetItem")
        return {
            "Responses": {
                table: [
                    self._items[table][key["S"]]
                    for wanted in asked["Keys"]
                    for key in wanted.values()
                    if key["S"] in self._items[table]
                ]
                for table, asked in RequestItems.items()
            }
        }

    def query(self, *, TableName: str, Limit: int, **asked: Any) -> Any:  # noqa: ANN401 - as boto3
        """Query of the due-index."""
        self._travel("Query")
        values = asked["ExpressionAttributeValues"]
        due = [
            item
            for item in self._items[TableName].values()
            if item.get("due_shard") == values[":shard"]
            and int(item["due_at"]["N"]) <= int(values[":now"]["N"])
        ]
        return {"Items": sorted(due, key=lambda item: int(item["due_at"]["N"]))[:Limit]}

    def put_item(self, **put: Any) -> Any:  # noqa: ANN401 - as boto3
        """PutItem."""
        self._travel("PutItem")
        self._put([put])

    def transact_write_items(self, *, TransactItems: list[dict[str, Any]]) -> Any:  # noqa: ANN401 - as boto3
        """TransactWriteItems."""
        self._travel("TransactWriteItems")
        self._put([one["Put"] for one in TransactItems])

    def _put(self, puts: list[dict[str, Any]]) -> None:
        with self._lock:
            places = [self._place(put) for put in puts]
            for put, (table, name) in zip(puts, places, strict=True):
                present = table[name]["version"] if name in table else None
                values = put.get("ExpressionAttributeValues")
                if present != (values[":expected"] if values else None):
                    code = {"Code": "ConditionalCheckFailedException", "Message": ""}
                    raise ClientError({"Error": code}, "PutItem")  # type: ignore[typeddict-item]
            for put, (table, name) in zip(puts, places, strict=True):
                table[name] = put["Item"]

    def _place(self, put: Mapping[str, Any]) -> tuple[dict[str, dict[str, Any]], str]:
        table: str = put["TableName"]
        return self._items[table], put["Item"][_NAME_OF_KEY[table]]["S"]

    def _travel(self, call: str) -> None:
        with self._lock:
            self.calls[call] += 1
        time.sleep(AWAY)
