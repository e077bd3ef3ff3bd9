"""The command line's only door to AWS: the stack's outputs, and clients made on demand.

Every command takes a ``Stack``, which threads may share; tests give it hand-written clients or
moto's.
"""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from threading import RLock
from typing import Any

import boto3
from boto3.dynamodb.types import TypeDeserializer
from botocore.config import Config
from botocore.exceptions import ClientError

from responder.adapters.dynamodb import DynamoStore
from responder.adapters.sqs import SqsQueues
from responder.ports import Queue, Table

#: Lambda may run for as long as its timeout while we wait for a synchronous answer.
#: https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
LONGEST_INVOCATION_SECONDS = 900
CONNECT_SECONDS = 10
ATTEMPTS = 4

#: The names that the template gives (design: contract with the runbook).
FUNCTIONS = ("AlertReceptionFunction", "AnalysisFunction", "DistributionFunction")
TABLES = ("alerts", "analysis-cache", "incidents", "state")
#: The outputs with the addresses of its queues.
QUEUES = {
    Queue.ANALYSIS: "AnalysisQueueUrl",
    Queue.DISTRIBUTION: "DistributionQueueUrl",
    Queue.CRITICAL_DISTRIBUTION: "CriticalQueueUrl",
}
#: Those of the queues in front of the record.
RECORD_WAITS = ("ProcessingQueueUrl", "CriticalProcessingQueueUrl")
LIVE = "live"
#: CloudFormation's word for what a change set is for that nobody has carried out (yet).
UNMADE = "REVIEW_IN_PROGRESS"


class NotFound(Exception):
    """The stack, or an output that a command needs, is not there."""


class NoSuch(Exception):
    """What an operator named, by an id or a number, is not there; everything that was asked is."""


@dataclass
class Stack:
    """One deployed stack: its name, its outputs, and clients for its services.

    ``on_aws`` is false where it is an emulator's. ``region`` and ``profile`` are what an operator
    gave to reach it, empty where the usual configuration leads there.
    """

    name: str
    make_client: Callable[[str], Any]
    on_aws: bool = False
    region: str = ""
    profile: str = ""
    _clients: dict[str, Any] = field(default_factory=dict)
    # boto3 makes clients in one thread at a time; what it made is used by many.
    _making: RLock = field(default_factory=RLock)
    _described: dict[str, Any] | None = None

    def client(self, service: str) -> Any:  # noqa: ANN401 - boto3 makes its clients at run time
        """The client of one AWS service, made once."""
        with self._making:
            if service not in self._clients:
                self._clients[service] = self.make_client(service)
            return self._clients[service]

    @property
    def outputs(self) -> Mapping[str, str]:
        """The stack's outputs; raises NotFound when there is no such stack."""
        outputs = self._description.get("Outputs", [])
        return {output["OutputKey"]: output["OutputValue"] for output in outputs}

    def output(self, key: str) -> str:
        """One output; raises NotFound, naming it, when the stack has none of that name."""
        try:
            return self.outputs[key]
        except KeyError:
            raise NotFound(f"stack {self.name} has no output {key}") from None

    def parameter(self, key: str, default: str) -> str:
        """A parameter of the stack; ``default`` where it has none of that name."""
        given = self._description.get("Parameters", [])
        found = {one["ParameterKey"]: one["ParameterValue"] for one in given}
        return str(found.get(key, default))

    def function(self, short: str) -> str:
        """The full name of a function, as the template names it."""
        return self._full(short)

    def table(self, short: str) -> str:
        """The full name of a table, as the template names it."""
        return self._full(short)

    @property
    def account(self) -> str:
        """The number of the account that it is in."""
        return str(self.client("sts").get_caller_identity()["Account"])

    @property
    def changed_at(self) -> datetime | None:
        """When it was created, or last updated."""
        found = self._description
        return found.get("LastUpdatedTime") or found.get("CreationTime")

    @property
    def state(self) -> str:
        """CloudFormation's word for how it is, such as UPDATE_COMPLETE."""
        return str(self._description.get("StackStatus", ""))

    @property
    def is_there(self) -> bool:
        """Whether there is such a stack; as for SAM, a change set alone makes none."""
        try:
            return self.state != UNMADE
        except NotFound:
            return False

    @property
    def protected(self) -> bool:
        """Whether CloudFormation refuses to delete it."""
        return bool(self._description.get("EnableTerminationProtection"))

    def other(self, name: str) -> "Stack":
        """Another stack of the same account and region."""
        return replace(self, name=name, _described=None)

    def store(self, *tables: Table) -> DynamoStore:
        """Some of its tables, as the lanes read and write them."""
        names = {table: self.table(table.value) for table in tables}
        return DynamoStore(self.client("dynamodb"), names)

    def queues(self) -> SqsQueues:
        """The queues that announcements and requests for analyses go to."""
        urls = {queue: self.output(output) for queue, output in QUEUES.items()}
        return SqsQueues(self.client("sqs"), urls, {})

    def check(self) -> None:
        """Raises NotFound when there is no such stack; asks AWS once, whoever asks how often."""
        _ = self._description

    def _full(self, short: str) -> str:
        """A name of a stack that is not there would fail later, in words that do not name it."""
        self.check()
        return f"{self.name}-{short}"

    def item(self, table: str, key: str, value: str) -> dict[str, Any] | None:
        """One item of a table as plain Python, read consistently; None when absent."""
        answer = self.client("dynamodb").get_item(
            TableName=self.table(table), Key={key: {"S": value}}, ConsistentRead=True
        )
        item = answer.get("Item")
        return None if item is None else plain(item)

    @property
    def _description(self) -> dict[str, Any]:
        with self._making:
            if self._described is None:
                self._described = self._describe()
            return self._described

    def _describe(self) -> dict[str, Any]:
        try:
            answer = self.client("cloudformation").describe_stacks(StackName=self.name)
        except ClientError as error:
            if error.response["Error"]["Code"] != "ValidationError":
                raise
            raise NotFound(f"no stack {self.name} in this account and region") from error
        return dict(answer["Stacks"][0])


def connect(name: str, region: str | None, profile: str | None) -> Stack:
    """A stack reached with the usual AWS configuration (files, environment, endpoint URLs)."""
    if not os.environ.get("AWS_PROFILE"):
        # Set but empty it means none; boto3 would look for a profile without a name.
        os.environ.pop("AWS_PROFILE", None)
    # As AWS CLI 2 and Lambda have it; boto3 looks at AWS_DEFAULT_REGION only.
    session = boto3.Session(
        region_name=region or os.environ.get("AWS_REGION") or None, profile_name=profile
    )
    config = Config(
        connect_timeout=CONNECT_SECONDS,
        read_timeout=LONGEST_INVOCATION_SECONDS,
        retries={"mode": "standard", "max_attempts": ATTEMPTS},
    )
    return Stack(
        name,
        lambda service: session.client(service, config=config),  # type: ignore[call-overload]
        on_aws=not os.environ.get("AWS_ENDPOINT_URL"),
        region=region or "",
        profile=profile or "",
    )


def words(error: Exception) -> str:
    """What AWS said, without the colon that botocore leaves where AWS gave no message."""
    return str(error).rstrip(": ")


def plain(item: Mapping[str, Any]) -> dict[str, Any]:
    """A DynamoDB item as plain Python: numbers as int where they are whole, else float."""
    deserialize = TypeDeserializer().deserialize
    return {name: _undecimal(deserialize(value)) for name, value in item.items()}


def _undecimal(value: Any) -> Any:  # noqa: ANN401 - any JSON value
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, dict):
        return {key: _undecimal(inner) for key, inner in value.items()}
    if isinstance(value, list | set):
        return [_undecimal(inner) for inner in value]
    return value
