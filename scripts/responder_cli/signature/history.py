"""The alerts that a stack has stored, newest first, as the signature sees them."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import batched
from typing import Any

from responder.alert import Severity
from responder.incident import AlertRecord
from responder_cli import accepted
from responder_cli.aws import Stack, plain

#: https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchGetItem.html
BATCH = 100


def stored(stack: Stack, start: datetime, most: int) -> Iterator[AlertRecord]:
    """At most ``most`` alerts received since ``start``, found through the index: no scan."""
    for ids in batched(_newest_ids(stack, start, most), BATCH, strict=False):
        yield from _records(stack, ids)


def _newest_ids(stack: Stack, start: datetime, most: int) -> list[str]:
    found: list[tuple[int, str]] = []
    for severity in Severity:
        found += _ids(stack, severity, start, most)
    return [alert_id for _, alert_id in sorted(found, reverse=True)[:most]]


def _ids(stack: Stack, severity: Severity, start: datetime, most: int) -> Iterator[tuple[int, str]]:
    pages = accepted.pages(
        stack,
        severity,
        start,
        ProjectionExpression="alert_id, #at",
        ScanIndexForward=False,
        PaginationConfig={"MaxItems": most},
    )
    for page in pages:
        for item in map(plain, page["Items"]):
            yield item["timestamp"], item["alert_id"]


def _records(stack: Stack, ids: Sequence[str]) -> Iterator[AlertRecord]:
    table = stack.table("alerts")
    wanted: list[dict[str, Any]] = [{"alert_id": {"S": alert_id}} for alert_id in ids]
    while wanted:
        answer = stack.client("dynamodb").batch_get_item(RequestItems={table: {"Keys": wanted}})
        for item in map(plain, answer["Responses"].get(table, [])):
            known = {name: item[name] for name in AlertRecord.model_fields if name in item}
            yield AlertRecord.model_validate(known)
        wanted = answer.get("UnprocessedKeys", {}).get(table, {}).get("Keys", [])
