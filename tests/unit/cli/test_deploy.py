"""``responder deploy``: its steps in order, where it ends, and what it tells of a canary."""

import shutil
import subprocess
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from local_stack import layout
from responder_cli.aws import FUNCTIONS, Stack
from responder_cli.deploy import commands, steps
from responder_cli.deploy.watching import Watch
from responder_cli.health import checks
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
        self.code = 7
        #: What health finds failing, look by look; the last look is all later ones.
        self.ill: list[list[str]] = [[]]
        self.change_sets: list[str] = []
        self.leaves: list[str] = []
        self.found: list[Finding] = [WELL]
        self.examined: list[Mapping[str, str]] = []
        self.connected: list[tuple[Any, ...]] = []
        self.there = True
        self.listed = False
        monkeypatch.setattr(steps, "run", self._run)
        monkeypatch.setattr(commands, "findings", self._findings)
        monkeypatch.setattr(checks, "every", self._every)

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
        if "local_stack.shipping" in command:
            self.change_sets += self.leaves
            self.listed = True
        return self.code if self.failing and self.failing in " ".join(command) else 0

    def _every(self, *_: Any) -> list[Finding]:
        named = self.ill.pop(0) if len(self.ill) > 1 else self.ill[0]
        return [WELL, *(failing(one, "it is", "mend it") for one in named)]

    def _findings(self, *given: Any) -> list[Finding]:
        self.examined.append(given[3])
        return self.found

    def _connect(self, *named: str) -> Stack:
        self.connected.append(named)

        def described(**_: object) -> dict[str, Any]:
            if not self.there:
                raise refusal("ValidationError")
            return {"Stacks": [{"Outputs": []}]}

        def listed(**_: object) -> list[dict[str, Any]]:
            if not (self.there or self.listed):
                raise refusal("ValidationError")
            every = [("executed", "EXECUTE_COMPLETE"), ("empty", "UNAVAILABLE")]
            every += [(one, "AVAILABLE") for one in self.change_sets]
            return [{"Summaries": [{"ChangeSetId": one, "ExecutionStatus": status}]}
                    for one, status in every]  # fmt: skip

        pages = Client({"paginate": listed})
        clients = {
            "cloudformation": Client({"describe_stacks": described, "get_paginator": pages}),
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


@pytest.mark.parametrize("there", [True, False], ids=["update", "first"])
def test_a_change_set_that_was_refused_is_no_deployment(house: House, there: bool) -> None:
    """SAM exits with 0 where its question is answered with no."""
    house.there, house.change_sets, house.leaves = True, ["left by somebody"], []
    assert house.deploy("--environment", "dev").exit_code == 0
    house.there, house.leaves = there, ["of today"]
    house.ran = []
    done = house.deploy("--environment", "dev")
    assert done.exit_code == 1
    assert "Nothing was deployed" in done.stderr
    assert "deployed." not in done.stdout
    assert house.order == STEPS[:3]


@pytest.mark.parametrize(
    ("looks", "exit_code", "said"),
    [
        ([["dead letters"], ["dead letters"]], 0, "Failing before, and still: dead letters."),
        ([["dead letters"], []], 0, "Failing before, and still: nothing any more."),
        ([["dead letters"], ["api", "dead letters"]], 10, "Failing since: api. To go back: "),
        ([[], ["heartbeat"]], 10, "Failing since: heartbeat. To go back: "),
    ],
)
def test_what_was_failing_before_is_no_reason_to_go_back(
    house: House, looks: list[list[str]], exit_code: int, said: str
) -> None:
    house.failing, house.code, house.ill = STEPS[-1], steps.EXIT_ILL, looks
    done = house.deploy("--environment", "prod")
    assert done.exit_code == exit_code, done.output
    assert said in done.stderr
    assert ("is deployed" in done.stdout) is (exit_code == 0)


@pytest.mark.parametrize(("inject", "health", "code"), [(0, 0, 0), (3, 0, 1), (0, 1, 10)])
def test_the_smoke_test_tells_no_card_from_a_stack_that_is_ill(
    tmp_path: Path, inject: int, health: int, code: int
) -> None:
    script = tmp_path / "tests" / "smoke-tests.sh"
    command = tmp_path / "scripts" / "responder"
    for one in (script, command):
        one.parent.mkdir()
    shutil.copy(layout.REPOSITORY / "tests/smoke-tests.sh", script)
    command.write_text(f'#!/bin/sh\ncase "$1" in inject) exit {inject};; *) exit {health};; esac\n')
    command.chmod(0o755)
    assert subprocess.run([script, "dev"], check=False).returncode == code


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
