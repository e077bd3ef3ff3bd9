"""Commands that change production ask first when nobody said that production is meant."""

import errno
from datetime import UTC, datetime

import pytest
from click.testing import CliRunner, Result

from responder_cli.aws import Stack, connect
from responder_cli.main import cli
from responder_cli.options import as_written, duration, moment
from unit.cli.stacks import Client, refusal

ACCOUNT = "111122223333"


def absent(**_: object) -> None:
    raise refusal("ValidationError")


class House:
    """A stack whose switch can be turned, on AWS or not, there or not."""

    def __init__(self, *, on_aws: bool, there: bool = True) -> None:
        self.table = Client({"update_item": {}})
        self.stacks = Client({"describe_stacks": {"Stacks": [{}]} if there else absent})
        clients = {
            "cloudformation": self.stacks,
            "dynamodb": self.table,
            "sts": Client({"get_caller_identity": {"Account": ACCOUNT}}),
        }
        self._make = lambda name, *_: Stack(name, clients.__getitem__, on_aws=on_aws)

    def run(self, *words: str, answer: str = "", **environment: str) -> Result:
        return CliRunner().invoke(cli, list(words), obj=self._make, input=answer, env=environment)

    @property
    def changed(self) -> bool:
        return bool(self.table.asked("update_item"))


@pytest.fixture(autouse=True)
def nobody_named_a_stack(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("STACK_NAME", raising=False)


def test_production_by_default_is_named_with_its_account_and_asked_for() -> None:
    house = House(on_aws=True)
    result = house.run("analysis", "off", answer="n\n")
    assert result.exit_code == 1
    assert "mcp-incident-responder-prod" in result.output
    assert ACCOUNT in result.output
    assert not house.changed
    assert house.run("analysis", "off", answer="y\n").exit_code == 0
    assert house.changed


def test_nobody_there_to_answer_means_no() -> None:
    house = House(on_aws=True)
    assert house.run("inject", "--sample", "generic/firing").exit_code == 1
    assert house.run("analysis", "off").exit_code == 1
    assert not house.changed


@pytest.mark.parametrize("words", [("--yes",), ("--stack", "mcp-incident-responder-prod")])
def test_who_says_what_is_meant_is_not_asked(words: tuple[str, ...]) -> None:
    house = House(on_aws=True)
    assert house.run("analysis", "off", *words).exit_code == 0
    assert house.changed


def test_the_environment_names_a_stack_too() -> None:
    house = House(on_aws=True)
    assert house.run("analysis", "off", STACK_NAME="mine").exit_code == 0
    assert house.changed


def test_an_emulator_is_not_production() -> None:
    house = House(on_aws=False)
    assert house.run("analysis", "off").exit_code == 0
    assert house.changed


@pytest.mark.parametrize("on_aws", [True, False])
@pytest.mark.parametrize("words", [("--stack", "zz"), ()], ids=["named", "default"])
def test_a_stack_that_is_not_there_is_named_before_anything_is_asked_or_done(
    words: tuple[str, ...], on_aws: bool
) -> None:
    house = House(on_aws=on_aws, there=False)
    for command in (("analysis", "off"), ("analysis", "status"), ("signature", "rules", "show")):
        result = house.run(*command, *words)
        assert result.exit_code == 3, result.output
        assert "no stack" in result.output
        assert "Act on" not in result.output
    assert not house.table.calls


def test_the_stack_is_looked_up_once_a_command() -> None:
    house = House(on_aws=True)
    house.run("analysis", "off", answer="y\n")
    assert len(house.stacks.calls) == 1


@pytest.mark.parametrize(("endpoint", "on_aws"), [("", True), ("https://localhost:4566", False)])
def test_an_endpoint_of_its_own_is_an_emulator(
    monkeypatch: pytest.MonkeyPatch, endpoint: str, on_aws: bool
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint)
    assert connect("any", "us-east-1", None).on_aws is on_aws


@pytest.mark.parametrize(
    ("region", "variables", "found"),
    [
        ("eu-north-1", {"AWS_REGION": "eu-west-1"}, "eu-north-1"),
        (None, {"AWS_REGION": "eu-west-1", "AWS_DEFAULT_REGION": "us-east-1"}, "eu-west-1"),
        (None, {"AWS_REGION": "", "AWS_DEFAULT_REGION": "us-east-1"}, "us-east-1"),
    ],
)
def test_a_region_is_found_as_the_aws_cli_finds_it(
    monkeypatch: pytest.MonkeyPatch, region: str | None, variables: dict[str, str], found: str
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert connect("any", region, None).client("sqs").meta.region_name == found


def test_a_reader_that_leaves_is_no_trouble_of_aws() -> None:
    def gone(*_: object) -> Stack:
        raise BrokenPipeError(errno.EPIPE, "Broken pipe")

    done = CliRunner().invoke(cli, ["analysis", "status"], obj=gone)
    assert (done.exit_code, done.output) == (1, "")


@pytest.mark.parametrize(
    "text",
    [
        "999999d",
        "12000d",
        "0001-01-01",
        "0001-01-01T00:00+23:00",
        "9999-12-31T23:59-01:00",
        "1999-12-31T23:59:59",
    ],
)
@pytest.mark.parametrize("command", [("reconcile",), ("dlq", "export"), ("alerts", "query")])
def test_a_time_that_nobody_means_is_wrong_usage(command: tuple[str, ...], text: str) -> None:
    result = House(on_aws=False).run(*command, "--since", text)
    assert result.exit_code == 2, result.output
    assert text in result.output


def test_the_earliest_time_is_the_beginning_of_the_year_2000() -> None:
    assert moment("2000-01-01T00:00+00:00") == datetime(2000, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize("text", ["30m", "4h", "1d12h", "6d23h59m"])
def test_a_duration_is_told_as_it_is_written(text: str) -> None:
    assert as_written(duration(text)) == text
