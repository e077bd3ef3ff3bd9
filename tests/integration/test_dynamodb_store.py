"""The store on moto's DynamoDB, and on clients that fail the way DynamoDB does."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError, ConnectTimeoutError

from examples import incident
from moto_aws import moto_aws
from responder.adapters.dynamodb import UNPROCESSED_TRIES, DynamoStore
from responder.errors import Conflict, Permanent, Reason, Retryable
from responder.incident import Incident
from responder.ports import Key, Record, Table, Write
from responder.protocols import items

NOW = datetime(2026, 11, 21, 3, 0, tzinfo=UTC)
TABLES = {table: f"stack-{table.value}" for table in Table}
STATE = Key(Table.STATE, "switch#analysis")
CACHE = Key(Table.CACHE, "v1:disk@")
ALERT = Key(Table.ALERTS, "a1")


class Clock:
    def __init__(self) -> None:
        self.time = NOW.timestamp()

    def __call__(self) -> float:
        return self.time


@pytest.fixture
def client(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    with moto_aws(monkeypatch):
        found = boto3.client("dynamodb")
        for table, key in (
            (Table.ALERTS, "alert_id"),
            (Table.CACHE, "error_signature"),
            (Table.STATE, "id"),
        ):
            create(found, table, key)
        create(
            found,
            Table.INCIDENTS,
            "id",
            more=[("due_shard", "S"), ("due_at", "N")],
            GlobalSecondaryIndexes=[
                {
                    "IndexName": "due-index",
                    "KeySchema": [
                        {"AttributeName": "due_shard", "KeyType": "HASH"},
                        {"AttributeName": "due_at", "KeyType": "RANGE"},
                    ],
                    "Projection": {"ProjectionType": "KEYS_ONLY"},
                }
            ],
        )
        yield found


def create(
    client: Any, table: Table, key: str, more: list[tuple[str, str]] | None = None, **rest: Any
) -> None:
    client.create_table(
        TableName=TABLES[table],
        AttributeDefinitions=[
            {"AttributeName": name, "AttributeType": kind}
            for name, kind in [(key, "S"), *(more or [])]
        ],
        KeySchema=[{"AttributeName": key, "KeyType": "HASH"}],
        BillingMode="PAY_PER_REQUEST",
        **rest,
    )


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def store(client: Any, clock: Clock) -> DynamoStore:
    return DynamoStore(client, TABLES, clock)


def read(store: DynamoStore, key: Key = STATE) -> Record:
    return store.read([key])[key]


def test_what_was_never_written_is_absent(store: DynamoStore) -> None:
    assert read(store) == Record(0, None)
    assert store.read([STATE, CACHE]) == {STATE: Record(0, None), CACHE: Record(0, None)}
    assert store.read([]) == {}


def test_a_written_item_is_read_back_with_its_version(store: DynamoStore) -> None:
    store.write([Write(STATE, {"off": True}, 0)])
    assert read(store) == Record(1, {"id": "switch#analysis", "off": True})
    store.write([Write(STATE, {"off": False}, 1)])
    assert read(store).version == 2


def test_each_table_has_the_key_that_the_runbook_names(store: DynamoStore, client: Any) -> None:
    store.write([Write(ALERT, {}, 0), Write(CACHE, {}, 0)])
    assert client.get_item(TableName="stack-alerts", Key={"alert_id": {"S": "a1"}})["Item"]
    key = {"error_signature": {"S": CACHE.id}}
    assert client.get_item(TableName="stack-analysis-cache", Key=key)["Item"]


DATA: dict[str, Any] = {
    "float": 0.1,
    "tiny": 1e-7,
    "negative": -2.5,
    "whole": 3,
    "big": 123456789012345,
    "none": None,
    "text": "ünï\u2028code",
    "empty": "",
    "list": [1, 0.5, "a", {"deep": [0.25]}],
    "map": {"a.b": 1.5, "version": 9},
    "yes": True,
}


def test_json_survives_the_way_through_decimals(store: DynamoStore) -> None:
    store.write([Write(STATE, DATA, 0)])
    data = dict(read(store).data or {})
    assert data.pop("id") == STATE.id
    assert data == DATA
    assert isinstance(data["whole"], int)
    assert isinstance(data["float"], float)


def test_an_incident_survives_the_way_through_the_table(store: DynamoStore) -> None:
    full = incident(due_at=NOW, labels={"a": "b"}, links={"g": "https://example.com"})
    key = items.incident_item(full.incident_id)
    store.write([items.write_of(key, full, 0, NOW)])
    assert items.load(store, key, Incident) == full


@pytest.mark.parametrize("expected", [0, 1, 3])
def test_a_write_on_another_version_is_a_conflict(store: DynamoStore, expected: int) -> None:
    store.write([Write(STATE, {"n": 1}, 0)])
    store.write([Write(STATE, {"n": 2}, 1)])
    with pytest.raises(Conflict):
        store.write([Write(STATE, {"n": 3}, expected)])
    assert read(store) == Record(2, {"id": STATE.id, "n": 2})


def test_a_write_on_the_version_of_an_item_that_is_gone_is_a_conflict(store: DynamoStore) -> None:
    with pytest.raises(Conflict):
        store.write([Write(STATE, {}, 4)])


def test_a_transaction_writes_all_or_nothing(store: DynamoStore) -> None:
    store.write([Write(STATE, {"n": 1}, 0), Write(CACHE, {"n": 1}, 0), Write(ALERT, {}, 0)])
    with pytest.raises(Conflict):
        store.write([Write(STATE, {"n": 2}, 1), Write(CACHE, {"n": 2}, 0)])
    assert read(store, STATE).version == 1
    assert read(store, CACHE).version == 1


def test_of_two_workers_with_the_same_version_one_wins(store: DynamoStore) -> None:
    store.write([Write(STATE, {"n": 0}, 0)])
    version = read(store).version
    store.write([Write(STATE, {"n": 1}, version)])
    with pytest.raises(Conflict):
        store.write([Write(STATE, {"n": 2}, version)])


def test_an_expired_item_is_absent_but_keeps_its_version(store: DynamoStore, clock: Clock) -> None:
    store.write([Write(STATE, {"n": 1}, 0, NOW + timedelta(seconds=10))])
    clock.time += 9
    assert read(store) == Record(1, {"id": STATE.id, "n": 1})
    clock.time += 1
    assert read(store) == Record(1, None)
    assert store.read([STATE, CACHE])[STATE] == Record(1, None)
    store.write([Write(STATE, {"n": 2}, 1, NOW + timedelta(days=1))])
    assert read(store).version == 2


def test_more_keys_than_one_batch_takes_are_read(store: DynamoStore) -> None:
    keys = [Key(Table.STATE, f"s{number}") for number in range(120)]
    more = [Key(Table.CACHE, f"c{number}") for number in range(120)]
    for key in (*keys[::2], *more[::2]):
        store.write([Write(key, {"name": key.id}, 0)])
    found = store.read([*keys, *more, *keys])
    assert set(found) == {*keys, *more}
    assert all(found[key].version == 1 for key in (*keys[::2], *more[::2]))
    assert all(found[key] == Record(0, None) for key in (*keys[1::2], *more[1::2]))


def put_due(store: DynamoStore, name: str, due: datetime | None) -> None:
    value = incident(f"{name}.1", due_at=due)
    store.write([items.write_of(items.incident_item(value.incident_id), value, 0, NOW)])


def test_what_is_due_comes_oldest_first_from_every_partition(store: DynamoStore) -> None:
    for number in range(20):
        put_due(store, f"k{number:02}", NOW - timedelta(seconds=number))
    put_due(store, "later", NOW + timedelta(seconds=1))
    put_due(store, "never", None)
    assert store.due(NOW, 500) == [f"k{number:02}.1" for number in reversed(range(20))]
    assert store.due(NOW, 3) == ["k19.1", "k18.1", "k17.1"]


def refusal(code: str, **more: Any) -> ClientError:
    response: Any = {"Error": {"Code": code, "Message": "no"}, **more}
    return ClientError(response, "Call")


def cancelled(*codes: str | None) -> ClientError:
    reasons = [{"Code": code} if code else {} for code in codes]
    return refusal("TransactionCanceledException", CancellationReasons=reasons)


class Failing:
    """A client whose every call fails."""

    def __init__(self, error: Exception) -> None:
        self._error = error

    def __getattr__(self, name: str) -> Any:
        def fail(**arguments: Any) -> None:
            raise self._error

        return fail


def on(client: Any) -> DynamoStore:
    return DynamoStore(client, TABLES)


ONE = [Write(STATE, {}, 0)]
TWO = [Write(STATE, {}, 0), Write(CACHE, {}, 0)]


@pytest.mark.parametrize(
    ("error", "writes"),
    [
        (refusal("ConditionalCheckFailedException"), ONE),
        (refusal("TransactionConflictException"), ONE),
        (cancelled("ConditionalCheckFailed", "None"), TWO),
        (cancelled(None, "TransactionConflict"), TWO),
        (cancelled("ConditionalCheckFailed", "TransactionConflict"), TWO),
    ],
)
def test_a_lost_race_is_a_conflict(error: ClientError, writes: list[Write]) -> None:
    with pytest.raises(Conflict):
        on(Failing(error)).write(writes)


@pytest.mark.parametrize(
    ("error", "writes"),
    [
        (refusal("ProvisionedThroughputExceededException"), ONE),
        (refusal("ThrottlingException"), TWO),
        (cancelled("ThrottlingError", "None"), TWO),
        (cancelled("ConditionalCheckFailed", "ThrottlingError"), TWO),
        (refusal("TransactionCanceledException"), TWO),
        (ConnectTimeoutError(endpoint_url="local"), ONE),
    ],
)
def test_any_other_trouble_of_a_write_is_retryable(error: Exception, writes: list[Write]) -> None:
    with pytest.raises(Retryable) as caught:
        on(Failing(error)).write(writes)
    assert caught.value.reason is Reason.UNAVAILABLE


@pytest.mark.parametrize("keys", [[STATE], [STATE, CACHE]])
@pytest.mark.parametrize(
    "error", [refusal("ThrottlingException"), ConnectTimeoutError(endpoint_url="local")]
)
def test_any_trouble_of_a_read_is_retryable(error: Exception, keys: list[Key]) -> None:
    with pytest.raises(Retryable):
        on(Failing(error)).read(keys)


@pytest.mark.parametrize(
    ("error", "writes"),
    [
        (refusal("ValidationException"), ONE),
        (cancelled("ValidationError", "None"), TWO),
        (cancelled("ConditionalCheckFailed", "ValidationError"), TWO),
    ],
)
def test_what_dynamodb_will_never_store_is_permanent(
    error: ClientError, writes: list[Write]
) -> None:
    with pytest.raises(Permanent) as caught:
        on(Failing(error)).write(writes)
    assert caught.value.reason is Reason.UNSTORABLE


def test_an_item_beyond_dynamodbs_limit_is_permanent(store: DynamoStore) -> None:
    with pytest.raises(Permanent):
        store.write([Write(STATE, {"text": "x" * 500_000}, 0)])


class Throttled:
    """Answers one key of each batch and leaves the others, as BatchGetItem does under load."""

    def __init__(self, answers_in_all: int) -> None:
        self.left = answers_in_all
        self.calls = 0

    def batch_get_item(self, RequestItems: Mapping[str, Any]) -> dict[str, Any]:
        self.calls += 1
        ((name, request),) = RequestItems.items()
        keys = request["Keys"]
        taken = 1 if self.left > 0 else 0
        self.left -= taken
        rest = {name: {**request, "Keys": keys[taken:]}} if keys[taken:] else {}
        found = [{**key, "version": {"N": "7"}} for key in keys[:taken]]
        return {"Responses": {name: found}, "UnprocessedKeys": rest}


BOTH = [Key(Table.STATE, "one"), Key(Table.STATE, "two")]


def test_keys_left_unread_by_a_throttled_batch_are_asked_for_again() -> None:
    client = Throttled(answers_in_all=2)
    found = on(client).read(BOTH)
    assert [found[key].version for key in BOTH] == [7, 7]
    assert client.calls == 2


def test_a_batch_that_is_never_answered_in_full_is_retryable() -> None:
    client = Throttled(answers_in_all=1)
    with pytest.raises(Retryable) as caught:
        on(client).read(BOTH)
    assert caught.value.reason is Reason.RATE_LIMITED
    assert client.calls == UNPROCESSED_TRIES
