"""What a backup has: the tables, what the stack is, what operators decided; no secret's value.

    tables ──▶ stack, operators, runbooks, code ──▶ manifest

The manifest comes last: what has none is no backup, and ``restore`` refuses it. It has the hash of
every table's file, or the export that DynamoDB makes in the background; and it names the layers
that could not be had.
"""

import gzip
import hashlib
import json
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

from responder.clock import to_utc
from responder.ports import Table
from responder_cli import console
from responder_cli.aws import FUNCTIONS, LIVE, Stack
from responder_cli.backup import operators
from responder_cli.backup.vaults import Bucket, Vault
from responder_cli.layers import Gone, location
from responder_cli.webhook import download

#: The tables with point-in-time recovery; analyses are safe to lose.
TABLES = (Table.ALERTS, Table.INCIDENTS, Table.STATE)
MANIFEST = "manifest.json"
#: Of the manifest and of what it names; ``restore`` reads no other.
FORMAT = 1
RUNBOOKS = "RunbookBucketName"


def take(stack: Stack, vault: Vault, now: datetime, advance: Callable[[], None]) -> dict[str, Any]:
    """Put everything into the vault; the manifest."""
    tables = {}
    for table in TABLES:
        # An emulator says that it exports, and writes nothing.
        if isinstance(vault, Bucket) and stack.on_aws:
            tables[table.value] = _export(stack, table, vault)
        else:
            tables[table.value] = _write_down(stack, table, vault, advance)
    vault.put("stack.json", _json(described(stack)))
    vault.put("template.yaml", _template(stack))
    vault.put("operators.json", _json(operators.decided(stack)))
    missing: dict[str, str] = {}
    for name, body in [*_runbooks(stack), *_code(stack, missing)]:
        vault.put(name, body)
        advance()
    manifest = {
        "format": FORMAT,
        "stack": stack.name,
        "taken_at": now.isoformat(),
        "recovery": {
            table.value: recovery(stack.client("dynamodb"), stack.table(table.value))
            for table in TABLES
        },
        "tables": tables,
        "missing": missing,
    }
    vault.put(MANIFEST, _json(manifest))
    return manifest


def recovery(client: Any, name: str) -> dict[str, Any]:  # noqa: ANN401 - boto3's
    """Whether a table has point-in-time recovery, and from when to when, in UTC.

    ``client`` is DynamoDB's of the region that the table is in.
    """
    answer = client.describe_continuous_backups(TableName=name)
    found = answer["ContinuousBackupsDescription"].get("PointInTimeRecoveryDescription", {})
    earliest = found.get("EarliestRestorableDateTime")
    latest = found.get("LatestRestorableDateTime")
    return {
        "enabled": found.get("PointInTimeRecoveryStatus") == "ENABLED",
        # boto3 gives moments in the time zone of this machine, and --at takes them in UTC.
        "earliest": earliest and to_utc(earliest),
        "latest": latest and to_utc(latest),
    }


def scan(stack: Stack, name: str) -> Iterator[dict[str, Any]]:
    """Every item of a table, as DynamoDB writes them."""
    pages = stack.client("dynamodb").get_paginator("scan")
    for page in pages.paginate(TableName=name, ConsistentRead=True):
        yield from page["Items"]


def described(stack: Stack) -> dict[str, Any]:
    """The stack's outputs, parameters and tags."""
    answer = stack.client("cloudformation").describe_stacks(StackName=stack.name)["Stacks"][0]
    return {
        "name": stack.name,
        "outputs": dict(stack.outputs),
        "parameters": {
            one["ParameterKey"]: one.get("ParameterValue", "")
            for one in answer.get("Parameters", [])
        },
        "tags": {one["Key"]: one["Value"] for one in answer.get("Tags", [])},
    }


def _write_down(
    stack: Stack, table: Table, vault: Vault, advance: Callable[[], None]
) -> dict[str, Any]:
    """The items in the form of DynamoDB's own exports: one JSON document a line."""
    lines = []
    for item in scan(stack, stack.table(table.value)):
        lines.append(json.dumps({"Item": item}))
        advance()
    # Without the time of packing, the same items give the same bytes.
    body = gzip.compress("".join(f"{line}\n" for line in lines).encode(), mtime=0)
    name = f"tables/{table.value}.jsonl.gz"
    vault.put(name, body)
    return {"file": name, "items": len(lines), "sha256": hashlib.sha256(body).hexdigest()}


def _export(stack: Stack, table: Table, vault: Bucket) -> dict[str, Any]:
    """Let DynamoDB export the table; it reads none of its capacity, and takes some minutes."""
    client = stack.client("dynamodb")
    arn = client.describe_table(TableName=stack.table(table.value))["Table"]["TableArn"]
    answer = client.export_table_to_point_in_time(
        TableArn=arn,
        S3Bucket=vault.name,
        S3BucketOwner=vault.owner,
        S3Prefix=f"{vault.prefix}/tables/{table.value}",
    )
    return {"export": answer["ExportDescription"]["ExportArn"]}


def _template(stack: Stack) -> bytes:
    answer = stack.client("cloudformation").get_template(
        StackName=stack.name, TemplateStage="Original"
    )
    body = answer["TemplateBody"]
    return body.encode() if isinstance(body, str) else _json(body)


def _runbooks(stack: Stack) -> Iterator[tuple[str, bytes]]:
    """The operators' runbooks, as they are in their bucket."""
    if RUNBOOKS not in stack.outputs:
        return
    client, bucket = stack.client("s3"), stack.output(RUNBOOKS)
    for page in client.get_paginator("list_objects_v2").paginate(Bucket=bucket):
        for found in page.get("Contents", []):
            if found["Key"].endswith("/"):
                # What the console calls a folder is an empty object, where a directory will be.
                continue
            body = client.get_object(Bucket=bucket, Key=found["Key"])["Body"].read()
            yield f"runbooks/{found['Key']}", bytes(body)


def _code(stack: Stack, missing: dict[str, str]) -> Iterator[tuple[str, bytes]]:
    """The zips of the live versions and of their layers, which hold nearly all of the code.

    ``missing`` is told the layers that are not to be had any more, and why.
    """
    client = stack.client("lambda")
    layers: set[str] = set()
    for short in FUNCTIONS:
        answer = client.get_function(FunctionName=stack.function(short), Qualifier=LIVE)
        layers |= {layer["Arn"] for layer in answer["Configuration"].get("Layers", [])}
        yield f"code/{short}.zip", download(answer["Code"]["Location"])
    for arn in sorted(layers):
        name = f"code/{'-'.join(arn.split(':')[-2:])}.zip"
        try:
            address = location(client, arn)
        except Gone as gone:
            missing[name] = str(gone)
        else:
            yield name, download(address)


def exporting(stack: Stack, manifest: dict[str, Any]) -> dict[str, str]:
    """What DynamoDB says of each export: IN_PROGRESS, COMPLETED or FAILED, and why."""
    found = {}
    for table, kept in manifest["tables"].items():
        if arn := kept.get("export"):
            told = stack.client("dynamodb").describe_export(ExportArn=arn)["ExportDescription"]
            reason = told.get("FailureMessage", "")
            found[table] = f"{told['ExportStatus']} {reason}".strip()
    return found


def _json(value: Any) -> bytes:  # noqa: ANN401 - any JSON value
    return console.to_json(value, indent=2).encode()
