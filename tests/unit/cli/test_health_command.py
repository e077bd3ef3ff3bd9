"""``responder health`` as a command: all checks at once, exit codes, the topic, and watching."""

import io
import json
import sys
import threading
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError
from click.testing import CliRunner
from rich.console import Console

from responder_cli.aws import Stack
from responder_cli.health import checks, watching
from responder_cli.health.verdict import Finding, Verdict, failing, ok, warning
from responder_cli.main import cli
from unit.cli.health_house import FIVE_MINUTES, NOW, refused
from unit.cli.stacks import Client, refusal, stack

NAMES = ("lambda", "sqs", "dynamodb", "secretsmanager", "cloudwatch")
CALLS = (
    "get_function_configuration",
    "list_event_source_mappings",
    "get_queue_attributes",
    "describe_table",
    "get_item",
    "get_secret_value",
    "get_metric_statistics",
)
OUTPUTS = {
    "WebhookUrl": "http://127.0.0.1:1/",
    "DeadLetterQueueUrl": "d",
    "SecretPrefix": "mine",
    "ProcessingQueueUrl": "p",
}


def forbidden(topic: Client) -> Stack:
    """A stack of which nothing may be seen but its outputs."""
    clients = {name: Client(dict.fromkeys(CALLS, refused)) for name in NAMES}
    return stack(OUTPUTS, {**clients, "sns": topic}, {"HeartbeatState": "ENABLED"})


def test_what_aws_refuses_is_a_finding_not_the_end_and_the_topic_is_told() -> None:
    topic = Client({"publish": {}})
    result = CliRunner().invoke(
        cli, ["health", "--json", "--topic", "arn:topic"], obj=lambda *_: forbidden(topic)
    )
    assert result.exit_code == 1
    found = {one["component"]: one["verdict"] for one in json.loads(result.output)}
    assert found == dict.fromkeys(
        [
            "api",
            "AlertReceptionFunction",
            "AnalysisFunction",
            "DistributionFunction",
            "processing queue",
            "claude",
            "claude breaker",
            "claude budget",
            "slack",
            "slack token",
            "cards",
            "dead letters",
            "tables",
            "secrets",
            "tick",
            "heartbeat",
            "drift",
            "analysis",
        ],
        "failing",
    )
    (told,) = topic.asked("publish")
    assert told["TopicArn"] == "arn:topic"
    assert "AccessDenied" in told["Message"]
    elsewhere = "scripts/responder inject --sample generic/firing --wait --stack it"
    assert f"try from elsewhere: {elsewhere}" in told["Message"]


def unreachable(**_: object) -> None:
    raise EndpointConnectionError(endpoint_url="https://one.eu-west-1.amazonaws.com/")


@pytest.mark.parametrize("away", NAMES)
def test_one_service_that_cannot_be_reached_hides_nothing_of_the_others(away: str) -> None:
    topic = Client({"publish": {}})
    house = forbidden(topic)
    clients: dict[str, Any] = {name: house.client(name) for name in NAMES}
    clients[away] = Client(dict.fromkeys(CALLS, unreachable))
    house = stack(OUTPUTS, {**clients, "sns": topic}, {"HeartbeatState": "ENABLED"})
    result = CliRunner().invoke(
        cli, ["health", "--json", "--topic", "arn:topic"], obj=lambda *_: house
    )
    assert result.exit_code == 1, result.output
    reasons = [one["reason"] for one in json.loads(result.output)]
    assert len(reasons) == 18
    assert any("Could not connect" in one for one in reasons)
    assert any("AccessDenied" in one for one in reasons)
    (told,) = topic.asked("publish")
    assert "Could not connect" in told["Message"]


@pytest.mark.parametrize(
    "item",
    [
        {"at": {"S": NOW.isoformat()}, "sent_at": {"S": NOW.isoformat()}, "alert_id": {"L": []}},
        {"at": {"S": "lately"}},
        {"off": {"BOOL": False}},
    ],
    ids=["not a beat", "no time", "other fields"],
)
def test_an_item_of_another_release_is_a_finding_of_its_check_alone(item: dict[str, Any]) -> None:
    clients: dict[str, Any] = {name: Client(dict.fromkeys(CALLS, refused)) for name in NAMES}
    clients["dynamodb"] = Client({"describe_table": refused, "get_item": {"Item": item}})
    house = stack(OUTPUTS, clients, {"HeartbeatState": "ENABLED"})
    found = {one.component: one for one in checks.every(house, FIVE_MINUTES)}
    assert found["heartbeat"].verdict is Verdict.FAILING
    assert "this release cannot read what is stored" in found["heartbeat"].reason
    assert found["analysis"] == ok("analysis", "switched on")


def absent(**_: object) -> None:
    raise refusal("ValidationError")


@pytest.mark.parametrize("answer", [unreachable, refused, absent])
def test_a_stack_that_cannot_be_looked_up_is_told_to_the_topic_all_the_same(answer: Any) -> None:
    topic = Client({"publish": {}})
    clients = {"cloudformation": Client({"describe_stacks": answer}), "sns": topic}
    house = Stack("it", clients.__getitem__)
    result = CliRunner().invoke(cli, ["health", "--topic", "arn:topic"], obj=lambda *_: house)
    assert result.exit_code == 3
    (told,) = topic.asked("publish")
    assert "stack: could not be looked up" in told["Message"]


def test_the_checks_run_at_once() -> None:
    # Each waits for five others: one after the other, none would ever end.
    together = threading.Barrier(6, timeout=20)

    def waiting(**_: object) -> None:
        together.wait()
        raise refusal("AccessDeniedException")

    clients: dict[str, Any] = {name: Client(dict.fromkeys(CALLS, refused)) for name in NAMES}
    # Six read the state table: Claude's troubles, breaker, budget, tick, heartbeat, switch.
    clients["dynamodb"] = Client({"describe_table": refused, "get_item": waiting})
    house = stack(OUTPUTS, clients, {"HeartbeatState": "ENABLED"})
    found = {one.component: one for one in checks.every(house, FIVE_MINUTES)}
    for name in ("claude", "claude breaker", "claude budget", "tick", "heartbeat", "analysis"):
        assert "AccessDenied" in found[name].reason, found[name]


def test_clients_are_made_by_one_thread_at_a_time() -> None:
    made: list[str] = []
    making = threading.Lock()

    def make(service: str) -> object:
        assert making.acquire(blocking=False)
        try:
            made.append(service)
            threading.Event().wait(0.01)
            return object()
        finally:
            making.release()

    house = Stack("it", make)
    services = ["sqs", "lambda", "sqs", "lambda", "dynamodb"] * 4
    threads = [threading.Thread(target=house.client, args=(one,)) for one in services]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(made) == ["dynamodb", "lambda", "sqs"]


WELL = ok("tick", "ran 3 s ago")
ILL = failing("tick", "ran 900 s ago", "mend it")


def looks(*each: Sequence[Finding] | Exception) -> Any:
    """A look that finds these, one after the other."""
    left = list(each)

    def look(now: datetime) -> Sequence[Finding]:
        found = left.pop(0)
        if isinstance(found, Exception):
            raise found
        return found

    return look


def moments(count: int, then: type[BaseException] | None = None) -> Iterator[datetime]:
    yield from (NOW + timedelta(seconds=5 * number) for number in range(count))
    if then is not None:
        raise then


def test_a_piped_watch_prints_what_changed(capsys: pytest.CaptureFixture[str]) -> None:
    card = ok("cards", "no alert is overdue")
    look = looks([WELL, card], [ok("tick", "ran 8 s ago"), card], [ILL, card], [WELL, card])
    found = watching.watch("it", look, moments(4), as_json=False)
    assert found == [WELL, card]
    assert capsys.readouterr().out.splitlines() == [
        "2026-11-21T12:00:00Z ok tick: ran 3 s ago",
        "2026-11-21T12:00:00Z ok cards: no alert is overdue",
        "2026-11-21T12:00:10Z failing tick: ran 900 s ago | mend it",
        "2026-11-21T12:00:15Z ok tick: ran 3 s ago",
    ]


def test_a_watch_as_json_is_one_document_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    watching.watch("it", looks([WELL], [ILL]), moments(2), as_json=True)
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["findings"][0]["verdict"] for line in lines] == ["ok", "failing"]
    assert {line["stack"] for line in lines} == {"it"}


def test_ctrl_c_ends_a_watch_with_what_was_seen_last() -> None:
    look = looks([WELL], [ILL])
    assert watching.watch("it", look, moments(2, KeyboardInterrupt), as_json=True) == [ILL]


def test_a_watch_outlives_an_outage_of_aws() -> None:
    look = looks([WELL], ConnectionError("no route"), [WELL])
    seen: list[Sequence[Finding]] = []

    def remembered(now: datetime) -> Sequence[Finding]:
        seen.append(watching._look(look, now))
        return seen[-1]

    assert watching.watch("it", remembered, moments(3), as_json=True) == [WELL]
    assert seen[1][0].verdict is Verdict.FAILING
    assert "no route" in seen[1][0].reason


class Terminal(io.StringIO):
    """What a terminal was sent."""

    def isatty(self) -> bool:
        return True


def test_a_watch_on_a_terminal_draws_in_place_and_leaves_the_screen_as_it_was(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stdout", terminal)
    monkeypatch.setenv("TERM", "xterm-256color")
    watching.watch("it", looks([WELL], [ILL]), moments(2, KeyboardInterrupt), as_json=False)
    sent = terminal.getvalue()
    assert sent.count("\x1b[?1049h") == sent.count("\x1b[?1049l") == 1
    assert sent.index("ran 3 s ago") < sent.index("ran 900 s ago") < sent.index("\x1b[?1049l")


def test_on_a_terminal_what_is_wrong_comes_first() -> None:
    shown = Console(width=120, record=True, file=open("/dev/null", "w"))  # noqa: SIM115
    shown.print(watching.drawing("it", NOW, [WELL, warning("slack", "1 try\x1b[2J"), ILL]))
    text = shown.export_text()
    header, _, _, *rows = text.splitlines()
    assert header.startswith("it  12:00:00 UTC  1 ok, 1 warning, 1 failing")
    assert [row.split()[1] for row in rows if row.strip()] == ["failing", "warning", "ok"]
    assert "\x1b" not in text


@pytest.mark.parametrize(
    ("findings", "code"), [([WELL], 0), ([warning("slack", "slow")], 0), ([WELL, ILL], 1)]
)
def test_only_what_is_failing_is_unhealthy(
    monkeypatch: pytest.MonkeyPatch, findings: list[Finding], code: int
) -> None:
    monkeypatch.setattr(checks, "every", lambda *_: findings)
    house = stack({"WebhookUrl": "w"}, {})
    assert CliRunner().invoke(cli, ["health"], obj=lambda *_: house).exit_code == code
