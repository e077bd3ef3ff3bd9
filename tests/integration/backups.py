"""A stack on moto with all that a backup reads, in a house of its own."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import boto3
from click.testing import CliRunner, Result
from moto import mock_aws

from integration.cli_house import make_table
from responder.adapters.dynamodb import PARTITION_KEY, DynamoStore
from responder.clock import utc_now
from responder.ports import Table
from responder_cli.aws import QUEUES, Stack
from responder_cli.backup.taking import scan
from responder_cli.main import cli
from unit.cli.stacks import Client

REGION, ACCOUNT = "eu-west-1", "123456789012"
SECRET = "whsec-very-secret-0001"
LAYER = f"arn:aws:lambda:{REGION}:{ACCOUNT}:layer:it-responder:7"


@dataclass
class House:
    """A stack, and the command line pointed at it."""

    stack: Stack

    def run(self, *words: str, answer: str = "") -> Result:
        return CliRunner().invoke(cli, list(words), obj=lambda *_: self.stack, input=answer)

    def items(self, table: Table) -> dict[str, dict[str, Any]]:
        """Everything in a table, by id."""
        found = scan(self.stack, self.stack.table(table.value))
        return {one[PARTITION_KEY[table]]["S"]: one for one in found}

    def put(self, table: Table, raw: dict[str, Any]) -> None:
        """An item that has not expired yet."""
        raw["ttl"] = {"N": str(int((utc_now() + timedelta(days=1)).timestamp()))}
        self.stack.client("dynamodb").put_item(TableName=self.stack.table(table.value), Item=raw)

    def store(self, table: Table) -> DynamoStore:
        """A table as the lanes have it."""
        return self.stack.store(table)

    def lose(self, table: Table) -> None:
        """Every item of a table."""
        for name in self.items(table):
            self.stack.client("dynamodb").delete_item(
                TableName=self.stack.table(table.value), Key={PARTITION_KEY[table]: {"S": name}}
            )


@contextmanager
def house_of_backups(directory: Path, *, on_aws: bool = False) -> Iterator[House]:
    """A stack with tables, queues, secrets, a runbook, code and an empty bucket ``backups``."""
    (directory / "code.zip").write_bytes(b"zip")
    code = (directory / "code.zip").as_uri()
    with mock_aws():
        clients: dict[str, Any] = {
            name: boto3.client(name, region_name=REGION)
            for name in ("dynamodb", "s3", "secretsmanager", "sqs", "sts")
        }
        for table in Table:
            make_table(clients["dynamodb"], table)
        for bucket in ("runbooks", "backups"):
            clients["s3"].create_bucket(
                Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": REGION}
            )
        clients["s3"].put_object(Bucket="runbooks", Key="disk.md", Body=b"# Disk full")
        clients["secretsmanager"].create_secret(
            Name="it/sources",
            SecretString=json.dumps(
                {
                    "sources": {"grafana": {"tools": ["grafana"], "tokens": [SECRET]}},
                    "tokens": {"old": SECRET},
                    "mappings": {"shopmon": {}},
                }
            ),
        )
        queues = {
            output: clients["sqs"].create_queue(QueueName=f"it-{queue.value}")["QueueUrl"]
            for queue, output in QUEUES.items()
        }
        queues["DeadLetterQueueUrl"] = clients["sqs"].create_queue(QueueName="it-dlq")["QueueUrl"]
        described = {
            "Outputs": [
                {"OutputKey": key, "OutputValue": value}
                for key, value in {
                    "RunbookBucketName": "runbooks",
                    "SecretPrefix": "it",
                    **queues,
                }.items()
            ],
            "Parameters": [{"ParameterKey": "SlackChannel", "ParameterValue": "#incidents"}],
        }
        clients["cloudformation"] = Client(
            {
                "describe_stacks": {"Stacks": [described]},
                "get_template": {"TemplateBody": "Resources: {}"},
            }
        )
        clients["lambda"] = Client(
            {
                "get_function": {
                    "Code": {"Location": code},
                    "Configuration": {"Layers": [{"Arn": LAYER}]},
                },
                "get_layer_version_by_arn": {"Content": {"Location": code}},
            }
        )
        yield House(Stack("it", clients.__getitem__, on_aws))
