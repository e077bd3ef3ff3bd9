"""A stack's tables on moto, and a command of the command line pointed at it."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
from click.testing import CliRunner, Result
from moto import mock_aws

from examples import incident
from responder.adapters.dynamodb import DynamoStore
from responder.clock import utc_now
from responder.incident import AlertRecord
from responder.ports import Key, Queue, Table, Write
from responder.protocols import items
from responder_cli.aws import QUEUES, Stack
from responder_cli.main import cli
from template.deployed import resources
from unit.cli.stacks import stack

_NAMES = {
    Table.ALERTS: "AlertsTable",
    Table.CACHE: "AnalysisCacheTable",
    Table.INCIDENTS: "IncidentsTable",
    Table.STATE: "StateTable",
}


@dataclass
class House:
    """``command`` on a stack, or on none: then whoever asks for it fails."""

    command: str
    stack: Stack | None
    directory: Path

    def run(self, *words: str, answer: str = "") -> Result:
        """The command with these words, and what is answered to its question."""
        return CliRunner().invoke(
            cli, [self.command, *words], obj=lambda *_: self.stack, input=answer
        )

    def json(self, *words: str) -> Any:
        """What the command says with --json, where it succeeds."""
        done = self.run(*words, "--json")
        assert done.exit_code == 0, done.output
        return json.loads(done.stdout)

    def file(self, content: object) -> str:
        """The path of a file with this content; there is one at a time."""
        path = self.directory / "rules.json"
        path.write_text(content if isinstance(content, str) else json.dumps(content))
        return str(path)

    def store(self, table: Table) -> DynamoStore:
        """One of the stack's tables."""
        assert self.stack is not None
        return self.stack.store(table)

    def give(self, service: str, client: Any) -> None:
        """Another service to the stack."""
        assert self.stack is not None
        before = self.stack.make_client
        self.stack.make_client = lambda name: client if name == service else before(name)

    def taken(self, queue: Queue) -> list[Any]:
        """The messages in one of the stack's queues."""
        assert self.stack is not None
        url = self.stack.output(QUEUES[queue])
        answer = self.stack.client("sqs").receive_message(QueueUrl=url, MaxNumberOfMessages=10)
        return [json.loads(message["Body"]) for message in answer.get("Messages", [])]

    def recorded(self, record: AlertRecord) -> None:
        """An alert that the stack has accepted."""
        key = items.alert_key(record.alert.alert_id)
        self.store(Table.ALERTS).write([items.write_of(key, record, 0, utc_now())])

    def rewrite(self, key: Key, **changes: object) -> None:
        """An item as another release would have written it."""
        store = self.store(key.table)
        record = store.read([key])[key]
        assert record.data is not None
        store.write([Write(key, {**record.data, **changes}, record.version)])

    def opened(self, incident_id: str, **changes: Any) -> None:
        """An incident of the stack."""
        key = items.incident_item(incident_id)
        write = items.write_of(key, incident(incident_id, **changes), 0, utc_now())
        self.store(Table.INCIDENTS).write([write])


@contextmanager
def house_of(command: str, directory: Path, *tables: Table) -> Iterator[House]:
    """A house whose stack has these tables, as the template has them."""
    with mock_aws():
        client = boto3.client("dynamodb", region_name="eu-west-1")
        for table in tables:
            make_table(client, table)
        sqs = boto3.client("sqs", region_name="eu-west-1")
        outputs = {
            output: sqs.create_queue(QueueName=f"it-{queue.value}")["QueueUrl"]
            for queue, output in QUEUES.items()
        }
        clients = {
            "dynamodb": client,
            "sqs": sqs,
            "cloudwatch": boto3.client("cloudwatch", "eu-west-1"),
        }
        yield House(command, stack(outputs, clients), directory)


def make_table(client: Any, table: Table, name: str = "") -> None:
    """A table of the stack ``it``, as the template has it, unless another name is given."""
    wanted = resources("AWS::DynamoDB::Table")[_NAMES[table]]
    optional = {k: wanted[k] for k in ("GlobalSecondaryIndexes",) if k in wanted}
    client.create_table(
        TableName=name or f"it-{table.value}",
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=wanted["AttributeDefinitions"],
        KeySchema=wanted["KeySchema"],
        **optional,
    )
