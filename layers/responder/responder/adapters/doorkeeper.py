"""``ports.Doorkeeper``: what reception says in its log, and the depth of the queue behind it.

FilterLogEvents costs nothing but the time that it takes, unlike a query of Logs Insights.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from itertools import islice
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from responder.alert import SYNTHETIC_SOURCE
from responder.errors import Reason, Retryable
from responder.ports import Acceptance

if TYPE_CHECKING:
    from mypy_boto3_logs import CloudWatchLogsClient
    from mypy_boto3_sqs import SQSClient

# A term, which other lines may have, too; a pattern of JSON would be everything to an emulator.
# https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html
_ACCEPTED = "Accepted"


class LogDoorkeeper:
    """Reception's log group, and the queues by their addresses."""

    def __init__(
        self, logs: "CloudWatchLogsClient", group: str, sqs: "SQSClient", urls: Sequence[str]
    ) -> None:
        """``urls`` are of the queue that reception fills and of its dead letters."""
        self._logs = logs
        self._group = group
        self._sqs = sqs
        self._urls = urls

    def accepted(self, start: datetime, end: datetime, most: int) -> Sequence[Acceptance]:
        """The first ``most`` alerts, but for our own checks. Raises Retryable."""
        try:
            return list(islice(self._told(start, end), most))
        except (ClientError, BotoCoreError) as error:
            detail = f"the log of reception: {type(error).__name__}"
            raise Retryable(Reason.UNAVAILABLE, detail) from error

    def waiting(self) -> int:
        """Messages of all kinds in these queues. Raises Retryable."""
        try:
            return sum(map(self._depth, self._urls))
        except (ClientError, BotoCoreError) as error:
            raise Retryable(Reason.UNAVAILABLE, f"SQS: {type(error).__name__}") from error

    def _told(self, start: datetime, end: datetime) -> Iterator[Acceptance]:
        pages = self._logs.get_paginator("filter_log_events").paginate(
            logGroupName=self._group,
            filterPattern=_ACCEPTED,
            startTime=_milliseconds(start),
            # AWS includes it.
            endTime=_milliseconds(end) - 1,
        )
        for page in pages:
            for event in page["events"]:
                line = _read(event["message"])
                if line.get("message") == _ACCEPTED and line.get("source") != SYNTHETIC_SOURCE:
                    at = datetime.fromtimestamp(event["timestamp"] / 1000, UTC)
                    yield Acceptance(str(line["alert_id"]), at)

    def _depth(self, url: str) -> int:
        answer = self._sqs.get_queue_attributes(
            QueueUrl=url,
            AttributeNames=[
                "ApproximateNumberOfMessages",
                "ApproximateNumberOfMessagesNotVisible",
                "ApproximateNumberOfMessagesDelayed",
            ],
        )
        return sum(map(int, answer["Attributes"].values()))


def _read(message: str) -> Mapping[str, object]:
    """A line of ours; what the runtime says is none."""
    try:
        line = json.loads(message)
    except ValueError:
        return {}
    return line if isinstance(line, dict) else {}


def _milliseconds(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)
