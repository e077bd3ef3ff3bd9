"""The process's environment: variables, and the AWS clients that they configure."""

import functools
import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import boto3
from botocore import UNSIGNED
from botocore.config import Config

if TYPE_CHECKING:
    from botocore.credentials import ReadOnlyCredentials
    from mypy_boto3_apigateway import APIGatewayClient
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_secretsmanager import SecretsManagerClient
    from mypy_boto3_sns import SNSClient
    from mypy_boto3_sqs import SQSClient

    from responder.adapters.runbooks import S3

#: Seconds. A hanging call must fail well within the functions' time-outs; two more tries follow.
_CONNECT_TIMEOUT = 2
_READ_TIMEOUT = 5
_ATTEMPTS = 3


def variables() -> Mapping[str, str]:
    """The environment variables of this process."""
    return os.environ


def function_version() -> tuple[str, str]:
    """Name and version of the running function, as Lambda tells them."""
    name = os.environ.get("AWS_LAMBDA_FUNCTION_NAME", "unknown")
    return name, os.environ.get("AWS_LAMBDA_FUNCTION_VERSION", "unknown")


def credentials() -> "ReadOnlyCredentials | None":
    """Whom requests are signed as at this moment; None where nothing says so."""
    found = _session().get_credentials()
    return found.get_frozen_credentials() if found is not None else None


def dynamodb() -> "DynamoDBClient":
    """A DynamoDB client."""
    return _session().client("dynamodb", config=_config())


def sqs() -> "SQSClient":
    """An SQS client."""
    return _session().client("sqs", config=_config())


def sns() -> "SNSClient":
    """An SNS client."""
    return _session().client("sns", config=_config())


def unsigned_sns(region: str) -> "SNSClient":
    """An SNS client without credentials, as the address in a confirmation would be visited."""
    config = _config().merge(Config(signature_version=UNSIGNED))
    return _session().client("sns", region_name=region, config=config)


def secrets() -> "SecretsManagerClient":
    """A Secrets Manager client."""
    return _session().client("secretsmanager", config=_config())


def apigateway() -> "APIGatewayClient":
    """An API Gateway client."""
    return _session().client("apigateway", config=_config())


def s3() -> "S3":
    """An S3 client that gives up early: an analysis waits for the runbooks."""
    retries: Any = {"mode": "standard", "total_max_attempts": 2}
    config = Config(connect_timeout=1, read_timeout=2, retries=retries)
    client: S3 = _session().client("s3", config=config)
    return client


@functools.cache
def _session() -> "boto3.Session":
    return boto3.Session()


@functools.cache
def _config() -> Config:
    return Config(
        connect_timeout=_CONNECT_TIMEOUT,
        read_timeout=_READ_TIMEOUT,
        retries={"mode": "standard", "total_max_attempts": _ATTEMPTS},
    )
