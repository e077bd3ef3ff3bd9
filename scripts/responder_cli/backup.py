"""``responder backup``: table exports, the stack's description and the deployed code, into S3."""

import json
from collections.abc import Iterator
from dataclasses import dataclass

import click

from responder.clock import utc_now
from responder_cli import console
from responder_cli.aws import FUNCTIONS, LIVE, Stack
from responder_cli.options import examples, json_option, on_stack
from responder_cli.webhook import download

#: The tables with point-in-time recovery; analyses are safe to lose.
EXPORTED = ("alerts", "incidents", "state")


@dataclass(frozen=True)
class Bucket:
    """Where it is kept; S3 refuses when the bucket of that name is not the owner's.

    Names are taken first come, first served: a stranger may own the name that we ask for.
    """

    name: str
    owner: str


@click.command(epilog=examples("responder backup --bucket my-backups"))
@click.option("--bucket", "name", required=True, help="A bucket of this account and region.")
@json_option
@on_stack
def backup(stack: Stack, name: str, as_json: bool) -> None:
    """Export the tables and keep the stack's description and code.

    Exports run in the background for some minutes; their state is shown by
    aws dynamodb describe-export. Between backups, point-in-time recovery covers the last 35 days.
    """
    bucket = Bucket(name, stack.client("sts").get_caller_identity()["Account"])
    day = f"{utc_now():%Y-%m-%d}"
    description = json.dumps(stack.outputs, indent=2).encode()
    kept = {"description": _put(stack, bucket, f"config/{day}/stack.json", description)}
    for part, code in _code(stack):
        kept[part] = _put(stack, bucket, f"code/{day}/{part}.zip", code)
    for short in EXPORTED:
        kept[f"table {short}"] = _export(stack, short, bucket, day)
    if as_json:
        console.as_json(kept)
    else:
        console.fields(kept.items())


def _export(stack: Stack, short: str, bucket: Bucket, day: str) -> str:
    client = stack.client("dynamodb")
    table = client.describe_table(TableName=stack.table(short))["Table"]["TableArn"]
    answer = client.export_table_to_point_in_time(
        TableArn=table,
        S3Bucket=bucket.name,
        S3BucketOwner=bucket.owner,
        S3Prefix=f"dynamodb-exports/{day}/{short}",
    )
    return str(answer["ExportDescription"]["ExportArn"])


def _code(stack: Stack) -> Iterator[tuple[str, bytes]]:
    """The zips of the live versions and of their layers, which hold nearly all of the code."""
    client = stack.client("lambda")
    layers: set[str] = set()
    for short in FUNCTIONS:
        answer = client.get_function(FunctionName=stack.function(short), Qualifier=LIVE)
        layers |= {layer["Arn"] for layer in answer["Configuration"].get("Layers", [])}
        yield short, download(answer["Code"]["Location"])
    for arn in sorted(layers):
        name, version = arn.split(":")[-2:]
        content = client.get_layer_version_by_arn(Arn=arn)["Content"]
        yield f"{name}-{version}", download(content["Location"])


def _put(stack: Stack, bucket: Bucket, key: str, body: bytes) -> str:
    stack.client("s3").put_object(
        Bucket=bucket.name, ExpectedBucketOwner=bucket.owner, Key=key, Body=body
    )
    return f"s3://{bucket.name}/{key}"
