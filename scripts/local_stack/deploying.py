"""``sam deploy`` onto the emulator, and the secrets that the template leaves empty."""

import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from local_stack import building, children, layout, samconfig


def client(service: str, endpoint: str, bundle: Path) -> Any:
    """A boto3 client of the emulator that knows nothing of the developer's own account."""
    session: Any = boto3.session.Session(
        aws_access_key_id=layout.CREDENTIALS["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=layout.CREDENTIALS["AWS_SECRET_ACCESS_KEY"],
        region_name=layout.REGION,
    )
    return session.client(
        service,
        endpoint_url=endpoint,
        verify=str(bundle),
        config=Config(retries={"mode": "standard", "max_attempts": 5}),
    )


def deploy(endpoint: str, bundle: Path, parameters: Mapping[str, str], log: Path) -> dict[str, str]:
    """Deploy the built template as samconfig's ``local`` says; the outputs of the stack."""
    reached = {"AWS_ENDPOINT_URL": endpoint, "AWS_CA_BUNDLE": str(bundle)}
    with building.sam_environment() as environment:
        children.run(
            "sam deploy",
            command(parameters),
            {**environment, **layout.CREDENTIALS, **reached},
            log,
            cwd=layout.REPOSITORY,
        )
    described = client("cloudformation", endpoint, bundle).describe_stacks(
        StackName=layout.STACK_NAME
    )
    return {
        output["OutputKey"]: output["OutputValue"]
        for output in described["Stacks"][0].get("Outputs", [])
    }


def command(parameters: Mapping[str, str]) -> list[str]:
    """The call of SAM; ``parameters`` go before what samconfig says."""
    return [
        str(layout.SAM),
        *("deploy", "--config-env", "local", "--no-progressbar"),
        *("--template-file", str(layout.LOCAL_BUILD / "template.yaml")),
        *("--stack-name", layout.STACK_NAME, "--region", layout.REGION, "--resolve-s3"),
        *("--capabilities", "CAPABILITY_IAM", "CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"),
        *("--no-confirm-changeset", "--no-fail-on-empty-changeset"),
        *samconfig.overrides({**samconfig.parameters("local"), **parameters}),
    ]


def api_key(endpoint: str, bundle: Path, key_id: str) -> str:
    """The value of the API key that the stack created."""
    found = client("apigateway", endpoint, bundle).get_api_key(apiKey=key_id, includeValue=True)
    return str(found["value"])


def fill_secrets(endpoint: str, bundle: Path, values: Mapping[str, str]) -> None:
    """Give each named secret its value, as an operator does after the first deployment."""
    manager = client("secretsmanager", endpoint, bundle)
    for name, value in values.items():
        try:
            manager.put_secret_value(SecretId=name, SecretString=value)
        except ClientError as error:
            raise children.ChildError(
                f"The secret {name} could not be filled: {error.response['Error']['Code']}"
            ) from error


def new_token() -> str:
    """A token for the route of tools that can set no header."""
    return secrets.token_urlsafe(24)
