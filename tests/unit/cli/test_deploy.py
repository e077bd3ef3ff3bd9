"""``responder deploy``: its steps in order, where it ends, and what it tells of a canary."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pytest
from click.testing import CliRunner, Result

from responder_cli.aws import FUNCTIONS, Stack
from responder_cli.deploy import commands, steps
from responder_cli.deploy.watching import Watch
from responder_cli.health.verdict import Finding, failing, ok, warning
from responder_cli.main import cli
from unit.cli.stacks import Client, refusal
from unit.cli.test_rollback import Lambda, all_of

WELL = ok("credentials", "me")
STEPS = ["make test", "make build", "local_stack.shipping", "tests/smoke-tests.sh"]


class House:
    """A deployment whose commands are written down, and fail where they are told to."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.ran: list[list[str]] = []
        self.environment: dict[str, str] = {}
        self.failing = ""
        self.found: list[Finding] = [WELL]
        self.examined: list[Mapping[str, str]] = []
        self.connected: list[tuple[Any, ...]] = []
        self.there = True
        monkeypatch.setattr(steps, "run", self._run)
        monkeypatch.setattr(commands, "findings", self._findings)

    def deploy(self, *words: str) -> Result:
        return CliRunner().invoke(cli, ["deploy", *words], obj=self._connect)

    @property
    def order(self) -> list[str]:
        said = [" ".join(one) for one in self.ran]
        return [next(step for step in STEPS if step in one) for one in said]

    def _run(
        self, command: Sequence[str], watch: Callable[[], None], more: Mapping[str, str]
    ) -> int:
        self.ran.append(list(command))
        self.environment = dict(more)
        watch()
        return 7 if self.failing and self.failing in " ".join(command) else 0

    def _findings(self, *given: Any) -> list[Finding]:
        self.examined.append(given[3])
        return self.found

    def _connect(self, *named: str) -> Stack:
        self.connected.append(named)

        def described(**_: object) -> dict[str, Any]:
            if not self.there:
                raise refusal("ValidationError")
            return {"Stacks": [{"Outputs": []}]}

        clients = {
            "cloudformation": Client({"describe_stacks": described}),
            "lambda": Lambda(all_of(v1=5)),
            "cloudwatch": quiet(),
        }
        return Stack(named[0], clients.__getitem__)


def quiet(*alarms: str) -> Client:
    """CloudWatch with these alarms on."""
    page = {"MetricAlarms": [{"AlarmName": name} for name in alarms]}
    return Client({"get_paginator": Client({"paginate": [page]})})


@pytest.fixture
def house(monkeypatch: pytest.MonkeyPatch) -> House:
    return House(monkeypatch)


def test_everything_is_done_in_order(house: House) -> None:
    done = house.deploy("--environment", "staging")
    assert done.exit_code == 0, done.output
    assert house.order == STEPS
    assert house.ran[-1] == ["tests/smoke-tests.sh", "staging"]
    assert house.connected == [("mcp-incident-responder-staging", "us-east-1", None)]
    assert "mcp-incident-responder-staging is deployed" in done.stdout


@pytest.mark.parametrize("failing", STEPS)
def test_it_ends_at_the_first_step_that_fails_with_its_exit_code(
    house: House, failing: str
) -> None:
    house.failing = failing
    done = house.deploy("--environment", "prod")
    assert done.exit_code == 7
    assert house.order[-1] == failing
    assert "is deployed" not in done.stdout
    hint = "To go back: scripts/responder rollback"
    assert (hint in done.stderr) is (failing == STEPS[-1])


def test_what_the_doctor_finds_failing_keeps_it_from_beginning(house: House) -> None:
    house.found = [failing("concurrency", "too little", "raise it")]
    done = house.deploy("--environment", "prod")
    assert done.exit_code == 1
    assert "raise it" in done.stdout
    assert house.ran == []


def test_missing_secrets_and_warnings_keep_no_version_away(house: House) -> None:
    house.found = [
        failing("slack secret", "none", "set it"),
        warning("aws", "old", "renew it"),
    ]
    assert house.deploy("--environment", "prod").exit_code == 0


def test_steps_are_left_out_on_request_and_questions_answered(house: House) -> None:
    house.deploy("--environment", "dev", "--skip-tests", "--skip-smoke", "--yes")
    assert house.order == STEPS[1:3]
    assert house.ran[1][-2:] == ["--change-set", "go"]
    house.deploy("--environment", "dev")
    assert "ask" in house.ran[4]


def test_parameters_bucket_and_profile_are_handed_on(house: House) -> None:
    words = ["--parameter", "ReserveConcurrency=false", "--bucket", "b", "--profile", "me"]
    house.deploy("--environment", "prod", *words)
    shipped = house.ran[2]
    assert shipped[-1] == "ReserveConcurrency=false"
    assert shipped[shipped.index("--bucket") + 1] == "b"
    assert house.examined == [{"ReserveConcurrency": "false"}]
    assert house.environment == {
        "AWS_REGION": "us-east-1",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_PROFILE": "me",
    }


def test_a_first_deployment_says_what_is_next_instead_of_a_smoke_test(house: House) -> None:
    house.there = False
    done = house.deploy("--environment", "dev")
    assert done.exit_code == 0, done.output
    assert house.order == STEPS[:3]
    assert "responder secrets set slack-bot-token" in done.stdout
    assert "AlertReceptionFunction:" not in done.stdout


@pytest.mark.parametrize("words", [(), ("--environment", "local"), ("--parameter", "NAME")])
def test_what_cannot_be_meant_is_wrong_usage(house: House, words: tuple[str, ...]) -> None:
    environment = () if "--environment" in words or not words else ("--environment", "dev")
    assert house.deploy(*environment, *words).exit_code == 2
    assert house.ran == []


def test_a_command_is_watched_while_it_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(steps, "WATCH_SECONDS", 0.05)
    looks: list[int] = []
    script = 'test "$RESPONDER_TOLD" = it && sleep 0.4; exit 5'
    code = steps.run(["sh", "-c", script], lambda: looks.append(1), {"RESPONDER_TOLD": "it"})
    assert code == 5
    assert looks


def test_only_what_changes_of_a_canary_is_told() -> None:
    said: list[str] = []
    functions = Lambda(all_of(v1=60, v2=5), live=dict.fromkeys(FUNCTIONS, 1))
    clients: dict[str, Any] = {
        "cloudformation": Client({"describe_stacks": {"Stacks": [{}]}}),
        "lambda": functions,
        "cloudwatch": quiet(),
    }
    watch = Watch(Stack("it", lambda name: clients[name]), said.append)
    watch.begin()
    watch()
    assert said == []
    functions._weights = {"2": 0.1}
    clients["cloudwatch"] = watch.stack._clients["cloudwatch"] = quiet("it-analysis-errors")
    watch()
    assert said[0] == ("  AlertReceptionFunction: 10% of the traffic to version 2, the rest to 1")
    assert said[-1] == "  alarms: it-analysis-errors"
    functions._weights, functions.live = {}, dict.fromkeys(FUNCTIONS, 2)
    watch()
    assert said[-1] == "  DistributionFunction: all traffic to version 2"


def test_what_cannot_be_seen_for_a_moment_ends_nothing() -> None:
    said: list[str] = []

    def throttled(**_: object) -> None:
        raise refusal("ThrottlingException")

    clients = {
        "cloudformation": Client({"describe_stacks": {"Stacks": [{}]}}),
        "lambda": Client({"get_alias": throttled}),
    }
    Watch(Stack("it", clients.__getitem__), said.append)()
    assert "ThrottlingException" in said[0]
