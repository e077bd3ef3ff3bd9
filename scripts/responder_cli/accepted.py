"""Accepted alerts by severity and time, through the table's index: no command scans.

Those of our own checks are left out.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from responder.alert import SYNTHETIC_SOURCE, Severity
from responder_cli.aws import Stack


def pages(stack: Stack, severity: Severity, start: datetime, **more: object) -> Iterator[Any]:
    """DynamoDB's pages of the alerts of a severity received since ``start``.

    ``more`` goes to the query as it is, such as what to select.
    """
    found: Iterator[Any] = (
        stack.client("dynamodb")
        .get_paginator("query")
        .paginate(
            TableName=stack.table("alerts"),
            IndexName="timestamp-index",
            KeyConditionExpression="severity = :severity AND #at >= :start",
            # Heartbeats and the checks of new versions are nobody's alerts.
            FilterExpression="#source <> :ours",
            ExpressionAttributeNames={"#at": "timestamp", "#source": "source"},
            ExpressionAttributeValues={
                ":severity": {"S": severity.value},
                ":start": {"N": str(int(start.timestamp()))},
                ":ours": {"S": SYNTHETIC_SOURCE},
            },
            **more,
        )
    )
    return found
