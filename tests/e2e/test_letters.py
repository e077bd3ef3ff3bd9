"""A thousand dead letters sent back by a command that is killed: none is lost, none shown twice."""

import json
import random
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import pytest

from e2e import workers
from e2e.payloads import problem
from e2e.pipeline import DEAD_LETTER_QUEUES, Pipeline, by_clients, wait_until
from local_stack import layout
from responder.errors import Reason
from responder.protocols.versions import RULES
from responder_cli.aws import RECORD_WAITS
from responder_cli.dlq.letters import RECEIVES_EXHAUSTED
from responder_cli.dlq.looking import HOLD_SECONDS

pytestmark = pytest.mark.e2e_long

ALERTS, UNPROCESSED, AT_ONCE = 1_000, 300, 100
KILLS, SEED = 3, 20_261_121
CLIENTS = 4
PATIENCE = 600
#: A selection of all letters, so that also those go one by one that SQS could move by itself.
REPROCESS = ("dlq", "reprocess", "--queue", "all", "--reason", RECEIVES_EXHAUSTED,
             "--reason", Reason.NOT_IN_CHANNEL.value, "--rate", "50", "--yes")  # fmt: skip


def test_a_thousand_letters_go_back_although_reprocess_is_killed_three_times(
    pipeline: Pipeline,
) -> None:
    # Else each incident would have two letters, one for its analysis.
    pipeline.responder("analysis", "off")
    with unreadable_rules(pipeline):
        alert_ids = poisoned(pipeline, range(UNPROCESSED))
    pipeline.slack(fail={"mode": "ok_false", "error": Reason.NOT_IN_CHANNEL.value})
    # No more at once than are refused within a minute: then the tick announces them again.
    for begin in range(UNPROCESSED, ALERTS, AT_ONCE):
        alert_ids += poisoned(pipeline, range(begin, begin + AT_ONCE))
    pipeline.slack(fail=None)
    assert len(set(alert_ids)) == ALERTS
    assert not pipeline.messages()
    listed = {row["queue"]: row["reasons"] for row in pipeline.asked("dlq", "list")}
    print(f"\nPoisoned: {listed}")
    assert set(listed["processing"]) == {RECEIVES_EXHAUSTED}
    assert set(listed["distribution"]) == set(listed["critical"]) == {Reason.NOT_IN_CHANNEL.value}

    rng = random.Random(SEED)
    for left in sorted(rng.sample(range(ALERTS // 10, ALERTS), KILLS), reverse=True):
        kill_reprocess(pipeline, left, rng.uniform(0, 0.2))
    begun = time.monotonic()
    runs = run_to_the_end(pipeline)
    print(f"Ended by run {runs} after the kills, in {time.monotonic() - begun:.0f} s")

    pipeline.shown(alert_ids, PATIENCE)
    incidents = pipeline.incidents(alert_ids)
    assert [one.count for one in incidents.values()] == [1] * ALERTS
    messages = pipeline.messages()
    assert {name: len(messages[name]) for name in incidents} == dict.fromkeys(incidents, 1)
    replies = Counter((m["thread"], m["text"]) for m in pipeline.stack.slack_messages())
    assert max(replies.values()) == 1
    print(f"{len(incidents)} incidents, {sum(map(len, messages.values()))} cards")
    # What came after the first is told with the next notice, an hour after it.
    pipeline.reports = 1


def poisoned(pipeline: Pipeline, numbers: range) -> list[str]:
    """Send alerts, and wait until each is a dead letter, or has a card that is one."""
    before = sum(pipeline.depth(["DeadLetterQueueUrl"]).values())
    sent = [problem("poisoned", number, at=datetime.now(UTC)) for number in numbers]
    alert_ids = by_clients(CLIENTS, pipeline.insist, sent)

    def dead() -> int:
        cards = pipeline.cards()
        incidents = pipeline.incidents(alert_ids)
        given_up = sum(name in cards and cards[name].dead_lettered for name in incidents)
        return given_up + sum(pipeline.depth(["DeadLetterQueueUrl"]).values()) - before

    wait_until(dead, lambda number: number >= len(numbers), PATIENCE)
    return alert_ids


def letters(pipeline: Pipeline) -> int:
    return sum(pipeline.depth(DEAD_LETTER_QUEUES).values())


@contextmanager
def unreadable_rules(pipeline: Pipeline) -> Iterator[None]:
    """Rules of a form that this release does not know, as after going back from a newer one.

    No alert can be signed: each uses up its receives, of which the queue allows two meanwhile.
    """
    state = {"TableName": pipeline.stack.outputs["StateTableName"]}
    key = {"id": {"S": RULES.name}}
    pipeline.client("dynamodb").put_item(
        **state, Item={**key, "version": {"N": "1"}, "active": {"S": "newest"}}
    )
    # A process goes on with the rules that it knows.
    workers.kill_all(pipeline.worker_parent)
    try:
        with two_receives(pipeline):
            yield
    finally:
        pipeline.client("dynamodb").delete_item(**state, Key=key)


@contextmanager
def two_receives(pipeline: Pipeline) -> Iterator[None]:
    """Six take minutes."""
    client = pipeline.client("sqs")
    urls = [pipeline.stack.outputs[one] for one in RECORD_WAITS]
    usual = {
        url: client.get_queue_attributes(QueueUrl=url, AttributeNames=["RedrivePolicy"])
        for url in urls
    }
    for url, found in usual.items():
        policy = json.loads(found["Attributes"]["RedrivePolicy"]) | {"maxReceiveCount": 2}
        client.set_queue_attributes(QueueUrl=url, Attributes={"RedrivePolicy": json.dumps(policy)})
    try:
        yield
    finally:
        for url, found in usual.items():
            client.set_queue_attributes(QueueUrl=url, Attributes=found["Attributes"])


def reprocess(pipeline: Pipeline) -> subprocess.Popen[bytes]:
    # Killed, it says nothing; alive, its exit code says all.
    return subprocess.Popen(
        [layout.SCRIPTS / "responder", *REPROCESS],
        env=pipeline.operators(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def kill_reprocess(pipeline: Pipeline, left: int, later: float) -> None:
    """Begin to send letters back, and kill it a moment after so many are left."""
    with reprocess(pipeline) as process:
        wait_until(lambda: letters(pipeline), lambda depth: depth <= left, PATIENCE)
        time.sleep(later)
        assert process.poll() is None
        process.kill()
    print(f"Killed when {letters(pipeline)} were left")


def run_to_the_end(pipeline: Pipeline) -> int:
    """Run it again until it says that all is done; how often that was."""
    for run in range(1, 10):
        with reprocess(pipeline) as process:
            code = process.wait(PATIENCE)
        if code == 0 and not letters(pipeline):
            return run
        # What the killed runs held comes back by itself.
        time.sleep(HOLD_SECONDS / 4)
    raise AssertionError(f"{letters(pipeline)} letters are left")
