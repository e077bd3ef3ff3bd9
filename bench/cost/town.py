"""The three functions as Lambda runs them, on one virtual clock: queues, batches, the tick.

Handlers, adapters and serialisers are the product's own; AWS is ``wire``, Slack and Claude are the
local servers. Each request moves the clock on by about what it takes within a region.
"""

import contextlib
import heapq
import io
import json
import os
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import count
from typing import Any

from bench import inside
from bench.cost import units
from bench.cost.wire import ALERTS, CACHE, INCIDENTS, STACK, STATE, Bill, Wire
from bench.inside import LANES, records
from local_stack import claude_server, slack_server
from local_stack.loopback import Application, Reply, Request, Server
from responder.adapters import environment
from responder.bootstrap import analysis, checks, distribution, reception

#: Seconds that a request takes; only leases and durations hear of it.
SLACK_SECONDS, CLAUDE_SECONDS = 0.2, 4.0
#: What Lambda itself logs of an invocation at INFO, in JSON: ``platform.start`` and
#: ``platform.report``. https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs-logformat.html
PLATFORM_LOG_BYTES = 150 + 420
TICK = timedelta(minutes=1)
TOKEN = "xoxb-bench"  # noqa: S105 - of the local Slack
CHANNEL = "C0ALERTS"
#: Whose clock is the run's.
ROOMS = (reception, analysis, distribution, checks)


class VirtualClock:
    """The time of the run."""

    def __init__(self, now: datetime) -> None:
        """Begin at ``now``."""
        self._now = now
        self._lock = threading.Lock()

    def __call__(self) -> datetime:
        """As ``utc_now``."""
        return self._now

    def advance(self, seconds: float) -> None:
        """Something took so long."""
        with self._lock:
            self._now += timedelta(seconds=seconds)

    def to(self, moment: datetime) -> None:
        """Nothing happens until then."""
        self._now = max(self._now, moment)


@dataclass(order=True)
class _Waiting:
    at: datetime
    number: int
    body: str = field(compare=False)


class Log(io.TextIOBase):
    """Where the functions print; counts what CloudWatch Logs would take in."""

    def __init__(self, bill: Bill) -> None:
        """Count on ``bill``."""
        self._bill = bill
        self.kept: list[str] | None = None

    def write(self, text: str) -> int:
        """A piece of a line."""
        self._bill.add("log bytes", len(text.encode()))
        if self.kept is not None:
            self.kept.append(text)
        return len(text)


class Town:
    """All of the pipeline."""

    def __init__(self, bill: Bill, clock: VirtualClock, log: Log) -> None:
        """The functions as a fresh process builds them; ``town`` makes their surroundings."""
        self.bill, self.clock, self.log = bill, clock, log
        self._queues: dict[str, list[_Waiting]] = {name: [] for name in LANES}
        self._numbers = count()
        self._next_tick = clock() + TICK
        self.ticks = True

    def start(self) -> None:
        """Build the functions."""
        self._reception, self._reception_log = reception.build()
        self._analysis, self._distribution = analysis.build(), distribution.build()

    def request(self, body: bytes | str, tool: str = "") -> None:
        """A request at the front door."""
        text = body if isinstance(body, str) else body.decode()
        event = {
            "httpMethod": "POST",
            "path": f"/alerts/{tool}".rstrip("/"),
            "resource": "/alerts",
            "headers": {"Content-Type": "application/json"},
            "body": text,
            "isBase64Encoded": False,
            "requestContext": {"requestId": "r"},
        }

        def answer() -> None:
            said = self._reception.http(event, "Root=1-5759e988-bd862e3fe1be46a994272793")
            if said["statusCode"] != 202:
                raise RuntimeError(f"refused: {said}")

        self.bill.add("api requests")
        self._invoke("reception", answer, self._reception_log.flush)

    def sent(self, url: str, entry: Mapping[str, Any]) -> None:
        """What the wire takes to a queue."""
        queue = url.rsplit("/", 1)[-1]
        if queue not in self._queues:
            self.bill.add(f"dead letters {queue}")
            return
        at = self.clock() + timedelta(seconds=entry.get("DelaySeconds", 0))
        waiting = _Waiting(at, next(self._numbers), entry["MessageBody"])
        heapq.heappush(self._queues[queue], waiting)

    def until(self, moment: datetime) -> None:
        """Let everything happen that is due by then."""
        while (due := self._next_due()) is not None and due <= moment:
            self.clock.to(due)
            for queue in LANES:
                self._poll(queue)
            if self.ticks and self.clock() >= self._next_tick:
                self._next_tick += TICK
                self.tick()
        self.clock.to(moment)

    def settle(self, seconds: float = 30) -> None:
        """Let everything happen that is due soon."""
        self.until(self.clock() + timedelta(seconds=seconds))

    def _next_due(self) -> datetime | None:
        heads = [waiting[0].at for waiting in self._queues.values() if waiting]
        if self.ticks:
            heads.append(self._next_tick)
        return min(heads, default=None)

    def _poll(self, queue: str) -> None:
        waiting, lane = self._queues[queue], LANES[queue]
        while waiting and waiting[0].at <= self.clock():
            batch: list[str] = []
            while waiting and waiting[0].at <= self.clock() and len(batch) < lane.batch:
                batch.append(heapq.heappop(waiting).body)
            self.bill.add("sqs requests", units.sqs(sum(len(one.encode()) for one in batch)))
            self.bill.add("sqs requests")
            function = self._analysis if lane.function == "analysis" else self._distribution

            def consume(given: Sequence[Mapping[str, Any]] = records(queue, *batch)) -> None:
                failed = function.consume(given)  # noqa: B023 - called at once
                if failed["batchItemFailures"]:
                    raise RuntimeError(f"failed in {queue}: {failed}")

            self._invoke(lane.function, consume, function.telemetry.flush)

    def tick(self) -> None:
        """One tick, whose units are counted apart, too."""
        ticker = self._analysis.ticker
        if ticker is not None:
            before = self.bill.copy()
            self._invoke("analysis", ticker.tick, self._analysis.telemetry.flush)
            for name, amount in self.bill.since(before).units.items():
                self.bill.add(f"tick: {name}", amount)

    def _invoke(self, name: str, act: Callable[[], object], flush: Callable[[], None]) -> None:
        began, processor = self.clock(), time.process_time()
        try:
            act()
        finally:
            flush()
        self.bill.add(f"{name} invocations")
        self.bill.add(f"{name} waiting seconds", (self.clock() - began).total_seconds())
        self.bill.add(f"{name} processor seconds", time.process_time() - processor)
        self.bill.add("lambda log bytes", PLATFORM_LOG_BYTES)


@contextlib.contextmanager
def town(
    start: datetime | None = None, workspace: Application | None = None, /, **settings: str
) -> Iterator[tuple[Town, Wire]]:
    """The functions in their surroundings, from ``start`` on; ``settings`` are variables.

    It is now where nobody says else: items expire by the real clock. ``workspace`` is what answers
    for Slack, the local one where nobody says else.
    """
    bill, clock = Bill(), VirtualClock(start or datetime.now(UTC))
    log = Log(bill)
    pipeline = Town(bill, clock, log)
    secrets = {"anthropic": "sk-ant-bench", "bot-token": TOKEN, "sources": "{}"}
    wire = Wire(bill, pipeline.sent, secrets)
    wire.took = clock.advance
    slack = Server(workspace, 0) if workspace else slack_server.start(pace=0, token=TOKEN)
    claude = claude_server.start(answers=claude_server.CANNED_ANSWERS)
    _slow(slack, clock, SLACK_SECONDS, lambda _: bill.add("slack calls"))
    _slow(claude, clock, CLAUDE_SECONDS, partial(_count_claude, bill))
    given = {**_variables(slack, claude), **settings}
    with inside.environment(given), contextlib.redirect_stdout(log):
        os.environ.pop("AWS_ENDPOINT_URL", None)
        _forget()
        original = vars(checks)["utc_now"]
        for room in ROOMS:
            vars(room)["utc_now"] = clock
        try:
            wire.attach(environment._session().get_component("event_emitter"))
            pipeline.start()
            yield pipeline, wire
        finally:
            for room in ROOMS:
                vars(room)["utc_now"] = original
            _forget()
            slack.stop()
            claude.stop()


def _slow(
    server: Server, clock: VirtualClock, seconds: float, note: Callable[[Reply], object]
) -> None:
    """The server's answers take their time on the virtual clock, and are noted."""
    sockets = server._sockets
    application: Application = sockets.application

    def slow(request: Request) -> Reply:
        clock.advance(seconds)
        reply = application(request)
        note(reply)
        return reply

    sockets.application = slow


def _count_claude(bill: Bill, reply: Reply) -> None:
    """A call and the tokens of its prompt, by the model that answered."""
    answer = json.loads(reply.body)
    bill.add("claude calls")
    if "usage" in answer:
        bill.add(f"calls of {answer['model']}")
        bill.add(f"prompt tokens of {answer['model']}", answer["usage"]["input_tokens"])


def _variables(slack: Server, claude: Server) -> dict[str, str]:
    queues = {
        "PROCESSING_QUEUE_URL": "processing",
        "CRITICAL_PROCESSING_QUEUE_URL": "critical_processing",
        "ANALYSIS_QUEUE_URL": "analysis",
        "DISTRIBUTION_QUEUE_URL": "distribution",
        "CRITICAL_QUEUE_URL": "critical",
    }
    urls = {
        name: f"https://sqs.us-east-1.amazonaws.com/1/{queue}" for name, queue in queues.items()
    }
    dead = {name.replace("_QUEUE_URL", "_DLQ_URL"): f"{url}-dlq" for name, url in urls.items()}
    return {
        **urls,
        **dead,
        "ALERTS_TABLE": ALERTS,
        "CACHE_TABLE": CACHE,
        "INCIDENTS_TABLE": INCIDENTS,
        "STATE_TABLE": STATE,
        "STACK_NAME": STACK,
        "SLACK_CHANNEL": CHANNEL,
        "TEST_CHANNEL": "#alerts-test",
        "SLACK_API_URL": f"{slack.url}/api/",
        "ANTHROPIC_BASE_URL": claude.url,
        "RUNBOOK_BUCKET": "runbooks",
        "ANTHROPIC_KEY_SECRET": "anthropic",
        "SLACK_BOT_TOKEN_SECRET": "bot-token",
        "SLACK_WEBHOOK_SECRET": "webhook",
        "SLACK_TEST_WEBHOOK_SECRET": "test-webhook",
        "SOURCES_SECRET": "sources",
        "NOTICE_WEBHOOK_SECRET": "notice-webhook",
        "NOTICE_TOPIC_ARN": "arn:aws:sns:us-east-1:1:notices",
        "DAILY_BUDGET_USD": "100000",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "bench",
        "AWS_SECRET_ACCESS_KEY": "bench",
        "AWS_LAMBDA_FUNCTION_NAME": "bench-Function",
        "AWS_LAMBDA_FUNCTION_VERSION": "7",
    }


def _forget() -> None:
    """A new process builds its functions, and its session, anew."""
    for room in (reception, analysis, distribution):
        room.build.cache_clear()
    environment._session.cache_clear()


def alert(**changes: object) -> str:
    """The body of an alert of the generic format, about 200 bytes."""
    one = {
        "source": "bench",
        "title": "Disk of the orders database is 91 % full",
        "message": "Volume /var/lib/postgresql of db-orders-1 has 4.2 GB left",
        "severity": "HIGH",
        "service": "orders",
        "environment": "prod",
    }
    return json.dumps({**one, **changes})
