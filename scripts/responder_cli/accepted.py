"""Accepted alerts by severity and time, through the table's index: no command scans.

Those of our own checks are left out.
"""

import heapq
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from typing import Any

from responder.alert import SYNTHETIC_SOURCE, Severity
from responder.incident import AlertRecord
from responder.ports import Table
from responder.protocols import items
from responder_cli import bulk
from responder_cli.aws import Stack, plain
from responder_cli.bulk import Found

#: Alerts, or their incidents, that are read at once where only the newest are wanted.
PAGE_SIZE = 200
EVER = datetime(9999, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Accepted:
    """What the index knows of an alert; ``at`` is when it was accepted, in whole seconds."""

    alert_id: str
    at: datetime
    severity: Severity
    status: str
    source: str
    service: str
    title: str


def pages(
    stack: Stack, severity: Severity, start: datetime, end: datetime = EVER, **more: object
) -> Iterator[Any]:
    """DynamoDB's pages of the alerts of a severity received from ``start`` to ``end``.

    ``more`` goes to the query as it is, such as what to select.
    """
    found: Iterator[Any] = (
        stack.client("dynamodb")
        .get_paginator("query")
        .paginate(
            TableName=stack.table("alerts"),
            IndexName="timestamp-index",
            KeyConditionExpression="severity = :severity AND #at BETWEEN :start AND :end",
            # Heartbeats and the checks of new versions are nobody's alerts.
            FilterExpression="#source <> :ours",
            ExpressionAttributeNames={"#at": "timestamp", "#source": "source"},
            ExpressionAttributeValues={
                ":severity": {"S": severity.value},
                ":start": {"N": str(int(start.timestamp()))},
                ":ours": {"S": SYNTHETIC_SOURCE},
                ":end": {"N": str(int(end.timestamp()))},
            },
            **more,
        )
    )
    return found


def newest(
    stack: Stack,
    severities: Iterable[Severity],
    start: datetime,
    end: datetime = EVER,
    *,
    whole: bool = False,
) -> Iterator[Accepted]:
    """Alerts of these severities, the newest first; pages are read as they are asked for.

    Who wants the ``whole`` time gets pages as large as DynamoDB has them.
    """
    paged = {} if whole else {"PageSize": PAGE_SIZE}
    streams = [_newest(stack, severity, start, end, paged) for severity in severities]
    return heapq.merge(*streams, key=lambda one: one.at, reverse=True)


def records(stack: Stack, alert_ids: Iterable[str]) -> Iterator[AlertRecord]:
    """The alerts with all that was kept of them, in this order; read as asked for."""
    keys = ((one, items.alert_key(one)) for one in alert_ids)
    return bulk.each(stack, Table.ALERTS, keys, AlertRecord, PAGE_SIZE)


def read(stack: Stack, alert_ids: Iterable[str]) -> Found[AlertRecord]:
    """All of them by their ids, and the ids of those that another release wrote."""
    keys = {one: items.alert_key(one) for one in alert_ids}
    return bulk.read(stack, Table.ALERTS, keys, AlertRecord)


def is_same(wanted: str, given: str) -> bool:
    """Whether a tool or service is the one that is wanted; "" wants any, case never matters."""
    return not wanted or wanted.casefold() == given.casefold()


def stored(stack: Stack, start: datetime, most: int) -> Iterator[AlertRecord]:
    """The newest ``most`` alerts since ``start``, with all that was kept; read as asked for."""
    found = islice(newest(stack, Severity, start), most)
    return records(stack, (one.alert_id for one in found))


def _newest(
    stack: Stack, severity: Severity, start: datetime, end: datetime, paged: dict[str, int]
) -> Iterator[Accepted]:
    for page in pages(stack, severity, start, end, ScanIndexForward=False, PaginationConfig=paged):
        yield from map(_of_index, page["Items"])


def _of_index(item: dict[str, Any]) -> Accepted:
    """An item of the index as what is known of an alert."""
    given = plain(item)
    return Accepted(
        alert_id=given["alert_id"],
        at=datetime.fromtimestamp(given["timestamp"], UTC),
        severity=Severity(given["severity"]),
        **{name: str(given.get(name, "")) for name in ("status", "source", "service", "title")},
    )
