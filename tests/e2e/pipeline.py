"""A running local stack as the end-to-end tests see it: alerts in, tables and Slack's cards out.

``conftest`` starts one per test module; nothing here knows what a test expects.
"""

import json
import os
import re
import ssl
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from local_stack import environment, layout
from local_stack.ports import Ports
from local_stack.stack import JSON, Answer, Claude, Options, Stack, running
from responder.card import Card
from responder.clock import utc_now
from responder.incident import AlertRecord, Incident
from responder_cli.aws import RECORD_WAITS, plain
from responder_cli.aws import Stack as Deployed
from responder_cli.dlq import places
from responder_cli.reconcile.facts import Period
from responder_cli.reconcile.gathering import CARDS_WAIT, queued
from responder_cli.reconcile.looking import prove
from responder_cli.reconcile.verdict import Report, Where

QUEUES = (*RECORD_WAITS, "AnalysisQueueUrl", *CARDS_WAIT)
DEAD_LETTER_QUEUES = (
    "DeadLetterQueueUrl",
    "AnalysisDeadLetterQueueUrl",
    "DistributionDeadLetterQueueUrl",
    "CriticalDeadLetterQueueUrl",
    "SnsFailureQueueUrl",
    "RuleFailureQueueUrl",
    "AsyncFailureQueueUrl",
)
POLL_SECONDS, LONGEST_POLL_SECONDS = 0.25, 2.0
ACCEPTED = 202
#: How long a tool tries again; no measure, where a machine has more to do.
PATIENT = 300
#: What a test leaves behind comes to rest; a killed process' messages return after 50 s.
SETTLED_WITHIN = 300
#: Of what a failed reconciliation tells, in characters.
LONGEST_SAID = 4_000
#: The local Slack's token at the start; a test that rotates it puts it back.
TOKEN = "xoxb-e2e-0001"
_INCIDENT = re.compile(r"incident `([^`]+)`")


def wait_until[T](see: Callable[[], T], accept: Callable[[T], object], seconds: float) -> T:
    """Look until what is seen is acceptable; fail with what was seen last."""
    deadline = time.monotonic() + seconds
    while True:
        begun = time.monotonic()
        if accept(seen := see()):
            return seen
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {seconds:.0f} s; seen last: {seen!r}"[:4000])
        # Looking at everything is work, too: it must not slow down what is being measured.
        time.sleep(min(max(POLL_SECONDS, 4 * (time.monotonic() - begun)), LONGEST_POLL_SECONDS))


class Pipeline:
    """One deployed stack with its local Slack and Claude."""

    def __init__(self, stack: Stack, directory: Path) -> None:
        """``directory`` is the run's own: the servers' logs are there."""
        self.stack = stack
        self.directory = directory
        self._clients: dict[str, Any] = {}
        self._trust = ssl.create_default_context(cafile=str(stack.bundle))
        self.deployed = Deployed(layout.STACK_NAME, self.client)
        self.begun = utc_now()
        #: Reports to operators that may still wait at the end, for an hour each.
        self.reports = 0

    def client(self, service: str) -> Any:
        """A boto3 client of the emulator, made once."""
        if service not in self._clients:
            self._clients[service] = self.stack.client(service)
        return self._clients[service]

    @property
    def worker_parent(self) -> int:
        """The process that starts the functions' processes."""
        assert self.stack.aws is not None
        return self.stack.aws.child.process.pid

    def post(
        self,
        body: bytes,
        *,
        url: str = "",
        content_type: str = JSON,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """POST once; to the route with the API key unless ``url`` or ``headers`` say otherwise."""
        given = {"x-api-key": self.stack.api_key} if headers is None else headers
        request = urllib.request.Request(
            url or self.stack.webhook_url,
            data=body,
            headers={"content-type": content_type, **given},
            method="POST",
        )
        try:
            with urllib.request.urlopen(request, timeout=60, context=self._trust) as reply:
                return Answer(reply.status, reply.read().decode())
        except urllib.error.HTTPError as error:
            with error:
                return Answer(error.code, error.read().decode(errors="replace"))

    def accept(self, body: bytes) -> str:
        """POST one alert that must be accepted at once; its id."""
        answer = self.post(body)
        assert answer.status == ACCEPTED, answer
        (alert_id,) = answer.alert_ids
        return alert_id

    def insist(self, body: bytes) -> str:
        """POST one alert as tools do: again after a 5xx or a dropped connection; its id."""
        (alert_id,) = self.insist_on_all(body)
        return alert_id

    def insist_on_all(self, body: bytes) -> list[str]:
        """POST alerts as tools do: again after a 5xx or a dropped connection; their ids."""

        def attempt() -> Answer:
            try:
                return self.post(body)
            except OSError as error:
                return Answer(0, repr(error))

        answer = wait_until(attempt, lambda a: 0 < a.status < 500, PATIENT)
        assert answer.status == ACCEPTED, answer
        return answer.alert_ids

    def alerts(self) -> dict[str, AlertRecord]:
        """Every recorded alert by its id."""
        records = self._scan("alerts", AlertRecord)
        return {record.alert.alert_id: record for record in records}

    def alert(self, alert_id: str) -> AlertRecord | None:
        """One recorded alert, None while it is not recorded."""
        item = self.deployed.item("alerts", "alert_id", alert_id)
        return AlertRecord.model_validate(item) if item else None

    def incident_of(self, alert_id: str) -> Incident | None:
        """The incident that an alert was counted in, None while there is none."""
        record = self.alert(alert_id)
        if record is None or not record.incident_id:
            return None
        item = self.deployed.item("incidents", "id", f"incident#{record.incident_id}")
        return Incident.model_validate(item) if item else None

    def incidents(self, alert_ids: Collection[str] | None = None) -> dict[str, Incident]:
        """Incidents by id: all, or those that ``alert_ids`` were counted in."""
        found = {i.incident_id: i for i in self._scan("incidents", Incident, "incident#")}
        if alert_ids is None:
            return found
        alerts = self.alerts()
        wanted = {alerts[a].incident_id for a in alert_ids if a in alerts}
        return {name: incident for name, incident in found.items() if name in wanted}

    def cards(self) -> dict[str, Card]:
        """What the table says of every card, by incident id."""
        return {card.incident_id: card for card in self._scan("incidents", Card, "card#")}

    def messages(self) -> dict[str, list[dict[str, Any]]]:
        """Slack's messages that open no thread reply, by the incident that they name."""
        found: dict[str, list[dict[str, Any]]] = {}
        for message in self.stack.slack_messages():
            if not message["thread"]:
                found.setdefault(named_incident(message), []).append(message)
        return found

    def message_of(self, incident_id: str) -> dict[str, Any]:
        """The one card of an incident."""
        (message,) = self.messages().get(incident_id, [])
        return message

    def replies(self, thread: str) -> list[dict[str, Any]]:
        """Slack's replies under a card."""
        return [m for m in self.stack.slack_messages() if m["thread"] == thread]

    def depth(self, outputs: Sequence[str]) -> dict[str, int]:
        """How many messages each queue holds, those in flight and delayed included."""
        return {name: places.messages(self.deployed, [name]) for name in outputs}

    def put(self, output: str, body: str, **attributes: str) -> None:
        """Send a message to a queue as our own functions do."""
        self.client("sqs").send_message(
            QueueUrl=self.stack.outputs[output],
            MessageBody=body,
            MessageAttributes={
                name: {"DataType": "String", "StringValue": value}
                for name, value in attributes.items()
            },
        )

    def idle(self, within: float = 120) -> None:
        """Wait, so many seconds, until no queue holds a message: all sent so far was worked on."""
        wait_until(lambda: self.depth(QUEUES), lambda depth: not any(depth.values()), within)

    def shortfalls(self, alert_ids: Collection[str]) -> list[str]:
        """What is still missing, or wrong, for the alerts that were accepted."""
        alerts, cards, messages = self.alerts(), self.cards(), self.messages()
        kept = {a: alerts[a] for a in alert_ids if a in alerts}
        found = [f"alert {a} is lost" for a in alert_ids if a not in kept]
        found += [
            f"alert {a} is neither counted nor held"
            for a, record in kept.items()
            if not record.incident_id and not record.held
        ]
        for name, incident in self.incidents(alert_ids).items():
            mine = sum(r.incident_id == name and not r.held for r in kept.values())
            if incident.count + incident.resolves != mine:
                found.append(f"{name} counts {incident.count}, {mine} were accepted")
            shown = cards[name].shown if name in cards else 0
            if shown != incident.revision:
                found.append(f"{name} shows revision {shown} of {incident.revision}")
            if (posted := len(messages.get(name, []))) != 1:
                found.append(f"{name} has {posted} cards")
        dead = {name: n for name, n in self.depth(DEAD_LETTER_QUEUES).items() if n}
        return found + [f"{name} holds {n}" for name, n in dead.items()]

    def shown(self, alert_ids: Collection[str], seconds: float) -> None:
        """Wait until every alert is counted and every card shows its incident; once each."""
        wait_until(lambda: self.shortfalls(alert_ids), lambda found: not found, seconds)

    def reconciled(
        self,
        seconds: float = SETTLED_WITHIN,
        since: datetime | None = None,
        alert_ids: Collection[str] = (),
    ) -> Report:
        """Wait until nothing waits; every alert since then, and these, is somewhere, and once."""
        now = utc_now()
        start = since or self.begun
        period = Period(start, now, dict.fromkeys(alert_ids, start))
        proof = prove(self.deployed, period, self.stack.slack_url, timedelta(seconds=seconds))
        # Not the proof itself: pytest would write out all that it knows.
        problems = [f"{one.kind} {one.id}: {one.what}" for one in proof.report.problems]
        waiting = proof.report.number(Where.WAITING)
        said = f"problems: {problems}; waiting alerts: {waiting}; not seen: {proof.report.blind}"
        assert (problems, waiting, proof.report.blind) == ([], 0, ()), said[:LONGEST_SAID]
        # A tick may have announced something just before the last look.
        wait_until(lambda: queued(self.deployed), lambda number: number <= self.reports, seconds)
        return proof.report

    def claude(self, **order: Any) -> dict[str, Any]:
        """The local Claude's counters, after obeying ``order``."""
        return _control(self.stack.claude_url, order)

    def slack(self, **order: Any) -> dict[str, Any]:
        """The local Slack's counters, after obeying ``order``."""
        return _control(self.stack.slack_url, order)

    def operators(self) -> dict[str, str]:
        """The environment of who operates the stack."""
        ours = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
        return {**ours, **environment.variables(self.stack)}

    def asked(self, *words: str) -> Any:
        """What a command of the operators says with --json."""
        return json.loads(self.responder(*words, "--json"))

    def responder(self, *arguments: str) -> str:
        """Run the operators' command line against the stack; its output."""
        done = subprocess.run(
            [layout.SCRIPTS / "responder", *arguments],
            env=self.operators(),
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def secret(self, name: str) -> str:
        """A secret's full name from its short one."""
        return f"{self.stack.outputs['SecretPrefix']}/{name}"

    def _scan[M: BaseModel](self, table: str, model: type[M], prefix: str = "") -> list[M]:
        pages = self.client("dynamodb").get_paginator("scan")
        name = self.deployed.table(table)
        found = (item for page in pages.paginate(TableName=name, ConsistentRead=True)
                 for item in page["Items"])  # fmt: skip
        return [
            model.model_validate(plain(item))
            for item in found
            if not prefix or item["id"]["S"].startswith(prefix)
        ]


@contextmanager
def started(
    directory: Path,
    pace: str = "0",
    storm_threshold: str = "0",
    *,
    keeps: bool = False,
    **parameters: str,
) -> Iterator[Pipeline]:
    """A stack of its own on unused ports, whose local Claude has answers.

    ``pace`` is Slack's, in seconds a message and channel; most tests want no limit, and no storm.
    Nor do they want a throttle: they send hundreds of problems, and all must show. ``parameters``
    are the template's.
    """
    options = Options(
        directory=directory,
        ports=Ports.unused(),
        claude=Claude.LOCAL,
        slack_arguments=("--pace", pace, "--token", TOKEN),
        parameters={
            "SlackPaceSeconds": pace,
            "StormThreshold": storm_threshold,
            "ThrottleThreshold": "0",
            "DailyBudgetUsd": "1000",
            **parameters,
        },
        secrets={"slack-bot-token": TOKEN},
        keeps=keeps,
    )
    with running(options) as stack:
        yield Pipeline(stack, directory)
        stack.check()


def by_clients[T, R](clients: int, act: Callable[[T], R], work: Sequence[T]) -> list[R]:
    """``act`` on every element of ``work``, by so many clients at once; results in order."""
    with ThreadPoolExecutor(clients) as pool:
        return list(pool.map(act, work))


def named_incident(message: Mapping[str, Any]) -> str:
    """The incident id in a card's small print, beside the coloured bar; empty where none is."""
    blocks = [block for one in message["attachments"] for block in one.get("blocks", [])]
    texts = [element["text"] for element in blocks[-1]["elements"]] if blocks else []
    found = [match[1] for text in texts for match in _INCIDENT.finditer(text)]
    return found[-1] if found else ""


def visible(message: Mapping[str, Any]) -> str:
    """Everything that a card says, as JSON text."""
    parts = [message["text"], message["blocks"], message["attachments"]]
    return json.dumps(parts, ensure_ascii=False)


def _control(url: str, order: Mapping[str, Any]) -> dict[str, Any]:
    request = urllib.request.Request(
        f"{url}/control",
        data=json.dumps(order).encode() if order else None,
        headers={"content-type": JSON},
    )
    with urllib.request.urlopen(request, timeout=10) as answer:
        said: dict[str, Any] = json.load(answer)
    return said
