"""Secrets on moto's Secrets Manager: rotation without a restart, and never a value in an error."""

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError, ConnectTimeoutError

from moto_aws import moto_aws
from responder.adapters.secrets import FORCE_PACE, Secret, secret_name
from responder.errors import Reason, Retryable

NAME = "mcp-responder/slack-webhook"
MAX_AGE = 300.0


class Clock:
    def __init__(self) -> None:
        self.time = 1000.0

    def __call__(self) -> float:
        return self.time


class Counting:
    """The client, counting what is fetched."""

    def __init__(self, client: Any) -> None:
        self._client = client
        self.fetched = 0

    def get_secret_value(self, **arguments: Any) -> Any:
        self.fetched += 1
        return self._client.get_secret_value(**arguments)


@pytest.fixture
def client(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    with moto_aws(monkeypatch):
        yield boto3.client("secretsmanager")


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def counting(client: Any) -> Counting:
    return Counting(client)


@pytest.fixture
def secret(client: Any, counting: Counting, clock: Clock) -> Secret:
    arn = client.create_secret(Name=NAME, SecretString=" first\n")["ARN"]
    return Secret(counting, arn, MAX_AGE, clock)  # type: ignore[arg-type]


def rotate(client: Any, value: str) -> None:
    client.put_secret_value(SecretId=NAME, SecretString=value)


def test_the_value_comes_without_the_white_space_around_it(secret: Secret) -> None:
    assert secret() == "first"
    assert secret.present()


def test_a_value_is_fetched_once_within_its_age(
    secret: Secret, client: Any, counting: Counting, clock: Clock
) -> None:
    secret()
    rotate(client, "second")
    clock.time += MAX_AGE
    assert secret() == "first"
    assert counting.fetched == 1


def test_a_rotated_secret_works_without_a_restart(
    secret: Secret, client: Any, clock: Clock
) -> None:
    secret()
    rotate(client, "second")
    clock.time += MAX_AGE + 1
    assert secret() == "second"


def test_a_refused_value_is_fetched_afresh_but_not_in_a_storm(
    secret: Secret, client: Any, counting: Counting, clock: Clock
) -> None:
    secret()
    rotate(client, "second")
    assert secret(True) == "first"
    clock.time += FORCE_PACE + 1
    assert secret(True) == "second"
    assert secret(True) == "second"
    assert counting.fetched == 2


def test_an_empty_secret_is_missing_by_name_until_it_is_set(
    client: Any, counting: Counting, clock: Clock
) -> None:
    client.create_secret(Name=NAME)
    secret = Secret(counting, NAME, MAX_AGE, clock)  # type: ignore[arg-type]
    with pytest.raises(Retryable, match=f"the secret {NAME} has no value") as caught:
        secret()
    error = caught.value
    assert (error.reason, error.took_effect) == (Reason.SECRET_MISSING, False)
    assert error.after is not None
    assert not secret.present()
    rotate(client, "set")
    assert not secret.present()
    clock.time += FORCE_PACE + 1
    assert secret() == "set"


@pytest.mark.parametrize("value", [" ", "\n"])
def test_a_blank_secret_has_no_value(client: Any, value: str) -> None:
    client.create_secret(Name=NAME, SecretString=value)
    assert not Secret(client, NAME, MAX_AGE).present()


def test_a_binary_secret_has_no_text(client: Any) -> None:
    client.create_secret(Name=NAME, SecretBinary=b"x")
    assert not Secret(client, NAME, MAX_AGE).present()


def test_a_deleted_secret_is_missing(client: Any) -> None:
    client.create_secret(Name=NAME, SecretString="s")
    client.delete_secret(SecretId=NAME)
    assert not Secret(client, NAME, MAX_AGE).present()


def test_an_unknown_secret_is_missing(client: Any) -> None:
    assert not Secret(client, "nobody", MAX_AGE).present()


def test_a_secret_that_vanishes_is_not_served_from_memory(
    secret: Secret, client: Any, clock: Clock
) -> None:
    secret()
    client.delete_secret(SecretId=NAME)
    clock.time += MAX_AGE + 1
    with pytest.raises(Retryable):
        secret()


def test_a_json_object_is_read(client: Any) -> None:
    client.create_secret(Name=NAME, SecretString='{"tokens": ["t"]}')
    assert Secret(client, NAME, MAX_AGE).as_json() == {"tokens": ["t"]}


@pytest.mark.parametrize("value", ["hunter2", '"hunter2"', '["hunter2"]', '{"hunter2"'])
def test_what_is_no_json_object_is_misconfigured_and_never_shown(client: Any, value: str) -> None:
    client.create_secret(Name=NAME, SecretString=value)
    with pytest.raises(Retryable) as caught:
        Secret(client, NAME, MAX_AGE).as_json()
    assert caught.value.reason is Reason.MISCONFIGURED
    assert NAME in str(caught.value)
    assert "hunter2" not in str(caught.value)


class Broken:
    """Secrets Manager does not answer, or forbids."""

    def __init__(self, error: Exception) -> None:
        self._error = error

    def get_secret_value(self, **arguments: Any) -> Any:
        raise self._error


def denied() -> ClientError:
    said = {"Code": "AccessDeniedException", "Message": "arn:aws:iam::1:role/x may not"}
    return ClientError({"Error": said}, "GetSecretValue")  # type: ignore[typeddict-item]


@pytest.mark.parametrize("error", [denied(), ConnectTimeoutError(endpoint_url="local")])
def test_a_secret_that_cannot_be_read_is_neither_present_nor_missing(error: Exception) -> None:
    secret = Secret(Broken(error), NAME, MAX_AGE)  # type: ignore[arg-type]
    for ask in (secret, secret.present):
        with pytest.raises(Retryable) as caught:
            ask()
        assert caught.value.reason is Reason.UNAVAILABLE
        assert NAME in str(caught.value)
        assert "role" not in str(caught.value)


@pytest.mark.parametrize(
    ("secret_id", "name"),
    [
        (
            "arn:aws:secretsmanager:eu-west-1:1:secret:mcp-responder/slack-bot-Ab12Cd",
            "mcp-responder/slack-bot",
        ),
        ("mcp-responder/slack-bot", "mcp-responder/slack-bot"),
    ],
)
def test_an_operator_is_told_the_name_and_not_the_arn(secret_id: str, name: str) -> None:
    assert secret_name(secret_id) == name
