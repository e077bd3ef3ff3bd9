"""``responder secrets`` on moto, with Slack and Anthropic played: no value is ever shown."""

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import boto3
import pytest
from click.testing import CliRunner, Result

from local_stack.loopback import Reply, Request, json_reply
from moto_aws import moto_aws
from responder.clock import utc_now
from responder_cli.main import cli
from responder_cli.secret_store import Stored
from responder_cli.secrets import commands
from responder_cli.secrets.kinds import KINDS
from serving import serving
from unit.cli.stacks import stack

GOOD, ANOTHER, REVOKED = "xoxb-good-0815", "xoxb-another-4711", "xoxb-revoked-0000"
KEY = "sk-ant-key-4242"
VALUES = (GOOD, ANOTHER, REVOKED, KEY)


def other_side(request: Request) -> Reply:
    """Slack and Anthropic: neither knows what is revoked."""
    given = request.headers.get("authorization", "").removeprefix("Bearer ")
    if request.path == "/api/auth.test":
        if given == REVOKED:
            return json_reply({"ok": False, "error": "token_revoked"})
        return json_reply({"ok": True, "user": "bot\x1b[2J", "team": "Local"})
    if request.path.startswith("/v1/models"):
        status = 200 if given == KEY else 401
        return json_reply({"data": [], "has_more": False, "error": {"type": "x"}}, status)
    return json_reply({}, 404)


class House:
    """A stack whose secrets are there and empty."""

    def __init__(self, url: str, access: str = "api-key") -> None:
        self.client = boto3.client("secretsmanager")
        for name in KINDS:
            self.client.create_secret(Name=f"it/{name}")
        outputs = {"SecretPrefix": "it", "ClaudeAccess": access}
        parameters = {"SlackApiUrl": f"{url}/api/", "AnthropicBaseUrl": url}
        clients = {"secretsmanager": self.client, "sts": boto3.client("sts")}
        self.stack = stack(outputs, clients, parameters)

    def run(self, *words: str, value: str | bytes = "") -> Result:
        done = CliRunner().invoke(cli, ["secrets", *words], obj=lambda *_: self.stack, input=value)
        assert not any(one in done.output for one in VALUES), "a value was shown"
        return done

    def put(self, name: str, value: str) -> None:
        self.client.put_secret_value(SecretId=f"it/{name}", SecretString=value)

    def value(self, name: str, stage: str = "AWSCURRENT") -> str:
        answer = self.client.get_secret_value(SecretId=f"it/{name}", VersionStage=stage)
        return str(answer["SecretString"])

    def checked(self) -> dict[str, dict[str, Any]]:
        found = json.loads(self.run("check", "--json").stdout)
        return {one["name"]: one for one in found}


@pytest.fixture
def house(monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    with moto_aws(monkeypatch), serving(other_side) as server:
        yield House(server.url)


def test_an_empty_stack_says_what_is_missing_and_fails_for_slack(house: House) -> None:
    assert house.run("check").exit_code == 1
    found = house.checked()
    assert found["slack-bot-token"]["verdict"] == "failing"
    assert "neither slack-bot-token nor slack-webhook" in found["slack-bot-token"]["reason"]
    assert found["anthropic-key"]["verdict"] == "warning"
    assert found["notice-webhook"]["verdict"] == "ok"
    assert not any(one["set"] for one in found.values())


def test_what_is_set_is_tried_where_that_harms_nobody(house: House) -> None:
    house.put("slack-bot-token", GOOD)
    house.put("anthropic-key", KEY)
    house.put("sources", '{"tokens": {"grafana": "tokentokentokentoken"}}')
    house.put("slack-test-webhook", "https://hooks.slack.com/services/T/B/x")
    done = house.run("check")
    assert done.exit_code == 0, done.output
    assert "\x1b" not in done.stdout
    found = house.checked()
    assert "Slack knows it" in found["slack-bot-token"]["reason"]
    assert "Anthropic accepts it" in found["anthropic-key"]["reason"]
    assert found["sources"]["reason"] == "1 source; cannot be tried without using it"
    assert "hooks.slack.com" in found["slack-test-webhook"]["reason"]
    assert found["slack-bot-token"]["age"].endswith("s ago")


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("slack-bot-token", REVOKED, "token_revoked"),
        ("slack-bot-token", "xapp-1", "begins with xoxb-"),
        ("anthropic-key", "sk-ant-other", "refuses it with 401"),
        ("anthropic-key", "sk ant", "bare value"),
        ("notice-webhook", '{"url": "https://x"}', '"url" and "key"'),
        ("slack-webhook", "http://hooks.slack.com/x", "https://"),
    ],
)
def test_what_is_refused_or_malformed_fails_and_is_not_stored(
    house: House, name: str, value: str, said: str
) -> None:
    done = house.run("set", name, "--yes", value=value)
    assert (done.exit_code, said in done.output) == (1, True), done.output
    assert "Nothing was changed" in done.output
    assert not house.checked()[name]["set"]
    house.put("slack-webhook", "https://hooks.slack.com/services/T/B/x")
    house.put(name, value)
    assert house.checked()[name]["verdict"] == "failing"
    assert house.run("check").exit_code == 1


def test_a_value_comes_from_standard_input_and_never_from_the_command_line(house: House) -> None:
    assert house.run("set", "slack-bot-token", "value", "--yes").exit_code == 2
    done = house.run("set", "slack-bot-token", "--yes", value=f"{GOOD}\n")
    assert done.exit_code == 0, done.output
    assert "Used within 300 seconds" in done.stdout
    assert house.value("slack-bot-token") == GOOD


@pytest.mark.parametrize("form", ["utf-16", "utf-16-le"])
def test_a_value_that_is_saved_as_utf_16_is_refused_and_not_shown(house: House, form: str) -> None:
    done = house.run("set", "slack-bot-token", "--yes", value=GOOD.encode(form))
    (line,) = done.stderr.splitlines()
    assert (done.exit_code, line.endswith("Nothing was changed.")) == (1, True)
    assert "good" not in line.replace("\0", "").replace("\\x00", "")
    assert not house.checked()["slack-bot-token"]["set"]


@pytest.mark.parametrize("value", ["", "\n", "x" * 65_537])
def test_nothing_and_too_much_are_no_value(house: House, value: str) -> None:
    assert house.run("set", "anthropic-key", "--yes", value=value).exit_code == 1
    assert not house.checked()["anthropic-key"]["set"]


def test_without_a_yes_nothing_is_stored(house: House) -> None:
    assert house.run("set", "slack-bot-token", value=GOOD).exit_code == 1
    assert not house.checked()["slack-bot-token"]["set"]


def test_what_is_refused_is_stored_only_by_an_explicit_word(house: House) -> None:
    done = house.run("set", "slack-bot-token", "--unverified", "--yes", value=REVOKED)
    assert done.exit_code == 0, done.output
    assert house.value("slack-bot-token") == REVOKED


def test_a_rotation_keeps_the_old_value_and_goes_back_to_it(house: House) -> None:
    house.put("slack-bot-token", GOOD)
    done = house.run("rotate", "slack-bot-token", "--yes", value=ANOTHER)
    assert done.exit_code == 0, done.output
    for line in (
        "secrets check",
        "inject --sample generic/firing --wait",
        "secrets rotate slack-bot-token --back",
    ):
        assert f"scripts/responder {line} --stack it\n" in done.stdout
    assert house.value("slack-bot-token") == ANOTHER
    assert house.value("slack-bot-token", "AWSPREVIOUS") == GOOD
    asked = house.run("rotate", "slack-bot-token", "--back", value="n\n")
    assert (asked.exit_code, "in it/slack-bot-token?" in asked.stderr) == (1, True)
    assert house.value("slack-bot-token") == ANOTHER
    assert house.run("rotate", "slack-bot-token", "--back", "--yes").exit_code == 0
    assert house.value("slack-bot-token") == GOOD
    assert house.value("slack-bot-token", "AWSPREVIOUS") == ANOTHER


def test_going_back_to_what_is_revoked_is_refused(house: House) -> None:
    house.put("slack-bot-token", REVOKED)
    house.put("slack-bot-token", GOOD)
    done = house.run("rotate", "slack-bot-token", "--back", "--yes")
    assert (done.exit_code, "token_revoked" in done.output) == (1, True)
    assert house.value("slack-bot-token") == GOOD


def test_what_cannot_be_rotated_is_told(house: House) -> None:
    assert "has no value yet" in house.run("rotate", "anthropic-key", value=KEY).output
    house.put("anthropic-key", KEY)
    assert "has that value already" in house.run("rotate", "anthropic-key", value=KEY).output
    assert "no earlier value" in house.run("rotate", "anthropic-key", "--back").output


def test_a_year_old_value_is_worth_a_look(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    house.put("slack-bot-token", GOOD)
    monkeypatch.setattr(commands, "OLD", timedelta(0))
    assert house.checked()["slack-bot-token"]["verdict"] == "warning"


def test_a_secret_that_was_never_deployed_is_not_there(house: House) -> None:
    house.client.delete_secret(SecretId="it/sources", ForceDeleteWithoutRecovery=True)
    house.client.delete_secret(SecretId="it/anthropic-key", ForceDeleteWithoutRecovery=True)
    assert "no secret it/sources" in house.checked()["sources"]["reason"]
    done = house.run("set", "anthropic-key", "--yes", value=KEY)
    assert (done.exit_code, "no secret it/anthropic-key" in done.stderr) == (3, True)
    assert '"A secret was deleted"' in done.stderr


def test_a_secret_that_is_being_deleted_is_not_called_empty(house: House) -> None:
    house.put("slack-bot-token", GOOD)
    house.client.delete_secret(SecretId="it/slack-bot-token", RecoveryWindowInDays=7)
    restore = "aws secretsmanager restore-secret --secret-id it/slack-bot-token"
    found = house.checked()["slack-bot-token"]
    assert (found["verdict"], found["mend"]) == ("failing", restore)
    assert "is being deleted" in found["reason"]
    assert f"slack-bot-token: {restore}\n" in house.run("check").stdout
    done = house.run("set", "slack-bot-token", "--yes", value=GOOD)
    assert (done.exit_code, f"is being deleted: {restore}" in done.stderr) == (3, True)
    house.client.restore_secret(SecretId="it/slack-bot-token")
    assert house.checked()["slack-bot-token"]["verdict"] == "ok"


@pytest.mark.parametrize("command", ["set", "rotate"])
def test_sources_are_left_to_their_own_command(house: House, command: str) -> None:
    house.put("sources", "{}")
    done = house.run(command, "sources", "--yes", value='{"tokens": {}}')
    assert (done.exit_code, "responder sources --help" in done.output) == (1, True)
    assert house.value("sources") == "{}"


def test_sources_that_cannot_be_read_are_named_and_not_shown(house: House) -> None:
    house.put("slack-bot-token", GOOD)
    house.put("sources", '{"tokens": {"grafana": {"token": 5, "secret": "xoxb-good-0815"}}}')
    found = house.checked()["sources"]
    assert (found["verdict"], "grafana" in found["reason"]) == ("failing", True)


def test_a_key_is_not_asked_for_where_claude_is_reached_by_a_role(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with moto_aws(monkeypatch), serving(other_side) as server:
        house = House(server.url, "bedrock")
        house.put("anthropic-key", "sk-ant-old")
        assert "not needed" in house.checked()["anthropic-key"]["reason"]


def test_whoever_does_not_answer_is_no_reason_to_refuse_a_value(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with moto_aws(monkeypatch):
        house = House("http://127.0.0.1:9")
        for name, value in (("slack-bot-token", GOOD), ("anthropic-key", KEY)):
            done = house.run("set", name, "--yes", value=value)
            assert (done.exit_code, "does not answer from here" in done.stdout) == (0, True)
            assert house.value(name) == value
            assert house.checked()[name]["verdict"] == "warning"


def test_a_value_is_in_no_representation() -> None:
    assert GOOD not in repr(Stored(GOOD, utc_now()))
