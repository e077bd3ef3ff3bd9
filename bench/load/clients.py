"""AWS's and Slack's clients in memory, as thin as can be: what is measured is not theirs."""

from collections import defaultdict, deque
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from heapq import heappop, heappush
from types import SimpleNamespace
from typing import Any

from bench.far import FarTables


class NearTables(FarTables):
    """DynamoDB's client with no way to its tables."""

    def _travel(self, call: str) -> None:
        """At once, and not counted."""


class Queues:
    """SQS's client: bodies by the name of their queue, those with a delay when it is over."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        """Nothing waits."""
        self._now = now
        self._ready: dict[str, deque[str]] = defaultdict(deque)
        self._delayed: dict[str, list[tuple[datetime, str]]] = defaultdict(list)

    def send_message_batch(self, *, QueueUrl: str, Entries: Sequence[Mapping[str, Any]]) -> Any:  # noqa: ANN401 - as boto3
        """SendMessageBatch."""
        for entry in Entries:
            if entry["DelaySeconds"]:
                due = self._now() + timedelta(seconds=entry["DelaySeconds"])
                heappush(self._delayed[QueueUrl], (due, entry["MessageBody"]))
            else:
                self._ready[QueueUrl].append(entry["MessageBody"])
        return {"Failed": []}

    def taken(self, queue: str, most: int) -> list[str]:
        """The next bodies of a queue, at most so many; they are gone afterwards."""
        ready, delayed = self._ready[queue], self._delayed[queue]
        while delayed and delayed[0][0] <= self._now():
            ready.append(heappop(delayed)[1])
        return [ready.popleft() for _ in range(min(most, len(ready)))]


class Secrets:
    """Secrets Manager's client: each secret has the same value."""

    def get_secret_value(self, *, SecretId: str) -> Any:  # noqa: ANN401 - as boto3
        """GetSecretValue."""
        return {"SecretString": "{}"}


class Slack:
    """``slack_sdk.WebClient`` as far as a bot uses it: takes everything."""

    messages = 0

    def __init__(self, **_: object) -> None:
        """Made anew for each message."""

    def api_call(self, method: str, *, json: Mapping[str, Any]) -> Any:  # noqa: ANN401 - as slack_sdk
        """Any method that writes."""
        Slack.messages += 1
        ts = f"{Slack.messages}.0"
        return SimpleNamespace(data={"ok": True, "channel": "C0BENCH00", "ts": ts})
