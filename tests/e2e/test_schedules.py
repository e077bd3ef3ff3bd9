"""Fifty random schedules of kills, repeats and trouble on one stack lose and double nothing.

One that fails prints its schedule; ``-k 'schedule[17]'`` runs it again.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import count
from threading import Lock

import pytest

from e2e import workers
from e2e.pipeline import Pipeline, by_clients, started
from e2e.schedules import Schedule, draw
from responder.contracts import AlertMessage
from responder.incident import AlertRecord, Incident
from responder_cli.reconcile.verdict import Report, Where

pytestmark = pytest.mark.e2e_long

SCHEDULES = 50
CLIENTS = 3
#: No measure: visibility is 50 s, a message has six receives, and a machine may have more to do.
SETTLED_WITHIN = 420


@pytest.fixture(scope="module")
def brisk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pipeline]:
    """Claude is given up after three seconds, so that a slow one is met as well."""
    with started(tmp_path_factory.mktemp("stack"), ClaudeTimeoutSeconds="3") as running:
        yield running


class Run:
    """One schedule on its way."""

    def __init__(self, pipeline: Pipeline, schedule: Schedule) -> None:
        self.pipeline = pipeline
        self.schedule = schedule
        self.begun = datetime.now(UTC).replace(microsecond=0)
        self.accepted: list[str] = []
        self.killed = 0
        self.redelivered = 0
        self._numbers = count()
        self._lock = Lock()

    def send(self) -> None:
        """All requests, while Slack and Claude fail."""
        self.pipeline.slack(fail=self.schedule.slack)
        self.pipeline.claude(fail=self.schedule.claude)
        try:
            by_clients(CLIENTS, self._request, range(len(self.schedule.requests)))
        finally:
            self.pipeline.slack(fail=None)
            self.pipeline.claude(fail=None)

    def _request(self, number: int) -> None:
        body = self.schedule.body(number, self.begun)
        for _ in range(2 if number in self.schedule.repeats else 1):
            alert_ids = self.pipeline.insist_on_all(body)
            with self._lock:
                self.accepted += alert_ids
        if functions := self.schedule.kills.get(number):
            killed = workers.kill_all(self.pipeline.worker_parent, functions)
            self.killed += killed.total()
        if number in self.schedule.redeliveries:
            self._redeliver()

    def _redeliver(self) -> None:
        """Messages that were worked on come once more, to the byte what they were."""
        found = map(self.pipeline.alert, self.accepted[-20:])
        for record in (one for one in found if one is not None):
            self.pipeline.put("ProcessingQueueUrl", message_of(record))
            self.redelivered += 1


def message_of(record: AlertRecord) -> str:
    """The message that an alert came with."""
    return AlertMessage(alert=record.alert).model_dump_json()


@pytest.mark.parametrize("seed", range(SCHEDULES))
def test_schedule(brisk: Pipeline, seed: int) -> None:
    schedule = draw(seed)
    print(f"\n{schedule}")
    run = Run(brisk, schedule)
    run.send()

    report = brisk.reconciled(SETTLED_WITHIN, run.begun, run.accepted)
    if dead := report.number(Where.DEAD):
        # A message whose receives were used up is not lost: it goes back as operators send it.
        print(f"{dead} alerts are dead letters: {brisk.responder('dlq', 'list')}")
        brisk.responder("dlq", "reprocess", "--queue", "all", "--yes")
        report = brisk.reconciled(SETTLED_WITHIN, run.begun, run.accepted)

    incidents = all_are_shown_once(brisk, run, report)
    print(
        f"{len(set(run.accepted))} alerts in {len(incidents)} incidents, {run.killed} processes "
        f"killed, {run.redelivered} messages redelivered: "
        f"{ {where.value: report.number(where) for where in Where} }"
    )


def all_are_shown_once(pipeline: Pipeline, run: Run, report: Report) -> dict[str, Incident]:
    """Each alert has its place by what the sender knows, and each problem one incident."""
    assert report.places.keys() >= set(run.accepted)
    assert report.number(Where.DEAD) == 0
    alerts = pipeline.alerts()
    named = {alerts[one].incident_id for one in run.accepted} - {""}
    incidents = pipeline.incidents(run.accepted)
    assert incidents.keys() == named
    assert len({one.key for one in incidents.values()}) == len(incidents)
    return incidents
