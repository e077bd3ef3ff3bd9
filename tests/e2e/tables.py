"""The template's tables where nothing is deployed, and a client for many workers."""

from functools import cache
from typing import Any
from uuid import uuid4

import boto3
from botocore.config import Config

from local_stack import layout
from local_stack.servers import Emulator
from responder.ports import Table
from template import deployed

#: As many as any of these tests has.
WORKERS = 200


def connect(emulator: Emulator) -> Any:
    """As ``deploying.client``, with a connection for each worker."""
    session: Any = boto3.session.Session(
        aws_access_key_id=layout.CREDENTIALS["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=layout.CREDENTIALS["AWS_SECRET_ACCESS_KEY"],
        region_name=layout.REGION,
    )
    config = Config(max_pool_connections=WORKERS, retries={"mode": "standard"})
    return session.client(
        "dynamodb", endpoint_url=emulator.endpoint, verify=str(emulator.bundle), config=config
    )


def create_tables(client: Any, stack: str = "") -> dict[Table, str]:
    """The template's tables, new and empty; the name of each. Without a ``stack`` of their own."""
    stack = stack or f"stampede-{uuid4().hex[:8]}"
    names = {}
    for properties in _definitions():
        name = properties["TableName"]["Fn::Sub"].replace("${AWS::StackName}", stack)
        kept = ("AttributeDefinitions", "KeySchema", "BillingMode", "GlobalSecondaryIndexes")
        given = {key: properties[key] for key in kept if key in properties}
        client.create_table(TableName=name, **given)
        names[Table(name.removeprefix(f"{stack}-"))] = name
    return names


@cache
def _definitions() -> list[deployed.Json]:
    return list(deployed.resources("AWS::DynamoDB::Table", deployed.source()).values())
