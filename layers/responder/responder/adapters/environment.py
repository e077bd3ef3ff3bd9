"""The process's environment: variables, and the AWS clients that they configure."""

import functools
import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from botocore import UNSIGNED
from botocore.config import Config
from botocore.loaders import Loader
from botocore.session import Session, get_session

if TYPE_CHECKING:
    from botocore.credentials import ReadOnlyCredentials
    from mypy_boto3_apigateway import APIGatewayClient
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_logs import CloudWatchLogsClient
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
    client: DynamoDBClient = _client("dynamodb")
    return client


def sqs() -> "SQSClient":
    """An SQS client."""
    client: SQSClient = _client("sqs")
    return client


def logs() -> "CloudWatchLogsClient":
    """A client of CloudWatch Logs."""
    client: CloudWatchLogsClient = _client("logs")
    return client


def sns() -> "SNSClient":
    """An SNS client."""
    client: SNSClient = _client("sns")
    return client


def unsigned_sns(region: str) -> "SNSClient":
    """An SNS client without credentials, as the address in a confirmation would be visited."""
    client: SNSClient = _client("sns", Config(signature_version=UNSIGNED), region)
    return client


def secrets() -> "SecretsManagerClient":
    """A Secrets Manager client."""
    client: SecretsManagerClient = _client("secretsmanager")
    return client


def apigateway() -> "APIGatewayClient":
    """An API Gateway client."""
    client: APIGatewayClient = _client("apigateway")
    return client


def s3() -> "S3":
    """An S3 client that gives up early: an analysis waits for the runbooks."""
    retries: Any = {"mode": "standard", "total_max_attempts": 2}
    client: S3 = _client("s3", Config(connect_timeout=1, read_timeout=2, retries=retries))
    return client


def _client(service: str, differs: Config | None = None, region: str | None = None) -> Any:  # noqa: ANN401 - botocore makes its clients at run time
    config = _config().merge(differs) if differs else _config()
    return _session().create_client(service, region_name=region, config=config)


class _Services(Loader):
    """botocore's descriptions of these services.

    Its own loader looks into the folders of all 400 services before it loads the first one: 3,400
    system calls, and a tenth of a start.
    """

    def list_available_services(self, type_name: str) -> list[str]:
        """Those that we have clients for."""
        return ["apigateway", "dynamodb", "logs", "s3", "secretsmanager", "sns", "sqs"]


@functools.cache
def _session() -> Session:
    # Not boto3's, which would import its resources and transfers as well: 60 modules.
    session = get_session()
    session.register_component("data_loader", _Services())
    return session


@functools.cache
def _config() -> Config:
    return Config(
        connect_timeout=_CONNECT_TIMEOUT,
        read_timeout=_READ_TIMEOUT,
        retries={"mode": "standard", "total_max_attempts": _ATTEMPTS},
    )
