"""Each function's role on the deployed stack: it is let do what it must, and nothing else.

What each may do is ``template.rights``. Every right is asked for by every role against every
resource, in calls that change nothing even where they are let through.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from e2e.pipeline import Pipeline
from local_stack import layout
from template.rights import ALLOWED

pytestmark = pytest.mark.e2e_long

#: How services say that IAM refuses.
REFUSED = {
    "AccessDenied",
    "AccessDeniedException",
    "AuthorizationError",
    "AuthorizationErrorException",
}
NOWHERE = "nothing-of-this-name"
type Call = Callable[[Any, str], object]


@dataclass(frozen=True)
class Right:
    """One action, and how to ask for it without effect."""

    action: str
    service: str
    call: Call


def _never(key: str) -> dict[str, Any]:
    """A condition under which nothing is written."""
    return {
        "ConditionExpression": "attribute_exists(#key)",
        "ExpressionAttributeNames": {"#key": key},
    }


KEYS = {"AlertsTable": "alert_id", "AnalysisCacheTable": "error_signature"}
#: What an index is asked by.
INDEXES = {
    "AlertsTable": ("timestamp-index", "severity"),
    "IncidentsTable": ("due-index", "due_shard"),
}


def _query(key: str, **index: str) -> Call:
    return lambda client, name: client.query(
        TableName=name,
        KeyConditionExpression="#key = :nowhere",
        ExpressionAttributeNames={"#key": key},
        ExpressionAttributeValues={":nowhere": {"S": NOWHERE}},
        **index,
    )


def _table(resource: str) -> list[Right]:
    key = KEYS.get(resource, "id")
    item = {key: {"S": NOWHERE}}
    calls: dict[str, Call] = {
        "GetItem": lambda c, t: c.get_item(TableName=t, Key=item),
        "BatchGetItem": lambda c, t: c.batch_get_item(RequestItems={t: {"Keys": [item]}}),
        "PutItem": lambda c, t: c.put_item(TableName=t, Item=item, **_never(key)),
        "UpdateItem": lambda c, t: c.update_item(
            TableName=t, Key=item, UpdateExpression="REMOVE nothing", **_never(key)
        ),
        "DeleteItem": lambda c, t: c.delete_item(TableName=t, Key=item, **_never(key)),
        "Scan": lambda c, t: c.scan(TableName=t, Limit=1),
        "DescribeTable": lambda c, t: c.describe_table(TableName=t),
        # Nobody has it: the one query is of an index.
        "Query of the table itself": _query(key),
    }
    if resource in INDEXES:
        index, by = INDEXES[resource]
        calls["Query"] = _query(by, IndexName=index)
    return [Right(f"dynamodb:{name}", "dynamodb", call) for name, call in calls.items()]


QUEUE = [
    Right(f"sqs:{name}", "sqs", call)
    for name, call in {
        # No body, a receipt of no message: refused after IAM has agreed.
        "SendMessage": lambda c, q: c.send_message(QueueUrl=q, MessageBody=""),
        "ReceiveMessage": lambda c, q: c.receive_message(QueueUrl=q, MaxNumberOfMessages=99),
        "DeleteMessage": lambda c, q: c.delete_message(QueueUrl=q, ReceiptHandle=NOWHERE),
        "ChangeMessageVisibility": lambda c, q: c.change_message_visibility(
            QueueUrl=q, ReceiptHandle=NOWHERE, VisibilityTimeout=0
        ),
        "GetQueueAttributes": lambda c, q: c.get_queue_attributes(QueueUrl=q),
        "SetQueueAttributes": lambda c, q: c.set_queue_attributes(
            QueueUrl=q, Attributes={"VisibilityTimeout": "-1"}
        ),
    }.items()
]
SECRET = [
    Right(
        "secretsmanager:GetSecretValue",
        "secretsmanager",
        lambda c, s: c.get_secret_value(SecretId=s),
    ),
    Right(
        "secretsmanager:PutSecretValue",
        "secretsmanager",
        # Without a value there is nothing to store.
        lambda c, s: c.put_secret_value(SecretId=s),
    ),
]
BUCKET = [
    Right("s3:ListBucket", "s3", lambda c, b: c.list_objects_v2(Bucket=b)),
    Right("s3:GetObject", "s3", lambda c, b: c.get_object(Bucket=b, Key=NOWHERE)),
    Right("s3:DeleteObject", "s3", lambda c, b: c.delete_object(Bucket=b, Key=NOWHERE)),
]
FUNCTION = [
    Right(
        "lambda:InvokeFunction",
        "lambda",
        # Of a version, as the hook tries the new ones; nobody may invoke what is not published.
        lambda c, f: c.invoke(FunctionName=f"{f}:live", InvocationType="DryRun"),
    ),
    Right("lambda:GetFunction", "lambda", lambda c, f: c.get_function(FunctionName=f)),
]
TOPIC = [
    Right(
        "sns:Publish",
        "sns",
        lambda c, t: c.publish(TopicArn=t, Message=""),
    ),
]
LOG_GROUP = [
    # Into no stream: refused after IAM has agreed.
    Right(
        "logs:PutLogEvents",
        "logs",
        lambda c, g: c.put_log_events(
            logGroupName=g, logStreamName=NOWHERE, logEvents=[{"timestamp": 0, "message": "-"}]
        ),
    ),
    Right(
        "logs:FilterLogEvents", "logs", lambda c, g: c.filter_log_events(logGroupName=g, limit=1)
    ),
    Right(
        "logs:GetLogEvents",
        "logs",
        lambda c, g: c.get_log_events(logGroupName=g, logStreamName=NOWHERE),
    ),
]
RIGHTS: Mapping[str, Callable[[str], list[Right]]] = {
    "AWS::DynamoDB::Table": _table,
    "AWS::SQS::Queue": lambda _: QUEUE,
    "AWS::SecretsManager::Secret": lambda _: SECRET,
    "AWS::S3::Bucket": lambda _: BUCKET,
    "AWS::Lambda::Function": lambda _: FUNCTION,
    "AWS::SNS::Topic": lambda _: TOPIC,
    "AWS::Logs::LogGroup": lambda _: LOG_GROUP,
}


@dataclass(frozen=True)
class Resource:
    """A resource of the deployed stack."""

    logical: str
    kind: str
    physical: str


def _rights(resource: Resource) -> list[Right]:
    return RIGHTS[resource.kind](resource.logical) if resource.kind in RIGHTS else []


@pytest.fixture(scope="module")
def resources(pipeline: Pipeline) -> list[Resource]:
    pages = pipeline.client("cloudformation").get_paginator("list_stack_resources")
    return [
        Resource(one["LogicalResourceId"], one["ResourceType"], one["PhysicalResourceId"])
        for page in pages.paginate(StackName=layout.STACK_NAME)
        for one in page["StackResourceSummaries"]
    ]


@pytest.mark.parametrize("role", ALLOWED)
def test_a_role_is_let_do_what_it_must_and_refused_the_rest(
    pipeline: Pipeline, resources: list[Resource], role: str
) -> None:
    clients = _Assumed(pipeline, next(one.physical for one in resources if one.logical == role))
    asked, wrong = 0, []
    for one in resources:
        for right in _rights(one):
            asked += 1
            expected = right.action in ALLOWED[role].get(one.logical, set())
            if clients.may(right, one.physical) != expected:
                wrong.append(f"{right.action} of {one.logical}: {'refused' if expected else 'let'}")
    assert not wrong
    assert asked > 100


@pytest.mark.parametrize("role", ALLOWED)
def test_no_role_may_reach_beyond_the_stack(
    pipeline: Pipeline, resources: list[Resource], role: str
) -> None:
    clients = _Assumed(pipeline, next(one.physical for one in resources if one.logical == role))
    beyond = [
        Right("iam:ListRoles", "iam", lambda c, _: c.list_roles()),
        Right("secretsmanager:ListSecrets", "secretsmanager", lambda c, _: c.list_secrets()),
        Right("dynamodb:ListTables", "dynamodb", lambda c, _: c.list_tables()),
        Right("sqs:ListQueues", "sqs", lambda c, _: c.list_queues()),
        Right("lambda:ListFunctions", "lambda", lambda c, _: c.list_functions()),
        Right("cloudformation:ListStacks", "cloudformation", lambda c, _: c.list_stacks()),
    ]
    assert [right.action for right in beyond if clients.may(right, "")] == []


class _Assumed:
    """Clients with the credentials of one role."""

    def __init__(self, pipeline: Pipeline, role: str) -> None:
        sts = pipeline.client("sts")
        account = sts.get_caller_identity()["Account"]
        assumed = sts.assume_role(
            RoleArn=f"arn:aws:iam::{account}:role/{role}", RoleSessionName="rights"
        )["Credentials"]
        self._session: Any = boto3.session.Session(
            aws_access_key_id=assumed["AccessKeyId"],
            aws_secret_access_key=assumed["SecretAccessKey"],
            aws_session_token=assumed["SessionToken"],
            region_name=layout.REGION,
        )
        self._stack = pipeline.stack
        self._clients: dict[str, Any] = {}

    def may(self, right: Right, name: str) -> bool:
        if right.service not in self._clients:
            self._clients[right.service] = self._session.client(
                right.service, endpoint_url=self._stack.endpoint, verify=str(self._stack.bundle)
            )
        try:
            right.call(self._clients[right.service], name)
        except ClientError as error:
            return error.response["Error"]["Code"] not in REFUSED
        return True
