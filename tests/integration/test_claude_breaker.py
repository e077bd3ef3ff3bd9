"""The circuit breaker on a real (moto) table, shared by "containers" that are Breaker objects."""

import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import boto3
import pytest

from moto_aws import moto_aws
from responder.adapters.breaker import FAILURE_THRESHOLD, PROBE_SECONDS, Breaker
from responder.clock import utc_now
from responder.errors import Permanent, Reason, ResponderError, Retryable

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

TABLE = "state"


@pytest.fixture
def client(monkeypatch: pytest.MonkeyPatch) -> Iterator["DynamoDBClient"]:
    with moto_aws(monkeypatch):
        found = boto3.client("dynamodb")
        found.create_table(
            TableName=TABLE,
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            BillingMode="PAY_PER_REQUEST",
        )
        yield found


@pytest.fixture
def name() -> str:
    """Powertools counts failures per name in the process: each test needs its own."""
    return uuid.uuid4().hex


class Service:
    """Answers, or raises what it was given; counts its calls."""

    def __init__(self) -> None:
        self.error: ResponderError | None = None
        self.calls = 0

    def __call__(self) -> str:
        self.calls += 1
        if self.error is not None:
            raise self.error
        return "answer"


def open_circuit(breaker: Breaker) -> None:
    service = Service()
    service.error = Retryable(Reason.UNAVAILABLE, "529")
    for _ in range(FAILURE_THRESHOLD):
        with pytest.raises(Retryable):
            breaker.call(service)
    assert service.calls == FAILURE_THRESHOLD


def item(client: "DynamoDBClient", name: str) -> dict[str, str]:
    found = client.get_item(TableName=TABLE, Key={"id": {"S": f"breaker#{name}"}})["Item"]
    return {key: next(iter(value.values())) for key, value in found.items()}  # type: ignore[misc]


def age(client: "DynamoDBClient", name: str, seconds: int) -> None:
    """Let the circuit have opened earlier, instead of waiting."""
    client.update_item(
        TableName=TABLE,
        Key={"id": {"S": f"breaker#{name}"}},
        UpdateExpression="SET opened_at = opened_at - :s",
        ExpressionAttributeValues={":s": {"N": str(seconds)}},
    )


def test_a_healthy_service_is_called_and_nothing_is_written(
    client: "DynamoDBClient", name: str
) -> None:
    assert Breaker(client, TABLE, name).call(Service()) == "answer"
    assert client.scan(TableName=TABLE)["Count"] == 0


def test_repeated_failures_open_it_for_every_container(client: "DynamoDBClient", name: str) -> None:
    open_circuit(Breaker(client, TABLE, name))
    service = Service()
    with pytest.raises(Retryable) as caught:
        Breaker(client, TABLE, name).call(service)
    assert service.calls == 0
    assert (caught.value.reason, caught.value.took_effect) == (Reason.BREAKER_OPEN, False)
    assert caught.value.after is not None
    assert 25 < caught.value.after <= 30
    assert item(client, name)["state"] == "OPEN"
    assert int(item(client, name)["ttl"]) > utc_now().timestamp() + 3000


def test_after_the_recovery_time_one_good_call_closes_it(
    client: "DynamoDBClient", name: str
) -> None:
    open_circuit(Breaker(client, TABLE, name))
    age(client, name, 31)
    assert Breaker(client, TABLE, name).call(Service()) == "answer"
    assert item(client, name)["state"] == "CLOSED"


def test_a_failed_probe_opens_it_again(client: "DynamoDBClient", name: str) -> None:
    open_circuit(Breaker(client, TABLE, name))
    age(client, name, 31)
    service = Service()
    service.error = Retryable(Reason.TIMEOUT, "no answer")
    with pytest.raises(Retryable) as caught:
        Breaker(client, TABLE, name).call(service)
    assert caught.value.reason is Reason.TIMEOUT
    assert item(client, name)["state"] == "OPEN"
    with pytest.raises(Retryable) as refused:
        Breaker(client, TABLE, name).call(service)
    assert refused.value.reason is Reason.BREAKER_OPEN
    assert service.calls == 1


@pytest.mark.parametrize(
    "error",
    [
        Permanent(Reason.REFUSED_BY_CLAUDE),
        Permanent(Reason.MISCONFIGURED),
        Retryable(Reason.RATE_LIMITED, after=7),
    ],
)
def test_a_refusal_or_a_throttle_shows_a_service_that_is_well(
    client: "DynamoDBClient", name: str, error: ResponderError
) -> None:
    service = Service()
    service.error = error
    breaker = Breaker(client, TABLE, name)
    for _ in range(3 * FAILURE_THRESHOLD):
        with pytest.raises(type(error)) as caught:
            breaker.call(service)
        assert caught.value is error
    assert service.calls == 3 * FAILURE_THRESHOLD


def test_a_refused_probe_closes_it(client: "DynamoDBClient", name: str) -> None:
    open_circuit(Breaker(client, TABLE, name))
    age(client, name, 31)
    service = Service()
    service.error = Permanent(Reason.REFUSED_BY_CLAUDE)
    with pytest.raises(Permanent):
        Breaker(client, TABLE, name).call(service)
    assert item(client, name)["state"] == "CLOSED"


def test_while_one_container_probes_the_others_wait_for_it(
    client: "DynamoDBClient", name: str
) -> None:
    open_circuit(Breaker(client, TABLE, name))
    age(client, name, 31)
    client.update_item(
        TableName=TABLE,
        Key={"id": {"S": f"breaker#{name}"}},
        UpdateExpression="SET #s = :half, half_open_owner = :who, probe_lease_expiry = :end",
        ExpressionAttributeNames={"#s": "state"},
        ExpressionAttributeValues={
            ":half": {"S": "HALF_OPEN"},
            ":who": {"S": "another container"},
            ":end": {"N": str(int(utc_now().timestamp()) + 60)},
        },
    )
    service = Service()
    with pytest.raises(Retryable) as caught:
        Breaker(client, TABLE, name).call(service)
    assert service.calls == 0
    assert caught.value.after == PROBE_SECONDS


def test_a_store_that_is_down_does_not_stop_the_calls(client: "DynamoDBClient", name: str) -> None:
    assert Breaker(client, "no-such-table", name).call(Service()) == "answer"


def test_the_wait_is_never_less_than_a_second(client: "DynamoDBClient", name: str) -> None:
    open_circuit(Breaker(client, TABLE, name))
    opened = int(item(client, name)["opened_at"])
    nearly: Callable[[], datetime] = lambda: datetime.fromtimestamp(opened + 29.9, UTC)  # noqa: E731
    with pytest.raises(Retryable) as caught:
        Breaker(client, TABLE, name, clock=nearly).call(Service())
    assert caught.value.after == 1
