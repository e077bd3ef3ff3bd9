"""The three functions as they are deployed, in one process: their handlers, over clients in memory.

Settings, composition root, lanes, protocols and adapters are the real ones. Time passes only by
``later``. A process has them once, as its environment and its clients are replaced for good.
"""

import gc
import os
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, redirect_stdout
from datetime import UTC, datetime, timedelta
from io import StringIO
from types import SimpleNamespace
from typing import Any

from bench.added import AtOnce
from bench.inside import LANES, handler, records
from bench.load.clients import NearTables, Queues, Secrets, Slack
from responder.adapters import environment, slack
from responder.bootstrap import analysis, distribution, reception

NAMES = ("reception", "analysis", "distribution")
_SETTINGS = {
    "STACK_NAME": "bench",
    "AWS_LAMBDA_FUNCTION_NAME": "bench-Function",
    "AWS_LAMBDA_FUNCTION_VERSION": "7",
    "SLACK_CHANNEL": "#alerts",
    "TEST_CHANNEL": "#test",
    "SLACK_PACE_SECONDS": "0",
    "DAILY_BUDGET_USD": "1000000",
    "RUNBOOK_BUCKET": "bench",
    "NOTICE_TOPIC_ARN": "bench",
    "ALERTS_TABLE": "alerts",
    "CACHE_TABLE": "analysis-cache",
    "INCIDENTS_TABLE": "incidents",
    "STATE_TABLE": "state",
    **{f"{name.upper()}_QUEUE_URL": name for name in LANES},
    **{f"{name.upper()}_DLQ_URL": f"{name}-dead" for name in LANES},
    **{
        f"{name}_SECRET": "bench"
        for name in (
            "ANTHROPIC_KEY",
            "SLACK_WEBHOOK",
            "SLACK_BOT_TOKEN",
            "SLACK_TEST_WEBHOOK",
            "SOURCES",
            "NOTICE_WEBHOOK",
        )
    },
}


class Functions:
    """The handlers, the queues between them, and what each of them took and wrote."""

    def __init__(self, settings: Mapping[str, str]) -> None:
        """``settings`` are environment variables beyond those that every stack has."""
        self._now = datetime.now(UTC)
        self._queues = Queues(self.now)
        #: Bytes that each function wrote to its log.
        self.log: Counter[str] = Counter()
        self.nanoseconds: Counter[str] = Counter()
        os.environ.update({**_SETTINGS, **settings})
        _replace(NearTables(), self._queues, self.now)
        with self._printing(""):
            self._handlers = {name: handler(name) for name in NAMES}

    def now(self) -> datetime:
        """The time of all three."""
        return self._now

    def later(self, seconds: float) -> None:
        """Time passes."""
        self._now += timedelta(seconds=seconds)

    def forget(self) -> None:
        """What was taken and written so far."""
        # What the tables hold is not in the process on AWS, nor in the collector's way.
        gc.freeze()
        self.nanoseconds.clear()
        self.log.clear()

    def accept(self, request: Mapping[str, Any]) -> int:
        """A request through API Gateway; the nanoseconds of processor time that it took."""
        before = self.nanoseconds["reception"]
        answer = self._run("reception", request)
        if answer["statusCode"] != 202:
            raise RuntimeError(answer["body"])
        return self.nanoseconds["reception"] - before

    def work_off(self, *, asking: bool = False) -> None:
        """Batches as SQS delivers them until no queue has any; to Claude only when ``asking``."""
        queues = [queue for queue in LANES if asking or queue != "analysis"]
        while sum(map(self._consume, queues)):
            pass
        self._queues.taken("analysis", sys.maxsize)

    def _consume(self, queue: str) -> bool:
        lane = LANES[queue]
        bodies = self._queues.taken(queue, lane.batch)
        if not bodies:
            return False
        event = {"Records": records(queue, *bodies)}
        failed = self._run(lane.function, event)["batchItemFailures"]
        if failed or self._queues.taken(f"{queue}-dead", 1):
            raise RuntimeError(f"{lane.function} failed with a message of {queue}")
        return True

    def _run(self, function: str, event: Mapping[str, Any]) -> Any:  # noqa: ANN401 - JSON
        context = SimpleNamespace(aws_request_id="4dc5f3a6-0b1c-4f1e-9d3e-8a7f6b5c4d3e")
        with self._printing(function):
            began = time.process_time_ns()
            answer = self._handlers[function](event, context)
            self.nanoseconds[function] += time.process_time_ns() - began
        return answer

    @contextmanager
    def _printing(self, function: str) -> Iterator[None]:
        # What is written is counted afterwards: that takes the function no time.
        with redirect_stdout(StringIO()) as log:
            yield
        self.log[function] += len(log.getvalue().encode())


def _replace(tables: NearTables, queues: Queues, now: Callable[[], datetime]) -> None:
    instead: list[tuple[object, str, object]] = [
        (environment, "dynamodb", lambda: tables),
        (environment, "sqs", lambda: queues),
        (environment, "secrets", Secrets),
        *((module, "utc_now", now) for module in (reception, analysis, distribution)),
        (analysis, "way_in", lambda given, key: AtOnce()),
        (slack, "WebClient", Slack),
    ]
    for module, name, value in instead:
        setattr(module, name, value)
