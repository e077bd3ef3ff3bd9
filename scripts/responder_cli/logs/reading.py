"""Reading the functions' log groups: one search over all of them, or what is new in them.

On AWS a search is one query of Logs Insights, which looks at compressed days in seconds; an
emulator's logs are read whole, since it does not know enough of Insights' language.
"""

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from botocore.exceptions import ClientError

from responder.clock import utc_now
from responder_cli.aws import Stack
from responder_cli.logs import lines
from responder_cli.logs.lines import Line

#: The names that people give them, and the groups that the template gives them.
GROUPS = {
    "reception": "/aws/lambda/{stack}-AlertReceptionFunction",
    "analysis": "/aws/lambda/{stack}-AnalysisFunction",
    "distribution": "/aws/lambda/{stack}-DistributionFunction",
    "heartbeat": "/aws/lambda/{stack}-HeartbeatFunction",
    "hook": "/aws/lambda/CodeDeployHook_{stack}",
}
#: An alert's way leads through these.
WAY = ("reception", "analysis", "distribution")
#: https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CWL_QuerySyntax-Limit.html
MOST_LINES = 10_000
QUERY_POLL_SECONDS = 1.0
#: A query that takes longer is given up; Insights itself would go on for an hour.
QUERY_PATIENCE = timedelta(minutes=3)
#: Events are told by their own time, and may arrive this much later than others.
LATE = timedelta(seconds=10)
#: FilterLogEvents is allowed a few calls a second in an account.
#: https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/cloudwatch_limits_cwl.html
FOLLOW_POLL_SECONDS = 2.0
#: What an id of ours is made of; nothing else goes into a query.
_ID = re.compile(r"[\w.:@|#/=;,+%~ -]{1,300}")


class Failed(Exception):
    """Logs Insights did not answer."""


@dataclass
class Follower:
    """The newest events of some groups, each told once."""

    stack: Stack
    functions: Sequence[str]
    start: datetime
    _told: dict[tuple[str, str, str], int] = field(default_factory=dict)

    def news(self) -> list[Line]:
        """What came since the last call, in time order."""
        begun = utc_now()
        found = sorted(
            (line for function in self.functions for line in self._of(function)),
            key=lambda line: line.at,
        )
        self.start = max(self.start, begun - LATE)
        since = _epoch(self.start)
        self._told = {name: at for name, at in self._told.items() if at >= since}
        return found

    def _of(self, function: str) -> Iterator[Line]:
        for event in _events(self.stack, function, self.start, None):
            name = (function, str(event.get("logStreamName")), str(event.get("eventId")))
            if name in self._told:
                continue
            self._told[name] = event["timestamp"]
            line = lines.read(function, event["timestamp"], event["message"])
            if line is not None:
                yield line


def is_id(text: str) -> bool:
    """Whether it can be an id or a trace: nothing that a query could take for its own words."""
    return _ID.fullmatch(text) is not None


def search(
    stack: Stack,
    terms: Collection[str],
    start: datetime,
    end: datetime,
    wait: Callable[[float], None],
) -> list[Line]:
    """The lines that name one of ``terms``, in time order. Raises Failed."""
    found = (
        _asked(stack, terms, start, end, wait)
        if stack.on_aws
        else _looked_through(stack, start, end)
    )
    named = re.compile("|".join(rf"(?<![\w.]){re.escape(one)}(?!\w)" for one in terms))
    read = (
        lines.read(function, at, message)
        for function, at, message in found
        if named.search(message)
    )
    return sorted((line for line in read if line is not None), key=lambda line: line.at)


def query_of(terms: Iterable[str]) -> str:
    """Logs Insights' words for "names one of these"."""
    named = " or ".join(f'@message like "{one}"' for one in terms)
    wanted = f"fields @timestamp, @log, @message | filter {named}"
    return f"{wanted} | sort @timestamp asc | limit {MOST_LINES}"


type _Found = Iterator[tuple[str, int, str]]


def _asked(
    stack: Stack,
    terms: Iterable[str],
    start: datetime,
    end: datetime,
    wait: Callable[[float], None],
) -> _Found:
    client = stack.client("logs")
    groups = {_group(stack, function): function for function in WAY}
    query = client.start_query(
        logGroupNames=list(groups),
        startTime=int(start.timestamp()),
        endTime=int(end.timestamp()) + 1,
        queryString=query_of(terms),
    )["queryId"]
    answer = _answer(client, query, wait)
    for row in answer["results"]:
        cells = {cell["field"]: cell["value"] for cell in row}
        # "@log" is the account's number and the group.
        function = groups.get(cells["@log"].partition(":")[2], cells["@log"])
        yield function, _milliseconds(cells["@timestamp"]), cells["@message"]


def _answer(client: Any, query: str, wait: Callable[[float], None]) -> Mapping[str, Any]:  # noqa: ANN401 - boto3
    polls = int(QUERY_PATIENCE.total_seconds() / QUERY_POLL_SECONDS)
    for _ in range(polls):
        answer: Mapping[str, Any] = client.get_query_results(queryId=query)
        if answer["status"] == "Complete":
            return answer
        if answer["status"] not in ("Scheduled", "Running"):
            raise Failed(f"Logs Insights: the query is {answer['status']}")
        wait(QUERY_POLL_SECONDS)
    client.stop_query(queryId=query)
    raise Failed(f"Logs Insights did not answer within {QUERY_PATIENCE.seconds // 60} minutes")


def _looked_through(stack: Stack, start: datetime, end: datetime) -> _Found:
    for function in WAY:
        for event in _events(stack, function, start, end):
            yield function, event["timestamp"], event["message"]


def steps(stack: Stack, function: str, step: str, start: datetime, end: datetime) -> Iterator[Line]:
    """Every time that one function logged this step, a word. Free of charge, unlike a search."""
    # A term, and no pattern of JSON: emulators take those for everything.
    # https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html
    for event in _events(stack, function, start, end, filterPattern=step):
        line = lines.read(function, event["timestamp"], event["message"])
        if line is not None and line.step == step:
            yield line


def _events(
    stack: Stack, function: str, start: datetime, end: datetime | None, **more: str
) -> Iterator[dict[str, Any]]:
    """A function that never ran has no events, and in an emulator no group."""
    span = {"startTime": _epoch(start), **({"endTime": _epoch(end)} if end else {})}
    pages = stack.client("logs").get_paginator("filter_log_events")
    try:
        for page in pages.paginate(logGroupName=_group(stack, function), **span, **more):
            yield from page["events"]
    except ClientError as error:
        if error.response["Error"]["Code"] != "ResourceNotFoundException":
            raise


def _group(stack: Stack, function: str) -> str:
    return GROUPS[function].format(stack=stack.name)


def _epoch(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)


def _milliseconds(timestamp: str) -> int:
    """Insights writes "2026-11-21 12:00:00.123", in UTC."""
    return _epoch(datetime.fromisoformat(f"{timestamp}+00:00"))
