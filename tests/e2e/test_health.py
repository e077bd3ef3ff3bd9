"""The stack watches itself: a heartbeat to its card, and ``responder health`` in ten broken states.

Each state is set up on a running stack, looked at by the very command, and taken back.
"""

import json
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest

from e2e.payloads import problem
from e2e.pipeline import DEAD_LETTER_QUEUES, TOKEN, Pipeline, started, wait_until
from local_stack import layout
from local_stack.stack import TESTS
from responder.analysis import budget
from responder.clock import utc_now
from responder.ports import Table
from responder.protocols import items
from responder.protocols.heartbeat import FRONT_DOOR, Beat
from responder.protocols.pulse import PATIENCE
from responder.protocols.spending import purse_item

pytestmark = pytest.mark.e2e_long

NAME = layout.STACK_NAME
NAMESPACE = f"MCPResponder/{NAME}"
LOOK_SECONDS = 3.0
COMMAND = (str(layout.SCRIPTS / "responder"), "health")


@pytest.fixture(scope="module")
def pipeline(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pipeline]:
    """A stack that beats; the rule is silenced, so that the tests alone beat its heart."""
    directory = tmp_path_factory.mktemp("stack")
    with started(directory, HeartbeatState="ENABLED", DailyBudgetUsd="5") as running:
        events = running.client("events")
        for rule in events.list_rules()["Rules"]:
            if "HeartbeatFunction" in rule["Name"]:
                events.disable_rule(Name=rule["Name"])
        yield running


@dataclass(frozen=True)
class Look:
    """What ``responder health --json`` said, its exit code, and how long it took."""

    code: int
    findings: dict[str, dict[str, str]]
    seconds: float

    def __getitem__(self, component: str) -> dict[str, str]:
        return self.findings[component]

    @property
    def ill(self) -> dict[str, str]:
        """What is failing, and why."""
        return {
            name: one["reason"]
            for name, one in self.findings.items()
            if one["verdict"] == "failing"
        }


def health(pipeline: Pipeline) -> Look:
    environ = pipeline.operators()
    begun = time.monotonic()
    done = subprocess.run(
        [*COMMAND, "--json"], env=environ, capture_output=True, text=True, check=False
    )
    seconds = time.monotonic() - begun
    assert done.returncode in (0, 1), done.stderr
    found = {one["component"]: one for one in json.loads(done.stdout)}
    return Look(done.returncode, found, seconds)


def beat(pipeline: Pipeline) -> Beat:
    """One run of the heartbeat function, and what it left behind."""
    answer = pipeline.client("lambda").invoke(
        FunctionName=f"{NAME}-HeartbeatFunction:live", Payload=b"{}"
    )
    assert "FunctionError" not in answer, answer["Payload"].read()
    found = items.load(pipeline.deployed.store(Table.STATE), items.state_item(FRONT_DOOR), Beat)
    assert found is not None
    return found


def counted(pipeline: Pipeline, metric: str, **dimensions: str) -> float:
    now = utc_now()
    answer = pipeline.client("cloudwatch").get_metric_statistics(
        Namespace=NAMESPACE,
        MetricName=metric,
        Dimensions=[{"Name": name, "Value": value} for name, value in dimensions.items()],
        StartTime=now - timedelta(hours=1),
        EndTime=now + timedelta(minutes=1),
        Period=3600,
        Statistics=["Sum"],
    )
    return float(sum(point["Sum"] for point in answer["Datapoints"]))


def test_a_heartbeat_goes_through_the_front_door_to_its_card(pipeline: Pipeline) -> None:
    first = beat(pipeline)
    assert first.trouble == ""
    came = wait_until(lambda: beat(pipeline), lambda one: one.alert_id != first.alert_id, 50)
    assert (came.missed, came.reason) == (0, "")
    assert came.seconds is not None
    print(f"\nA heartbeat took {came.seconds:.1f} s to its card")
    (message,) = [m for m in pipeline.stack.slack_messages() if "Heartbeat" in json.dumps(m)]
    assert TESTS.removeprefix("#") in json.dumps(message)
    assert counted(pipeline, "HeartbeatArrived", service="heartbeat") == 1
    pipeline.idle()
    # Never counted as an incident, and nobody asks Claude about it.
    assert counted(pipeline, "IncidentsOpened", service="analysis") == 0
    assert counted(pipeline, "CardsPosted", service="distribution") == 0
    assert pipeline.claude()["calls"] == 0
    wait_until(lambda: health(pipeline), lambda look: look["tick"]["verdict"] == "ok", 90)
    look = health(pipeline)
    assert look["heartbeat"]["verdict"] == "ok"
    assert look.code == 0, look.ill


def test_a_heartbeat_whose_card_slack_refuses_is_missed_and_no_dead_letter(
    pipeline: Pipeline,
) -> None:
    pipeline.slack(fail={"mode": "ok_false", "error": "channel_not_found"})
    try:
        before = beat(pipeline)
        pipeline.idle()
        seen = wait_until(
            lambda: beat(pipeline),
            lambda one: one.alert_id != before.alert_id and one.missed,
            PATIENCE.total_seconds() + 60,
        )
        assert seen.reason == "not_shown"
        missed = counted(pipeline, "HeartbeatMissed", service="heartbeat", reason="not_shown")
        assert missed == 1
        said = health(pipeline)["heartbeat"]
        assert (said["verdict"], "tail --function distribution" in said["mend"]) == (
            "warning",
            True,
        )
    finally:
        pipeline.slack(fail=None)
    pipeline.idle()
    assert not any(pipeline.depth(DEAD_LETTER_QUEUES).values())
    healed = wait_until(lambda: beat(pipeline), lambda one: one.missed == 0, 180)
    assert healed.reason == ""


def test_health_answers_in_three_seconds(pipeline: Pipeline) -> None:
    # The machine is shared: what it takes at its best is what the command takes.
    look = wait_until(lambda: health(pipeline), lambda look: look.seconds < LOOK_SECONDS, 120)
    print(f"\nresponder health: {look.seconds:.2f} s")
    assert look.code == 0, look.ill


@contextmanager
def backed_up(pipeline: Pipeline) -> Iterator[None]:
    client = pipeline.client("lambda")
    found = client.list_event_source_mappings(FunctionName=f"{NAME}-AnalysisFunction:live")
    (uuid,) = (
        one["UUID"]
        for one in found["EventSourceMappings"]
        if one["EventSourceArn"].endswith(f"{NAME}-processing")
    )
    client.update_event_source_mapping(UUID=uuid, Enabled=False)
    pipeline.accept(problem("backed up", 1))
    try:
        yield
    finally:
        client.update_event_source_mapping(UUID=uuid, Enabled=True)
        pipeline.idle()


@contextmanager
def dead_letter(pipeline: Pipeline) -> Iterator[None]:
    pipeline.put("DeadLetterQueueUrl", "{", reason="unreadable")
    try:
        yield
    finally:
        pipeline.client("sqs").purge_queue(QueueUrl=pipeline.stack.outputs["DeadLetterQueueUrl"])


@contextmanager
def no_secret(pipeline: Pipeline) -> Iterator[None]:
    secrets, name = pipeline.client("secretsmanager"), pipeline.secret("slack-bot-token")
    secrets.delete_secret(SecretId=name, RecoveryWindowInDays=7)
    try:
        yield
    finally:
        secrets.restore_secret(SecretId=name)


@contextmanager
def state(pipeline: Pipeline, name: str, **item: Any) -> Iterator[None]:
    """An item of the state table as it would be; what was there comes back."""
    client, table = pipeline.client("dynamodb"), f"{NAME}-state"
    key = {"id": {"S": name}}
    before = client.get_item(TableName=table, Key=key).get("Item")
    client.put_item(TableName=table, Item={**(before or {}), **key, **item})
    try:
        yield
    finally:
        if before is None:
            client.delete_item(TableName=table, Key=key)
        else:
            client.put_item(TableName=table, Item=before)


@contextmanager
def open_breaker(pipeline: Pipeline) -> Iterator[None]:
    opened = {"N": str(int(time.time()))}
    with state(pipeline, "breaker#claude", state={"S": "open"}, opened_at=opened):
        yield


@contextmanager
def spent_budget(pipeline: Pipeline) -> Iterator[None]:
    now = utc_now()
    settled = {f"{now:%Y-%m-%d}": {"N": str(5 * budget.MICRO)}}
    name = purse_item(budget.month_of(now)).id
    month, version = {"S": budget.month_of(now)}, {"N": "1"}
    with state(pipeline, name, month=month, settled={"M": settled}, version=version):
        yield


@contextmanager
def revoked_token(pipeline: Pipeline) -> Iterator[None]:
    pipeline.slack(token="xoxb-another")
    try:
        yield
    finally:
        pipeline.slack(token=TOKEN)


@contextmanager
def erring_function(pipeline: Pipeline) -> Iterator[None]:
    for _ in range(6):
        pipeline.client("lambda").invoke(
            FunctionName=f"{NAME}-AnalysisFunction:live", Payload=b'{"nonsense": 1}'
        )
    yield


@contextmanager
def stale_heartbeat(pipeline: Pipeline) -> Iterator[None]:
    sent = {"S": (utc_now() - timedelta(minutes=20)).isoformat()}
    with state(pipeline, FRONT_DOOR, sent_at=sent):
        yield


@contextmanager
def drifted(pipeline: Pipeline) -> Iterator[None]:
    def count(metric: str, service: str, value: int) -> None:
        pipeline.client("cloudwatch").put_metric_data(
            Namespace=NAMESPACE,
            MetricData=[
                {
                    "MetricName": metric,
                    "Dimensions": [{"Name": "service", "Value": service}],
                    "Value": value,
                    "Unit": "Count",
                }
            ],
        )

    count("AlertsAccepted", "reception", 50)
    try:
        yield
    finally:
        count("AlertsCounted", "analysis", 50)


@contextmanager
def no_table(pipeline: Pipeline) -> Iterator[None]:
    client, name = pipeline.client("dynamodb"), f"{NAME}-analysis-cache"
    # The emulator takes the template's "false" for true.
    client.update_table(TableName=name, DeletionProtectionEnabled=False)
    client.delete_table(TableName=name)
    try:
        yield
    finally:
        client.create_table(
            TableName=name,
            BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[{"AttributeName": "error_signature", "AttributeType": "S"}],
            KeySchema=[{"AttributeName": "error_signature", "KeyType": "HASH"}],
        )


STATES: list[tuple[Callable[..., Any], str, str, str]] = [
    (backed_up, "processing queue", "nobody takes from it", "update-event-source-mapping"),
    (dead_letter, "processing dead letters", "1 waiting, unreadable", "dlq discard"),
    (no_secret, "slack secret", "neither a bot token nor a webhook", "restore-secret --secret-id"),
    (open_breaker, "claude breaker", "open for", "analysis off"),
    (spent_budget, "claude budget", "spent to 100 %", "DailyBudgetUsd"),
    (revoked_token, "slack token", "invalid_auth", "secrets rotate slack-bot-token"),
    (stale_heartbeat, "heartbeat", "stale: sent", "tail --function heartbeat"),
    (drifted, "drift", "50 alerts are nowhere", "tail --function analysis"),
    (no_table, "analysis-cache table", "it is gone", "create-table"),
    # The last one: nothing takes these errors back.
    (erring_function, "AnalysisFunction", "6 errors", "tail --function analysis"),
]


@pytest.mark.parametrize(
    ("broken", "component", "reason", "mend"), STATES, ids=[one[0].__name__ for one in STATES]
)
def test_a_broken_state_is_told_with_its_reason_and_what_mends_it(
    pipeline: Pipeline, broken: Callable[..., Any], component: str, reason: str, mend: str
) -> None:
    pipeline.idle()
    with broken(pipeline):
        look = health(pipeline)
    # That, and nothing else.
    assert set(look.ill) == {component}, look.ill
    assert look.code == 1
    assert reason in look[component]["reason"]
    assert mend in look[component]["mend"]
    print(f"\n{look.seconds:.2f} s: {component}: {look[component]['reason']}")


def test_a_piped_watch_ends_with_ctrl_c_and_the_last_verdict(pipeline: Pipeline) -> None:
    with subprocess.Popen(
        [*COMMAND, "--watch", "--every", "1", "--json"],
        env=pipeline.operators(),
        stdout=subprocess.PIPE,
        text=True,
    ) as watching:
        assert watching.stdout is not None
        looks = [json.loads(watching.stdout.readline()) for _ in range(2)]
        watching.send_signal(signal.SIGINT)
        said, _ = watching.communicate(timeout=30)
    looks += [json.loads(line) for line in said.splitlines()]
    assert {look["stack"] for look in looks} == {NAME}
    # The errors of the last broken state may still be in its window.
    verdicts = {one["verdict"] for one in looks[-1]["findings"]}
    assert watching.returncode == int("failing" in verdicts)
