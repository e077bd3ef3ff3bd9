"""``responder eval`` by each way to Claude, over HTTP against the local Claude."""

import json
from typing import Any

import pytest
from click.testing import CliRunner, Result

from local_stack import claude_aws, claude_server
from local_stack.loopback import Request, Server
from local_stack.troubles import Troubles
from responder.analysis.prompt import VERSIONS
from responder_cli.aws import LIVE
from responder_cli.main import cli
from unit.cli.stacks import Client
from unit.test_settings import ANALYSIS

ONE = ("--case", "disk_inodes", "--yes", "--json")
AWS = {
    "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE",
    "AWS_SECRET_ACCESS_KEY": "secret-of-nobody",
    "CLAUDE_REGION": "eu-west-1",
    "CLAUDE_WORKSPACE": "wrkspc_1",
}
WITHOUT = dict.fromkeys(("ANTHROPIC_API_KEY", "CLAUDE_ACCESS", "MODEL_SMALL", "PROMPT_VERSION"), "")


class Claude:
    """The local Claude, which checks each way's own rules; keeps what it was sent."""

    def __init__(self) -> None:
        self.seen: list[Request] = []
        troubles = Troubles(claude_server.MODES, lambda: 0)
        self._answer = claude_server.LocalClaude(troubles, lambda: 0, "canned", "", 0)
        self.server = Server(self._noted, 0)

    def _noted(self, request: Request) -> Any:
        self.seen.append(request)
        return self._answer(request)

    @property
    def body(self) -> Any:
        return json.loads(self.seen[-1].body)


@pytest.fixture
def claude() -> Any:
    claude = Claude()
    yield claude
    claude.server.stop()


def run(claude: Claude, *words: str, stack: object = None, **given: str) -> Result:
    environment = WITHOUT | {"ANTHROPIC_BASE_URL": claude.server.url} | given
    return CliRunner().invoke(cli, ["eval", *words], env=environment, obj=stack)


def answered(result: Result) -> Any:
    assert result.exit_code == 0, result.output
    (outcome,) = json.loads(result.stdout)["outcomes"]
    assert outcome["trouble"] == ""
    assert outcome["cost_usd"] > 0
    return outcome


def test_the_api_key_is_what_is_taken_without_a_word(claude: Claude) -> None:
    answered(run(claude, *ONE, ANTHROPIC_API_KEY="sk-test"))
    assert claude.seen[0].path == "/v1/messages"
    assert not claude_aws.is_signed(claude.seen[0])


@pytest.mark.parametrize(
    ("access", "path"),
    [
        ("aws", "/v1/messages"),
        ("bedrock", "/model/global.anthropic.claude-haiku-5-5/invoke"),
    ],
)
def test_aws_is_asked_as_the_environments_credentials(
    claude: Claude, access: str, path: str
) -> None:
    answered(run(claude, *ONE, "--access", access, **AWS))
    answered(run(claude, *ONE, CLAUDE_ACCESS=access, **AWS))
    assert [one.path for one in claude.seen] == [path] * 2
    assert all(map(claude_aws.is_signed, claude.seen))


def test_the_settings_are_the_functions_own(claude: Claude) -> None:
    tried = {"MODEL_SMALL": "claude-opus-5", "EFFORT_SMALL": "high", "PROMPT_VERSION": "v1"}
    dear = answered(run(claude, *ONE, ANTHROPIC_API_KEY="sk-test", **tried))
    assert (claude.body["model"], claude.body["output_config"]["effort"]) == (
        "claude-opus-5",
        "high",
    )
    assert claude.body["system"][0]["text"] == VERSIONS["v1"]
    assert dear["cost_usd"] > answered(run(claude, *ONE, ANTHROPIC_API_KEY="k"))["cost_usd"]


def test_a_region_s_profile_of_bedrock_costs_what_it_costs(claude: Claude) -> None:
    anywhere = answered(run(claude, *ONE, "--access", "bedrock", **AWS))
    bound = answered(run(claude, *ONE, "--access", "bedrock", BEDROCK_PROFILE="eu", **AWS))
    assert claude.seen[-1].path == "/model/eu.anthropic.claude-haiku-5-5/invoke"
    assert bound["cost_usd"] == pytest.approx(1.1 * anywhere["cost_usd"])


def test_another_model_on_bedrock_is_asked_by_its_id_there(claude: Claude) -> None:
    words = ("--model", "claude-opus-5", "--bedrock-id", "anthropic.claude-opus-5-v1:0")
    answered(run(claude, *ONE, "--access", "bedrock", *words, **AWS))
    assert claude.seen[0].path.startswith("/model/global.anthropic.claude-opus-5-v1")


class Stack:
    """A deployed stack whose function reaches Claude in its own way."""

    def __init__(self, **variables: str) -> None:
        deployed = {"Environment": {"Variables": ANALYSIS | variables}}
        self.clients = {
            "lambda": Client({"get_function_configuration": deployed}),
            "secretsmanager": Client({"get_secret_value": {"SecretString": "sk-of-the-stack"}}),
        }

    def __call__(self, name: str, region: str | None, profile: str | None) -> "Stack":
        self.found = (name, region, profile)
        return self

    def client(self, service: str) -> Client:
        return self.clients[service]

    def function(self, name: str) -> str:
        return name


@pytest.mark.parametrize("access", ["api-key", "aws", "bedrock"])
def test_a_stack_is_asked_as_its_live_function_asks(claude: Claude, access: str) -> None:
    stack = Stack(CLAUDE_ACCESS=access, ANTHROPIC_BASE_URL=claude.server.url, **AWS)
    answered(run(claude, *ONE, "--stack", "it", stack=stack, **AWS))
    assert claude_aws.is_signed(claude.seen[0]) is (access != "api-key")
    asked = stack.clients["lambda"].asked("get_function_configuration")
    assert asked == [{"FunctionName": "AnalysisFunction", "Qualifier": LIVE}]
    secrets = stack.clients["secretsmanager"].asked("get_secret_value")
    assert bool(secrets) is (access == "api-key")


def test_a_stack_is_looked_for_in_its_region_as_its_profile(claude: Claude) -> None:
    stack = Stack(ANTHROPIC_BASE_URL=claude.server.url)
    where = ("--stack", "it", "--region", "eu-west-1", "--profile", "me")
    answered(run(claude, *ONE, *where, stack=stack))
    assert stack.found == ("it", "eu-west-1", "me")


def test_a_profile_that_finds_the_stack_does_not_sign_what_claude_is_asked(claude: Claude) -> None:
    stack = Stack(CLAUDE_ACCESS="bedrock", ANTHROPIC_BASE_URL=claude.server.url, **AWS)
    refused = run(claude, *ONE, "--stack", "it", "--profile", "me", stack=stack, **AWS)
    assert refused.exit_code == 2
    assert "Claude is asked as AWS_PROFILE says" in refused.output
    assert claude.seen == []


@pytest.mark.parametrize(
    ("words", "given", "said"),
    [
        ((), {}, "Set ANTHROPIC_API_KEY"),
        (("--access", "aws"), {}, "CLAUDE_ACCESS aws needs CLAUDE_REGION"),
        (("--access", "aws"), {"CLAUDE_REGION": "eu-west-1"}, "needs CLAUDE_WORKSPACE"),
        (("--stack", "it", "--access", "aws"), {}, "--stack goes without --access"),
        (("--bedrock-id", "anthropic.x"), {}, "--bedrock-id goes with --model"),
        (("--model", "claude-opus-5", "--access", "bedrock"), AWS, "has an id of its own"),
    ],
)
def test_what_is_missing_for_a_way_is_said_and_nobody_asked(
    claude: Claude, words: tuple[str, ...], given: dict[str, str], said: str
) -> None:
    unset = {"CLAUDE_REGION": "", "CLAUDE_WORKSPACE": ""}
    result = run(claude, *words, "--yes", stack=Stack(), **(unset | given))
    assert result.exit_code in (1, 2)
    assert said in " ".join(result.output.split())
    assert claude.seen == []
